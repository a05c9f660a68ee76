"""One compilation a shape, double precision out, and JAX's and NumPyro's own settings as they were."""

import logging
import re

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import pytest

import gmm_ppl as gp
from tests.inference.oracles import overlapping_rows
from tests.inference.programs import prior

ROWS = 31
"""A number of rows that no other test has, so that the first fit here compiles."""

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


def test_a_fit_compiles_once(compiled):
    names = compiled(fit)
    for name in ("random_starts", "first_points", "segment"):
        assert names.count(f"jit({name})") == 1
    assert compiled(lambda: fit(seed=1)) == []
    assert compiled(lambda: fit(data_seed=4)) == []
    assert compiled(lambda: fit(tolerance=1e-4)) == []
    assert compiled(lambda: fit(statement=prior("full", "conjugate"))) == []


def test_settings_stay(compiled):
    before = (jax.config.jax_enable_x64, jnp.ones(1).dtype, numpyro.distributions.Distribution._validate_args)
    fit()
    assert (jax.config.jax_enable_x64, jnp.ones(1).dtype, numpyro.distributions.Distribution._validate_args) == before
    assert before == (False, jnp.float32, True)


def test_settings_stay_after_an_error():
    with pytest.raises(gp.InputError):
        gp.fit(gp.Mixture(2), np.full((5, 2), np.nan))
    assert not jax.config.jax_enable_x64


def test_double_precision_comes_out():
    found = fit()
    restarts = found.restarts
    arrays = [*jax.tree.leaves((found.parameters, found.sites, found.mixture.prior)), restarts.objective, restarts.trace]
    assert all(isinstance(each, np.ndarray) and each.dtype == np.float64 for each in arrays)
    assert all(isinstance(each, float) for each in (found.log_likelihood, found.log_prior, found.objective))
    assert isinstance(found.iterations, int)


def test_double_precision_is_there_for_a_caller_who_has_it_too():
    plain = fit()
    with jax.enable_x64(True):
        inside = fit()
    np.testing.assert_array_equal(inside.parameters.means, plain.parameters.means)
