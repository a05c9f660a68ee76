"""Other libraries' samplers on our density: means as `gp.sample` has them, within the Monte-Carlo error of both."""

import numpy as np
import pytest
from arviz_stats.base import array_stats

import gmm_ppl as gp
from tests.examples.example import load
from tests.inference.monte_carlo import LEAST

MIXTURE = gp.Mixture(2, "full")


@pytest.fixture(scope="module")
def rows():
    return gp.datasets.load("faithful").values


@pytest.fixture(scope="module")
def ours(rows):
    return gp.sample(MIXTURE, rows, seed=1).sites


def mean_and_error(draws):
    """Mean of draws (chain, draw) and its Monte-Carlo standard error."""
    effective = array_stats.ess(draws, chain_axis=0, draw_axis=1, method="mean")
    assert effective > LEAST
    return draws.mean(), draws.std() / np.sqrt(effective)


def by_first_mean(sites):
    """Draws with the component of the smaller first mean first, each site flat beyond (chain, draw)."""
    order = np.argsort(np.asarray(sites["means"])[..., 0], axis=-1)
    for name, each in sites.items():
        values = np.asarray(each)
        ordered = np.take_along_axis(values, order.reshape(*order.shape, *(1,) * (values.ndim - 3)), axis=2)
        yield from ((name, column) for column in np.moveaxis(ordered.reshape(*values.shape[:2], -1), -1, 0))


def assert_same_posterior(found, ours):
    for (name, one), (_, other) in zip(by_first_mean(found), by_first_mean({name: ours[name] for name in found}), strict=True):
        (mean, error), (wanted, its_error) = mean_and_error(one), mean_and_error(other)
        assert abs(mean - wanted) < 4 * np.hypot(error, its_error), (name, mean, wanted)
        np.testing.assert_allclose(one.std(), other.std(), rtol=0.15)


@pytest.mark.slow
def test_blackjax(rows, ours):
    found = load("blackjax_nuts").draws(MIXTURE, rows)
    assert set(found) == set(ours)
    assert all(each.dtype == np.float64 for each in found.values())
    assert_same_posterior(found, ours)


@pytest.mark.slow
def test_nutpie(rows, ours):
    tree = load("nutpie_nuts").draws(MIXTURE, rows)
    found = {name: tree["posterior"][name].values for name in ours}
    assert_same_posterior(found, ours)
    assert int(tree["sample_stats"]["diverging"].sum()) == 0
