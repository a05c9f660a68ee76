"""The config's shape: defaults, the resolved form, the JSON Schema and the page made from it."""

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from gmm_ppl.errors import InputError
from gmm_ppl.experiment.config import EmConfig, ExperimentConfig
from gmm_ppl.experiment.loading import load, resolved, to_yaml
from gmm_ppl.experiment.prior import SECTIONS
from gmm_ppl.experiment.reference import reference
from gmm_ppl.experiment.samplers import LaplaceConfig, NutsConfig, TemperedConfig
from gmm_ppl.experiment.schema import json_schema, sections_in
from gmm_ppl.experiment.sweep.grid import points
from gmm_ppl.experiment.yaml_file import read
from gmm_ppl.inference.em.fit import fit
from gmm_ppl.inference.mode.laplace import laplace
from gmm_ppl.inference.nuts.sample import sample
from gmm_ppl.inference.smc.tempered import temper
from gmm_ppl.priors import PRIORS

CONFIGS = Path(__file__).parents[2] / "configs"
SHIPPED = sorted(CONFIGS.glob("*.yaml"))
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "number": int | float, "null": type(None)}


NOT_OF_ENGINES = {"sampler", "relabelling", "bootstrap"}
"""Keys that say what to do before or after an engine, and not how it works."""


def accepts(schema: dict[str, Any], value: Any, top: dict[str, Any]) -> bool:
    """Whether a JSON value satisfies a schema: the part of JSON Schema that pydantic writes, after its specification."""
    if "$ref" in schema:
        return accepts(top["$defs"][schema["$ref"].rpartition("/")[2]], value, top)
    typed = "type" not in schema or (isinstance(value, TYPES[schema["type"]]) and not isinstance(value, bool))
    return typed and all(check(schema, value, top) for check in (accepts_choice, accepts_object, accepts_array, accepts_scalar))


def accepts_choice(schema: dict[str, Any], value: Any, top: dict[str, Any]) -> bool:
    """`anyOf`, `oneOf`, `enum` and `const`."""
    some = any(accepts(each, value, top) for each in schema["anyOf"]) if "anyOf" in schema else True
    one = sum(accepts(each, value, top) for each in schema["oneOf"]) == 1 if "oneOf" in schema else True
    return some and one and value in schema.get("enum", [value]) and value == schema.get("const", value)


def accepts_object(schema: dict[str, Any], value: Any, top: dict[str, Any]) -> bool:
    """`properties`, `required` and `additionalProperties: false`."""
    if not isinstance(value, dict) or "properties" not in schema:
        return True
    known = schema["properties"]
    inner = all(accepts(known[key], held, top) for key, held in value.items() if key in known)
    return inner and set(schema.get("required", ())) <= set(value) <= set(known)


def accepts_array(schema: dict[str, Any], value: Any, top: dict[str, Any]) -> bool:
    """`items` and `minItems`."""
    if not isinstance(value, list) or "items" not in schema:
        return True
    return len(value) >= schema.get("minItems", 0) and all(accepts(schema["items"], item, top) for item in value)


def accepts_scalar(schema: dict[str, Any], value: Any, top: dict[str, Any]) -> bool:
    """Bounds of numbers and patterns of text."""
    if isinstance(value, str):
        return re.search(schema.get("pattern", ""), value) is not None
    if not isinstance(value, int | float):
        return True
    above = value > schema.get("exclusiveMinimum", value - 1) and value >= schema.get("minimum", value)
    return above and value < schema.get("exclusiveMaximum", value + 1) and value <= schema.get("maximum", value)


def complete_configs() -> dict[str, str]:
    """The shipped configs, and one for each kind of prior."""
    numbers = {
        "program": {"function": "package.module:prior"},
        "conjugate": {"scale": [[1.0, 0.0], [0.0, 2.0]], "mean": [1, 2]},
    }
    kinds = {
        kind: yaml.safe_dump(
            {
                "name": kind,
                "data": {"dataset": "faithful"},
                "model": {"components": 2, "prior": {"kind": kind, **numbers.get(kind, {})}},
                "mcmc": None,
            }
        )
        for kind in PRIORS
    }
    return kinds | {path.name: path.read_text(encoding="utf-8") for path in SHIPPED}


@pytest.mark.parametrize("name", complete_configs())
def test_schema_accepts_configs_as_given_and_resolved(write: Callable[[str], Path], name: str):
    schema, text = json_schema(), complete_configs()[name]
    assert accepts(schema, yaml.safe_load(text), schema)
    path = write(text)
    for point in points(read(path), path):
        assert accepts(schema, resolved(point.experiment.config), schema)


@pytest.mark.parametrize(
    "change",
    [
        {"sed": 3},
        {"seed": 1.5},
        {"name": "a/b"},
        {"data": {"dataset": "fathful"}},
        {"data": {"dataset": "faithful", "columns": []}},
        {"model": {"components": 0}},
        {"model": {"components": 2, "prior": "week"}},
        {"model": {"components": 2, "prior": "program"}},
        {"model": {"components": 2, "prior": {"kind": "flat", "scale": 1}}},
        {"em": {"tolerance": "1e-4"}},
        {"em": {"tolerance": 0}},
        {"report": {"formats": []}},
    ],
)
def test_schema_and_loader_refuse_the_same(write: Callable[[str], Path], change: dict[str, Any]):
    schema = json_schema()
    values = {"name": "a", "data": {"dataset": "faithful"}, "model": {"components": 2}, "mcmc": None}
    assert accepts(schema, values, schema)
    assert not accepts(schema, {**values, **change}, schema)
    with pytest.raises(InputError):
        load(write(yaml.safe_dump({**values, **change})))


@pytest.mark.parametrize("name", complete_configs())
def test_resolved_config_gives_the_same_config(write: Callable[[str], Path], name: str):
    path = write(complete_configs()[name])
    for point in points(read(path), path):
        config = point.experiment.config
        assert load(write(to_yaml(resolved(config)), "again.yaml")).config == config


def test_resolved_config_holds_every_default(experiment):
    assert resolved(experiment.config) == {
        "name": "geyser",
        "seed": 7,
        "data": {"dataset": "faithful"},
        "model": {"components": 2, "covariance": "full", "prior": {"kind": "weak"}},
        "em": {
            "starts": 3,
            "start": "several",
            "tolerance": 1e-10,
            "max_steps": 1000,
            "bootstrap": 0,
            "acceleration": "quasi_newton",
        },
        "mcmc": {
            "sampler": "nuts",
            "chains": 2,
            "draws": 10,
            "target_acceptance": 0.8,
            "max_tree_depth": 10,
            "max_thinning": 8,
        },
        "report": {"formats": ["html", "md"]},
    }


def test_sampler_left_out_stays_left_out(write: Callable[[str], Path]):
    config = load(write("name: a\ndata: {dataset: iris}\nmodel: {components: 2}\nmcmc: null\n")).config
    assert "mcmc: null\n" in to_yaml(resolved(config))


def test_plain_em_stays_plain(write: Callable[[str], Path]):
    config = load(write("name: a\ndata: {dataset: iris}\nmodel: {components: 2}\nem: {acceleration: null}\n")).config
    assert load(write(to_yaml(resolved(config)), "again.yaml")).config == config


def test_path_is_found_beside_the_config_first_then_from_the_working_directory(write: Callable[[str], Path]):
    config = write("name: a\ndata: {path: rows.csv}\nmodel: {components: 2}\n", "configs/a.yaml")
    write("x\n1\n2\n", "rows.csv")
    assert load(config).config.data.path == str(Path("rows.csv").absolute())
    write("x\n1\n2\n", "configs/rows.csv")
    assert load(config).config.data.path == str(Path("configs/rows.csv").absolute())


@pytest.mark.parametrize(
    ("section", "function"), [(EmConfig, fit), (NutsConfig, sample), (LaplaceConfig, laplace), (TemperedConfig, temper)]
)
def test_defaults_are_those_of_the_engines(section: type, function: Callable):
    parameters = inspect.signature(function).parameters
    defaults = {name: field.default for name, field in section.model_fields.items() if name not in NOT_OF_ENGINES}
    assert defaults == {name: parameters[name].default for name in defaults}


def test_every_key_has_a_meaning():
    sections = [ExperimentConfig, *SECTIONS.values()]
    for section in sections:
        sections.extend(
            each for field in section.model_fields.values() for each in sections_in(field.annotation) if each not in sections
        )
        assert all(field.description for field in section.model_fields.values()), section
        assert section.__doc__, section


def test_page_of_all_keys_is_current():
    assert (CONFIGS / "README.md").read_text(encoding="utf-8") == reference()


def test_there_is_a_config_for_every_bundled_data_set():
    from gmm_ppl.data import datasets

    assert {yaml.safe_load(path.read_text(encoding="utf-8"))["data"]["dataset"] for path in SHIPPED} == set(datasets.names())
