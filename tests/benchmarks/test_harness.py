"""The harness of the benchmarks: what it counts, when it refuses to quote, and what it leaves. No clock decides anything here."""

import json
import platform
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks.__main__ import failure, main, run
from tests.benchmarks.em import our_steps, their_steps
from tests.benchmarks.harness import Absent, Contestant, Limit, Row, alternate, measure, spread
from tests.benchmarks.problems import problem
from tests.benchmarks.registry import BENCHMARKS
from tests.benchmarks.tables import page, plain, write

VALUE = {"value": Limit(1e-6)}


def contestant(name, answer=1.0, costs=(1.0,), **options):
    costs = iter(costs)
    return Contestant(name, lambda: {"value": answer}, lambda: next(costs), VALUE, **options)


def untimed():
    raise AssertionError("timed, though its answer is not to be compared")


def measured(*contestants, **options):
    return measure(Row("row", lambda: contestants, **{"rounds": 3, **options}))


def test_ratios_are_paired_by_round():
    found = measured(contestant("ours", costs=[1, 2, 4]), contestant("peer", costs=[3, 8, 4], reach=2.5))
    assert found["ratios"]["peer"] == {"min": 1, "lower": 2, "median": 3, "upper": 3.5, "max": 4, "reach": 2.5}
    assert found["costs"]["ours"]["median"] == 2
    assert found["costs"]["peer"]["samples"] == [3, 8, 4]


def test_spread():
    assert spread([5, 1, 2, 4, 3]) == {"min": 1, "lower": 2, "median": 3, "upper": 4, "max": 5}


def test_contestants_take_turns():
    turns = []
    fair = [Contestant(name, dict, lambda name=name: turns.append(name) or 1.0) for name in "abc"]
    alternate(fair, rounds=2, budget=60)
    assert turns == list("abcabc")


@pytest.mark.parametrize(("budget", "rounds"), [(-1.0, 3), (1e9, 8)])
def test_rounds_beyond_the_least_need_time(budget, rounds):
    assert len(alternate([contestant("a", costs=count(1))], rounds=8, budget=budget)["a"]) == rounds


def test_another_answer_gets_neither_time_nor_ratio():
    wrong = Contestant("wrong", lambda: {"value": 1.00001}, untimed, VALUE, reach=10)
    found = measured(contestant("ours", costs=[1, 1, 1]), wrong, contestant("right", 1 + 1e-9, [2, 2, 2]))
    assert found["differs"] == ["wrong"]
    assert list(found["ratios"]) == ["right"]
    assert list(found["costs"]) == ["ours", "right"]
    line = next(each for each in page("name", {}, [found]).splitlines() if "wrong" in each)
    assert "not timed: its answer differs" in line
    assert "value: 1e-05 > 1e-06" in line


def missing():
    raise Absent("it is not installed")


def test_an_absent_peer_is_said_to_be():
    found = measured(contestant("ours", costs=[1, 1, 1]), Contestant("peer", missing, untimed))
    assert found["absent"] == {"peer": "it is not installed"}
    assert "not there: it is not installed" in page("name", {}, [found])


def test_nothing_is_timed_without_our_answer():
    found = measured(Contestant("ours", missing, untimed), Contestant("peer", lambda: {"value": 1.0}, untimed, VALUE))
    assert not found["costs"]
    assert not found["ratios"]
    assert "not there: it is not installed" in page("name", {}, [found])


@pytest.mark.parametrize(
    ("limit", "ours", "theirs", "difference"),
    [
        (Limit(1e-6), [10.0, 0.0], [10.0, 0.1], 0.01),
        (Limit(1e-6, absolute=True), [10.0, 0.0], [10.0, 0.1], 0.1),
        (Limit(1e-6, absolute=True, above_only=True), [10.0, 0.0], [10.5, -3.0], 0.5),
        (Limit(1e-6), [1.0], [np.nan], np.inf),
        (Limit(1e-6), [1.0, 1.0], [1.0], np.inf),
    ],
)
def test_difference(limit, ours, theirs, difference):
    assert limit.difference(ours, theirs) == pytest.approx(difference)


@pytest.mark.parametrize(("cost", "kept"), [(1.0, "yes"), (3.0, "no")])
def test_the_most_that_ours_should_cost(cost, kept):
    found = measured(contestant("ours", costs=[cost] * 3), at_most=2.0)
    assert f"| ≤ 2 s | {kept} |" in page("name", {}, [found])


def test_facts_are_made_of_medians():
    found = measured(contestant("ours", costs=[1, 2, 9]), facts=lambda medians: {"twice": 2 * medians["ours"]})
    assert found["facts"] == {"twice": 4}
    assert "- row: twice 4" in page("name", {}, [found])


def test_files(tmp_path):
    found = measured(contestant("ours", costs=[1, 1, 1]), Contestant("peer", lambda: {"value": np.nan}, untimed, VALUE))
    write("name", {"cores": 2}, [found], tmp_path / "new")
    record = json.loads((tmp_path / "new" / "name.json").read_text())
    assert record["machine"] == {"cores": 2}
    assert record["rows"][0]["agreement"]["peer"]["value"]["difference"] == "inf"
    assert "- cores: 2" in (tmp_path / "new" / "name.md").read_text()


def test_json_has_no_infinity():
    assert plain({"a": [float("nan"), (1.5, float("-inf"))]}) == {"a": ["nan", [1.5, "-inf"]]}


def test_a_row_that_fails_says_so_and_no_path(capsys):
    def fails():
        raise OSError("/a/path/of/this/machine")

    found = run(Row("row", fails), quick=True)
    assert "Traceback" in capsys.readouterr().err
    assert "OSError" in found["notes"]["failed"]
    assert "/a/path" not in page("name", {}, [found])
    assert found == failure(Row("row", fails), OSError())


@pytest.mark.parametrize("family", ["full", "tied", "diagonal", "spherical"])
def test_an_iteration_is_scikit_learns(family):
    made = problem(300, 3, 3, family)
    found = measured(our_steps(made), their_steps(made, 10.0))
    assert not found["differs"]
    assert found["ratios"]["scikit-learn"]["reach"] == 10


def test_another_start_is_found_out():
    found = measured(our_steps(problem(300, 3, 3)), their_steps(problem(300, 3, 3, seed=2), 10.0))
    assert found["differs"] == ["scikit-learn"]


def test_the_command(tmp_path, capsys):
    assert main(["gradient", "--quick", "--only", "faithful", "--out", str(tmp_path)]) == 0
    assert sorted(each.name for each in tmp_path.iterdir()) == ["gradient.json", "gradient.md"]
    text = (tmp_path / "gradient.md").read_text()
    assert text.strip() in capsys.readouterr().out
    record = json.loads((tmp_path / "gradient.json").read_text())
    assert [each["name"] for each in record["rows"]] == ["gradient, faithful, 272×2, K=2"]
    assert record["rows"][0]["differs"] == []
    described = record["machine"]
    assert set(described["product of matrices, GFLOP/s"]) == {"XLA", "NumPy"}
    told = json.dumps({name: each for name, each in described.items() if name != "system"})
    assert platform.node() not in told
    assert str(Path.home()) not in told


def test_unknown_benchmark(capsys):
    with pytest.raises(SystemExit):
        main(["speed"])
    assert "choose of em, gradient, search, sample, memory, cold" in capsys.readouterr().err


@pytest.mark.parametrize("quick", [True, False])
def test_rows_have_names_of_their_own(quick):
    names = [row.name for each in BENCHMARKS.values() for rows in each.rows for row in rows(quick)]
    assert len(names) == len(set(names)) > 20
