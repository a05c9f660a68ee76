"""A mixture as a user states it: how many components, which covariance family, which prior. No data, no fitted values."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from gmm_ppl.cards import card
from gmm_ppl.errors import InputError
from gmm_ppl.mixture.covariance import find_family
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.mixture.scale import DataScale, data_scale
from gmm_ppl.priors import AbstractPrior, resolve_prior
from gmm_ppl.records import map_arrays
from gmm_ppl.types import Array

Prior = TypeVar("Prior", bound=AbstractPrior)


@dataclass(frozen=True)
class Mixture:
    """The specification of a Gaussian mixture.

    Args:
        components: K ≥ 1.
        covariance: full, tied, diagonal or spherical.
        prior: "weak" (the default, scaled to the data: `gmm_ppl.priors.builders`), "flat" (maximum likelihood),
            "separated", a mapping `{"kind": "conjugate", …numbers}`, a NumPyro program `f(components, features)` that
            returns weights, means and covariances, or a finished prior.

    Raises:
        InputError: fewer than one component, or an unknown family.
    """

    components: int
    covariance: str = "full"
    prior: object = "weak"

    def __post_init__(self) -> None:
        whole = isinstance(self.components, int | np.integer) and not isinstance(self.components, bool)
        if not whole or self.components < 1:
            raise InputError(f"components must be a whole number from 1; given {self.components!r}.")
        find_family(self.covariance)

    def shape(self, features: int) -> MixtureShape:
        """Static shape for data of D features."""
        return MixtureShape(int(self.components), features, find_family(self.covariance))

    def _repr_html_(self) -> str:
        facts = [("components", str(self.components)), ("covariance", self.covariance), ("prior", _prior_in_words(self.prior))]
        return card("Gaussian mixture", facts)

    def resolve(self, data: object) -> "Mixture":
        """The same mixture with every number of its prior, scaled to rows (N, D) or a `DataScale`."""
        if isinstance(self.prior, AbstractPrior):
            return self
        scale = data if isinstance(data, DataScale) else data_scale(data)
        return replace(self, prior=resolve_prior(self.prior, self.shape(scale.centre.shape[0]), scale))

    def sample_parameters(self, *, scale: Array | DataScale, weights: Array | None = None) -> MixtureParameters:
        """NumPyro sites for weights, means and covariances, inside a model of one's own.

        Args:
            scale: the data (N, D) that the model is about, or their `DataScale`: gives D, and the units of a prior that
                is scaled to data.
            weights: π (…, K) that the model makes itself: of a Dirichlet process, or a row for each group or observation. No
                site is sampled for them then, and the prior's own law of weights counts for nothing.

        Raises:
            InputError: data or hyperparameters that cannot be used, weights of other than K components, or a prior program that
                has no site `weights` to leave out.
        """
        data = scale if isinstance(scale, DataScale) else data_scale(scale)
        shape = self.shape(data.centre.shape[0])
        prior = as_jax(resolve_prior(self.prior, shape, data))
        return prior.sample_parameters(shape) if weights is None else sample_others(prior, shape, weights)


def sample_others(prior: AbstractPrior, shape: MixtureShape, weights: Array) -> MixtureParameters:
    """The prior's program with its site `weights` replaced by given values, unseen by the model around it."""
    import jax.numpy as jnp
    from numpyro import handlers

    if jnp.shape(weights)[-1:] != (shape.components,):
        raise InputError(f"weights must end in an axis of {shape.components} components; their shape is {jnp.shape(weights)}.")
    if "weights" not in prior.real_shapes(shape):
        raise InputError(
            f"weights: the prior makes them of {', '.join(prior.real_shapes(shape))}. Give weights with a prior that samples a "
            "site called weights, or change the program."
        )
    with (
        handlers.block(hide=["weights"]),
        handlers.substitute(data={"weights": jnp.full(shape.components, 1 / shape.components)}),
    ):
        return replace(prior.sample_parameters(shape), weights=jnp.asarray(weights))


def _prior_in_words(prior: object) -> str:
    """Its name, its numbers or, where it is code, what the code is called."""
    if isinstance(prior, str | Mapping):
        return str(prior)
    return type(prior).__name__ if isinstance(prior, AbstractPrior) else getattr(prior, "__name__", type(prior).__name__)


def resolved_prior(mixture: Mixture) -> AbstractPrior:
    """The prior of a resolved mixture; InputError where it still waits for data."""
    if not isinstance(mixture.prior, AbstractPrior):
        raise InputError(f"the prior {mixture.prior!r} has no numbers yet: call mixture.resolve(data) first.")
    return mixture.prior


def as_jax[Prior: AbstractPrior](prior: Prior) -> Prior:
    """The prior with JAX arrays, in whatever precision is in force."""
    import jax.numpy as jnp

    return map_arrays(jnp.asarray, prior)
