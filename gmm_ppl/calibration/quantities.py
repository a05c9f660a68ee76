"""What is ranked: numbers that do not depend on labels, or whose labels are settled by one rule for truth and draws alike."""

from collections.abc import Mapping

import jax.numpy as jnp
import numpy as np

from gmm_ppl.mixture.covariance import Part
from gmm_ppl.mixture.density import density_and_responsibilities
from gmm_ppl.mixture.parameters import MEANS, WEIGHTS, MixtureParameters, MixtureShape, permute
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.priors.base import Sites
from gmm_ppl.types import Array, Float


def quantities(posterior: Posterior, sites: Sites) -> dict[str, Array]:
    """Every ranked quantity at `sites`, by name, in arrays that `names` spells out.

    Components are put in order of their first feature's mean. The last weight is left out, since all sum to one. Log-likelihood
    and log density are the quantities that see errors in how much the data count (Modrák et al. 2023, doi:10.1214/23-BA1404).
    """
    likelihood, prior, parameters = posterior.log_terms(sites)
    return {**of_components(parameters), **of_the_whole(posterior, parameters, likelihood, likelihood + prior)}


def of_components(parameters: MixtureParameters) -> dict[str, Array]:
    """Weights, means and parts of covariances of components in order; of matrices the lower triangles."""
    ordered = permute(parameters, jnp.argsort(parameters.means[:, 0])).sites
    parts = {part.name: part.support.packed(ordered[part.name]) for part in free_parts(parameters.shape)}
    return {"weights": ordered["weights"][:-1], "means": ordered["means"], **parts}


def free_parts(shape: MixtureShape) -> list[Part]:
    """The family's parts, but for those that can have one value only, such as the shape of a single feature."""
    return [part for part in shape.family.parts if part.count(shape.components, shape.features)]


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
    parts = [part.support.packed(labels(part, shape)) for part in free_parts(shape)]
    centre = spelled("mixture mean", (shape.features,))
    last = ["same component"] if shape.components > 1 else []
    every = [labels(WEIGHTS, shape)[:-1], labels(MEANS, shape), *parts, ["log likelihood", "log posterior"], centre]
    return tuple(str(name) for each in (*every, ["log density", *last]) for name in np.ravel(each))


def labels(part: Part, shape: MixtureShape) -> np.ndarray:
    """The name of every entry of a part, where the entry is."""
    return spelled(part.name, part.shape(shape.components, shape.features))


def spelled(name: str, size: tuple[int, ...]) -> np.ndarray:
    """`means[0, 1]` for every entry of an array; the bare name of a number."""
    entries = [f"{name}[{', '.join(map(str, index))}]" if index else name for index in np.ndindex(*size)]
    return np.array(entries, dtype=object).reshape(size)


def flat(found: Mapping[str, Array]) -> Float[Array, " Q"]:
    """All quantities in a row."""
    return jnp.concatenate([jnp.ravel(each) for each in found.values()])
