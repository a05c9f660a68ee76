"""The arguments that both estimators share, checked, and the starts that they ask for."""

from numbers import Real
from typing import Any

import numpy as np

from gmm_ppl.errors import InputError
from gmm_ppl.inference.arguments import check_count
from gmm_ppl.inference.prepared import Prepared
from gmm_ppl.mixture.parameters import MixtureParameters, from_sites
from gmm_ppl.records import map_arrays
from gmm_ppl.sklearn.shapes import covariances_of_precisions, family_of, given_array
from gmm_ppl.sklearn.starts import find_start
from gmm_ppl.starts import MEMBERSHIPS, parameters_of


def check_arguments(estimator: Any) -> None:
    """Refuse arguments that no data could make good; InputError names the argument."""
    for name, low in (("n_components", 1), ("max_iter", 0), ("n_init", 1), ("verbose", 0), ("verbose_interval", 1)):
        value = getattr(estimator, name)
        check_count(name, int(value) if name == "verbose" and isinstance(value, bool) else value, low)
    for name in ("tol", "reg_covar"):
        check_not_negative(name, getattr(estimator, name))
    family_of(estimator.covariance_type)
    find_start(estimator.init_params)


def check_not_negative(name: str, value: object) -> None:
    """Refuse anything but a finite number from 0."""
    if not isinstance(value, Real) or isinstance(value, bool) or not 0 <= float(value) < np.inf:
        raise InputError(f"{name} must be a finite number from 0; given {value!r}.")


def begin(estimator: Any, prepared: Prepared, random: np.random.RandomState) -> MixtureParameters:
    """Starting parameters along a leading axis: `n_init` of them, or one where all of them are given."""
    shape = prepared.shape
    fixed = initial_values(estimator, shape.features)
    whole = len(fixed) == len(shape.parts)
    count, drawn = (1, {}) if whole else (estimator.n_init, drawn_starts(estimator, prepared, random).sites)
    every = {name: np.broadcast_to(each, (count, *each.shape)) for name, each in fixed.items()}
    return from_sites(drawn | every, shape.family)


def drawn_starts(estimator: Any, prepared: Prepared, random: np.random.RandomState) -> MixtureParameters:
    """M-steps from memberships drawn one after another, as many at a time as memory should hold."""
    start, shape, x = find_start(estimator.init_params), prepared.shape, prepared.x
    # Both estimators' priors are conjugate.
    prior: Any = prepared.prior
    kernel, together = prior.kernel(shape), max(1, MEMBERSHIPS // (len(x) * shape.components))
    sizes = [min(together, estimator.n_init - done) for done in range(0, estimator.n_init, together)]
    drawn = (np.stack([start(x, prepared.weights, shape.components, random) for _ in range(size)]) for size in sizes)
    found = [parameters_of(prepared.rows, each, kernel, shape) for each in drawn]
    return map_arrays(lambda *leaves: np.concatenate(leaves), *found)


def initial_values(estimator: Any, features: int) -> dict[str, np.ndarray]:
    """What of weights, means and covariances the estimator was given to begin with, checked, under its site's name."""
    components, (part,), found = estimator.n_components, family_of(estimator.covariance_type).parts, {}
    if getattr(estimator, "weights_init", None) is not None:
        found["weights"] = checked_weights(given_array("weights_init", estimator.weights_init, (components,)))
    if getattr(estimator, "means_init", None) is not None:
        found["means"] = given_array("means_init", estimator.means_init, (components, features))
    if getattr(estimator, "precisions_init", None) is not None:
        found[part.name] = covariances_of_precisions(estimator.precisions_init, part, components, features)
    return found


def checked_weights(weights: np.ndarray) -> np.ndarray:
    """Weights on the simplex, within 10⁻⁶ as single precision has them; their sum is then exactly one."""
    if (weights < 0).any() or abs(weights.sum() - 1) > 1e-6:
        raise InputError(f"weights_init must be non-negative and sum to one; given {weights.tolist()}, sum {weights.sum():.10g}.")
    return weights / weights.sum()
