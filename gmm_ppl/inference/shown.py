"""What a notebook shows of a fit."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from gmm_ppl.cards import card, component_table, number

if TYPE_CHECKING:
    from gmm_ppl.inference.base import DrawsFit, PointFit


def point_card(fit: "PointFit") -> str:
    """Status, log-likelihood, prior and the components of a point."""
    facts = [
        ("status", fit.status.value),
        ("log-likelihood", f"{number(fit.log_likelihood, digits=10)} nats"),
        ("log prior", f"{number(fit.log_prior, digits=10)} nats"),
        ("starts at this optimum", f"{int(np.sum(fit.restarts.optimum == 0))} of {len(fit.restarts.optimum)}"),
    ]
    return card(f"EM point, {size(fit)}", facts, *components_of(fit))


def draws_card(fit: "DrawsFit") -> str:
    """How draws were made, and the EM point that they began at; draws have no labels yet to average components by."""
    chains, draws = fit.parameters.weights.shape[:2]
    facts = [
        ("draws", f"{chains} × {draws:,} by {fit.engine}, in {number(fit.seconds, digits=2)} s"),
        *_diagnostics(fit),
        ("EM point", fit.start.status.value),
        ("log-likelihood there", f"{number(fit.start.log_likelihood, digits=10)} nats"),
        ("components of the EM point", "the posterior's own need labels: to_datatree"),
    ]
    return card(f"Posterior draws, {size(fit.start)}", facts, *components_of(fit.start))


def _diagnostics(fit: "DrawsFit") -> Iterator[tuple[str, str]]:
    """What the engine says of its draws, as far as it does."""
    if "diverging" in fit.sampler_statistics:
        yield "divergences", f"{int(np.sum(fit.sampler_statistics['diverging'])):,}"
    known = vars(fit)
    if "log_evidence" in known:
        error = number(known["log_evidence_error"], digits=2)
        yield "log evidence", f"{number(known['log_evidence'], digits=7)} ± {error} nats"
    if "pareto_k" in known:
        yield "Pareto k̂", f"{number(known['pareto_k'], digits=2)}, usable up to 0.7"


def size(fit: "PointFit") -> str:
    """`2 × full covariance`."""
    return f"{fit.mixture.components} × {fit.mixture.covariance} covariance"


def components_of(fit: "PointFit") -> tuple[list[str], list[list[str]]]:
    """Columns and rows of the table of components."""
    parameters = fit.parameters
    variances = np.diagonal(np.asarray(parameters.covariances), axis1=-2, axis2=-1)
    deviations = np.sqrt(np.where(variances >= 0, variances, np.nan))
    return component_table(np.asarray(parameters.weights), np.asarray(parameters.means), deviations)
