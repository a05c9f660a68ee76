"""Comparisons: answers first, then costs in alternation, then medians and paired ratios."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

Answer = Mapping[str, Any]


class Absent(Exception):
    """A contestant that cannot take part; the message says why."""


@dataclass(frozen=True)
class Limit:
    """How far an answer may lie from ours: a fraction of our largest entry, or (`absolute`) in the answer's own units.

    `above_only`: it may fall short of ours by anything, where more is better and each may find its own.
    """

    bound: float
    absolute: bool = False
    above_only: bool = False

    def difference(self, ours: Any, theirs: Any) -> float:
        """The distance that the bound is on; infinite for another shape or a value that is not finite."""
        a, b = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
        if a.shape != b.shape or not (np.isfinite(a).all() and np.isfinite(b).all()):
            return float("inf")
        scale = 1.0 if self.absolute else max(float(np.max(np.abs(a))), np.finfo(float).tiny)
        apart = np.maximum(b - a, 0) if self.above_only else np.abs(a - b)
        return float(np.max(apart)) / scale


@dataclass(frozen=True)
class Contestant:
    """One way to do a row's work.

    `answer` does it once and says what came out, which also warms caches and compilers up; `cost` does it again and says what
    it took. `limits` name the answers that must be ours, and by how much they may differ; `reach` is the ratio aimed at.
    """

    name: str
    answer: Callable[[], Answer]
    cost: Callable[[], float]
    limits: Mapping[str, Limit] = field(default_factory=lambda: MappingProxyType({}))
    reach: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Row:
    """One comparison; `contestants` prepares them when the row's turn comes, ours first.

    Costs are `unit`; `at_most` is the cost that ours should not exceed; `facts` says more from the medians. `ratios` is off
    where the contestants are sizes of one problem and not rivals.
    """

    name: str
    contestants: Callable[[], Sequence[Contestant]]
    unit: str = "s"
    at_most: float | None = None
    rounds: int = 7
    ratios: bool = True
    facts: Callable[[Mapping[str, float]], Mapping[str, Any]] = lambda medians: {}


SETTLED = 0.2
"""Seconds between two measurements: the threads of one library's BLAS spin on for a while and would slow the next one down."""


def seconds(work: Callable[[], Any], repetitions: int = 1) -> float:
    """Wall-clock seconds of one of some repetitions."""
    began = time.perf_counter()
    for _ in range(repetitions):
        work()
    return (time.perf_counter() - began) / repetitions


def measure(row: Row, *, rounds: int | None = None, budget: float = 60.0) -> dict[str, Any]:
    """A row's result, ready for JSON: who is absent, how far answers differ, costs and ratios of those that agree."""
    contestants = row.contestants()
    answers, absent = collect_answers(contestants)
    ours = contestants[0].name
    agreement = {
        each.name: compare(answers[ours], answers[each.name], each.limits)
        for each in contestants[1:]
        if ours in answers and each.name in answers
    }
    fair = [each for each in contestants if each.name in answers and same(agreement.get(each.name, {}))]
    costs = alternate(fair, row.rounds if rounds is None else rounds, budget) if ours in answers else {}
    return {
        "name": row.name,
        "unit": row.unit,
        "ours": ours,
        "absent": absent,
        "agreement": agreement,
        "differs": [name for name, each in agreement.items() if not same(each)],
        "costs": {name: {**spread(samples), "samples": samples} for name, samples in costs.items()},
        "ratios": ratios(costs, contestants) if row.ratios else {},
        "at_most": row.at_most,
        "notes": {each.name: each.note for each in contestants if each.note},
        "facts": dict(row.facts({name: spread(samples)["median"] for name, samples in costs.items()})) if costs else {},
    }


def collect_answers(contestants: Sequence[Contestant]) -> tuple[dict[str, Answer], dict[str, str]]:
    """What each contestant answers, and why some do not."""
    answers, absent = {}, {}
    for each in contestants:
        try:
            answers[each.name] = each.answer()
        except Absent as reason:
            absent[each.name] = str(reason)
    return answers, absent


def compare(ours: Answer, theirs: Answer, limits: Mapping[str, Limit]) -> dict[str, dict[str, Any]]:
    """Each limited answer's distance from ours, its bound, and whether it keeps to it."""
    found = {}
    for name, limit in limits.items():
        distance = limit.difference(ours[name], theirs[name])
        found[name] = {"difference": distance, "bound": limit.bound, "absolute": limit.absolute, "same": distance <= limit.bound}
    return found


def same(agreement: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether every answer is within its bound."""
    return all(each["same"] for each in agreement.values())


def alternate(contestants: Sequence[Contestant], rounds: int, budget: float, least: int = 3) -> dict[str, list[float]]:
    """Costs in turn, a b c a b c …, so that what the machine does meanwhile meets all alike.

    Rounds beyond the `least` are left out once `budget` seconds have gone.
    """
    costs: dict[str, list[float]] = {each.name: [] for each in contestants}
    began = time.perf_counter()
    for count in range(rounds):
        if count >= least and time.perf_counter() - began > budget:
            break
        for each in contestants:
            time.sleep(SETTLED)
            costs[each.name].append(each.cost())
    return costs


def spread(samples: Sequence[float]) -> dict[str, float]:
    """Median, quartiles and extremes."""
    low, lower, median, upper, high = (float(each) for each in np.quantile(samples, [0, 0.25, 0.5, 0.75, 1]))
    return {"min": low, "lower": lower, "median": median, "upper": upper, "max": high}


def ratios(costs: Mapping[str, Sequence[float]], contestants: Sequence[Contestant]) -> dict[str, dict[str, Any]]:
    """Spread of peer's cost / our cost, round by round, of every peer that was measured; above 1 we are better."""
    ours = contestants[0].name
    found = {}
    for each in contestants[1:]:
        if each.name in costs:
            paired = np.asarray(costs[each.name]) / np.asarray(costs[ours])
            found[each.name] = {**spread(paired), "reach": each.reach}
    return found
