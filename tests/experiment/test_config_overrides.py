"""`--set`: values from the command line over those of the file."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gmm_ppl.errors import InputError
from gmm_ppl.experiment.loading import load
from gmm_ppl.experiment.overrides import apply
from gmm_ppl.experiment.source import Source

TEXT = """\
name: a
data: {dataset: iris, columns: [Sepal.Length, Sepal.Width]}
model: {components: 2, prior: weak}
mcmc: null
"""

KEYS = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=8)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False),
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), max_size=20),
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3))


@given(st.lists(KEYS, min_size=1, max_size=4), VALUES)
@settings(max_examples=200, deadline=None)
def test_any_value_arrives_at_any_path(keys: list[str], value: object):
    written = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**9).removesuffix("...\n")
    merged = apply(Source("x.yaml"), [f"{'.'.join(keys)}={written}"])
    found = merged.values
    for key in keys:
        found = found[key]
    assert found == value


@given(st.integers(1, 10**5), st.integers(1, 10**5))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_last_of_two_wins(write: Callable[[str], Path], first: int, second: int):
    assert load(write(TEXT), [f"em.starts={first}", f"em.starts={second}"]).config.em.starts == second


def test_a_missing_section_is_made(write: Callable[[str], Path]):
    assert load(write(TEXT), ["em.starts=5"]).config.em.starts == 5


def test_a_section_that_is_null_is_made(write: Callable[[str], Path]):
    config = load(write(TEXT), ["mcmc.draws=7"]).config
    assert config.mcmc is not None
    assert config.mcmc.draws == 7


def test_a_section_can_be_left_out(write: Callable[[str], Path]):
    assert load(write(TEXT.replace("mcmc: null", "mcmc: {draws: 5}")), ["mcmc=null"]).config.mcmc is None


def test_an_item_of_a_list_by_its_number(write: Callable[[str], Path]):
    config = load(write(TEXT), ["data.columns.1=Petal.Width"]).config
    assert config.data.columns == ("Sepal.Length", "Petal.Width")


def test_the_file_itself_is_left_alone(write: Callable[[str], Path]):
    experiment = load(write(TEXT), ["name=b"])
    assert experiment.config.name == "b"
    assert experiment.source.content.decode() == TEXT
    assert experiment.source.settings == ("name=b",)


REFUSED = {
    "em.starts": "--set em.starts: expected key=value with a dotted key, such as --set em.starts=5",
    "=5": "--set =5: expected key=value with a dotted key, such as --set em.starts=5",
    "em..starts=5": "--set em..starts=5: expected key=value with a dotted key, such as --set em.starts=5",
    "em.starts=five": "--set em.starts: em.starts: expected a whole number, got the text 'five'",
    "em.tolerance=1e-4": "--set em.tolerance: em.tolerance: expected a number, got the text '1e-4'; YAML takes 1e-4 for text, "
    "write 1.0e-4",
    "em.start_s=5": "--set em.start_s: em.start_s: unknown key; did you mean 'starts'? (allowed here: starts, start, tolerance, "
    "max_steps, bootstrap, acceleration, data_pass)",
    "em={starts: 3, starts: 4}": "--set em: em.starts: the key is there twice, on line 1; keep one of them",
    "em.starts=[": "--set em.starts:1:2: not valid YAML: a bracket is not closed, or a comma is followed by "
    "nothing (it begins on line 1)",
    "model.prior.kind=flat": "--set model.prior.kind: model.prior is the text 'weak', which has no keys; set model.prior "
    "as a whole",
    "data.columns.2=species": "--set data.columns.2: data.columns is a list; its items are numbered 0 to 1, got 2",
}


@pytest.mark.parametrize("setting", REFUSED)
def test_wrong_settings_are_refused_by_name(write: Callable[[str], Path], setting: str):
    with pytest.raises(InputError) as caught:
        load(write(TEXT), [setting])
    assert str(caught.value) == REFUSED[setting]


def test_a_contradiction_made_by_a_setting_is_found(write: Callable[[str], Path]):
    with pytest.raises(InputError) as caught:
        load(write(TEXT), ["model.prior=flat", "mcmc.draws=5"])
    assert str(caught.value).startswith("--set model.prior: model.prior: the posterior of a mixture under a flat prior")
