"""What a sampler's transitions leave, gathered segment by segment."""

from dataclasses import dataclass, field

import numpy as np

from gmm_ppl.progress import Progress


@dataclass
class Recorder:
    """Records of transitions as they come in, segment by segment, and of how many the first are warm-up."""

    warmup: int
    draws: int
    records: list[dict[str, np.ndarray]] = field(default_factory=list)
    done: int = 0

    def add(self, record: dict[str, np.ndarray], count: int) -> None:
        """Keep the first `count` transitions of a segment."""
        self.records.append({name: values[:count] for name, values in record.items()})
        self.done += count

    @property
    def kept(self) -> int:
        """Draws a chain so far."""
        return max(0, self.done - self.warmup)

    @property
    def divergences(self) -> int:
        """Of all draws so far."""
        return int(np.concatenate([record["diverging"] for record in self.records])[self.warmup :].sum())

    def joined(self) -> dict[str, np.ndarray]:
        """All draws, (chains, draws, …)."""
        names = self.records[0]
        whole = {name: np.concatenate([record[name] for record in self.records])[self.warmup :] for name in names}
        return {name: np.ascontiguousarray(np.swapaxes(values, 0, 1)) for name, values in whole.items()}

    def report(self, progress: Progress) -> None:
        """Transitions done, and divergences since warm-up ended."""
        note = f"sampling, {self.divergences} divergences" if self.kept else "warm-up"
        progress("NUTS", self.done, self.warmup + self.draws, note)
