"""What a sampler's transitions leave, gathered segment by segment."""

from dataclasses import dataclass, field

import numpy as np

from gmm_ppl.progress import Progress


@dataclass
class Recorder:
    """Records of transitions as they come in, segment by segment.

    The first `warmup` are none to keep; `wanted` are how many there are to be after those.
    """

    warmup: int
    wanted: int
    records: list[dict[str, np.ndarray]] = field(default_factory=list)
    done: int = 0

    @property
    def total(self) -> int:
        """Transitions a chain, warm-up among them."""
        return self.warmup + self.wanted

    def add(self, record: dict[str, np.ndarray], count: int) -> None:
        """Keep the first `count` transitions of a segment."""
        self.records.append({name: values[:count] for name, values in record.items()})
        self.done += count

    @property
    def kept(self) -> int:
        """Transitions a chain after warm-up so far."""
        return max(0, self.done - self.warmup)

    @property
    def divergences(self) -> int:
        """Of all those so far."""
        return int(np.concatenate([record["diverging"] for record in self.records])[self.warmup :].sum())

    def joined(self, draws: int, thinning: int = 1) -> dict[str, np.ndarray]:
        """The last draws, (chains, draws, …): of so many transitions in a row one, and what happened in any of them."""
        names = self.records[0]
        whole = {
            name: np.concatenate([record[name] for record in self.records])[self.warmup :][-draws * thinning :] for name in names
        }
        return {name: np.ascontiguousarray(np.swapaxes(thinned(name, each, thinning), 0, 1)) for name, each in whole.items()}

    def report(self, progress: Progress) -> None:
        """Transitions done, and divergences since warm-up ended."""
        note = f"sampling, {self.divergences} divergences" if self.kept else "warm-up"
        progress("NUTS", self.done, self.total, note)


GATHERED = {"diverging": np.any, "n_steps": np.sum, "tree_depth": np.max, "acceptance_rate": np.mean}
"""What a kept draw says of all transitions since the last, where it does not speak of itself alone."""


def thinned(name: str, values: np.ndarray, thinning: int) -> np.ndarray:
    """One of so many transitions (L, chains, …); the first of a number that they do not divide are left out."""
    grouped = values[len(values) % thinning :].reshape(-1, thinning, *values.shape[1:])
    return GATHERED[name](grouped, axis=1).astype(values.dtype) if name in GATHERED else grouped[:, -1]
