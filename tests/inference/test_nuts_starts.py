"""Which EM fits NUTS starts from, and which it refuses."""

import re
import warnings

import numpy as np
import pytest

import gmm_ppl as gp
from gmm_ppl.inference.beginning import held_mode
from gmm_ppl.inference.prepared import prepare
from gmm_ppl.report.findings import gather
from gmm_ppl.report.verdict import conclude
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


def test_a_component_without_rows_is_given_some():
    weak = gp.Mixture(2, "full", "weak")
    far = gp.mixture_parameters([0.5, 0.5], [[0.0], [1e6]], [[[1.0]], [[1.0]]])
    start = fit(weak, start=far)
    assert start.empty
    with pytest.warns(gp.FitWarning, match="so sampling began at the mode under the weak prior"):
        found = sample(start, mixture=weak)
    assert found.start.status is gp.Status.ELSEWHERE
    assert not found.start.empty


SEPARATED = {"kind": "separated", "mean": [0.0], "mean_scale": 4, "scale": 4, "concentration": 2}


def one_row_alone():
    """Twenty rows of a separated prior, nineteen of which lie together: EM collapses on the other from every start."""
    rng = np.random.default_rng(4)
    weights, means, deviations = rng.dirichlet([2, 2]), 4 * rng.normal(size=2), abs(4 * rng.normal(size=2))
    first = rng.random(20) < weights[0]
    both = [mean + deviation * rng.normal(size=20) for mean, deviation in zip(means, deviations, strict=True)]
    return np.where(first, *both)[:, None]


def test_where_em_collapses_under_a_proper_prior_chains_begin_elsewhere():
    x, mixture = one_row_alone(), gp.Mixture(2, "full", SEPARATED)
    assert fit(mixture, x).status is gp.Status.COLLAPSED
    with pytest.warns(gp.FitWarning, match="so sampling began at the mode under the weak prior"):
        found = gp.sample(mixture, x, draws=500)
    assert found.start.status is gp.Status.ELSEWHERE
    assert found.begun_at == "dispersed about the mode under the weak prior, since EM collapsed"
    assert found.warmup_reason.startswith("EM collapsed")
    assert np.isfinite(found.sampler_statistics["lp"]).all()


@pytest.mark.slow
def test_chains_that_begin_elsewhere_draw_what_tempering_draws():
    x, mixture = one_row_alone(), gp.Mixture(2, "full", SEPARATED)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gp.FitWarning)
        chains, particles = gp.sample(mixture, x), gp.temper(mixture, x)
    by_chain = [np.sort(each.parameters.weights, axis=-1)[..., 0].mean(axis=1) for each in (chains, particles)]
    error = np.sqrt(sum(each.var(ddof=1) / each.size for each in by_chain))
    assert abs(by_chain[0].mean() - by_chain[1].mean()) < 5 * error + 0.005


def test_the_verdict_says_where_chains_began():
    x = one_row_alone()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gp.FitWarning)
        found = gp.sample(gp.Mixture(2, "full", SEPARATED), x, draws=200)
    verdict = conclude(gather(gp.to_datatree(found, x)).checks)
    assert "EM collapsed, sampling began at the weak prior's mode" in str(verdict)


def test_a_program_with_other_sites_begins_near_the_weak_mode():
    prepared = prepare(gp.Mixture(2, "full", other_sites), EIGHT_ROWS)
    found = held_mode(prepared, 0, None)
    assert set(found.sites) == {"locations", "scales", "weights"}
    np.testing.assert_allclose(found.sites["locations"], found.parameters.means, atol=1)


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
