"""`python -m tests.hunt`: see the package."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

import tests.hunt
from tests.hunt.count import described, page
from tests.hunt.judge import Judgement
from tests.hunt.problems import GENERATORS, problem
from tests.hunt.work import judgements

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
    parser.add_argument("--jobs", type=int, default=1, help="processes side by side")
    parser.add_argument("--records", type=Path, help="a file of judgements, a line each: what is there is not judged again")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    seeds = options.seed or range(options.first, options.first + options.each)
    asked = [(name, seed) for name in options.generator for seed in seeds]
    kept = recorded(options.records)
    for found in judgements([problem(*each) for each in asked if each not in kept], options.jobs):
        kept[found.generator, found.seed] = found
        print(described(found), file=sys.stderr, flush=True)
        if options.records:
            with options.records.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(asdict(found)) + "\n")
    text = page([kept[each] for each in asked])
    if options.seed is None:
        options.out.write_text(text, encoding="utf-8")
    print(text)
    return int(any(kept[each].kind == "false pass" for each in asked))


def recorded(records: Path | None) -> dict[tuple[str, int], Judgement]:
    """Judgements that an earlier run has kept."""
    lines = records.read_text(encoding="utf-8").splitlines() if records and records.exists() else []
    found = [Judgement(**json.loads(line)) for line in lines]
    return {(each.generator, each.seed): each for each in found}


if __name__ == "__main__":
    sys.exit(main())
