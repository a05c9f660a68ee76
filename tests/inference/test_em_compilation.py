"""Small fits need no JAX and compile nothing; the compiled pass is one program a shape; settings of JAX and NumPyro stay."""

import logging
import re
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import pytest

import gmm_ppl as gp
from tests.cases import FAMILY_NAMES
from tests.inference.oracles import overlapping_rows
from tests.inference.programs import prior

ROWS = 31
"""A number of rows that no other test has, so that the first pass here compiles."""

COMPILED = re.compile(r"Finished XLA compilation of (\S+)")


@pytest.fixture
def compiled(caplog):
    """`compiled(call)`: the names of what JAX compiled while the call ran."""

    def count(call):
        caplog.clear()
        with caplog.at_level(logging.WARNING, logger="jax"), jax.log_compiles(True):
            call()
        return COMPILED.findall("\n".join(record.getMessage() for record in caplog.records))

    return count


def fit(seed=0, data_seed=3, statement="weak", **changes):
    x = overlapping_rows(ROWS, data_seed)
    return gp.fit(gp.Mixture(2, "full", statement), x, seed=seed, starts=2, **changes)


CALLS = {
    "fit": "gp.fit(gp.Mixture(2), x)",
    "families": f"[gp.fit(gp.Mixture(2, family, kind), x, starts=2) for family in {FAMILY_NAMES} for kind in ('weak', 'flat')]",
    "plain EM": "gp.fit(gp.Mixture(2), x, starts=2, acceleration=None, precision='single')",
    "row weights": "gp.fit(gp.Mixture(2), x, starts=2, row_weights=np.arange(60))",
    "a given start": "gp.fit(gp.Mixture(2), x, start=np.arange(60) % 2)",
    "fit_range": "gp.fit_range(gp.Mixture(1), x, range(1, 4), starts=3)",
    "predict": "gp.predict(gp.fit(gp.Mixture(2), x, starts=2), x)",
}
HEAVY = ("jax", "jaxlib", "numpyro", "equinox", "arviz", "blackjax", "matplotlib")


@pytest.mark.parametrize("call", CALLS)
def test_small_data_need_no_jax(call):
    code = f"""
import sys, warnings
import numpy as np
import gmm_ppl as gp
warnings.simplefilter("ignore")
x = np.random.default_rng(0).normal(size=(60, 2)) + 3 * (np.arange(60) % 2)[:, None]
{CALLS[call]}
print([name for name in {HEAVY} if name in sys.modules])
"""
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_small_fits_compile_nothing(compiled):
    """Where JAX is there already, too."""
    x = overlapping_rows(ROWS)
    assert compiled(fit) == []
    assert compiled(lambda: gp.fit_range(gp.Mixture(1), x, range(1, 4), starts=2)) == []
    assert compiled(lambda: fit(statement=prior("full", "conjugate"))) == []
    point = fit()
    assert compiled(lambda: gp.predict(point, x)) == []


def test_the_compiled_pass_is_one_program_a_shape(compiled):
    assert compiled(lambda: fit(data_pass="jax")).count("jit(compiled_statistics)") == 1
    for again in ({"seed": 1}, {"data_seed": 4}, {"tolerance": 1e-4}, {"statement": prior("full", "conjugate")}):
        assert compiled(lambda again=again: fit(data_pass="jax", **again)) == []


def test_the_compiled_pass_has_the_same_fits():
    for family in FAMILY_NAMES:
        one, other = (gp.fit(gp.Mixture(2, family), overlapping_rows(), starts=2, data_pass=each) for each in ("numpy", "jax"))
        np.testing.assert_allclose(one.restarts.objective, other.restarts.objective, rtol=1e-11)
        np.testing.assert_allclose(one.parameters.covariances, other.parameters.covariances, rtol=1e-5)


def test_an_unknown_pass_is_refused():
    with pytest.raises(
        gp.InputError, match=r"^data_pass: none is called 'torch'; choose numpy or jax, or None for the faster one\.$"
    ):
        fit(data_pass="torch")


EITHER = pytest.mark.parametrize("data_pass", ["numpy", "jax"])


@EITHER
def test_settings_stay(data_pass):
    before = (jax.config.jax_enable_x64, jnp.ones(1).dtype, numpyro.distributions.Distribution._validate_args)
    fit(data_pass=data_pass)
    assert (jax.config.jax_enable_x64, jnp.ones(1).dtype, numpyro.distributions.Distribution._validate_args) == before
    assert before == (False, jnp.float32, True)


def test_settings_stay_after_an_error():
    with pytest.raises(gp.InputError):
        gp.fit(gp.Mixture(2), np.full((5, 2), np.nan))
    assert not jax.config.jax_enable_x64


@EITHER
def test_double_precision_comes_out(data_pass):
    found = fit(data_pass=data_pass)
    restarts = found.restarts
    arrays = [*jax.tree.leaves((found.parameters, found.sites, found.mixture.prior)), restarts.objective, restarts.trace]
    assert all(isinstance(each, np.ndarray) and each.dtype == np.float64 for each in arrays)
    assert all(isinstance(each, float) for each in (found.log_likelihood, found.log_prior, found.objective))
    assert isinstance(found.iterations, int)


@EITHER
def test_double_precision_is_there_for_a_caller_who_has_it_too(data_pass):
    plain = fit(data_pass=data_pass)
    with jax.enable_x64(True):
        inside = fit(data_pass=data_pass)
    np.testing.assert_array_equal(inside.parameters.means, plain.parameters.means)
