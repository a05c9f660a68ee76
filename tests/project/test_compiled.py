"""How programs are compiled: options that XLA knows, and room for the next one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gmm_ppl import compiled


def test_a_crowded_process_lets_its_programs_go(monkeypatch):
    held = jax.jit(lambda x: x + 41)
    held(jnp.ones(3))
    monkeypatch.setattr(compiled, "new_programs", ["compiled"] * compiled.CHECKED)
    monkeypatch.setattr(compiled, "allowed_maps", lambda: 1)
    if not compiled.memory_maps():
        monkeypatch.setattr(compiled, "memory_maps", lambda: 2)
    compiled.make_room()
    assert held._cache_size() == 0
    np.testing.assert_array_equal(held(jnp.ones(3)), np.full(3, 42))


def test_a_process_with_room_keeps_them(monkeypatch):
    held = jax.jit(lambda x: x + 43)
    held(jnp.ones(3))
    monkeypatch.setattr(compiled, "new_programs", ["compiled"] * compiled.CHECKED)
    monkeypatch.setattr(compiled, "allowed_maps", lambda: 10**9)
    compiled.make_room()
    assert held._cache_size() == 1


def test_compilations_are_counted(monkeypatch):
    monkeypatch.setattr(compiled, "new_programs", [])
    jax.jit(lambda x: x + 44)(np.ones(5))
    assert compiled.new_programs


def test_a_program_that_runs_once_is_compiled_fast_where_its_arguments_are_few(monkeypatch):
    compilations = []

    def noted(function, compiler_options):
        compilations.append(compiler_options)
        return function

    monkeypatch.setattr(compiled, "compiler_options", dict)
    monkeypatch.setattr(compiled.eqx, "filter_jit", noted)
    total = compiled.compiled_once(lambda values, label: float(values.sum()))
    assert total(jnp.ones(compiled.FEW), "label") == compiled.FEW
    assert compilations == [compiled.QUICK]
    assert total(np.ones(compiled.FEW + 1), "label") == compiled.FEW + 1
    assert compilations == [compiled.QUICK, {}]


def test_both_ways_of_compiling_agree():
    def logsumexp(values):
        return jax.nn.logsumexp(values, axis=1)

    values = np.random.default_rng(0).normal(size=(40, 5))
    np.testing.assert_allclose(compiled.compiled_once(logsumexp)(values), compiled.compiled(logsumexp)(values), rtol=1e-6)


def test_a_program_that_the_options_do_not_suit_is_compiled_without_them(monkeypatch):
    monkeypatch.setattr(compiled, "compiler_options", lambda: {"xla_no_such_option": "1"})

    def refused(x):
        return x + 1

    with pytest.raises(jax.errors.JaxRuntimeError, match="xla_no_such_option"):
        compiled.compiled(refused)(np.ones(2))

    calls = []

    def fails_once(function, compiler_options=None):
        def call(x):
            calls.append(compiler_options)
            if compiler_options:
                raise jax.errors.JaxRuntimeError("INVALID_ARGUMENT: unsupported layout in a fusion")
            return function(x)

        return call

    monkeypatch.setattr(compiled.eqx, "filter_jit", fails_once)
    assert compiled.compiled(refused)(1) == 2
    assert calls == [{"xla_no_such_option": "1"}, None]
