"""`python -m tests.benchmarks`: see the package."""

import argparse
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tests.benchmarks
from tests.benchmarks import machine
from tests.benchmarks.harness import Row, measure
from tests.benchmarks.registry import BENCHMARKS
from tests.benchmarks.tables import page, write

OUT = Path(__file__).resolve().parents[2] / "reports" / "benchmarks"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is named; 1 if a row failed."""
    options = parse(arguments)
    described = machine.describe(quick=options.quick)
    failed = False
    for name in options.names or BENCHMARKS:
        results = [run(row, quick=options.quick) for row in chosen(name, options)]
        if results:
            write(name, described, results, options.out)
            BENCHMARKS[name].draw(results, options.out)
            print(page(name, described, results), flush=True)
        failed |= any("failed" in each["notes"] for each in results)
    return int(failed)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=tests.benchmarks.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: to see that it works")
    parser.add_argument("--only", default="", metavar="TEXT", help="only rows whose name contains this")
    parser.add_argument("--out", type=Path, default=OUT, metavar="DIR", help="by default reports/benchmarks")
    options = parser.parse_args(arguments)
    unknown = set(options.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}; choose of {', '.join(BENCHMARKS)}")
    return options


def chosen(name: str, options: argparse.Namespace) -> list[Row]:
    """The rows asked for."""
    return [row for rows in BENCHMARKS[name].rows for row in rows(options.quick) if options.only in row.name]


def run(row: Row, *, quick: bool) -> dict[str, Any]:
    """A row measured. One that fails says so in its place, and the rest go on."""
    print(row.name, file=sys.stderr, flush=True)
    try:
        return measure(row, rounds=2 if quick else None)
    except Exception as error:
        traceback.print_exc()
        return failure(row, error)


def failure(row: Row, error: Exception) -> dict[str, Any]:
    """A result without numbers. Of the error only the type, since messages may hold paths."""
    said = {"failed": f"{type(error).__name__}; the traceback is on the terminal"}
    empty = {name: {} for name in ("agreement", "costs", "ratios", "facts")}
    start = {"name": row.name, "unit": row.unit, "ours": "ours", "at_most": row.at_most, "differs": []}
    return {**start, **empty, "absent": {"ours": "failed"}, "notes": said}


if __name__ == "__main__":
    sys.exit(main())
