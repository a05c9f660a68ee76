"""Whether a prior tells components apart."""

import numpy as np

from gmm_ppl.priors.base import AbstractPrior


def why_labels_matter(prior: AbstractPrior) -> str:
    """Why permuting components would change the posterior, or might; empty where the prior treats them alike."""
    if prior.kind == "program":
        return "the prior is a NumPyro program, which may tell components apart"
    if np.ptp(np.asarray(prior.numbers().get("concentration", 0.0), dtype=float)) > 0:
        return "the prior's concentration differs between components, so that labels mean something"
    return ""
