"""Many cases, group by group so that each program is compiled once; counts, a page and a file of what was found."""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jax

from tests.markdown import table
from tests.stress.cases import GROUPS, case
from tests.stress.checks import Outcome, outcome

LONG = (3, 10)
"""In one group of so many, one case of so many is run on to a far smaller tolerance: plain EM is one more program to compile."""

REASONS = {
    "problems keep": "several of these",
    " × ": "a column is a linear function of another",
    "are equal": "two columns are equal",
    "no more rows": "there are no more rows than columns",
    "no variance": "a column holds one value throughout",
    "covariance, which": "the data's covariance, which would be the prior's scale, is singular",
}
"""What a refusal says, by words in it."""

TOGETHER = 6
"""Groups whose programs are kept; more would fill memory."""


def outcomes(seeds: Sequence[int]) -> Iterator[Outcome]:
    """The seeds by group."""
    started = time.monotonic()
    for place, group in enumerate(range(len(GROUPS))):
        for seed in (each for each in seeds if each % len(GROUPS) == group):
            yield outcome(case(seed), long=place % LONG[0] == 0 and seed // len(GROUPS) % LONG[1] == 0)
        print(f"group {place} done after {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
        if place % TOGETHER == TOGETHER - 1:
            jax.clear_caches()


def record(seeds: Sequence[int]) -> dict[str, Any]:
    """Everything that the page says."""
    started = time.monotonic()
    statuses: dict[tuple[str, str], Counter] = {}
    closest: dict[str, tuple[float, int]] = {}
    wrong, refusals = [], Counter()
    for found in outcomes(seeds):
        statuses.setdefault((found.case.group.family, found.case.prior), Counter())[found.status] += 1
        wrong += [{"seed": found.case.seed, "made": found.case.made, "what": each} for each in found.violations]
        for each in found.violations:
            print(describe(found), each, file=sys.stderr, flush=True)
        refusals[reason(found.detail)] += found.status == "InputError"
        for what, value in found.closeness.items():
            closest[what] = max(closest.get(what, (-1.0, 0)), (value, found.case.seed))
    return {
        "fits": len(seeds),
        "seconds": round(time.monotonic() - started, 1),
        "statuses": [{"family": family, "prior": prior, **counts} for (family, prior), counts in sorted(statuses.items())],
        "closest": {what: {"part of the bound": value, "seed": seed} for what, (value, seed) in sorted(closest.items())},
        "refusals": dict((+refusals).most_common()),
        "violations": wrong,
    }


def reason(detail: str) -> str:
    """Why something was refused, in words that many refusals share."""
    return next((words for mark, words in REASONS.items() if mark in detail), detail[:60])


def describe(found: Outcome) -> str:
    """A case in a line."""
    group = found.case.group
    size = "N {}, D {}, K {}".format(*group.shape)
    how = f"{group.acceleration or 'plain'}, {group.starts} {found.case.start}, {found.case.data_pass}"
    return (
        f"seed {found.case.seed}: {size}, {group.family}, {found.case.prior}, {how}, {'+'.join(found.case.made)}: {found.status};"
    )


COLUMNS = ("CONVERGED", "STEP_LIMIT", "COLLAPSED", "DECREASED", "FitError", "InputError", "crash")


def page(found: dict[str, Any]) -> str:
    """The Markdown page."""
    lines = ["# No quiet failure under stress", ""]
    lines += [f"{found['fits']} fits in {found['seconds']:.0f} s; one seed is one fit: `python -m tests.stress --seed N`.", ""]
    counts = [(each["family"], each["prior"], *(each.get(name, 0) for name in COLUMNS)) for each in found["statuses"]]
    totals = [sum(each.get(name, 0) for each in found["statuses"]) for name in COLUMNS]
    lines += table(("family", "prior", *COLUMNS), [*counts, ("all", "", *totals)])
    lines += ["", "## How close checks came to their bounds (1 is the bound)", ""]
    close = [(what, f"{each['part of the bound']:.2g}", each["seed"]) for what, each in found["closest"].items()]
    lines += table(("check", "part of the bound", "seed"), close)
    lines += ["", "## Refusals", "", *(f"- {count}: {what}" for what, count in found["refusals"].items())]
    lines += ["", f"## Violations: {len(found['violations'])}", ""]
    lines += [f"- seed {each['seed']} ({', '.join(each['made'])}): {each['what']}" for each in found["violations"]]
    return "\n".join(lines) + "\n"


def write(found: dict[str, Any], out: Path) -> None:
    """`stress.md` and `stress.json`."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "stress.md").write_text(page(found), encoding="utf-8")
    (out / "stress.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
