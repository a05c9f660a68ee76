"""A benchmark's results as a Markdown page and a JSON file."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.markdown import table

HEADER = ("row", "ours", "peer", "peer's cost", "peer / ours", "reach", "reached", "largest difference")


def write(name: str, machine: Mapping[str, Any], results: Sequence[Mapping[str, Any]], out: Path) -> None:
    """`<name>.json` and `<name>.md` in a directory that is made if need be."""
    out.mkdir(parents=True, exist_ok=True)
    record = {"benchmark": name, "machine": machine, "rows": results}
    (out / f"{name}.json").write_text(json.dumps(plain(record), indent=1) + "\n", encoding="utf-8")
    (out / f"{name}.md").write_text(page(name, machine, results), encoding="utf-8")


def plain(value: Any) -> Any:
    """The value with what JSON has no word for (∞, NaN) as text."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def page(name: str, machine: Mapping[str, Any], results: Sequence[Mapping[str, Any]]) -> str:
    """The whole Markdown page."""
    lines = [f"# Benchmark: {name}", ""]
    lines += ["Medians with quartiles in brackets; ratios are paired, round by round; above 1 ours is better.", ""]
    lines += table(HEADER, [cells for result in results for cells in rows_of(result)])
    lines += ["", *remarks(results), "", "## Machine", "", *(f"- {key}: {show(value)}" for key, value in machine.items())]
    return "\n".join(lines) + "\n"


def rows_of(result: Mapping[str, Any]) -> Iterator[list[str]]:
    """A line for each peer, or one for a row that has none."""
    ours = result["ours"]
    peers = [*result["agreement"], *(name for name in result["absent"] if name != ours)]
    if not peers:
        yield from (
            [label(result, name), cost(result, name), "", "", "", *limit(result), ""] for name in result["costs"] or [ours]
        )
    for peer in peers:
        yield [result["name"], cost(result, ours), peer, cost(result, peer), *ratio(result, peer), distance(result, peer)]


def label(result: Mapping[str, Any], name: str) -> str:
    """The row's name, and the contestant's where it is another size and not ours."""
    return result["name"] if name == "ours" else f"{result['name']}: {name}"


def cost(result: Mapping[str, Any], name: str) -> str:
    """Median and quartiles of a contestant, or why there are none."""
    if name in result["absent"]:
        return f"not there: {result['absent'][name]}"
    if name in result["differs"]:
        return "not timed: its answer differs"
    found = result["costs"].get(name)
    return f"{between(found)} {result['unit']}" if found else ""


def between(found: Mapping[str, float]) -> str:
    """`median (lower–upper)`."""
    return f"{number(found['median'])} ({number(found['lower'])}–{number(found['upper'])})"


def ratio(result: Mapping[str, Any], peer: str) -> list[str]:
    """Ratio, reach, and whether it is reached."""
    found = result["ratios"].get(peer)
    if not found:
        return ["", "", ""]
    reach = found["reach"]
    return [between(found), "" if reach is None else f"≥ {number(reach)}", "" if reach is None else yes(found["median"] >= reach)]


def limit(result: Mapping[str, Any]) -> list[str]:
    """The most that ours should cost, and whether it keeps to that."""
    found, most = result["costs"].get(result["ours"]), result["at_most"]
    return ["", ""] if most is None or not found else [f"≤ {number(most)} {result['unit']}", yes(found["median"] <= most)]


def yes(reached: bool) -> str:
    """Said in a word."""
    return "yes" if reached else "no"


def distance(result: Mapping[str, Any], peer: str) -> str:
    """The answer that is farthest from ours, against its bound."""
    found = result["agreement"].get(peer)
    if not found:
        return ""
    name, worst = max(found.items(), key=lambda each: each[1]["difference"] / each[1]["bound"])
    return f"{name}: {number(worst['difference'])} {'≤' if worst['same'] else '>'} {number(worst['bound'])}"


def remarks(results: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What a row says beside its numbers."""
    for result in results:
        for name, note in result["notes"].items():
            yield f"- {result['name']}, {name}: {note}"
        for name, value in result["facts"].items():
            yield f"- {result['name']}: {name} {show(value)}"
        found, most = result["costs"].get(result["ours"]), result["at_most"]
        if most is not None and found and (result["agreement"] or result["absent"]):
            yield f"- {result['name']}: ours {limit(result)[0]}: {limit(result)[1]}"


def show(value: Any) -> str:
    """Numbers short, lists and mappings in a line."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {show(each)}" for key, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(show, value))
    return number(value) if isinstance(value, float) else str(value)


def number(value: float) -> str:
    """Three digits."""
    return f"{value:.3g}"
