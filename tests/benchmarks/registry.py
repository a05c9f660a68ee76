"""The registry of benchmarks: a new one is one module and one line here."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.benchmarks import cold, em, em_fits, em_overlap, em_scaling, gradient, memory, sample, search
from tests.benchmarks.harness import Row

Rows = Callable[[bool], Iterator[Row]]


@dataclass(frozen=True)
class Benchmark:
    """Modules that give rows (`rows(quick)`), and what is drawn of the results."""

    rows: Sequence[Rows]
    draw: Callable[[Sequence[Mapping[str, Any]], Path], None] = lambda results, out: None


BENCHMARKS: Mapping[str, Benchmark] = MappingProxyType(
    {
        "em": Benchmark((em.rows, em_fits.rows, em_overlap.rows, em_scaling.rows), em_scaling.draw),
        "gradient": Benchmark((gradient.rows,)),
        "search": Benchmark((search.rows,)),
        "sample": Benchmark((sample.rows,)),
        "memory": Benchmark((memory.rows,)),
        "cold": Benchmark((cold.rows,)),
    }
)
