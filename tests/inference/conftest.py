"""Fits that many tests look at, made once: compilation is what takes the time."""

from functools import cache

import pytest

import gmm_ppl as gp
from tests.inference.oracles import K, overlapping_rows
from tests.inference.programs import prior

STARTS, MAX_STEPS, TIGHT = 3, 2000, 1e-15


@cache
def tight_fit(family, kind):
    """EM run until rounding stops it, from three starts."""
    mixture = gp.Mixture(K, family, prior(family, kind))
    return gp.fit(mixture, overlapping_rows(), starts=STARTS, tolerance=TIGHT, max_steps=MAX_STEPS)


@pytest.fixture(scope="session")
def fits():
    """`fits(family, kind)`: the tight fit of `overlapping_rows`."""
    return tight_fit
