"""The ridge beside the flat prior, which it is at 0; its density and M-step are tested with every prior's."""

import jax
import numpy as np
import pytest

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.residuals import statistics_of_memberships
from gmm_ppl.mixture.rows import rows
from gmm_ppl.priors.flat import FlatPrior
from gmm_ppl.priors.ridge import RidgePrior
from gmm_ppl.priors.sites import draw_sites
from tests.cases import FAMILY_NAMES, mixture_shape, random_parameters, random_rows

X = random_rows(60)
MEMBERSHIPS = np.random.default_rng(7).dirichlet(np.ones(3), size=60)


def fitted(prior, family):
    shape = mixture_shape(family)
    return prior.kernel(shape).given(statistics_of_memberships(rows(X), MEMBERSHIPS, shape.family.moment)).mode(shape)


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_without_a_ridge_it_is_flat(family):
    prior, parameters = RidgePrior(np.zeros(())), random_parameters(family)
    own, flat = fitted(prior, family), fitted(FlatPrior(), family)
    assert all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(own), jax.tree.leaves(flat), strict=True))
    assert float(prior.log_density_at(parameters)) == 0


def test_no_variance_falls_below_the_ridge():
    """The M-step of full covariances is (scatter + λ I) / count, the count 10⁻¹⁰ more than the rows'."""
    plain, ridged = (fitted(RidgePrior(np.asarray(ridge)), "full").covariance.covariances for ridge in (0.0, 7.0))
    count = MEMBERSHIPS.sum(axis=0)[:, None, None]
    np.testing.assert_allclose(ridged, plain + 7.0 * np.eye(2) / count, rtol=1e-10)


def test_nothing_can_be_drawn():
    prior = RidgePrior(np.asarray(7.0))
    assert prior.numbers() == {"ridge": 7.0}
    assert prior.bounded() is True
    assert r"\lambda = 7" in prior.formulae(mixture_shape("full"))[0]
    with pytest.raises(InputError, match="prior ridge: nothing can be drawn from an improper prior"):
        draw_sites(prior, mixture_shape("full"), jax.random.key(0))
