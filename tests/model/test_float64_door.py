"""Double precision inside the library, the caller's own settings outside."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import gmm_ppl as gp
from gmm_ppl.types import in_float64, to_numpy
from tests.cases import random_parameters, random_rows

X = random_rows(12)


@in_float64
def inside(value):
    return {"value": jnp.asarray(value) + 1e-12, "name": "kept", "flag": jax.config.jax_enable_x64}


def test_what_leaves_is_numpy_in_double_precision():
    answer = inside(1.0)
    assert answer["value"].dtype == np.float64
    assert isinstance(answer["value"], np.ndarray)
    assert float(answer["value"]) == 1.0 + 1e-12
    assert (answer["name"], answer["flag"]) == ("kept", True)


@pytest.mark.parametrize("setting", [True, False])
def test_the_callers_setting_survives(setting):
    with jax.enable_x64(setting):
        inside(1.0)
        assert jax.config.jax_enable_x64 is setting
        with pytest.raises(TypeError):
            inside(object())
        assert jax.config.jax_enable_x64 is setting


def test_jax_arrays_become_numpy_and_the_rest_stays():
    tree = {"a": jnp.ones(2), "b": [np.zeros(1), 3, None]}
    found = to_numpy(tree)
    assert isinstance(found["a"], np.ndarray)
    assert found["b"][1:] == [3, None]


CALLS = {
    "fit": lambda: gp.fit(gp.Mixture(1, "spherical"), X, starts=1),
    "responsibilities": lambda: gp.mean_responsibilities(draws(), X),
    "assignments": lambda: gp.recover_assignments(draws(), X, seed=0),
    "draw": lambda: gp.draw(random_parameters("full"), 3, seed=0),
    "marginal": lambda: gp.marginal(random_parameters("full"), [0]),
    "conditional": lambda: gp.conditional(random_parameters("full"), [0], [0.5]),
    "refusal": lambda: refused(),
}


def refused():
    with pytest.raises(gp.InputError):
        gp.fit(gp.Mixture(40), X)


def draws():
    return jax.tree.map(lambda leaf: leaf[None, None], random_parameters("full"))


@pytest.mark.parametrize("setting", [True, False])
@pytest.mark.parametrize("name", CALLS)
def test_calls_leave_the_global_flag_alone(name, setting):
    before = jax.config.jax_enable_x64
    with jax.enable_x64(setting):
        CALLS[name]()
        assert jax.config.jax_enable_x64 is setting
    assert jax.config.jax_enable_x64 is before
