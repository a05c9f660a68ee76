"""Which EM fits NUTS starts from, and which it refuses."""

import re
import warnings

import numpy as np
import pytest

import gmm_ppl as gp
from tests.inference.conftest import EIGHT_ROWS, EIGHT_ROWS_PRIOR

MIXTURE = gp.Mixture(2, "full", EIGHT_ROWS_PRIOR.statement())


def sample(start, x=EIGHT_ROWS, mixture=MIXTURE):
    return gp.sample(mixture, x, start=start, draws=100, warmup=150)


def refused(start, message, **changes):
    with pytest.raises(gp.InputError, match=f"^{re.escape(message)}"):
        sample(start, **changes)


def fit(mixture, x=EIGHT_ROWS, **arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gp.FitWarning)
        return gp.fit(mixture, x, **arguments)


def test_a_fit_by_maximum_likelihood_may_start_a_proper_prior():
    start = fit(gp.Mixture(2, "full", "flat"), start=fit(MIXTURE), max_steps=3)
    assert start.status.usable
    found = sample(start)
    assert found.start is start
    assert found.mixture.prior.kind == "conjugate"
    assert np.isfinite(found.sampler_statistics["lp"]).all()


def test_what_is_no_fit():
    refused(fit(MIXTURE).parameters, "start: give what gmm_ppl.fit returned; given MixtureParameters.")


OTHERS = {
    "components": gp.Mixture(3, "full", "weak"),
    "family": gp.Mixture(2, "tied", "weak"),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_a_fit_of_another_mixture(other):
    refused(
        fit(other), "start: the EM fit has another number of components or features, or another covariance family.", x=EIGHT_ROWS
    )


def test_a_collapsed_fit():
    x = np.r_[EIGHT_ROWS, 50.0]
    refused(
        fit(gp.Mixture(2, "full", "flat"), x),
        "start: the EM fit has no usable parameters. A component emptied or its covariance became singular",
        x=x,
    )


def test_a_component_without_rows():
    weak = gp.Mixture(2, "full", "weak")
    far = gp.mixture_parameters([0.5, 0.5], [[0.0], [1e6]], [[[1.0]], [[1.0]]])
    refused(
        fit(weak, start=far),
        "start: a weight of the EM fit is 0 or a covariance singular, where a sampler cannot begin. Take fewer components, "
        "or fit EM with a prior that forbids both: {kind: conjugate, concentration: 2}.",
        mixture=weak,
    )


def other_sites(components, features):
    """A program whose sites are not the mixture's parameters."""
    import jax.numpy as jnp
    import numpyro
    from numpyro import distributions as dist

    means = numpyro.sample("locations", dist.Normal(0, 3).expand((components, features)).to_event(2))
    weights = numpyro.sample("weights", dist.Dirichlet(jnp.full(components, 2.0)))
    scales = numpyro.sample("scales", dist.LogNormal(0, 1).expand((components, 1, 1)).to_event(3))
    return weights, means, scales * jnp.eye(features)


def test_a_prior_with_other_sites():
    refused(
        fit(MIXTURE),
        "start: the prior samples locations, scales, weights; fit EM with the same prior and start from that.",
        mixture=gp.Mixture(2, "full", other_sites),
    )


@pytest.mark.slow
def test_a_prior_with_other_sites_from_its_own_fit():
    mixture = gp.Mixture(2, "full", other_sites)
    found = gp.sample(mixture, EIGHT_ROWS, draws=200, warmup=200)
    assert set(found.sites) == {"locations", "scales", "weights"}
    np.testing.assert_allclose(found.parameters.means, found.sites["locations"], rtol=1e-12)
    np.testing.assert_allclose(found.parameters.covariances, found.sites["scales"], rtol=1e-12)
    assert found.sampler_statistics["diverging"].mean() < 0.05
