"""Labels settled after sampling: draws permuted to agree with each other, and how often the sampler had switched them."""

from dataclasses import dataclass, field

import numpy as np

from gmm_ppl.errors import InputError
from gmm_ppl.inference.base import DrawsFit
from gmm_ppl.mixture.parameters import MixtureParameters, permute
from gmm_ppl.model.specification import resolved_prior
from gmm_ppl.priors import AbstractPrior
from gmm_ppl.priors.labels import why_labels_matter
from gmm_ppl.results.relabelling import find_relabelling
from gmm_ppl.types import in_float64

EVIDENCE = ("log_evidence", "log_evidence_error", "normal_log_evidence", "pareto_k", "flattest")
WARMUP = ("warmup", "warmup_reason", "begun_at", "normal_pareto_k", "draws_asked")
MOVES = ("thinning", "rows_moved", "missed_weight", "higher_by")
"""What engines say once for all draws."""


@dataclass(frozen=True, eq=False)
class RelabelledDraws:
    """Draws with settled labels; arrays have leading axes (chain, draw).

    `permutation` (chain, draw, K) holds, for each component, its number in the sampler's own labels. `sites` and
    `unconstrained` are permuted too where the prior samples weights, means and covariances themselves. `method` is the
    relabelling's name and `note` a sentence on why it was taken; `sampler_statistics`, `seconds`,
    `max_tree_depth` and `engine` are the sampler's, and so are `facts`, single ones such as its `log_evidence`.
    """

    parameters: MixtureParameters
    sites: dict[str, np.ndarray]
    unconstrained: dict[str, np.ndarray]
    permutation: np.ndarray
    method: str
    note: str
    sampler_statistics: dict[str, np.ndarray]
    seconds: float
    max_tree_depth: int
    engine: str = "nuts"
    facts: dict[str, float | str] = field(default_factory=dict)

    @property
    def label_switches(self) -> int:
        """Draws whose permutation differs from that of the chain's previous draw."""
        return int((self.permutation[:, 1:] != self.permutation[:, :-1]).any(axis=-1).sum())

    @property
    def chains_in_other_orders(self) -> int:
        """Chains whose most frequent permutation is not the one that most chains have."""
        usual = np.array([most_frequent(chain) for chain in self.permutation])
        return int((usual != most_frequent(usual)).any(axis=-1).sum())


def relabel(fit: DrawsFit, x: np.ndarray, *, method: str | None = None) -> RelabelledDraws:
    """Settle the labels of draws against the EM fit they started from.

    Args:
        fit: draws in the sampler's own labels.
        x: rows (N, D) that responsibilities are compared on.
        method: a name in `RELABELLINGS`. By default "pivot" under a prior that treats components alike, and "none" under
            one that may not (a concentration that differs between components, or a user's program): there a label means
            something, and permuting would change the posterior.

    Raises:
        InputError: an unknown method, or one that permutes under a concentration that differs between components.
    """
    prior = resolved_prior(fit.mixture)
    reason = why_labels_matter(prior)
    chosen = method or ("none" if reason else "pivot")
    check_allowed(prior, chosen, reason)
    # Here, because a tree without draws need not wait for JAX.
    from gmm_ppl.compiled import one_blas_thread

    with one_blas_thread():
        order = find_relabelling(chosen).order(fit.parameters, fit.start.parameters, x)
    note = note_on(chosen, reason)
    of_the_sampler = (fit.sampler_statistics, fit.seconds, fit.max_tree_depth, fit.engine, facts(fit))
    return RelabelledDraws(*permuted(fit, order), order, chosen, note, *of_the_sampler)


def facts(fit: DrawsFit) -> dict[str, float | str]:
    """What this kind of fit says of `EVIDENCE`, `WARMUP` and `MOVES`; netCDF has no truth values."""
    found = {name: said for name in (*EVIDENCE, *WARMUP, *MOVES) if (said := getattr(fit, name, None)) is not None}
    return {name: int(said) if isinstance(said, bool) else said for name, said in found.items()}


def check_allowed(prior: AbstractPrior, method: str, reason: str) -> None:
    """Refuse to permute where that is known to be wrong; of a program the user may know better."""
    if reason and method != "none" and prior.kind != "program":
        raise InputError(f"relabelling {method!r} would change the posterior: {reason}. Leave relabelling out, or give 'none'.")


def note_on(method: str, reason: str) -> str:
    """One sentence for the file."""
    if method == "none":
        return f"Labels are the sampler's own: {reason or 'no relabelling was asked for'}."
    manner = find_relabelling(method).manner
    return f"Draws were relabelled {manner} ({method}); sample_stats/permutation has the sampler's own labels."


def permuted(fit: DrawsFit, order: np.ndarray) -> tuple[MixtureParameters, dict, dict]:
    """Parameters, sites and unconstrained sites in the given orders."""
    if (order == np.arange(order.shape[-1])).all():
        return fit.parameters, fit.sites, fit.unconstrained
    parameters = permute(fit.parameters, order)
    if set(fit.sites) != set(parameters.sites):
        return parameters, fit.sites, fit.unconstrained
    return parameters, parameters.sites, unconstrained(resolved_prior(fit.mixture), parameters)


@in_float64
def unconstrained(prior: AbstractPrior, parameters: MixtureParameters) -> dict[str, np.ndarray]:
    """Coordinates of draws whose sites are the parameters."""
    return prior.unconstrain(parameters.shape, parameters.sites)


def most_frequent(orders: np.ndarray) -> np.ndarray:
    """The row that occurs most often."""
    rows, counts = np.unique(orders, axis=0, return_counts=True)
    return rows[counts.argmax()]
