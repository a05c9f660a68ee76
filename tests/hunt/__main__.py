"""`python -m tests.hunt`: see the package."""

import argparse
import sys
from pathlib import Path

import jax

import tests.hunt
from tests.hunt.count import described, page
from tests.hunt.judge import Judgement, judge
from tests.hunt.problems import GENERATORS, problem

OUT = Path(__file__).resolve().parents[2] / "reports" / "verdict.md"


def main() -> int:
    """1 where a false pass was found."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.hunt", description=tests.hunt.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--each", type=int, default=10, help="problems of each generator: seeds FIRST … FIRST + EACH − 1")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--generator", nargs="+", choices=list(GENERATORS), default=list(GENERATORS))
    parser.add_argument("--seed", type=int, nargs="+", help="only these, and nothing written")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    seeds = options.seed or range(options.first, options.first + options.each)
    found = [judged(name, seed) for name in options.generator for seed in seeds]
    if options.seed is None:
        options.out.write_text(page(found), encoding="utf-8")
    print(page(found))
    return int(any(each.kind == "false pass" for each in found))


def judged(generator: str, seed: int) -> Judgement:
    """One problem, told of as it is done. Its programs are of a shape that no other has: they are not kept."""
    found = judge(problem(generator, seed))
    print(described(found), file=sys.stderr, flush=True)
    jax.clear_caches()
    return found


if __name__ == "__main__":
    sys.exit(main())
