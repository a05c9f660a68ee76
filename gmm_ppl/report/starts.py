"""Where EM's starts began and ended, as a report reads it."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from gmm_ppl.report.reading import has

_SAME_PLACE = 1e-6
"""Nats a row by which the objectives of two beginnings of one kind differ at least where they are counted as two places."""

_UNKNOWN = "unknown"


@dataclass(frozen=True, eq=False)
class Starts:
    """Each start's objective at its beginning and at its end (nats), the optimum it ended in (−1: none), and its kind."""

    first: np.ndarray
    objective: np.ndarray
    optimum: np.ndarray
    kind: np.ndarray
    rows: int

    def places(self, chosen: np.ndarray) -> int:
        """In how many different places the chosen starts began: of different kinds, or of different objectives there."""
        return sum(self._places(chosen & (self.kind == kind)) for kind in self.kinds(chosen))

    def kinds(self, chosen: np.ndarray) -> dict[str, int]:
        """How many of the chosen starts began as each kind, the most frequent first."""
        names, counts = np.unique(self.kind[chosen], return_counts=True)
        order = np.argsort(-counts, kind="stable")
        return {str(names[at]): int(counts[at]) for at in order}

    @property
    def unseen(self) -> float:
        """The probability that one more start would end in an optimum that none has: the share of those that ended alone (Good
        1953, doi:10.1093/biomet/40.3-4.237).
        """
        ended = self.optimum[self.optimum >= 0]
        return float((np.bincount(ended) == 1).sum() / ended.size) if ended.size else 1.0

    @property
    def kinds_known(self) -> bool:
        """Whether the file says where starts began; those of earlier versions do not."""
        return bool((self.kind != _UNKNOWN).all())

    def _places(self, chosen: np.ndarray) -> int:
        # Short runs led some to their ends already, from beginnings that nothing is known of: each is taken to have had its own.
        arrived = chosen & (np.abs(self.first - self.objective) <= _SAME_PLACE * self.rows)
        others = chosen & ~arrived
        gaps = np.diff(np.sort(self.first[others]))
        return int(arrived.sum()) + int(others.any()) + int((gaps > _SAME_PLACE * self.rows).sum())


def starts_of(tree: xr.DataTree) -> Starts:
    """The starts of a tree; one start at the best optimum where none was stored."""
    fit = tree["em_fit"].dataset
    rows = fit.sizes["obs"]
    if not has(tree, "em_restarts", "optimum"):
        objective = fit["objective"].values.reshape(1)
        return Starts(objective, objective, np.zeros(1, dtype=int), np.full(1, _UNKNOWN), rows)
    restarts = tree["em_restarts"].dataset
    objective = restarts["objective"].values
    traced = has(tree, "em_trace", "objective")
    # Where nothing is known of their beginnings, each start is taken to have had its own.
    first = tree["em_trace"].dataset["objective"].isel(iteration=0).values if traced else np.arange(objective.size) * float(rows)
    kind = restarts["kind"].values.astype(str) if "kind" in restarts else np.full(objective.size, _UNKNOWN)
    return Starts(first, objective, restarts["optimum"].values, kind, rows)
