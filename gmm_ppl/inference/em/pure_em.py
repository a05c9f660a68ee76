"""`em`: expectation–maximisation as a pure function, for `jax.jit`, `jax.vmap` and derivatives."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp

from gmm_ppl.errors import InputError
from gmm_ppl.inference.arguments import check_between, check_count
from gmm_ppl.inference.base import Status
from gmm_ppl.inference.em.accelerate import accelerated
from gmm_ppl.inference.em.loop import RUNNING, STATUSES, AbstractIteration, Progression, advance, begin
from gmm_ppl.inference.em.m_step import m_step
from gmm_ppl.inference.em.method import EM
from gmm_ppl.inference.prepared import check_mode
from gmm_ppl.mixture.data_pass import expected_statistics
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape, from_sites
from gmm_ppl.mixture.rows import on_device, rows
from gmm_ppl.mixture.scale import data_scale
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.model.specification import Mixture, as_jax, resolved_prior
from gmm_ppl.namespace import is_traced
from gmm_ppl.priors.base import Sites
from gmm_ppl.records import Record
from gmm_ppl.types import Array, Float, Int


class EMRun(Record):
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
    if tolerance is not None and not is_traced(tolerance):
        check_between("tolerance", tolerance, 0, float("inf"))
    check_shapes(mixture, x, start, weights)
    data = data_scale(x)
    resolved = mixture.resolve(data)
    check_concrete_mode(resolved)
    held = on_device(rows(jnp.asarray(x), weights))
    target = Posterior(held, as_jax(resolved_prior(resolved)), mixture.shape(x.shape[1]))
    plain = em_of(target, jnp.asarray(data.deviations))
    method = accelerated(plain, acceleration)
    return answer(method, *climbed(method, plain.position(as_real(start)), steps, tolerance))


def em_of(target: Posterior, deviations: Float[Array, " D"]) -> EM:
    """EM of a posterior in JAX, for one start."""

    def data_pass(parameters: MixtureParameters) -> Any:
        return expected_statistics(target.rows, parameters)

    return EM(data_pass, m_step(target.prior, target.shape), target.rows, deviations)


def climbed(method: AbstractIteration, position: Any, steps: int, tolerance: Any) -> tuple[Progression, Float[Array, " T"]]:
    """One start to its end, and the objective at each iteration, NaN beyond the last."""
    limit = jnp.asarray(0.0 if tolerance is None else tolerance)
    first = begin(method, position)
    trace = jnp.full(steps + 1, jnp.nan).at[0].set(first.objective)

    def running(held: tuple[Progression, Array]) -> Array:
        return (held[0].status == RUNNING) & (held[0].iteration < steps)

    def step(held: tuple[Progression, Array]) -> tuple[Progression, Array]:
        moved = advance(method, held[0], limit)
        return moved, held[1].at[moved.iteration].set(moved.objective)

    def unfinished(held: tuple[Progression, Array]) -> Array:
        return running(held) | ((held[0].status == STATUSES.index(Status.CONVERGED)) & (held[0].iteration < steps))

    if tolerance is not None:
        state, trace = jax.lax.while_loop(running, step, (first, trace))
    else:
        # Converged or not: begun at a mode, a run would end at once, before derivatives have come to rest.
        state, trace = jax.lax.fori_loop(
            0, steps, lambda _, held: jax.lax.cond(unfinished(held), step, lambda same: same, held), (first, trace)
        )
    return at_limit(state), trace


def at_limit(state: Progression) -> Progression:
    """What still runs after all its steps has reached the limit."""
    status = jnp.where(state.status == RUNNING, STATUSES.index(Status.STEP_LIMIT), state.status)
    return replace(state, status=status)


def answer(method: AbstractIteration, state: Progression, trace: Float[Array, " T"]) -> EMRun:
    """What a state says of the run."""
    point, m_step = method.em_point(state.point), method.m_step
    sites = m_step.sites(point.position)
    # Without the roots of covariances, which the run carried along.
    found = from_sites(point.parameters.sites, type(point.parameters.covariance))
    return EMRun(found, sites, point.log_likelihood, point.log_prior, trace, state.iteration, state.status)


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
    expected = wanted.part_shapes
    given = {name: jnp.shape(each) for name, each in start.sites.items()}
    if type(start.covariance) is wanted.family and given == expected:
        return
    raise InputError(
        f"em: the start must have {in_words(expected)} for the {wanted.family.name} family; given {in_words(given)} "
        f"({type(start.covariance).name}). Several starts or data sets go through jax.vmap."
    )


def in_words(shapes: dict[str, tuple[int, ...]]) -> str:
    """Names of arrays with their shapes."""
    return ", ".join(f"{name} {shape}" for name, shape in shapes.items())


def check_concrete_mode(mixture: Mixture) -> None:
    """`check_mode`, where the prior's numbers can be looked at."""
    if not is_traced(*jax.tree.leaves(getattr(resolved_prior(mixture), "concentration", None))):
        check_mode(mixture)
