"""Ranks, their ties, and the quantities that are ranked."""

import jax
import numpy as np
import pytest

from gmm_ppl.calibration.quantities import flat, names, quantities
from gmm_ppl.calibration.ranks import lag_one, ranks
from gmm_ppl.mixture.parameters import permute
from gmm_ppl.mixture.rows import rows
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.model.specification import Mixture, as_jax, resolved_prior
from gmm_ppl.priors.sites import draw_sites
from tests.cases import FAMILY_NAMES, random_parameters, random_rows

pytestmark = pytest.mark.usefixtures("x64")


def test_a_rank_counts_the_draws_below():
    draws = np.array([[0.0, 5.0], [1.0, 4.0], [2.0, 3.0]])
    assert np.asarray(ranks(jax.random.key(0), np.array([1.5, 9.0]), draws)).tolist() == [2, 3]


def test_ties_are_broken_evenly():
    draws = np.ones((3, 4000))
    found = np.asarray(ranks(jax.random.key(1), np.ones(4000), draws))
    assert np.bincount(found) == pytest.approx([1000] * 4, abs=120)


def test_lag_one_of_known_series(rng: np.random.Generator):
    series = np.stack([np.tile([1.0, -1.0], 500), np.cumsum(rng.normal(size=1000)), rng.normal(size=1000), np.ones(1000)], axis=1)
    found = np.asarray(lag_one(series))
    assert found[0] == pytest.approx(-1, abs=0.01)
    assert found[1] > 0.95
    assert abs(found[2]) < 0.15
    assert found[3] == 0


def posterior_of(family: str, components: int) -> Posterior:
    """A weak posterior of random rows."""
    x = random_rows(30)
    mixture = Mixture(components, family).resolve(x)
    return Posterior(rows(x), as_jax(resolved_prior(mixture)), mixture.shape(2))


@pytest.mark.parametrize("components", [1, 3])
@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_every_quantity_has_a_name_of_its_own(family: str, components: int):
    posterior = posterior_of(family, components)
    sites, _ = draw_sites(posterior.prior, posterior.shape, jax.random.key(0))
    found = names(posterior.shape)
    assert len(set(found)) == len(found) == flat(quantities(posterior, sites)).size


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_labels_do_not_matter(family: str):
    posterior, parameters = posterior_of(family, 3), random_parameters(family)
    found = flat(quantities(posterior, parameters.sites))
    again = flat(quantities(posterior, permute(parameters, np.array([2, 0, 1])).sites))
    np.testing.assert_allclose(again, found, rtol=1e-12)


def test_quantities_are_what_their_names_say():
    posterior, parameters = posterior_of("full", 3), random_parameters("full")
    found = dict(zip(names(posterior.shape), np.asarray(flat(quantities(posterior, parameters.sites))), strict=True))
    first = int(np.argmin(parameters.means[:, 0]))
    assert found["weights[0]"] == parameters.weights[first]
    assert found["means[0, 1]"] == parameters.means[first, 1]
    assert found["covariances[0, 1, 0]"] == parameters.covariances[first, 1, 0]
    assert found["mixture mean[1]"] == pytest.approx(parameters.weights @ parameters.means[:, 1])
    assert found["log posterior"] == pytest.approx(float(posterior.log_joint(parameters.sites)))
    assert 0 < found["same component"] < 1
