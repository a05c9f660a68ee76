"""Trees that several tests look at."""

import pytest
import xarray as xr

from gmm_ppl.results.datatree import to_datatree
from tests.results.fits import draws_fit, point_fit, table


@pytest.fixture(scope="session")
def sampled() -> xr.DataTree:
    """A tree with draws: two components, two features, full covariances."""
    return to_datatree(draws_fit(point_fit("full")), table(), name="example", seed=3, prior_draws=40, predictive_draws=20)


@pytest.fixture(scope="session")
def pointed() -> xr.DataTree:
    """The same without draws."""
    return to_datatree(point_fit("full"), table(), prior_draws=0)
