"""From what a user states to a prior with every number: what is left out is scaled to the data.

The weak default is the conjugate prior of Fraley & Raftery (2007, doi:10.1007/s00357-007-0004-5): α = 1, m the mean of
the data, κ = 0.01 (a mean is known to about ten standard deviations of its component), ν = D + 2 (the smallest integer
with a finite mean), Ψ = S / K^(2/D) for the covariance S of the data (each component fills its share of the volume).
Where mclust uses one scalar scale for the columns of axis-aligned families, ours takes each column's own variance, and ν = 3:
the law that the full prior gives each variance, so that changing a column's unit changes nothing.
"""

from collections.abc import Callable
from importlib import import_module

import numpy as np

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.moments import OUTER
from gmm_ppl.mixture.parameters import MixtureShape
from gmm_ppl.mixture.scale import DataScale
from gmm_ppl.namespace import is_traced
from gmm_ppl.priors.base import AbstractConjugatePrior, AbstractPrior
from gmm_ppl.priors.checks import number_above, scale_matrix, vector_of
from gmm_ppl.priors.conjugate import ConjugatePrior
from gmm_ppl.priors.flat import FlatPrior
from gmm_ppl.priors.separated import SeparatedPrior
from gmm_ppl.types import Array

SINGULAR = 1e-14
"""Smallest eigenvalue of a correlation matrix that rounding does not explain."""


def weak_prior(shape: MixtureShape, data: DataScale) -> AbstractConjugatePrior:
    """The conjugate prior with every number scaled to the data."""
    return conjugate_prior(shape, data)


def flat_prior(shape: MixtureShape, data: DataScale) -> AbstractPrior:
    """Maximum likelihood; has no numbers.

    Raises:
        InputError: the data's covariance is singular, and the family has correlations: likelihoods then have no maximum.
    """
    if matrices(shape):
        check_regular(data)
    return FlatPrior()


def conjugate_prior(
    shape: MixtureShape,
    data: DataScale,
    *,
    concentration: object = 1.0,
    mean: object = None,
    mean_precision: object = 0.01,
    degrees_of_freedom: object = None,
    scale: object = None,
) -> AbstractConjugatePrior:
    """Dirichlet(α = concentration) weights, normal–inverse-Wishart (or –inverse-gamma) components.

    Args:
        concentration: α > 0, one number or K.
        mean: m, D numbers in units of x; the data's mean.
        mean_precision: κ > 0, the number of rows that the prior mean counts for.
        degrees_of_freedom: ν; greater than D − 1 for matrices (D + 2), than 0 for variances (3).
        scale: Ψ, squared units of x: a number, D of them or a matrix; for spherical covariances one number.
    """
    features, low = shape.features, shape.family.moment.least_degrees(shape.features)
    default = low + 3
    return ConjugatePrior(
        vector_of(concentration, shape.components, "concentration", positive=True),
        data.centre if mean is None else vector_of(mean, features, "mean", positive=False),
        number_above(mean_precision, 0, "mean_precision"),
        number_above(default if degrees_of_freedom is None else degrees_of_freedom, low, "degrees_of_freedom"),
        covariance_scale(shape, data) if scale is None else given_scale(scale, shape),
    )


def covariance_scale(shape: MixtureShape, data: DataScale) -> Array:
    """Ψ of the weak default: S / K^(2/D), its diagonal for diagonal families, the mean of that for spherical ones."""
    family = shape.family
    if matrices(shape):
        check_regular(data)
    return family.scale_of(family.moment.from_matrix(data.covariance / shape.components ** (2 / shape.features)))


def check_regular(data: DataScale) -> None:
    """Refuse data whose covariance is singular for a family with correlations; data that JAX is tracing cannot be looked at."""
    if is_traced(data.covariance):
        return
    correlation = data.covariance / data.deviations[:, None] / data.deviations
    if not np.linalg.eigvalsh(correlation)[0] > SINGULAR:
        raise InputError(
            "the data's covariance is singular: there are no more rows than features, or a feature is a linear function of "
            "others. The likelihood of covariances with correlations then has no maximum, and the weak prior no scale. Leave "
            "features out, choose a diagonal or spherical covariance, or state a scale (prior: {kind: conjugate, scale: …})."
        )


def given_scale(scale: object, shape: MixtureShape) -> np.ndarray:
    """A user's Ψ in the shape that the family's law takes."""
    if matrices(shape):
        return scale_matrix(scale, shape.features, "scale")
    return given_deviations(scale, shape)


def given_deviations(scale: object, shape: MixtureShape) -> np.ndarray:
    """One number where the family's features share a variance, else one for each of them."""
    if np.ndim(shape.family.scale_of(np.ones(shape.features))):
        return vector_of(scale, shape.features, "scale", positive=True)
    return number_above(scale, 0, "scale")


def separated_prior(
    shape: MixtureShape,
    data: DataScale,
    *,
    concentration: object = 1.0,
    mean: object = None,
    mean_scale: object = None,
    correlation_concentration: object = 2.0,
    scale: object = None,
) -> AbstractPrior:
    """Dirichlet weights, independent normal means, LKJ correlations, half-normal standard deviations.

    Args:
        concentration: α > 0, one number or K.
        mean: m, D numbers in units of x; the data's mean.
        mean_scale: s > 0, standard deviation of a mean's prior, units of x; 1.5 of the data's.
        correlation_concentration: η > 0 of the LKJ law; 1 is uniform on correlations, 2 leans towards none.
        scale: τ > 0, scale of the half-normal laws of standard deviations, units of x; the data's.
    """
    if len(shape.family.parts) > 1:
        raise InputError(
            f"prior separated: it is a law of whole covariances, and those of the {shape.family.name} family are made of "
            f"{' and '.join(part.name for part in shape.family.parts)}. Take prior: weak or conjugate, or a program."
        )
    deviations = data.deviations
    return SeparatedPrior(
        vector_of(concentration, shape.components, "concentration", positive=True),
        data.centre if mean is None else vector_of(mean, shape.features, "mean", positive=False),
        1.5 * deviations if mean_scale is None else vector_of(mean_scale, shape.features, "mean_scale", positive=True),
        number_above(correlation_concentration, 0, "correlation_concentration"),
        deviation_scale(scale, deviations, shape),
    )


def deviation_scale(scale: object, deviations: Array, shape: MixtureShape) -> Array:
    """τ as given or from the data: one number for a spherical family, else one for each feature."""
    if scale is not None:
        return vector_of(scale, shape.features, "scale", positive=True) if matrices(shape) else given_deviations(scale, shape)
    return deviations if matrices(shape) else shape.family.scale_of(deviations**2) ** 0.5


def matrices(shape: MixtureShape) -> bool:
    """Whether the family's covariances have correlations."""
    return shape.family.moment is OUTER


def program_of(shape: MixtureShape, data: DataScale, *, function: object = None) -> AbstractPrior:
    """A NumPyro program `function(components, features)`, or the name of one as "package.module:name"."""
    found = import_function(function) if isinstance(function, str) else function
    if not isinstance(found, Callable):
        raise InputError(f"prior: function must be callable or 'package.module:name'; given {function!r}.")
    check_hashable(found)
    from gmm_ppl.priors.program import program_prior

    return program_prior(found, shape)


def check_hashable(function: Callable) -> None:
    """Refuse an object that cannot be a dictionary key: compiled code is kept by the program that it was made from."""
    try:
        hash(function)
    except TypeError as error:
        raise InputError(f"prior: the program must be a plain function; a {type(function).__name__} cannot be hashed.") from error


def import_function(name: str) -> Callable:
    """The function called "package.module:name"; InputError where it cannot be imported."""
    module, _, attribute = name.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(
            f"prior: function {name!r} cannot be imported ({error}). Write 'package.module:name', and run where the module "
            "can be imported."
        ) from error
