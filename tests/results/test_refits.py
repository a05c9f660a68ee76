"""ArviZ refits a mixture through `sampling_wrapper`: answers held to exact leave-one-out densities, sums over all assignments."""

import warnings

import arviz as az
import numpy as np
import pytest
import xarray as xr

import gmm_ppl as gp
from tests.inference.exact import Numbers, log_evidence
from tests.inference.monte_carlo import assert_mean

X = np.array([-1.8, -1.3, -1.1, -0.7, 0.1, 2.3, 2.9, 3.2, 7.0])[:, None]
PRIOR = Numbers(2.0, 0.5, 0.1, 4.0, 2.0)
FOLDS = np.array([1, 2, 1, 2, 1, 2, 1, 2, 1])


@pytest.fixture(scope="module")
def draws():
    return gp.sample(gp.Mixture(2, "full", PRIOR.statement()), X, seed=3, draws=1000)


@pytest.fixture(scope="module")
def tree(draws):
    return gp.to_datatree(draws, X, prior_draws=0, predictive_draws=0)


def exact(place, left_out):
    """p(x_i | the rows that stay), as the ratio of two evidences; the row itself may be one of those left out."""
    stay = np.delete(X[:, 0], left_out)
    return np.exp(log_evidence(np.append(stay, X[place, 0]), PRIOR, 2) - log_evidence(stay, PRIOR, 2))


def refitted(wrapper, places):
    """Log densities of rows by a refit without them, through ArviZ's four methods."""
    modified, excluded = wrapper.sel_observations(places)
    return wrapper.log_likelihood__i(excluded, wrapper.get_inference_data(wrapper.sample(modified)))


def test_reloo_is_exact_leave_one_out(draws, tree):
    wrapper = gp.sampling_wrapper(draws, tree)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # ArviZ's word for a large Pareto k̂, which is why one refits
        before = az.loo(tree, pointwise=True)
    worst = np.argsort(before.pareto_k.values)[-2:]
    threshold = float(np.sort(before.pareto_k.values)[-3])
    after = az.reloo(wrapper, loo_orig=before, k_threshold=threshold, pointwise=True)
    for place in worst:
        values = refitted(wrapper, int(place))
        assert values.dims == ("chain", "draw", "obs")
        assert_mean(np.exp(values.values), exact(place, [place]), f"row {place}")
        np.testing.assert_allclose(after.elpd_i.values[place], np.log(np.exp(values.values).mean()), rtol=1e-12)
        assert after.pareto_k.values[place] == 0
    others = np.setdiff1d(np.arange(len(X)), worst)
    np.testing.assert_array_equal(after.elpd_i.values[others], before.elpd_i.values[others])


def test_k_fold_is_exact_too(draws, tree):
    wrapper = gp.sampling_wrapper(draws, tree, seed=11)
    found = az.loo_kfold(tree, wrapper, folds=FOLDS, pointwise=True)
    for fold in (1, 2):
        places = np.flatnonzero(fold == FOLDS)
        values = refitted(wrapper, places)
        np.testing.assert_array_equal(values["obs"], places)
        wanted = [exact(place, places) for place in places]
        assert_mean(np.exp(values.values), wanted, f"fold {fold}")
        mean = np.log(np.exp(values.values).mean(axis=(0, 1)))
        np.testing.assert_allclose(found.elpd_i.values[places], mean, rtol=1e-12)
    np.testing.assert_allclose(found.elpd, found.elpd_i.values.sum())


def test_a_refit_keeps_the_prior_and_takes_new_settings(draws, tree):
    wrapper = gp.sampling_wrapper(draws, tree, draws=7, chains=2)
    modified, (places, values) = wrapper.sel_observations(xr.DataArray([1, 4]))
    np.testing.assert_array_equal(modified.values, np.delete(X, [1, 4], axis=0))
    np.testing.assert_array_equal(values, X[[1, 4]])
    np.testing.assert_array_equal(places, [1, 4])
    refit = wrapper.sample(modified)
    assert refit.mixture.prior is draws.mixture.prior
    assert refit.parameters.weights.shape == (2, 7, 2)
    # EM of the rows that stay, not the old point.
    assert refit.start.log_likelihood > gp.log_density(draws.start, modified).sum() - 1e-9


def test_what_is_refused(draws, tree):
    with pytest.raises(gp.InputError, match="refits by NUTS"):
        gp.sampling_wrapper(draws.start, tree)
    with pytest.raises(gp.InputError, match="no group log_likelihood"):
        gp.sampling_wrapper(draws, tree.drop_nodes("log_likelihood"))
    wide = gp.sample(gp.Mixture(1, "spherical"), np.random.default_rng(0).normal(size=(9, 2)), draws=5, warmup=5)
    with pytest.raises(gp.InputError, match="1 features"):
        gp.sampling_wrapper(wide, tree)
