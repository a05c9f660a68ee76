"""`GaussianMixture`: the mixture as a NumPyro distribution, for use inside any model."""

import math
from collections.abc import Callable
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from numpyro import distributions as dist
from numpyro.distributions import constraints
from numpyro.distributions.util import validate_sample
from numpyro.util import is_prng_key

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.covariance import AbstractCovariance
from gmm_ppl.mixture.density import check_features, component_log_densities, log_density
from gmm_ppl.mixture.operations import sample_rows
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape, from_sites
from gmm_ppl.mixture.row_density import log_density_by_row
from gmm_ppl.mixture.rows import on_device, rows
from gmm_ppl.types import Array


class GaussianMixture(dist.Distribution):
    """P(x) = Σ_k π_k N(x | μ_k, Σ_k) with the assignment summed out; event shape (D,).

    Names follow `numpyro.distributions.MixtureSameFamily`. Leading axes of the parameters are the batch shape: a mixture for each
    group or row, whose shared parts are factorised once. (`log_likelihood` is faster for one mixture and thousands of rows.)

    Args:
        parameters: of the mixture, from `Mixture.sample_parameters`, `mixture_parameters` or a fit.
        weights: π (…, K) in place of theirs.
        means: μ (…, K, D) in place of theirs: lines of a regression, with a leading axis of rows, for example.

    Raises:
        InputError: parameters that disagree about K or D, or whose leading axes do not broadcast.
    """

    arg_constraints: ClassVar[dict] = {
        "weights": constraints.simplex,
        "means": constraints.independent(constraints.real, 2),
        "covariances": constraints.independent(constraints.positive_definite, 1),
    }
    support = constraints.real_vector  # pyright: ignore[reportAssignmentType, reportIncompatibleMethodOverride]
    pytree_data_fields = ("parameters",)
    pytree_aux_fields = ("shared",)

    def __init__(
        self,
        parameters: MixtureParameters,
        *,
        weights: Array | None = None,
        means: Array | None = None,
        validate_args: bool | None = None,
    ) -> None:
        if not isinstance(parameters, MixtureParameters):
            raise InputError(
                f"GaussianMixture takes MixtureParameters; given {type(parameters).__name__}. "
                "Make them with gmm_ppl.mixture_parameters or Mixture.sample_parameters."
            )
        given = MixtureParameters(
            parameters.weights if weights is None else weights,
            parameters.means if means is None else means,
            parameters.covariance,
        )
        batch_shape, self.parameters, self.shared = broadcast_batch(given)
        super().__init__(batch_shape, (parameters.means.shape[-1],), validate_args=validate_args)

    @property
    def weights(self) -> Array:
        """π, batch × (K,)."""
        return self.parameters.weights

    @property
    def means(self) -> Array:
        """μ, batch × (K, D)."""
        return self.parameters.means

    @property
    def covariances(self) -> Array:
        """Σ as dense matrices, batch × (K, D, D)."""
        return self.over_batch(lambda parameters: parameters.covariances)(self.parameters)

    @property
    def mixture_size(self) -> int:
        """K."""
        return self.weights.shape[-1]

    @property
    def mixing_distribution(self) -> dist.Distribution:
        """The categorical law of the assignment."""
        return dist.CategoricalProbs(self.weights)

    @property
    def component_distribution(self) -> dist.Distribution:
        """The K normal laws, with K as the last batch axis."""
        return dist.MultivariateNormal(self.means, covariance_matrix=self.covariances)

    @property
    def mean(self) -> Array:
        """Σ_k π_k μ_k."""
        return jnp.sum(self.weights[..., None] * self.means, axis=-2)

    @property
    def variance(self) -> Array:
        """Variance of each feature: within components and between their means."""
        within = jnp.diagonal(self.covariances, axis1=-2, axis2=-1)
        between = (self.means - self.mean[..., None, :]) ** 2
        return jnp.sum(self.weights[..., None] * (within + between), axis=-2)

    def sample(self, key: Array, sample_shape: tuple[int, ...] = ()) -> Array:
        return self.sample_with_intermediates(key, sample_shape)[0]

    def sample_with_intermediates(self, key: Array, sample_shape: tuple[int, ...] = ()) -> tuple[Array, list[Array]]:
        """Draws and, as NumPyro's mixtures give it, a list with the component of each."""
        if not is_prng_key(key):
            raise TypeError(f"sample needs a JAX random key; given {key!r}.")
        rows = math.prod(sample_shape)
        keys = jax.random.split(key, self.held_batch) if self.held_batch else key
        draws, labels = self.over_batch(lambda each, parameters: sample_rows(each, parameters, rows))(keys, self.parameters)
        return self.rows_first(draws, sample_shape), [self.rows_first(labels, sample_shape)]

    def rows_first(self, drawn: Array, sample_shape: tuple[int, ...]) -> Array:
        """Batch × rows × event as sample_shape × batch × event."""
        batch = self.held_batch
        moved = jnp.moveaxis(drawn, len(batch), 0)
        return moved.reshape(tuple(sample_shape) + batch + drawn.shape[len(batch) + 1 :])

    @validate_sample
    def log_prob(self, value: Array, intermediates: object = None) -> Array:
        """Log P(value) in nats; InputError where values do not end in an axis of features."""
        return self.evaluate(log_density_of_values, value)

    def component_log_probs(self, value: Array) -> Array:
        """Log π_k + log N(value | μ_k, Σ_k), with K as the last axis; its softmax is the responsibilities."""
        return self.evaluate(component_log_densities, value)

    def evaluate(self, density: Callable[[Array, MixtureParameters], Array], value: Array) -> Array:
        """A density of the mixture package at values that broadcast against the batch shape."""
        axes, value = len(self.held_batch), check_features(jnp.asarray(value), self.parameters)
        if not axes:
            return density(value, self.parameters)
        shape = jnp.broadcast_shapes(value.shape[:-1], self.held_batch)
        spread = jnp.broadcast_to(value, shape + self.event_shape)
        lead = len(shape) - axes
        source, target = tuple(range(lead, lead + axes)), tuple(range(axes))
        # A batch axis of length one stands for as many mixtures as the values have there.
        wide = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, shape[lead:] + leaf.shape[axes:]), self.parameters)
        moved = jnp.moveaxis(spread, source, target)
        # What no batch axis changes is not mapped over, so that a covariance of all rows has one Cholesky factor and not N.
        shared = self.shared if self.held_batch == self.batch_shape else (False,) * len(self.shared)
        leaves, tree = jax.tree.flatten(wide)
        leaves = [leaf[(0,) * axes] if alike else leaf for leaf, alike in zip(leaves, shared, strict=True)]
        places = jax.tree.unflatten(tree, [None if alike else 0 for alike in shared])
        answer = self.over_batch(density, (0, places))(moved, jax.tree.unflatten(tree, leaves))
        return jnp.moveaxis(answer, target, source)

    def over_batch(self, function: Callable, places: Any = 0) -> Callable:
        """`function` mapped over each batch axis of its arguments, or of those that have them."""
        for _ in self.held_batch:
            function = jax.vmap(function, in_axes=places)
        return function

    @property
    def held_batch(self) -> tuple[int, ...]:
        """The batch shape as the arrays have it: inside `jax.vmap` over a distribution NumPyro's is that of outside."""
        return self.weights.shape[:-1]


def log_density_of_values(value: Array, parameters: MixtureParameters) -> Array:
    """Log P(value) of one mixture; of a table of rows block by block."""
    return log_density_by_row(on_device(rows(value)), parameters) if value.ndim == 2 else log_density(value, parameters)


def broadcast_batch(parameters: MixtureParameters) -> tuple[tuple[int, ...], MixtureParameters, tuple[bool, ...]]:
    """The common leading axes of the parameters, the parameters broadcast to them, and which of the arrays no axis changes."""
    family = type(parameters.covariance)
    arrays = tuple(map(jnp.asarray, parameters.sites.values()))
    events = event_shapes(arrays, family)
    try:
        batch = jnp.broadcast_shapes(*(each.shape[: each.ndim - len(event)] for each, event in zip(arrays, events, strict=True)))
    except ValueError as error:
        shapes = ", ".join(str(each.shape) for each in arrays)
        raise InputError(f"leading axes of weights, means and covariances must broadcast; their shapes are {shapes}.") from error
    wide = (jnp.broadcast_to(each, batch + event) for each, event in zip(arrays, events, strict=True))
    shared = tuple(each.size == math.prod(event) for each, event in zip(arrays, events, strict=True))
    return batch, from_sites(dict(zip(parameters.sites, wide, strict=True)), family), shared


def event_shapes(arrays: tuple[Array, ...], family: type[AbstractCovariance]) -> tuple[tuple[int, ...], ...]:
    """Shapes of one mixture's weights, means and parts of covariances; InputError where the arrays do not end in them."""
    given = tuple(each.shape for each in arrays)
    if len(given[1]) < 2:
        raise InputError(f"means must end in axes (K, D); their shape is {given[1]}.")
    components, features = given[1][-2:]
    expected = tuple(MixtureShape(components, features, family).part_shapes.values())
    if tuple(each[len(each) - len(event) :] for each, event in zip(given, expected, strict=True)) != expected:
        raise InputError(
            f"weights, means and covariances of {components} {family.name} components in {features} features must end in axes "
            f"{', '.join(map(str, expected))}; their shapes are {', '.join(map(str, given))}."
        )
    return expected
