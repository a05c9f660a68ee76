"""A user's own NumPyro program as a prior."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from numpyro import handlers, validation_enabled
from numpyro.distributions import Distribution
from numpyro.distributions.constraints import Constraint
from numpyro.distributions.transforms import Transform
from numpyro.distributions.util import sum_rightmost

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.namespace import is_traced
from gmm_ppl.priors.base import AbstractPrior, Sites
from gmm_ppl.priors.bijections import bijection, single
from gmm_ppl.priors.sites import drawn_or_begun
from gmm_ppl.records import static
from gmm_ppl.types import Array, Float

Supports = dict[str, tuple[tuple[int, ...], Constraint]]


@dataclass(frozen=True, eq=False)
class FoundSites:
    """What a run of the program sampled; compared by identity, since constraints may hold arrays that do not hash.

    `drawable` says whether all of it can be drawn: an `ImproperUniform` cannot.
    """

    supports: Supports
    drawable: bool


class ProgramPrior(AbstractPrior):
    """Any NumPyro program `program(components, features)` that returns `(weights, means, covariances)`.

    Covariances are in the family's own shape, or a mapping of its parts. The program may sample any continuous sites: weights,
    means and covariances themselves, or scales, correlations and hyperparameters that they are made from. The MAP is the mode of
    the density of the sites that it samples, so a program in other coordinates has its mode elsewhere.
    """

    program: Callable = static()
    found: FoundSites = static()
    kind: ClassVar[str] = "program"

    @property
    def proper(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.found.drawable

    def sample_parameters(self, shape: MixtureShape) -> MixtureParameters:
        return run_program(self.program, shape)

    def log_density(self, shape: MixtureShape, sites: Sites) -> tuple[Float[Array, "..."], MixtureParameters]:
        # NumPyro's check of a support takes eigenvalues of covariances as they are, and so calls a matrix whose features have
        # units 10⁸ apart indefinite. Sites come from bijections and M-steps; what is no covariance has a Cholesky factor of NaN.
        with (
            validation_enabled(is_validate=False),
            handlers.block(),
            handlers.trace() as trace,
            handlers.substitute(data=sites),
        ):
            parameters = self.sample_parameters(shape)
            sampled = (site for site in trace.values() if site["type"] == "sample")
            return sum(map(site_log_density, sampled), start=jnp.zeros(())), parameters

    def real_shapes(self, shape: MixtureShape) -> dict[str, tuple[int, ...]]:
        return {name: real_shape(size, bijection(support)) for name, (size, support) in self.found.supports.items()}

    def transforms(self) -> dict[str, Transform]:
        """The bijection of every site."""
        return {name: bijection(support) for name, (_, support) in self.found.supports.items()}

    def constrain(self, shape: MixtureShape, real: Sites) -> Sites:
        return {name: transform(real[name]) for name, transform in self.transforms().items()}

    def unconstrain(self, shape: MixtureShape, sites: Sites) -> Sites:
        return {name: transform.inv(sites[name]) for name, transform in self.transforms().items()}

    def log_density_of_real(self, shape: MixtureShape, real: Sites) -> tuple[Float[Array, "..."], MixtureParameters]:
        sites = self.constrain(shape, real)
        density, parameters = self.log_density(shape, sites)
        # A site without coordinates, the sticks of a single component say, changes no volume; NumPyro's transforms fail on it.
        for name, transform in ((name, each) for name, each in self.transforms().items() if jnp.size(real[name])):
            # NumPyro's of complex numbers is a complex zero.
            jacobian = jnp.real(transform.log_abs_det_jacobian(real[name], sites[name]))
            density = density + sum_rightmost(jacobian, jnp.ndim(jacobian))
        return density, parameters

    def bounded(self) -> bool:
        return True

    def with_mode(self) -> "ProgramPrior":
        return self

    def numbers(self) -> dict[str, object]:
        return {"function": f"{self.program.__module__}:{name_of(self.program)}"}

    def formulae(self, shape: MixtureShape) -> tuple[str, ...]:
        names = r",\; ".join(rf"\mathtt{{{name.replace('_', r'\_')}}}" for name in self.found.supports)
        return (rf"\text{{a NumPyro program that samples }} {names}",)

    def shifted(self, offset: Float[Array, " D"]) -> None:
        """A program knows the data's own coordinates only."""


def site_log_density(site: dict) -> Float[Array, ""]:
    """Log density of one traced site, with the scale that its plates and handlers give it."""
    value = site["fn"].log_prob(site["value"])
    return jnp.sum(value if site["scale"] is None else site["scale"] * value)


@lru_cache(maxsize=32)
def program_prior(program: Callable, shape: MixtureShape) -> ProgramPrior:
    """The program checked by running it twice with different random numbers.

    Raises:
        InputError: it fails, returns something else or of the wrong shape, samples a discrete site or one without a bijection,
            observes data, or has a site that comes and goes, or whose support moves, with the value of another (no fixed
            bijection exists then).
    """
    # Constants, whatever JAX is tracing around this: the prior is kept, and met again elsewhere.
    with jax.ensure_compile_time_eval():
        return examined_prior(program, shape)


def examined_prior(program: Callable, shape: MixtureShape) -> ProgramPrior:
    """`program_prior`, anew."""
    first, second = (trace_program(program, shape, seed) for seed in (0, 1))
    for name in {**first.supports, **second.supports}:
        if name not in first.supports or name not in second.supports:
            raise InputError(
                f"prior program {name_of(program)}: site {name!r} is there or not depending on random values. Sample the same "
                "sites in every run."
            )
        if not same_support(first.supports[name], second.supports[name]):
            raise InputError(
                f"prior program {name_of(program)}: the support of site {name!r} depends on random values. Sample it on a "
                "fixed support and transform the value instead."
            )
    return ProgramPrior(program, first)


def name_of(program: Callable) -> str:
    """What to call a program in messages and files; a partial or an object that is called goes by its type."""
    return getattr(program, "__qualname__", type(program).__qualname__)


def trace_program(program: Callable, shape: MixtureShape, seed: int) -> FoundSites:
    """Shape and support of every sampled site in one run of the program."""
    key = jax.random.key(seed)
    try:
        with (
            handlers.block(),
            handlers.substitute(substitute_fn=examined),
            handlers.trace() as trace,
            handlers.seed(rng_seed=key),
        ):
            run_program(program, shape)
    except InputError:
        raise
    except Exception as error:  # whatever a user's program may raise
        raise InputError(
            f"prior program {name_of(program)} failed when called with components={shape.components}, "
            f"features={shape.features}: {type(error).__name__}: {error}"
        ) from error
    sampled = {name: site for name, site in trace.items() if site["type"] == "sample"}
    supports = {name: (jnp.shape(site["value"]), site["fn"].support) for name, site in sampled.items()}
    return FoundSites(supports, all(has_draws(site["fn"]) for site in sampled.values()))


def examined(site: dict) -> Array | None:
    """A value for a sampled site; InputError where it is observed or discrete, or lies on what has no coordinates."""
    if site["type"] != "sample":
        return None
    name, support = site["name"], site["fn"].support
    if site["is_observed"]:
        raise InputError(f"prior program: site {name!r} is observed. A prior samples parameters only; leave the data out.")
    if support.is_discrete:
        raise InputError(f"prior program: site {name!r} is discrete. Sum it out: samplers and EM need continuous sites.")
    try:
        bijection(support)
    except NotImplementedError as error:
        raise InputError(
            f"prior program: site {name!r} has no coordinates on the real line: NumPyro knows no bijection to its support "
            f"({type(single(support)).__name__.lstrip('_')}). Sample what it can be made of, and make it in the program."
        ) from error
    return drawn_or_begun(site)


def has_draws(law: Distribution) -> bool:
    """Whether a law can be drawn from: an `ImproperUniform` cannot."""
    try:
        jax.eval_shape(law.sample, jax.random.key(0))
    except NotImplementedError:
        return False
    return True


def real_shape(shape: tuple[int, ...], transform: Transform) -> tuple[int, ...]:
    """Shape of the coordinates of a site; found by the map itself, since not all of NumPyro's know."""
    return jax.eval_shape(transform.inv, jax.ShapeDtypeStruct(shape, jnp.result_type(float))).shape


def same_support(first: tuple, second: tuple) -> bool:
    """Whether two runs gave a site one shape and one bijection."""
    # Not by `==`, to which bounds that are arrays of JAX's are never the same.
    same = bijection(first[1]).eq(bijection(second[1]))
    return first[0] == second[0] and (is_traced(same) or bool(same))


def run_program(program: Callable, shape: MixtureShape) -> MixtureParameters:
    """Run the program and check the shapes of what it returns; InputError says what was expected."""
    answer = program(components=shape.components, features=shape.features)
    expected = tuple(shape.part_shapes.values())
    parts = tuple(shape.part_shapes)[2:]
    flat = flattened(answer, parts) if isinstance(answer, tuple) and answer else None
    given = type(answer).__name__ if flat is None else tuple(np.shape(each) for each in flat)
    if flat is None or given != expected:
        raise InputError(
            f"prior program {name_of(program)} must return (weights, means, {' and '.join(parts)}) of shapes {expected} for the "
            f"{shape.family.name} family; it returned {given}."
        )
    return MixtureParameters(flat[0], flat[1], shape.family.from_sites(dict(zip(parts, flat[2:], strict=True))))


def flattened(answer: tuple, parts: tuple[str, ...]) -> tuple:
    """Weights, means and the parts of covariances in a row."""
    *others, last = answer
    return (*others, *(last[name] for name in parts)) if isinstance(last, dict) else answer
