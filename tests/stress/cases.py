"""From a seed to a case: a group, which fixes what is compiled, and within it data and a prior's numbers."""

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

import gmm_ppl as gp
from gmm_ppl.mixture import covariance
from gmm_ppl.mixture.passes import PASSES
from gmm_ppl.starts import STARTS
from tests.stress.oracle import MATRICES

FIRST = ("full", "tied", "diagonal", "spherical")
FAMILIES = (*FIRST, *(name for name in covariance.FAMILIES if name not in FIRST))
"""In this order, so that seeds that once failed keep their groups."""

SHAPES = (
    (5, 1, 2), (5, 2, 5), (6, 4, 2), (8, 2, 3), (12, 1, 8), (20, 3, 2), (25, 10, 2), (30, 1, 4), (30, 2, 8), (40, 5, 3),
    (60, 2, 3), (60, 8, 4), (100, 1, 2), (100, 3, 5), (150, 2, 1), (250, 4, 6), (400, 2, 4), (500, 10, 3), (1000, 3, 3),
    (3000, 2, 8),
)  # fmt: skip
"""N, D, K."""

SMALL = tuple(shape for shape in SHAPES if shape[0] <= 150 and shape[1] <= 3)
"""For the separated prior, whose M-step is a climb of its own."""


@dataclass(frozen=True)
class Group:
    """What is compiled once."""

    shape: tuple[int, int, int]
    family: str
    kind: str
    acceleration: str | None
    starts: int


def groups() -> tuple[Group, ...]:
    """Four shapes to each family, conjugate or flat prior and acceleration; one to each that the separated prior is a law for."""
    each = product(FAMILIES, ("flat", "conjugate"), (None, "quasi_newton"), range(4))
    found = [Group(SHAPES[7 * place % 20], *what[:3], starts=1 + place % 2) for place, what in enumerate(each)]
    whole = [name for name in FAMILIES if len(covariance.FAMILIES[name].parts) == 1]
    few = enumerate(product(whole, ("separated",), (None, "quasi_newton")))
    return (*found, *(Group(SMALL[place % len(SMALL)], *what, starts=1) for place, what in few))


GROUPS = groups()


@dataclass(frozen=True)
class Case:
    """One fit: everything that `gmm_ppl.fit` is given, and in words how the data were made."""

    seed: int
    group: Group
    mixture: gp.Mixture
    prior: str
    x: np.ndarray
    start: str
    data_pass: str
    made: tuple[str, ...]


def case(seed: int, place: int | None = None) -> Case:
    """The case of a seed; of the group at another place than the seed's own where one is given."""
    rng = np.random.default_rng([20, seed])
    group = GROUPS[seed % len(GROUPS) if place is None else place]
    x, made = data(rng, group)
    prior, statement = prior_of(rng, group, x)
    start, data_pass = rng.choice(list(STARTS)), rng.choice(list(PASSES))
    mixture = gp.Mixture(group.shape[2], group.family, statement)
    return Case(seed, group, mixture, prior, x, str(start), str(data_pass), made)


def prior_of(rng: np.random.Generator, group: Group, x: np.ndarray) -> tuple[str, object]:
    """A name for the table, and the prior as a user states it."""
    if group.kind == "flat":
        return "flat", "flat"
    if group.kind == "separated":
        numbers = {"concentration": rng.choice([1.0, 2.0]), "correlation_concentration": rng.choice([1.0, 2.0, 4.0])}
        return "separated", {"kind": "separated", **numbers}
    if rng.random() < 0.5:
        return "weak", "weak"
    return "conjugate", {"kind": "conjugate", **conjugate_numbers(rng, group, x)}


def conjugate_numbers(rng: np.random.Generator, group: Group, x: np.ndarray) -> dict[str, Any]:
    """Stated numbers from nearly nothing to many rows' worth."""
    _, features, components = group.shape
    low = features - 1 if group.family in MATRICES else 0
    variances = np.maximum(x.var(axis=0), 1e-280)
    scale = variances.mean() if group.family in ("spherical", "spherical_tied") else variances
    return {
        "concentration": rng.choice([1.0, 1.5, 4.0]) if rng.random() < 0.7 else rng.uniform(1, 5, components),
        "mean_precision": 10 ** rng.uniform(-3, 1),
        "degrees_of_freedom": low + 10 ** rng.uniform(-1, 1.5),
        "scale": scale * 10 ** rng.uniform(-5, 0),
    }


def data(rng: np.random.Generator, group: Group) -> tuple[np.ndarray, tuple[str, ...]]:
    """Clusters, spoilt in a few ways, in some units, somewhere."""
    z, made = clusters(rng, *group.shape), ["clusters"]
    for spoil in rng.permutation(SPOILERS)[: rng.integers(0, 3)]:
        z = spoil(rng, z)
        made.append(spoil.__name__)
    for place in UNITS[rng.integers(0, 3)] + (far_from_zero,) * int(rng.integers(0, 2)):
        z = place(rng, z)
        made.append(place.__name__)
    return z, tuple(made)


def clusters(rng: np.random.Generator, rows: int, features: int, components: int) -> np.ndarray:
    """Gaussian clusters 0 … 10⁶ σ apart; often of unequal widths, some of one to three rows."""
    true = int(rng.integers(1, components + 2))
    separation = rng.choice([0.0, 1.0, 3.0, 10 ** rng.uniform(0, 6)])
    widths = 10 ** rng.uniform(-3, 3, true) if rng.random() < 0.2 else np.ones(true)
    shares = rng.dirichlet(np.full(true, rng.choice([0.2, 1.0, 10.0])))
    labels = rng.choice(true, rows, p=shares)
    tiny = min(true - 1, rows // 4)
    if tiny and rng.random() < 0.3:
        few = np.repeat(np.arange(tiny), rng.integers(1, 4, tiny))
        labels = np.concatenate([few, np.full(rows - few.size, true - 1)])
    means = separation * rng.standard_normal((true, features))
    roots = rng.standard_normal((true, features, features)) / np.sqrt(features) + np.eye(features)
    noise = np.einsum("nde,ne->nd", roots[labels], rng.standard_normal((rows, features)))
    return means[labels] + widths[labels, None] * noise


def copied(rng: np.random.Generator, z: np.ndarray) -> np.ndarray:
    """Many rows are one of a few others."""
    few = rng.integers(0, len(z), max(1, len(z) // 5))
    return np.where(rng.random((len(z), 1)) < rng.uniform(0.1, 0.9), z[rng.choice(few, len(z))], z)


def tied_values(rng: np.random.Generator, z: np.ndarray) -> np.ndarray:
    """Values of few digits."""
    return np.round(z, int(rng.integers(0, 3)))


def outliers(rng: np.random.Generator, z: np.ndarray) -> np.ndarray:
    """One or two rows far away from all."""
    far = z.copy()
    far[rng.integers(0, len(z), rng.integers(1, 3))] *= 10 ** rng.uniform(1, 8)
    return far


def heavy_tails(rng: np.random.Generator, z: np.ndarray) -> np.ndarray:
    """Rows stretched by a Cauchy variable."""
    return z * (1 + np.abs(rng.standard_cauchy((len(z), 1))))


def collinear(rng: np.random.Generator, z: np.ndarray) -> np.ndarray:
    """The last feature nearly the first."""
    line = z.copy()
    if z.shape[1] > 1:
        line[:, -1] = z[:, 0] + 10 ** rng.uniform(-10, -1) * z[:, -1]
    return line


def scaled(rng: np.random.Generator, z: np.ndarray) -> np.ndarray:
    """Another unit."""
    return z * 10 ** rng.uniform(-100, 100)


def units_apart(rng: np.random.Generator, z: np.ndarray) -> np.ndarray:
    """Another unit for each feature."""
    return z * 10 ** rng.uniform(-100, 100, z.shape[1])


def far_from_zero(rng: np.random.Generator, z: np.ndarray) -> np.ndarray:
    """An offset of up to 10⁸ standard deviations."""
    return z + z.std(axis=0) * 10 ** rng.uniform(0, 8) * rng.standard_normal(z.shape[1])


SPOILERS = np.array([copied, tied_values, outliers, heavy_tails, collinear])
UNITS = ((), (scaled,), (units_apart,))
