"""From rows and starts to a `PointFit`: the engine of `gmm_ppl.fit`, entered where rows are already known to be good."""

from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from gmm_ppl.compiled import compiled
from gmm_ppl.inference.accelerate import accelerated
from gmm_ppl.inference.base import PointFit
from gmm_ppl.inference.em import THINNEST, em, thinnest_variance
from gmm_ppl.inference.fit import check_mode, climb
from gmm_ppl.inference.loop import settled
from gmm_ppl.inference.restarts import best_fit
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.mixture.residuals import statistics_of_memberships
from gmm_ppl.mixture.rows import Rows, rows
from gmm_ppl.mixture.scale import DataScale, scale_of
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.model.specification import Mixture, as_jax, resolved_prior
from gmm_ppl.priors import AbstractConjugatePrior
from gmm_ppl.progress import Progress
from gmm_ppl.sklearn.padding import padded
from gmm_ppl.types import Array, in_float64, to_numpy


@dataclass(frozen=True, eq=False)
class Material:
    """Rows (N, D), their weights or None, and their scale, which may be 0 for a feature."""

    x: np.ndarray
    weights: np.ndarray | None
    scale: DataScale

    @property
    def count(self) -> float:
        """Σ w_i, which is N where no weights are given."""
        return float(len(self.x)) if self.weights is None else float(self.weights.sum())


def material(x: np.ndarray, weights: np.ndarray | None) -> Material:
    """Rows and weights with their scale. Constant features are allowed: a ridge gives them a variance."""
    if weights is None:
        return Material(x, None, scale_of(x))
    counted = weights > 0
    return Material(x, weights, scale_of(x[counted], weights[counted]))


@in_float64
def parameters_of_memberships(given: Material, memberships: np.ndarray, mixture: Mixture) -> MixtureParameters:
    """The M-step under the mixture's own prior, for each of the memberships (S, N, K)."""
    held, weights = padded(given.x, given.weights)
    whole = np.zeros((len(memberships), len(held), memberships.shape[2]))
    whole[:, : len(given.x)] = memberships
    # Both estimators' priors have a closed M-step.
    prior: Any = as_jax(resolved_prior(mixture))
    return m_steps(prior, rows(held, weights), jnp.asarray(whole), mixture.shape(held.shape[1]))


@compiled
def m_steps(prior: AbstractConjugatePrior, held: Rows, memberships: Array, shape: MixtureShape) -> MixtureParameters:
    """`parameters_of_memberships`, one after another."""

    def one(each: Array) -> MixtureParameters:
        return prior.maximise(statistics_of_memberships(held, each, matrix=shape.family.matrix), shape)

    return jax.lax.map(one, memberships)


@in_float64
def best_point(
    given: Material,
    mixture: Mixture,
    starts: MixtureParameters,
    *,
    ridge: float,
    tolerance: float,
    max_steps: int,
    progress: Progress,
) -> tuple[PointFit, bool]:
    """EM from every start (a leading axis), the best of them, and whether even that is singular, as it was where it began."""
    check_mode(mixture)
    held, weights = padded(given.x, given.weights)
    target = Posterior(rows(held, weights), as_jax(resolved_prior(mixture)), mixture.shape(held.shape[1]))
    # A variance has collapsed where it is nothing beside what the data and the ridge give each feature.
    deviations = np.sqrt(given.scale.deviations**2 + ridge)
    # One component is done after a step: what steps towards the next would take is not worth compiling.
    acceleration = "quasi_newton" if mixture.components > 1 else None
    method = accelerated(em(target, jnp.asarray(deviations)), acceleration)
    how = {"tolerance": tolerance, "max_steps": max_steps, "progress": progress}
    # One start at a time, and one program for any number of them.
    each = [jax.tree.map(lambda leaf, at=at: jnp.asarray(leaf[at][None]), starts) for at in range(len(starts.weights))]
    states = jax.tree.map(lambda *leaves: np.concatenate(leaves), *(climb(method, start, **how) for start in each))
    found = best_fit(mixture, states)
    return replace(found, row_weights=given.weights), is_singular(found.parameters, deviations)


def is_singular(parameters: MixtureParameters, deviations: np.ndarray) -> bool:
    """Whether a covariance is singular beside the data's deviations."""
    # In JAX's arithmetic, in which 0 / 0, of a constant feature, is NaN without a warning.
    thinnest = thinnest_variance(jax.tree.map(jnp.asarray, parameters), jnp.asarray(deviations))
    return not np.all(np.asarray(thinnest) > THINNEST)


def objectives(fit: PointFit) -> np.ndarray:
    """The objective at the best start and after each step from there, in nats, (iterations + 1,)."""
    return fit.restarts.trace[fit.restarts.best][: fit.iterations + 1]


@in_float64
def has_settled(trace: np.ndarray, floor: float) -> bool:
    """Whether plain EM with these objectives (nats) has no more than `floor` to gain, by the loop's own rule."""
    if len(trace) < 3:
        return False
    gains = np.diff(trace[-3:])
    rounding = 4 * np.finfo(float).eps * abs(trace[-1])
    return bool(to_numpy(settled(gains[1], gains[0], np.asarray(rounding), np.asarray(floor))))
