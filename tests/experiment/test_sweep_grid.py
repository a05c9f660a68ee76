"""Which experiments a sweep stands for, what they are called, and how mistakes are said."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from gmm_ppl.errors import InputError
from gmm_ppl.experiment.loading import load
from gmm_ppl.experiment.overrides import apply
from gmm_ppl.experiment.sweep.grid import Point, is_sweep, points
from gmm_ppl.experiment.sweep.plan import SweepPlan, batches, job
from gmm_ppl.experiment.yaml_file import read

BASE = "name: geyser\ndata: {dataset: faithful}\nmodel: {prior: weak}\nmcmc: null\nem: {starts: 3}\n"


def points_of(path: Path, settings: Sequence[str] = ()) -> list[Point]:
    """The experiments of a config."""
    return points(apply(read(path), settings), path)


def planned(path: Path) -> SweepPlan:
    """A config that is a sweep, planned."""
    found = job(path)
    assert isinstance(found, SweepPlan)
    return found


def settings_of(write: Callable[..., Path], sweep: str, base: str = BASE) -> list[dict]:
    """What the runs of a sweep differ in."""
    return [point.settings for point in points_of(write(f"{base}sweep: {sweep}\n"))]


def test_products_are_every_combination_the_last_key_fastest(write: Callable[..., Path]):
    found = settings_of(write, "{product: {model.components: [1, 2], model.covariance: [full, tied]}}")
    assert [tuple(each.values()) for each in found] == [(1, "full"), (1, "tied"), (2, "full"), (2, "tied")]


def test_zipped_lists_go_together_with_every_combination(write: Callable[..., Path]):
    found = settings_of(write, "{product: {model.components: [1, 2]}, zip: {seed: [5, 6], em.starts: [7, 8]}}")
    assert found == [
        {"model.components": components, "seed": seed, "em.starts": starts}
        for components in (1, 2)
        for seed, starts in ((5, 7), (6, 8))
    ]


def test_nested_keys_are_dotted_ones(write: Callable[..., Path]):
    nested = settings_of(write, "{product: {model: {components: [1, 2]}}}")
    assert nested == settings_of(write, "{product: {model.components: [1, 2]}}")


def test_each_point_is_the_config_with_its_values_in(write: Callable[..., Path]):
    path = write(f"{BASE}sweep: {{product: {{model.components: [1, 4]}}}}\n")
    alone = load(write(BASE.replace("model: {", "model: {components: 4, "), "alone.yaml"))
    config = points_of(path)[1].experiment.config
    assert config == alone.config
    assert config.sweep is None


def test_settings_of_the_command_line_hold_for_all(write: Callable[..., Path]):
    path = write(f"{BASE}sweep: {{product: {{model.components: [1, 4]}}}}\n")
    assert [each.experiment.config.seed for each in points_of(path, ["seed=9"])] == [9, 9]
    assert len(points_of(path, ["sweep.product.model.components=[1, 2, 3]"])) == 3


def test_only_a_config_with_a_sweep_is_one(write: Callable[..., Path]):
    assert is_sweep(read(write(f"{BASE}sweep: {{product: {{seed: [1]}}}}\n")))
    assert not is_sweep(read(write(BASE.replace("model: {", "model: {components: 2, "))))


WRONG = {
    "every bad value at its place": (
        "{product: {model.components: [zwei, 2], model.covariance: [full, tie]}}",
        ["x.yaml:6:38: model.components: expected a whole number, got the text 'zwei'", "unknown covariance family 'tie'"],
    ),
    "lists of two lengths": ("{zip: {seed: [1, 2], em.starts: [3]}}", ["equally long; seed has 2, em.starts has 1"]),
    "no list": ("{product: {seed: 3}}", ["seed: expected a list of values in square brackets, got the number 3"]),
    "an empty list": ("{product: {seed: []}}", ["seed: expected a list of values", "got a list of 0"]),
    "the name": ("{product: {name: [a, b]}}", ["name cannot be swept"]),
    "an unknown key": ("{product: {sed: [1, 2]}}", ["sed: unknown key; did you mean 'seed'?"]),
    "nothing": ("{}", ["nothing is swept"]),
    "twice": ("{product: {seed: [1]}, zip: {seed: [1]}}", ["seed stands below `product` and below `zip`"]),
    "another word": ("{grid: {seed: [1]}}", ["sweep.grid: unknown key"]),
    "a value": ("3", ["sweep: expected keys with values, got the number 3"]),
}


@pytest.mark.parametrize("case", WRONG)
def test_mistakes_are_said_where_they_stand(write: Callable[..., Path], case: str):
    sweep, expected = WRONG[case]
    with pytest.raises(InputError) as caught:
        settings_of(write, sweep, BASE.replace("{prior: weak}", "{components: 2}"))
    assert "x.yaml:6:" in str(caught.value)
    assert all(words in str(caught.value) for words in expected), str(caught.value)


def test_a_key_is_set_or_swept(write: Callable[..., Path]):
    path = write(f"{BASE}sweep: {{product: {{model.components: [1, 4]}}}}\n")
    for setting in ("model.components=3", "model={components: 3}"):
        with pytest.raises(InputError, match="the config sweeps over it"):
            points_of(path, [setting])


def test_commands_of_one_experiment_refuse_a_sweep(write: Callable[..., Path]):
    text = BASE.replace("{prior: weak}", "{components: 2}")
    with pytest.raises(InputError, match=r"x\.yaml:7:3: sweep: a sweep makes many experiments"):
        load(write(f"{text}sweep:\n  product: {{seed: [1, 2]}}\n"))


def addresses(write: Callable[..., Path], text: str) -> list[str]:
    """Directory names of a sweep's runs."""
    return [run.address for run in planned(write(text)).runs]


def test_addresses_are_those_of_the_content(write: Callable[..., Path]):
    text = f"{BASE}sweep: {{product: {{model.components: [1, 2], model.covariance: [full, tied]}}}}\n"
    found = addresses(write, text)
    assert len(set(found)) == 4
    assert found[0].startswith("components-1_covariance-full_")
    other = addresses(write, text.replace("name: geyser", "name: other").replace("[1, 2]", "[2, 3]"))
    assert found[2:] == other[:2]
    seeded = addresses(write, text.replace("name: geyser", "name: geyser\nseed: 3"))
    assert not set(found) & set(seeded)


def test_addresses_follow_the_values_of_the_data_and_not_their_place(write: Callable[..., Path]):
    rows = "a,b\n" + "".join(f"{each},{each * each % 7}\n" for each in range(20))
    text = "name: a\ndata: {path: FILE}\nmodel: {components: 2}\nsweep: {product: {seed: [1, 2]}}\n"
    for name, content in {"one.csv": rows, "two.csv": rows, "three.csv": rows.replace("3,2", "3,9")}.items():
        write(content, name)
    one, two, three = (addresses(write, text.replace("FILE", f"{name}.csv")) for name in ("one", "two", "three"))
    assert one == two
    assert not set(one) & set(three)


def test_data_may_be_swept(write: Callable[..., Path]):
    text = "name: a\nmodel: {components: 2}\nsweep: {product: {data.dataset: [faithful, iris]}}\n"
    assert [len(run.task.table) for run in planned(write(text)).runs] == [272, 150]


def test_two_runs_that_are_the_same_are_refused(write: Callable[..., Path]):
    with pytest.raises(InputError, match="two of its runs are the same"):
        addresses(write, f"{BASE}sweep: {{product: {{model.components: [2, 2]}}}}\n")


def batched(write: Callable[..., Path], sweep: str, workers: int) -> list[list[tuple]]:
    """Components and seed of every run, batch by batch."""
    runs = planned(write(f"{BASE}sweep: {{product: {sweep}}}\n")).runs
    return [[tuple(run.settings.values()) for run in batch] for batch in batches(runs, workers)]


def test_runs_of_one_shape_go_together(write: Callable[..., Path]):
    found = batched(write, "{seed: [1, 2, 3], model.components: [1, 2]}", 1)
    assert found == [[(1, 1), (2, 1)], [(1, 2), (2, 2)], [(3, 1)], [(3, 2)]]


def test_a_few_long_runs_are_shared_out_one_by_one(write: Callable[..., Path]):
    assert batched(write, "{model.components: [2], seed: [1, 2, 3, 4]}", 2) == [[(2, 1)], [(2, 2)], [(2, 3)], [(2, 4)]]
