"""The arguments that both estimators share, checked, and the starts that they ask for."""

from collections.abc import Iterator
from numbers import Real
from typing import Any

import jax
import numpy as np

from gmm_ppl.errors import InputError
from gmm_ppl.inference.arguments import check_count
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.model.specification import Mixture
from gmm_ppl.sklearn.engine import Material, parameters_of_memberships
from gmm_ppl.sklearn.shapes import covariances_of_precisions, family_of, given_array
from gmm_ppl.sklearn.starts import find_start

AT_A_TIME = 2**24
"""Memberships, rows × components, that the starts of a fit hold at a time."""


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


def begin(estimator: Any, given: Material, mixture: Mixture, random: np.random.RandomState) -> MixtureParameters:
    """Starting parameters along a leading axis: `n_init` of them, or one where all of them are given."""
    fixed = initial_values(estimator, given.x.shape[1])
    if len(fixed) == 3:
        return assembled(fixed, estimator, {})
    drawn = list(drawn_starts(estimator, given, mixture, random))
    joined = jax.tree.map(lambda *leaves: np.concatenate(leaves), *drawn)
    return assembled(fixed, estimator, joined.sites)


def drawn_starts(estimator: Any, given: Material, mixture: Mixture, random: np.random.RandomState) -> Iterator[MixtureParameters]:
    """M-steps from memberships drawn one after another, as many at a time as memory should hold."""
    start, left = find_start(estimator.init_params), estimator.n_init
    together = max(1, AT_A_TIME // (len(given.x) * estimator.n_components))
    while left > 0:
        size = min(left, together)
        drawn = np.stack([start(given.x, given.weights, estimator.n_components, random) for _ in range(size)])
        yield parameters_of_memberships(given, drawn, mixture)
        left -= size


def initial_values(estimator: Any, features: int) -> dict[str, np.ndarray]:
    """What of weights, means and covariances the estimator was given to begin with, checked, under its site's name."""
    components, family, found = estimator.n_components, family_of(estimator.covariance_type), {}
    if getattr(estimator, "weights_init", None) is not None:
        found["weights"] = checked_weights(given_array("weights_init", estimator.weights_init, (components,)))
    if getattr(estimator, "means_init", None) is not None:
        found["means"] = given_array("means_init", estimator.means_init, (components, features))
    if getattr(estimator, "precisions_init", None) is not None:
        found[family.site] = covariances_of_precisions(estimator.precisions_init, family, components, features)
    return found


def checked_weights(weights: np.ndarray) -> np.ndarray:
    """Weights on the simplex, within 10⁻⁶ as single precision has them; their sum is then exactly one."""
    if (weights < 0).any() or abs(weights.sum() - 1) > 1e-6:
        raise InputError(f"weights_init must be non-negative and sum to one; given {weights.tolist()}, sum {weights.sum():.10g}.")
    return weights / weights.sum()


def assembled(fixed: dict[str, np.ndarray], estimator: Any, drawn: dict[str, Any]) -> MixtureParameters:
    """Starts (a leading axis) with the given values in the place of drawn ones."""
    family = family_of(estimator.covariance_type)
    sites = {name: np.asarray(drawn[name]) for name in drawn}
    count = len(sites["weights"]) if sites else 1
    sites |= {name: np.broadcast_to(each, (count, *each.shape)) for name, each in fixed.items()}
    return MixtureParameters(sites["weights"], sites["means"], family(sites[family.site]))
