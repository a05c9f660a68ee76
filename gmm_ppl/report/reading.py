"""A labelled result read for a report: its names, its data, its point and some of its draws."""

import math

import numpy as np
import xarray as xr

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.covariance import AbstractCovariance, find_family
from gmm_ppl.results.gaussians import Gaussians, draws_of, point_of
from gmm_ppl.results.limits import spaced

_SEED, _MOST_DRAWS, _FEWEST_DRAWS, _MOST_NUMBERS = 20_020, 4000, 100, 20_000_000
_FEW = 100_000


def check_own(tree: xr.DataTree) -> None:
    """Refuse a tree that was made elsewhere, which lacks what every report begins with.

    Raises:
        InputError: there is no EM fit, or there are no rows, or the covariance family is not named.
    """
    missing = [group for group in ("em_fit", "observed_data") if group not in tree.children]
    missing += ["covariance"] if "covariance" not in tree.attrs else []
    if missing:
        raise InputError(
            f"this result has no {', no '.join(missing)}: reports and figures need one of this library's own. A posterior from "
            "elsewhere can be compared, and predicted from."
        )


def has(tree: xr.DataTree, group: str, variable: str | None = None) -> bool:
    """Whether the tree holds a group (and a variable in it)."""
    return group in tree.children and (variable is None or variable in tree[group].dataset)


def family_of(tree: xr.DataTree) -> type[AbstractCovariance]:
    """The covariance family of the fit, from the registry."""
    return find_family(str(tree.attrs["covariance"]))


def features(tree: xr.DataTree) -> tuple[str, ...]:
    """Names of the D features."""
    return tuple(str(name) for name in tree["em_fit"].dataset["feature"].values)


def components(tree: xr.DataTree) -> tuple[int, ...]:
    """Numbers of the K components, as they stand in the file."""
    return tuple(int(number) for number in tree["em_fit"].dataset["component"].values)


def observations(tree: xr.DataTree) -> np.ndarray:
    """The data, (N, D)."""
    return np.asarray(tree["observed_data"].dataset["x"].transpose("obs", "feature").values, dtype=float)


def point(tree: xr.DataTree) -> Gaussians:
    """The EM fit."""
    return point_of(tree)


def draws(tree: xr.DataTree, most: int) -> Gaussians | None:
    """At most `most` ≤ 4000 posterior draws, evenly spaced over all chains, on one leading axis; None without a posterior.

    Fewer where 4000 covariances would be more than 2·10⁷ numbers.
    """
    if not has(tree, "posterior"):
        return None
    affordable = _MOST_NUMBERS // (len(components(tree)) * len(features(tree)) ** 2)
    every = draws_of(tree, max(_FEWEST_DRAWS, min(affordable, _MOST_DRAWS)))
    return every.take(spaced(len(every.weights), most))


def responsibilities(tree: xr.DataTree) -> np.ndarray:
    """Probability of each component for each row, (N, K): averaged over the posterior where there is one."""
    group = "assignments" if has(tree, "assignments", "responsibilities") else "em_fit"
    return np.asarray(tree[group].dataset["responsibilities"].transpose("obs", "component").values)


def sampled_rows(total: int, most: int) -> np.ndarray:
    """At most `most` row numbers out of `total`, at random but always the same, in order."""
    if total <= most:
        return np.arange(total)
    return np.sort(np.random.default_rng(_SEED).choice(total, most, replace=False))


def finite(fit: Gaussians) -> bool:
    """Whether every number of the parameters is one that can be drawn."""
    return all(np.isfinite(each).all() for each in (fit.weights, fit.means, fit.covariances))


def separation(fit: Gaussians) -> np.ndarray:
    """How far the components stand apart along each feature, (D,): variance of means over mean variance."""
    centre = np.einsum("k,kd->d", fit.weights, fit.means)
    between = np.einsum("k,kd->d", fit.weights, (fit.means - centre) ** 2)
    return between / np.einsum("k,kd->d", fit.weights, fit.deviations**2)


def distribution(fit: Gaussians, values: np.ndarray, feature: int) -> np.ndarray:
    """Σ_k π_k Φ((x_d − μ_kd) / σ_kd) at values of one feature, its mean over the draws (along a leading axis) of `fit`."""
    means, deviations = fit.means[:, :, feature, None], fit.deviations[:, :, feature, None]
    return np.einsum("sk,skn->n", fit.weights, _normal((values - means) / deviations)) / len(fit.weights)


def _normal(z: np.ndarray) -> np.ndarray:
    """Φ(z), by SciPy where there are many: for few it takes longer to import."""
    if z.size <= _FEW:
        return np.vectorize(math.erfc, otypes=[float])(-z / math.sqrt(2)) / 2
    from scipy.special import ndtr

    return ndtr(z)


def telling_features(fit: Gaussians, most: int) -> list[int]:
    """The at most `most` features along which the components differ most, in the data's order."""
    return sorted(np.argsort(-separation(fit), kind="stable")[:most].tolist())
