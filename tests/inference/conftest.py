"""Fits that many tests look at, made once: compilation is what takes the time."""

from functools import cache

import numpy as np
import pytest

import gmm_ppl as gp
from tests.inference.exact import Numbers
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


EIGHT_ROWS = np.array([-1.7, -1.1, -0.6, 0.1, 0.4, 1.2, 1.9, 2.6])
"""One feature, two groups that cannot be told apart: few enough for all assignments."""

EIGHT_ROWS_PRIOR = Numbers(concentration=2.0, mean=0.3, precision=0.4, degrees=9.0, scale=5.0)


@pytest.fixture(scope="session")
def eight_rows():
    """Draws of two components given `EIGHT_ROWS`."""
    return gp.sample(gp.Mixture(2, "full", EIGHT_ROWS_PRIOR.statement()), EIGHT_ROWS, draws=2000, warmup=500, seed=1)
