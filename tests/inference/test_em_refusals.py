"""What `fit` and those that begin with it refuse before any work, in words that say what to write."""

import re

import numpy as np
import pytest
import xarray as xr

import gmm_ppl as gp

X = np.random.default_rng(0).normal(size=(30, 2))
MIXTURE = gp.Mixture(2)


def refusal(call):
    """The words of an InputError."""
    with pytest.raises(gp.InputError) as caught:
        call()
    return str(caught.value)


NO_MIXTURE = "mixture: give gmm_ppl.Mixture(components), Mixture(2) for example; given "
NEED_A_MIXTURE = {
    "fit": lambda mixture: gp.fit(mixture, X),
    "fit_range": lambda mixture: gp.fit_range(mixture, X, [1, 2]),
    "optima": lambda mixture: gp.optima(mixture, X),
    "sample": lambda mixture: gp.sample(mixture, X),
    "laplace": lambda mixture: gp.laplace(mixture, X),
    "temper": lambda mixture: gp.temper(mixture, X),
    "mcmc": lambda mixture: gp.mcmc(mixture, X),
}


@pytest.mark.parametrize("name", NEED_A_MIXTURE)
@pytest.mark.parametrize("mixture", [2, "full", None, gp.Mixture], ids=["a number", "a word", "nothing", "the class"])
def test_what_is_no_mixture(name, mixture):
    assert refusal(lambda: NEED_A_MIXTURE[name](mixture)) == f"{NO_MIXTURE}{mixture!r}."


NEED_A_SEED = {
    "fit": lambda seed: gp.fit(MIXTURE, X, seed=seed),
    "fit_range": lambda seed: gp.fit_range(MIXTURE, X, [1, 2], seed=seed),
    "optima": lambda seed: gp.optima(MIXTURE, X, seed=seed),
    "bootstrap": lambda seed: gp.bootstrap(MIXTURE, X, seed=seed),
    "sample": lambda seed: gp.sample(MIXTURE, X, seed=seed),
    "laplace": lambda seed: gp.laplace(MIXTURE, X, seed=seed),
    "temper": lambda seed: gp.temper(MIXTURE, X, seed=seed),
    "mcmc": lambda seed: gp.mcmc(MIXTURE, X, seed=seed),
    "calibrate": lambda seed: gp.calibrate(MIXTURE.resolve(X), rows=20, features=2, seed=seed),
}


@pytest.mark.parametrize("name", NEED_A_SEED)
@pytest.mark.parametrize("seed", [None, 1.5, "0", -1, True, 2**63])
def test_what_is_no_seed(name, seed):
    assert refusal(lambda: NEED_A_SEED[name](seed)) == f"seed must be a whole number from 0 to 2**63 - 1; given {seed!r}."


@pytest.mark.parametrize("seed", [0, 2**63 - 1, np.int64(3), np.uint8(200)])
def test_whole_numbers_of_any_type_are_seeds(seed):
    fit = gp.fit(MIXTURE, X, seed=seed, starts=2)
    np.testing.assert_array_equal(fit.restarts.trace, gp.fit(MIXTURE, X, seed=int(seed), starts=2).restarts.trace)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"starts": 0}, "starts must be a whole number from 1; given 0."),
        ({"starts": 2.0}, "starts must be a whole number from 1; given 2.0."),
        ({"max_steps": 0}, "max_steps must be a whole number from 1; given 0."),
        ({"tolerance": 0}, "tolerance must be a number between 0 and inf, neither included; given 0."),
        ({"tolerance": np.nan}, "tolerance must be a number between 0 and inf, neither included; given nan."),
        ({"tolerance": "1e-8"}, "tolerance must be a number between 0 and inf, neither included; given '1e-8'."),
        ({"acceleration": "fast"}, "acceleration: none is called 'fast'; choose quasi_newton, or None for plain EM."),
        ({"precision": "half"}, "precision: choose double or single; given 'half'."),
    ],
    ids=str,
)
def test_options(options, words):
    assert refusal(lambda: gp.fit(MIXTURE, X, **options)) == words


@pytest.mark.parametrize(
    "start", [xr.DataTree(), xr.Dataset({"a": 1}), {"weights": [1.0]}, object(), 3], ids=lambda each: type(each).__name__
)
def test_what_is_no_start(start):
    words = refusal(lambda: gp.fit(MIXTURE, X, start=start))
    assert re.match(rf"start: give a name, MixtureParameters, a fit, .*; given {type(start).__name__}", words)
