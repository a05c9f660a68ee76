"""The modes that draws sit in, where chains disagree and there is something to explain."""

import numpy as np

from gmm_ppl.errors import FitError
from gmm_ppl.inference.modes import CLIMBS, Modes, modes_of
from gmm_ppl.inference.prepared import prepare
from gmm_ppl.model.specification import resolved_prior
from gmm_ppl.progress import silent
from gmm_ppl.results.groups.posterior import posterior_variables
from gmm_ppl.results.labels import SAMPLE, variables_of
from gmm_ppl.results.material import Groups, Material
from gmm_ppl.results.relabel import RelabelledDraws

DISAGREEMENT = 1.05
"""R-hat from which modes are looked for: they take a second to compile, which draws that agree need not wait for."""

STEPS = 100
"""EM's steps to an optimum, more than most take: what a climb may cost."""

FEWEST_CLIMBS = 10
"""Draws a chain below which their shares say too little."""


def modes_group(material: Material, draws: RelabelledDraws) -> Groups:
    """`modes`, where R-hat of the log density or of a relabelled parameter is above 1.05."""
    chains, each = draws.permutation.shape[:2]
    if draws.engine == "laplace" or min(chains - 1, each // FEWEST_CLIMBS) < 1 or worst_r_hat(material, draws) <= DISAGREEMENT:
        return Groups({})
    if not resolved_prior(material.mixture).bounded():
        return Groups({}, ("modes: a concentration below 1 has infinite density where a weight is 0, so there are none.",))
    climbs = min(CLIMBS, material.limits.evaluated // (len(material.table) * material.shape.components * STEPS))
    if climbs < FEWEST_CLIMBS * chains:
        return Groups({}, (f"modes: too many rows to follow {FEWEST_CLIMBS} draws a chain to their optimum; call gp.modes.",))
    try:
        found = modes_of(
            prepare(material.mixture, material.table), draws.parameters, climbs=climbs, engine=draws.engine, progress=silent
        )
    except FitError:
        return Groups({}, ("modes: EM collapses from every draw, where the prior's density has no maximum, so there are none.",))
    return Groups({"modes": material.labelled(modes_variables(found), attrs=modes_attrs(found))})


def worst_r_hat(material: Material, draws: RelabelledDraws) -> float:
    """The largest rank-normalised split R-hat of the log density and the relabelled parameters; a constant has none."""
    from arviz_stats.sampling_diagnostics import rhat

    density = {"lp": (SAMPLE, draws.sampler_statistics["lp"])} if "lp" in draws.sampler_statistics else {}
    dataset = material.labelled({**posterior_variables(draws), **density})
    with np.errstate(divide="ignore", invalid="ignore"):
        found = rhat(dataset)
    return max(float(np.nanmax(each.values, initial=0.0)) for each in found.data_vars.values())


def modes_variables(found: Modes) -> dict[str, tuple[tuple[str, ...], object]]:
    """Objective (nats), shares and parameters by mode."""
    by_mode = {name: (("mode",), getattr(found, name)) for name in ("objective", "weight", "weight_error", "r_hat")}
    return {**by_mode, "share": (("chain", "mode"), found.share), **variables_of(found.parameters, sample=("mode",))}


def modes_attrs(found: Modes) -> dict[str, int | str]:
    """The sentence for people, whether chains are apart, and how many draws were followed."""
    return {"sentence": found.sentence, "apart": int(found.apart), "climbed": int(found.mode.size)}
