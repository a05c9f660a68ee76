"""What is ranked: numbers that do not depend on labels, or whose labels are settled by one rule for truth and draws alike."""

from collections.abc import Mapping

import jax.numpy as jnp
import numpy as np

from gmm_ppl.mixture.covariance import AbstractCovariance
from gmm_ppl.mixture.density import density_and_responsibilities
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape, permute
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.priors.sites import Sites
from gmm_ppl.types import Array, Float


def quantities(posterior: Posterior, sites: Sites) -> dict[str, Array]:
    """Every ranked quantity at `sites`, by name, in arrays that `names` spells out.

    Components are put in order of their first feature's mean. The last weight is left out, since all sum to one. Log-likelihood
    and log density are the quantities that see errors in how much the data count (Modrák et al. 2023, doi:10.1214/23-BA1404).
    """
    likelihood, prior, parameters = posterior.log_terms(sites)
    return {**of_components(parameters), **of_the_whole(posterior, parameters, likelihood, likelihood + prior)}


def of_components(parameters: MixtureParameters) -> dict[str, Array]:
    """Weights, means and covariance values of components in order."""
    ordered = permute(parameters, jnp.argsort(parameters.means[:, 0]))
    return {
        "weights": ordered.weights[:-1],
        "means": ordered.means,
        ordered.covariance.site: packed(ordered.covariance),
    }


def packed(covariance: AbstractCovariance) -> Array:
    """Free entries of the family's values: lower triangles of matrices, packed."""
    values = covariance.values
    return values[(..., *np.tril_indices(values.shape[-1]))] if covariance.matrix else values


def of_the_whole(posterior: Posterior, parameters: MixtureParameters, likelihood: Array, joint: Array) -> dict[str, Array]:
    """Quantities that no labelling enters; the last two are of the first two rows."""
    densities, shares = density_and_responsibilities(posterior.x[:2], parameters)
    together = {} if posterior.shape.components == 1 else {"same component": jnp.sum(shares[0] * shares[-1])}
    return {
        "log likelihood": likelihood,
        "log posterior": joint,
        "mixture mean": parameters.weights @ parameters.means,
        "log density": densities[0],
        **together,
    }


def names(shape: MixtureShape) -> tuple[str, ...]:
    """Names of the entries of `flat`, in their order, counting components and features from 0."""
    every = {"mixture mean": (shape.features,), "weights": (shape.components - 1,), "means": (shape.components, shape.features)}
    every[shape.family.site] = packed_shape(shape)
    whole = ("log likelihood", "log posterior", "mixture mean", "log density", "same component")
    order = ("weights", "means", shape.family.site, *(whole if shape.components > 1 else whole[:-1]))
    return tuple(name for each in order for name in spelled(each, every.get(each, ()), shape))


def packed_shape(shape: MixtureShape) -> tuple[int, ...]:
    """Shape of `packed`."""
    values = shape.family.value_shape(shape.components, shape.features)
    return (*values[:-2], shape.features * (shape.features + 1) // 2) if shape.family.matrix else values


def spelled(name: str, size: tuple[int, ...], shape: MixtureShape) -> list[str]:
    """`means[0, 1]` for every entry; an entry of a matrix by its row and column."""
    if not size:
        return [name]
    matrix = shape.family.matrix and name == shape.family.site
    last = list(zip(*np.tril_indices(shape.features), strict=True)) if matrix else [(each,) for each in range(size[-1])]
    indices = [(*leading, *each) for leading in np.ndindex(*size[:-1]) for each in last]
    return [f"{name}[{', '.join(str(int(each)) for each in index)}]" for index in indices]


def flat(found: Mapping[str, Array]) -> Float[Array, " Q"]:
    """All quantities in a row."""
    return jnp.concatenate([jnp.ravel(each) for each in found.values()])
