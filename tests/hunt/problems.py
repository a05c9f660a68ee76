"""From a generator and a seed to a problem: rows, a number of components and a prior, as a user would state them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

import gmm_ppl as gp

Rows = tuple[np.ndarray, int]
"""Rows (N, D), and the number of components to fit."""


@dataclass(frozen=True)
class Problem:
    """What `gmm_ppl.sample` is given."""

    generator: str
    seed: int
    x: np.ndarray
    mixture: gp.Mixture


def problem(generator: str, seed: int) -> Problem:
    """The problem of a seed, under the weak prior or, for one seed in three, a conjugate one with numbers of its own."""
    place = list(GENERATORS).index(generator)
    rng = np.random.default_rng([13, place, seed])
    x, components = GENERATORS[generator](rng)
    x = rng.permutation(x)
    prior = "weak" if rng.random() < 2 / 3 else conjugate(rng, x)
    return Problem(generator, seed, x, gp.Mixture(components, "full", prior))


def conjugate(rng: np.random.Generator, x: np.ndarray) -> dict[str, object]:
    """A stated prior of a row or two."""
    return {
        "kind": "conjugate",
        "concentration": rng.choice([1.0, 2.0]),
        "mean_precision": 10 ** rng.uniform(-2, 0),
        "degrees_of_freedom": x.shape[1] + 10 ** rng.uniform(0, 0.7),
        "scale": x.var(axis=0) * 10 ** rng.uniform(-2, 0),
    }


SIZES = np.array([20, 30, 40, 60, 80, 120, 160, 240, 320, 480])
"""Numbers of rows: few, so that many problems share their compiled programs."""


def size(rng: np.random.Generator, most: int = 120) -> int:
    """A number of rows, small ones as often as large ones."""
    return int(rng.choice(SIZES[most >= SIZES]))


def clouds(rng: np.random.Generator, counts: list[int], features: int, apart: float, widths: np.ndarray) -> np.ndarray:
    """Normal groups of these sizes and standard deviations, their means `apart` in each feature."""
    means = apart * rng.standard_normal((len(counts), features))
    parts = [
        mean + width * rng.standard_normal((count, features)) for mean, count, width in zip(means, counts, widths, strict=True)
    ]
    return np.concatenate(parts)


def shares(rng: np.random.Generator, rows: int, groups: int) -> list[int]:
    """Sizes of groups, at least three rows each."""
    return [int(each) + 3 for each in rng.multinomial(max(rows - 3 * groups, 0), rng.dirichlet(np.full(groups, 2.0)))]


def k_right(rng: np.random.Generator) -> Rows:
    """As many components as there are separated groups."""
    groups = int(rng.integers(2, 4))
    return clouds(rng, shares(rng, size(rng), groups), int(rng.integers(1, 6)), 5, np.ones(groups)), groups


def k_too_small(rng: np.random.Generator) -> Rows:
    """Three or four separated groups of unequal width and two components."""
    groups = int(rng.integers(3, 5))
    widths = rng.choice([0.5, 1.0], groups)
    return clouds(rng, shares(rng, size(rng, 60), groups), int(rng.integers(2, 6)), 5, widths), 2


def k_too_large(rng: np.random.Generator) -> Rows:
    """One group or two, and three or four components."""
    groups = int(rng.integers(1, 3))
    x = clouds(rng, shares(rng, size(rng), groups), int(rng.integers(1, 4)), 4, np.ones(groups))
    return x, int(rng.integers(3, 5))


def sparse_group(rng: np.random.Generator) -> Rows:
    """Two groups that overlap, and three to five rows beside them."""
    rows, few = size(rng, 320), int(rng.integers(3, 6))
    z = rng.standard_normal((rows - few, 1)) + 3 * (rng.random((rows - few, 1)) < 0.5)
    return np.concatenate([z, 8 + 0.5 * rng.standard_normal((few, 1))]), 3


def overlap(rng: np.random.Generator) -> Rows:
    """Two groups one to two standard deviations apart."""
    rows, features = size(rng), int(rng.integers(1, 4))
    x = rng.standard_normal((rows, features))
    x[: rows // 2, 0] += rng.uniform(1, 2)
    return x, 2


def unequal_volumes(rng: np.random.Generator) -> Rows:
    """A narrow group within a wide one, or beside it."""
    rows, features = size(rng), int(rng.integers(1, 5))
    narrow = int(rng.integers(5, max(6, rows // 2)))
    x = 3 * rng.standard_normal((rows, features))
    x[:narrow] = rng.standard_normal(features) + 0.2 * x[:narrow] / 3
    return x, int(rng.integers(2, 4))


def skewed(rng: np.random.Generator) -> Rows:
    """Log-normal groups."""
    rows, features = size(rng), int(rng.integers(1, 4))
    x = np.exp(0.7 * rng.standard_normal((rows, features)))
    x[: rows // 3] += 4
    return x, int(rng.integers(2, 4))


def heavy_tails(rng: np.random.Generator) -> Rows:
    """Groups of Student's t with two to four degrees of freedom."""
    rows, features = size(rng), int(rng.integers(1, 4))
    x = rng.standard_t(rng.uniform(2, 4), (rows, features))
    x[: rows // 2] += 5
    return x, int(rng.integers(2, 4))


def outliers(rng: np.random.Generator) -> Rows:
    """Two groups, and one or two rows twenty to two hundred standard deviations away."""
    x = clouds(rng, shares(rng, size(rng), 2), int(rng.integers(1, 4)), 3, np.ones(2))
    x[: rng.integers(1, 3)] *= rng.uniform(20, 200)
    return x, int(rng.integers(2, 4))


def near_collinear(rng: np.random.Generator) -> Rows:
    """Two groups in two to four features, the last nearly the first."""
    x = clouds(rng, shares(rng, size(rng), 2), int(rng.integers(2, 5)), 4, np.ones(2))
    x[:, -1] = x[:, 0] + 10 ** rng.uniform(-4, -1) * x[:, -1]
    return x, 2


def ties(rng: np.random.Generator) -> Rows:
    """Two groups whose values have been rounded to halves."""
    x = clouds(rng, shares(rng, size(rng), 2), int(rng.integers(1, 4)), 4, np.ones(2))
    return np.round(2 * x) / 2, 2


GENERATORS: Mapping[str, Callable[[np.random.Generator], Rows]] = MappingProxyType(
    {
        each.__name__: each
        for each in (
            k_right, k_too_small, k_too_large, sparse_group, overlap, unequal_volumes, skewed, heavy_tails, outliers,
            near_collinear, ties,
        )
    }
)  # fmt: skip
