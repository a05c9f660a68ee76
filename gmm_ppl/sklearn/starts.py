"""Where EM begins: the same memberships that scikit-learn's mixtures begin from, drawn from the same `random_state`."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from sklearn.cluster import KMeans, kmeans_plusplus

from gmm_ppl.errors import InputError

Memberships = Callable[[np.ndarray, np.ndarray | None, int, np.random.RandomState], np.ndarray]


def kmeans(x: np.ndarray, weights: np.ndarray | None, components: int, random: np.random.RandomState) -> np.ndarray:
    """Clusters of k-means."""
    once: Any = 1  # a string as far as scikit-learn's types go
    found = KMeans(n_clusters=components, n_init=once, random_state=random).fit(x, sample_weight=weights)
    return np.eye(components)[found.labels_]


def kmeans_seeds(x: np.ndarray, weights: np.ndarray | None, components: int, random: np.random.RandomState) -> np.ndarray:
    """One row a component, the seeds of k-means++."""
    return single_rows(len(x), kmeans_plusplus(x, components, sample_weight=weights, random_state=random)[1])


def any_rows(x: np.ndarray, weights: np.ndarray | None, components: int, random: np.random.RandomState) -> np.ndarray:
    """One row a component, drawn by the row weights."""
    share = None if weights is None else weights / weights.sum()
    return single_rows(len(x), random.choice(len(x), size=components, replace=False, p=share))


def uniform(x: np.ndarray, weights: np.ndarray | None, components: int, random: np.random.RandomState) -> np.ndarray:
    """Uniform random numbers, each row's divided by their sum."""
    drawn = random.uniform(size=(len(x), components))
    return drawn / drawn.sum(axis=1, keepdims=True)


def single_rows(count: int, chosen: np.ndarray) -> np.ndarray:
    """Memberships (N, K) of the chosen rows, each in a component of its own; all other rows are in none."""
    found = np.zeros((count, len(chosen)))
    found[chosen, np.arange(len(chosen))] = 1
    return found


INIT_PARAMS: Mapping[str, Memberships] = MappingProxyType(
    {"kmeans": kmeans, "k-means++": kmeans_seeds, "random": uniform, "random_from_data": any_rows}
)


def find_start(name: object) -> Memberships:
    """The start called `name`; InputError lists the known ones."""
    if not isinstance(name, str) or name not in INIT_PARAMS:
        raise InputError(f"init_params: choose one of {', '.join(INIT_PARAMS)}; given {name!r}.")
    return INIT_PARAMS[name]
