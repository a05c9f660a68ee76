"""Whether ranks are uniform: χ² over bins, and the simultaneous band of their empirical distribution function."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import stats

LEAST_EXPECTED = 5.0
"""Ranks a bin should hold, for its count to be near normal (Cochran 1954, doi:10.2307/3001616)."""

MOST_BINS = 20

SIMULATIONS = 20_000
"""Of uniform samples, that the band is adjusted by: p-values go down to 1 in as many."""


@dataclass(frozen=True)
class Uniformity:
    """p-values of both tests for one quantity, before and after allowing for how many tests there are (Holm 1979)."""

    name: str
    chi_squared: float
    chi_squared_p: float
    ecdf_p: float
    adjusted_p: float


def examined(ranks: np.ndarray, names: tuple[str, ...], draws: int) -> tuple[Uniformity, ...]:
    """Both tests for every quantity; `ranks` (R, Q) of 0 … draws. `adjusted_p` is the smaller of a quantity's two."""
    binned = [chi_squared(column, draws) for column in ranks.T]
    of_band = [ecdf_p(column, draws) for column in ranks.T]
    adjusted = holm(np.array([p for _, p in binned] + of_band)).reshape(2, -1).min(axis=0)
    each = zip(names, binned, of_band, adjusted, strict=True)
    return tuple(Uniformity(name, *chi, ecdf, float(least)) for name, chi, ecdf, least in each)


def holm(p_values: np.ndarray) -> np.ndarray:
    """p-values after Holm's step-down correction (jstor.org/stable/4615733): below α somewhere with probability α at most."""
    order = np.argsort(p_values)
    steps = p_values[order] * np.arange(p_values.size, 0, -1)
    adjusted = np.empty(p_values.size)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return adjusted


def chi_squared(ranks: np.ndarray, draws: int) -> tuple[float, float]:
    """Pearson's χ² of equally wide bins, and its p-value."""
    bins = bins_of(ranks.size, draws)
    if bins == 1:
        return 0.0, 1.0
    found = stats.chisquare(np.bincount(ranks * bins // (draws + 1), minlength=bins))
    return float(found.statistic), float(found.pvalue)


def bins_of(replications: int, draws: int) -> int:
    """The most bins, up to `MOST_BINS`, that divide the draws + 1 ranks evenly and expect enough of them each."""
    most = min(MOST_BINS, replications / LEAST_EXPECTED)
    return max(bins for bins in range(1, MOST_BINS + 1) if (draws + 1) % bins == 0 and bins <= max(most, 1))


def ecdf_p(ranks: np.ndarray, draws: int) -> float:
    """p-value of the largest departure of the ranks' distribution function, as `departure` has it, by simulation."""
    simulated = departures(ranks.size, draws)
    return float((1 + np.sum(simulated <= departure(cumulated(ranks, draws)[None], ranks.size)[0])) / (1 + simulated.size))


def band(replications: int, draws: int, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest share of ranks up to each of 0 … L, that a uniform sample keeps to all along with probability `level`.

    Pointwise binomial intervals of coverage 1 − γ, γ such that `level` of simulated samples stay within all of them
    (Säilynoja, Bürkner & Vehtari 2022, doi:10.1007/s11222-022-10090-6).
    """
    gamma = np.quantile(departures(replications, draws), 1 - level, method="lower")
    low, high = stats.binom.interval(1 - gamma, replications, uniform(draws))
    return low / replications, high / replications


def uniform(draws: int) -> np.ndarray:
    """P(rank ≤ r) for r = 0 … L − 1; at L it is 1, and says nothing."""
    return np.arange(1, draws + 1) / (draws + 1)


def cumulated(ranks: np.ndarray, draws: int) -> np.ndarray:
    """How many ranks are at most r, for r = 0 … L − 1."""
    return np.cumsum(np.bincount(ranks, minlength=draws + 1))[:-1]


def departure(counts: np.ndarray, replications: int) -> np.ndarray:
    """Smallest two-sided tail probability along each row of cumulated counts (M, L): the γ at which the band touches it."""
    z = uniform(counts.shape[1])
    below, above = stats.binom.cdf(counts, replications, z), stats.binom.sf(counts - 1, replications, z)
    return 2 * np.minimum(below, above).min(axis=1)


@cache
def departures(replications: int, draws: int) -> np.ndarray:
    """`departure` of `SIMULATIONS` samples of uniform ranks; the same every time."""
    rng = np.random.default_rng(0)
    ranks = np.full(draws + 1, 1 / (draws + 1))
    counts = np.cumsum(rng.multinomial(replications, ranks, size=SIMULATIONS), axis=1)[:, :-1]
    return departure(counts, replications)
