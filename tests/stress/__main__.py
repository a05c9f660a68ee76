"""`python -m tests.stress`: see the package."""

import argparse
import sys
from pathlib import Path

import tests.stress
from tests.stress.cases import case
from tests.stress.checks import outcome
from tests.stress.run import describe, page, record, write

OUT = Path(__file__).resolve().parents[2] / "reports" / "benchmarks"


def main() -> int:
    """1 where anything was violated."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.stress", description=tests.stress.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fits", type=int, default=10_000, help="seeds 0 … FITS − 1")
    parser.add_argument("--seed", type=int, nargs="+", help="only these, and nothing written")
    parser.add_argument("--out", type=Path, default=OUT, metavar="DIR", help="by default reports/benchmarks")
    options = parser.parse_args()
    if options.seed is not None:
        return show(options.seed)
    found = record(range(options.fits))
    write(found, options.out)
    print(page(found))
    return int(bool(found["violations"]))


def show(seeds: list[int]) -> int:
    """Single cases, each in a few lines."""
    wrong = False
    for seed in seeds:
        found = outcome(case(seed), long=True)
        print(describe(found), found.detail, *found.violations, found.closeness, sep="\n  ")
        wrong |= bool(found.violations)
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
