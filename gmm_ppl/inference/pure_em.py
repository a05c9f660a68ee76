"""`em`: expectation–maximisation as a pure function, for `jax.jit`, `jax.vmap` and derivatives."""

from dataclasses import replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.core import Tracer

from gmm_ppl.errors import InputError
from gmm_ppl.inference.accelerate import accelerated, em_points
from gmm_ppl.inference.arguments import check_between, check_count
from gmm_ppl.inference.base import Status
from gmm_ppl.inference.em import EM, EMPoint
from gmm_ppl.inference.em import em as iteration
from gmm_ppl.inference.fit import check_mode
from gmm_ppl.inference.loop import RUNNING, STATUSES, Progression, advance
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.mixture.rows import rows
from gmm_ppl.mixture.scale import data_scale
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.model.specification import Mixture, as_jax, resolved_prior
from gmm_ppl.priors.sites import Sites
from gmm_ppl.types import Array, Float, Int


class EMRun(eqx.Module):
    """Where EM came to, all of it JAX arrays; under `jax.vmap` every field has a leading axis.

    `log_likelihood` and `log_prior` are in nats, at these parameters; `trace` is their sum after 0, 1 … `steps` steps, NaN beyond
    the last of `iterations`. Nothing can be raised or warned inside `jit`: `status` is a position in `tuple(gmm_ppl.Status)`, and
    only where it says converged are the parameters a mode.
    """

    parameters: MixtureParameters
    sites: Sites
    log_likelihood: Float[Array, "..."]
    log_prior: Float[Array, "..."]
    trace: Float[Array, "..."]
    iterations: Int[Array, "..."]
    status: Int[Array, "..."]

    @property
    def objective(self) -> Float[Array, "..."]:
        """log_likelihood + log_prior, what EM climbs."""
        return self.log_likelihood + self.log_prior

    @property
    def converged(self) -> Array:
        """Whether the run ended at a mode, as far as the tolerance tells."""
        return self.status == STATUSES.index(Status.CONVERGED)


def em(
    mixture: Mixture,
    x: Float[Array, "N D"],
    start: MixtureParameters,
    *,
    steps: int = 1000,
    weights: Float[Array, " N"] | None = None,
    tolerance: float | None = 1e-10,
    acceleration: str | None = None,
) -> EMRun:
    """The mode of Σ_i w_i log P(x_i) + log prior that EM climbs to from one start, as a pure function of x, start and weights.

    The step, the stopping rule and the statuses are those of `fit`, in the JAX precision in force: float32 unless
    `jax.enable_x64` or `numpyro.enable_x64` says otherwise. A prior that is scaled to data takes its scale from x, whatever
    the weights. Compile it with `jax.jit`; under `jax.vmap` all lanes go on until the last has ended.

    Args:
        mixture: the specification, with the prior's numbers or without.
        x: rows (N, D); an array, concrete or traced, of finite numbers, which nobody checks.
        start: K components, from a fit or `mixture_parameters`.
        steps: at most, each one pass over the rows; static.
        weights: w (N,) ≥ 0, 1 each by default; 0 leaves a row out.
        tolerance: as in `fit`, in nats a unit of row weight. None takes all the steps, converged or not, by a loop of fixed
            length that JAX can differentiate in reverse (slowly, where the prior's M-step has no closed form): a derivative comes
            to rest at the rate of EM's own convergence. With a number, forward mode alone, up to where the run ended.
        acceleration: None is plain EM, which has derivatives; quasi_newton takes fewer steps where components overlap.

    Raises:
        InputError: shapes that do not agree, arguments out of range, or a prior without a mode.
    """
    check_count("steps", steps)
    if tolerance is not None and not isinstance(tolerance, Tracer):
        check_between("tolerance", tolerance, 0, float("inf"))
    check_shapes(mixture, x, start, weights)
    data = data_scale(x)
    resolved = mixture.resolve(data)
    check_concrete_mode(resolved)
    target = Posterior(rows(x, weights), as_jax(resolved_prior(resolved)), mixture.shape(x.shape[1]))
    method = iteration(target, jnp.asarray(data.deviations))
    return answer(climbed(method, acceleration, as_real(start), steps, tolerance))


class Evaluation(EM):
    """The first step of EM, which only evaluates the start.

    By itself, because `EM.step` leaves an M-step from no rows behind it, whose 0 / 0 under a flat prior is in no value but in
    derivatives.
    """

    def step(self, point: EMPoint) -> EMPoint:
        return self.evaluate(point.sites)


def climbed(method: EM, acceleration: str | None, start: MixtureParameters, steps: int, tolerance: Any) -> Progression:
    """One start to its end."""
    limit = jnp.asarray(0.0 if tolerance is None else tolerance)
    chosen: Any = accelerated(method, acceleration)
    state = begin(chosen.start(start), steps)
    if chosen is method:
        state = advance(Evaluation(method.posterior, method.m_step, method.deviations), state, limit)

    def running(state: Progression) -> Array:
        return (state.status == RUNNING) & (state.iteration < steps)

    def step(state: Progression) -> Progression:
        return advance(chosen, state, limit)

    def unfinished(state: Progression) -> Array:
        return running(state) | ((state.status == STATUSES.index(Status.CONVERGED)) & (state.iteration < steps))

    if tolerance is not None:
        return at_limit(jax.lax.while_loop(running, step, state))
    # Converged or not: begun at a mode, a run would end at once, before derivatives have come to rest.
    return at_limit(
        jax.lax.fori_loop(0, steps + 1, lambda _, state: jax.lax.cond(unfinished(state), step, lambda same: same, state), state)
    )


def at_limit(state: Progression) -> Progression:
    """What still runs after all its steps has reached the limit."""
    status = jnp.where(state.status == RUNNING, STATUSES.index(Status.STEP_LIMIT), state.status)
    return replace(state, status=status)


def begin(point: Any, steps: int) -> Progression:
    """The state before anything is evaluated: `loop.begin` for one lane, in the precision in force."""
    trace = jnp.full(steps + 1, jnp.nan)
    return Progression(point, jnp.full((), jnp.inf), jnp.full((), -1), jnp.full((), RUNNING), trace)


def answer(state: Progression) -> EMRun:
    """What a state says of the run."""
    point = em_points(state.point)
    return EMRun(point.parameters, point.sites, point.log_likelihood, point.log_prior, state.trace, state.iteration, state.status)


def as_real(start: MixtureParameters) -> MixtureParameters:
    """JAX arrays of the float type in force."""
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype=float), start)


def check_shapes(mixture: Mixture, x: Array, start: MixtureParameters, weights: Array | None) -> None:
    """Refuse arrays whose shapes do not agree: all that can be seen of values that JAX is tracing."""
    if jnp.ndim(x) != 2:
        raise InputError(f"em: x must have shape (N, D); given {jnp.shape(x)}. A single feature is x[:, None].")
    if not isinstance(start, MixtureParameters):
        raise InputError(f"em: start must be MixtureParameters, those of a fit for example; given {type(start).__name__}.")
    wanted = mixture.shape(x.shape[1])
    check_start(start, wanted)
    if weights is not None and jnp.shape(weights) != x.shape[:1]:
        raise InputError(f"em: weights must have shape {x.shape[:1]}, one a row; given {jnp.shape(weights)}.")


def check_start(start: MixtureParameters, wanted: MixtureShape) -> None:
    """Refuse a start of another mixture, or with a leading axis."""
    expected = ((wanted.components,), (wanted.components, wanted.features))
    values = wanted.family.value_shape(wanted.components, wanted.features)
    given = tuple(jnp.shape(each) for each in (start.weights, start.means, start.covariance.values))
    if type(start.covariance) is wanted.family and given == (*expected, values):
        return
    raise InputError(
        f"em: weights, means and covariances of the start must have shapes {(*expected, values)} for the {wanted.family.name} "
        f"family; given {given}, {type(start.covariance).name}. Several starts or data sets go through jax.vmap."
    )


def check_concrete_mode(mixture: Mixture) -> None:
    """`fit.check_mode`, where the prior's numbers can be looked at."""
    if not any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(getattr(resolved_prior(mixture), "concentration", None))):
        check_mode(mixture)
