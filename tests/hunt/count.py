"""Counts of judgements by generator, with intervals, as a page."""

from collections import Counter
from collections.abc import Iterator, Sequence

from scipy.stats import beta

from tests.hunt.judge import Judgement
from tests.markdown import table

KINDS = ("pass", "false pass", "false alarm", "alarm", "unknown")
WITHIN = 0.1
"""Nats within which an EM fit is at the best optimum known."""


TEXT = """Made by `python -m tests.hunt`: the default run of `gmm_ppl.sample` on problems from each generator, under weak and
conjugate priors. A *pass* is called trustworthy, an *alarm* is not. A pass is *false* if the draws are more than five Monte Carlo
errors from the posterior of partitions in the sum of squared weights, the smallest weight or the density at one of three rows; an
alarm is if they are not. *Unknown* are those whose truth did not settle. The last column counts fits within 0.1 nats of the best
optimum known."""


def interval(count: int, total: int, level: float = 0.95) -> tuple[float, float]:
    """Clopper and Pearson's interval of a share."""
    tail = (1 - level) / 2
    low = 0.0 if count == 0 else float(beta.ppf(tail, count, total - count + 1))
    high = 1.0 if count == total else float(beta.ppf(1 - tail, count + 1, total - count))
    return low, high


def page(judgements: Sequence[Judgement]) -> str:
    """The Markdown page."""
    names = dict.fromkeys(each.generator for each in judgements)
    of_each = [(name, *cells([each for each in judgements if each.generator == name])) for name in names]
    lines = ["# How often the verdict is wrong", "", TEXT, ""]
    lines += table(("generator", *KINDS, "EM at the best known"), [*of_each, ("all", *cells(judgements))])
    lines += ["", *shares(judgements), "", "## What was wrong", ""]
    lines += [described(each) for each in judgements if each.kind in ("false pass", "false alarm") or each.short > WITHIN]
    return "\n".join(lines) + "\n"


def cells(judgements: Sequence[Judgement]) -> list[str]:
    """A line of the table."""
    counted = Counter(each.kind for each in judgements)
    reached = sum(each.short <= WITHIN for each in judgements)
    return [*(str(counted[kind]) for kind in KINDS), f"{reached} of {len(judgements)}"]


def shares(judgements: Sequence[Judgement]) -> Iterator[str]:
    """Of problems whose truth is known the share of either fault, with intervals; nothing where none is."""
    known = Counter(each.kind for each in judgements if each.kind != "unknown")
    total = known.total()
    for kind in ("false pass", "false alarm") if total else ():
        share, low, high = (100 * each for each in (known[kind] / total, *interval(known[kind], total)))
        yield f"- {kind}: {known[kind]} of {total}, {share:.1f} % (95 % interval {low:.1f} to {high:.1f})"


def described(found: Judgement) -> str:
    """One problem in a line."""
    worst = max(found.errors, key=lambda name: abs(found.errors[name]))
    rows, features, components = found.size
    return (
        f"- {found.generator}, seed {found.seed} ({rows} × {features}, K = {components}): {found.kind}, {worst} off by "
        f"{found.errors[worst]:+.1f} errors; EM {found.short:.2f} nats short. “{found.sentence}”"
    )
