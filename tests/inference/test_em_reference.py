"""Maximum likelihood against figures from R's mclust, and step by step against scikit-learn."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

import gmm_ppl as gp
from gmm_ppl.inference.base import Status
from gmm_ppl.mixture.covariance import find_family
from tests.cases import random_scatter
from tests.inference.oracles import K, overlapping_rows

# R mclust 6.0.0, maximum likelihood by EM to a tolerance of 1e-13.
REFERENCE = {
    ("faithful", "full", 1): (-1289.79674505, 5),
    ("faithful", "full", 2): (-1130.26396018, 11),
    ("faithful", "tied", 3): (-1126.31592783, 11),
    ("iris", "full", 2): (-214.35470437, 29),
}
DIABETES_BIC = -4751.316
"""Of VVV, K = 3, as mclust has it: 2 log L − p log N, with p = 29 and N = 145. Its search for a model stops EM at a relative
tolerance of 1e-5, a few thousandths of a nat short (so does its −2314.316 for the faithful row above, by 0.02)."""


@pytest.fixture(scope="module")
def faithful():
    return gp.fit(gp.Mixture(2, "full", "flat"), gp.datasets.load("faithful"), tolerance=1e-13)


@pytest.mark.parametrize(("name", "family", "components"), REFERENCE)
def test_log_likelihood(name, family, components):
    log_likelihood, n_parameters = REFERENCE[name, family, components]
    fit = gp.fit(gp.Mixture(components, family, "flat"), gp.datasets.load(name), tolerance=1e-13)
    assert fit.status is Status.CONVERGED
    assert fit.parameters.shape.n_parameters == n_parameters
    assert fit.log_likelihood == pytest.approx(log_likelihood, abs=1e-6)
    assert fit.log_prior == 0


def test_faithful_parameters(faithful):
    np.testing.assert_allclose(faithful.parameters.weights, [0.355873, 0.644127], atol=1e-6)
    np.testing.assert_allclose(faithful.parameters.means, [[2.036388, 54.478516], [4.289662, 79.968115]], atol=1e-6)


def test_iris_weights():
    fit = gp.fit(gp.Mixture(2, "full", "flat"), gp.datasets.load("iris"), tolerance=1e-13)
    np.testing.assert_allclose(np.sort(fit.parameters.weights), [0.333329, 0.666671], atol=1e-6)


def test_diabetes():
    fit = gp.fit(gp.Mixture(3, "full", "flat"), gp.datasets.load("diabetes"))
    assert DIABETES_BIC < 2 * fit.log_likelihood - 29 * np.log(145) < DIABETES_BIC + 0.02


def test_the_default_tolerance_is_as_good_as_the_reference():
    fit = gp.fit(gp.Mixture(2, "full", "flat"), gp.datasets.load("faithful"))
    assert fit.log_likelihood == pytest.approx(-1130.26396018, abs=1e-6)


SCIKIT_LEARN = {"full": "full", "tied": "tied", "diagonal": "diag", "spherical": "spherical"}
"""What it calls the families that it has."""


@pytest.mark.parametrize("family", SCIKIT_LEARN)
def test_steps_are_those_of_scikit_learn(family):
    steps, x = 7, overlapping_rows()
    first = start(family)
    with pytest.warns(gp.FitWarning, match="Stopped at the step limit"):
        fit = gp.fit(gp.Mixture(K, family, "flat"), x, start=first, max_steps=steps, tolerance=1e-300, acceleration=None)
    assert fit.iterations == steps
    wanted = scikit_learn(x, first, steps)
    order = np.argsort(wanted.means_[:, 0])
    (part,) = first.covariance.parts
    covariance = type(first.covariance).from_sites({part.name: wanted.covariances_}).select(order)
    np.testing.assert_allclose(fit.parameters.weights, wanted.weights_[order], rtol=1e-10)
    np.testing.assert_allclose(fit.parameters.means, wanted.means_[order], rtol=1e-10)
    np.testing.assert_allclose(fit.sites[part.name], covariance.sites[part.name], rtol=1e-9)
    assert fit.log_likelihood == pytest.approx(wanted.score(x) * len(x), rel=1e-11)


def start(family):
    """Parameters near the rows, with covariances in their units; the first component's mean is not the first in order."""
    units, found = np.array([1.0, 10.0]), find_family(family)
    count, scatter = random_scatter(found, K)
    covariance = found.fitted(count, scatter * found.moment.from_matrix(np.outer(units, units)))
    return gp.mixture_parameters([0.6, 0.4], [[2.5, 12.0], [0.5, 4.0]], covariance.sites, covariance=family)


def scikit_learn(x, first, steps):
    """Its mixture after as many steps from the same start."""
    (part,) = first.covariance.parts
    values = first.sites[part.name]
    model = GaussianMixture(
        K,
        covariance_type=SCIKIT_LEARN[first.covariance.name],
        tol=0,
        reg_covar=0,
        max_iter=steps,
        init_params="random_from_data",
        random_state=0,
        weights_init=first.weights,
        means_init=first.means,
        precisions_init=np.linalg.inv(values) if part.support.axes else 1 / values,
    )
    with pytest.warns(ConvergenceWarning):
        return model.fit(x)
