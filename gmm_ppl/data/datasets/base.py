"""What is known of a data set beside its numbers."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Description:
    """A bundled data set.

    Attributes:
        name: what to load it by.
        title: one line for a list.
        rows: how many rows it has.
        units: column of numbers → unit, in the order of the file.
        labels: the columns of text.
        about: what was measured, and what to know before comparing results with others'.
        source: where the numbers were copied from.
        references: where they were published, with DOI.
    """

    name: str
    title: str
    rows: int
    units: Mapping[str, str]
    labels: tuple[str, ...]
    about: str
    source: str
    references: tuple[str, ...]

    def __str__(self) -> str:
        columns = ", ".join(f"{column} [{unit}]" for column, unit in self.units.items())
        labels = f"; labels: {', '.join(self.labels)}" if self.labels else ""
        lines = [
            f"{self.name}: {self.title}",
            f"{self.rows} rows; features: {columns}{labels}",
            self.about,
            f"Source: {self.source}",
            *(f"Reference: {reference}" for reference in self.references),
        ]
        return "\n".join(lines)
