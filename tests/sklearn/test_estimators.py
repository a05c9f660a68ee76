"""The estimators in use: pipelines, searches, frames, weights, warm starts, errors."""

import pickle
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import gmm_ppl as gp
from gmm_ppl.errors import FitWarning, InputError
from gmm_ppl.sklearn import BayesianGaussianMixture, GaussianMixture

BOTH = pytest.mark.parametrize("estimator", [GaussianMixture, BayesianGaussianMixture])


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    rng = np.random.default_rng(3)
    return np.vstack([rng.normal(size=(60, 2)), rng.normal(size=(40, 2)) * 0.5 + 3])


@pytest.fixture(scope="module")
def frame(rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["length", "width"])


@BOTH
def test_whole_weights_are_repeated_rows(estimator, rows):
    weights = np.random.default_rng(0).integers(0, 4, len(rows))
    start = {"tol": 1e-10, "max_iter": 500, "n_components": 2, "random_state": 0}
    weighted = estimator(**start).fit(rows, sample_weight=weights)
    repeated = estimator(**start).fit(np.repeat(rows, weights, axis=0))
    assert_allclose(weighted.lower_bound_, repeated.lower_bound_, rtol=1e-10)
    order = np.argsort(weighted.means_[:, 0]), np.argsort(repeated.means_[:, 0])
    assert_allclose(weighted.means_[order[0]], repeated.means_[order[1]], rtol=1e-4)


def test_one_step_with_weights_is_one_with_repeated_rows(rows):
    weights = np.random.default_rng(0).integers(0, 4, len(rows))
    start = {"n_components": 2, "means_init": [[0, 0], [3, 3]], "weights_init": [0.6, 0.4], "max_iter": 2}
    start |= {"precisions_init": [np.eye(2), 2 * np.eye(2)]}
    with pytest.warns(ConvergenceWarning):
        weighted = GaussianMixture(**start).fit(rows, sample_weight=weights)
    with pytest.warns(ConvergenceWarning):
        repeated = GaussianMixture(**start).fit(np.repeat(rows, weights, axis=0))
    for name in ("weights_", "means_", "covariances_", "lower_bounds_"):
        assert_allclose(getattr(weighted, name), getattr(repeated, name), rtol=1e-12)


def test_in_a_pipeline_with_frames(frame):
    flow = make_pipeline(StandardScaler(), GaussianMixture(2, random_state=0)).set_output(transform="pandas")
    labels = flow.fit(frame).predict(frame)
    shares = flow.transform(frame)
    assert list(flow[-1].feature_names_in_) == ["length", "width"]
    assert list(shares.columns) == ["gaussianmixture0", "gaussianmixture1"]
    assert shares.index.equals(frame.index)
    assert_array_equal(shares.to_numpy().argmax(axis=1), labels)
    assert_allclose(shares.sum(axis=1), 1)
    flow.set_output(transform="polars")
    assert isinstance(flow.transform(frame), pl.DataFrame)


def test_polars_in(frame):
    found = GaussianMixture(2, random_state=0).fit(pl.from_pandas(frame))
    assert list(found.feature_names_in_) == ["length", "width"]
    with pytest.raises(ValueError, match="feature names"):
        found.predict(frame.rename(columns={"length": "depth"}))


def test_in_a_grid_search(rows):
    grid = {"n_components": [1, 2], "covariance_type": ["full", "spherical"]}
    search = GridSearchCV(GaussianMixture(random_state=0), grid, cv=3).fit(np.random.default_rng(0).permutation(rows))
    assert search.best_params_ == {"n_components": 2, "covariance_type": "spherical"}
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@BOTH
def test_copies(estimator, rows):
    found = estimator(n_components=2, random_state=0).fit(rows)
    assert not hasattr(clone(found), "means_")
    assert clone(found).get_params() == found.get_params()
    back = pickle.loads(pickle.dumps(found))
    assert_array_equal(back.score_samples(rows), found.score_samples(rows))
    assert back.point_.status is gp.Status.CONVERGED


def test_warm_start_goes_on(rows):
    once = GaussianMixture(2, random_state=0, tol=1e-8, max_iter=200).fit(rows)
    again = GaussianMixture(2, random_state=0, tol=1e-8, max_iter=1, warm_start=True)
    with pytest.warns(ConvergenceWarning, match="Raise max_iter"):
        again.fit(rows)
    first = again.lower_bound_
    again.set_params(max_iter=200).fit(rows)
    assert first < again.lower_bound_ == pytest.approx(once.lower_bound_, abs=1e-7)
    with pytest.raises(InputError, match="warm_start: the last fit had another number"):
        again.set_params(n_components=3).fit(rows)


def test_the_rest_of_the_library_goes_on_from_there(frame):
    found = GaussianMixture(2, random_state=0).fit(frame)
    tree = found.to_datatree(frame)
    assert_allclose(tree["em_fit"]["means"], found.means_)
    assert gp.criteria(tree)["bic"] == pytest.approx(found.bic(frame), rel=1e-10)
    weighted = GaussianMixture(2, random_state=0).fit(frame, sample_weight=np.arange(len(frame)))
    with pytest.raises(InputError, match="to_datatree: the fit was made with row weights"):
        weighted.to_datatree(frame)


def test_draws(rows):
    found = GaussianMixture(2, random_state=0).fit(rows)
    drawn, component = found.sample(20_000)
    assert_allclose(np.bincount(component) / 20_000, found.weights_, atol=0.02)
    assert_allclose(np.cov(drawn[component == 0].T), found.covariances_[0], atol=0.05)
    assert_array_equal(found.sample(7)[0], found.sample(7)[0])


def test_constant_and_copied_columns_need_a_ridge(rows):
    wide = np.column_stack([rows, rows[:, 0], np.ones(len(rows))])
    found = GaussianMixture(2, random_state=0).fit(wide)
    assert found.converged_
    assert found.covariances_[:, 3, 3] == pytest.approx(1e-6 / (2 * found.weights_), rel=1e-6)
    with pytest.raises(ValueError, match="a column is constant or a copy"):
        GaussianMixture(2, random_state=0, reg_covar=0).fit(wide)


def test_an_empty_component_is_said():
    rows = np.repeat([[0.0, 0.0], [1.0, 1.0]], 5, axis=0)
    given = {"weights_init": [0.5, 0.5, 0], "means_init": [[0, 0], [1, 1], [9, 9]], "precisions_init": [[9.0, 9.0]] * 3}
    with pytest.warns(FitWarning, match="no rows are left to component 2"):
        found = GaussianMixture(3, covariance_type="diag", **given).fit(rows)
    assert np.isfinite(found.covariances_).all()
    assert np.isfinite(found.score(rows))


@pytest.mark.parametrize(
    ("settings", "weights", "message"),
    [
        ({"n_components": 0}, None, "n_components must be a whole number from 1; given 0"),
        ({"tol": -1.0}, None, "tol must be a finite number from 0; given -1.0"),
        ({"reg_covar": "x"}, None, "reg_covar must be a finite number from 0; given 'x'"),
        ({"covariance_type": "diagonal"}, None, "covariance_type: choose one of full, tied, diag, spherical; given 'diagonal'"),
        ({"init_params": "best"}, None, "init_params: choose one of kmeans, k-means++, random, random_from_data; given 'best'"),
        ({"n_components": 101}, None, "n_components=101 is more than n_samples=100"),
        ({"means_init": [[0.0, np.nan]]}, None, "means_init must be finite"),
        ({}, np.ones(3), "sample_weight: expected 100 numbers, one for each row; given shape (3,)"),
        ({}, -np.ones(100), "sample_weight: expected finite numbers from 0; row 0, counting from 0, has -1 (100 such rows)"),
        ({}, np.zeros(100), "sample_weight: every weight is zero"),
        ({"n_components": 2}, np.eye(100)[0], "sample_weight: 1 rows have a weight above 0, and 2 components need"),
    ],
)
def test_what_cannot_be_used(settings, weights, message, rows):
    with pytest.raises(InputError, match=re.escape(message)):
        GaussianMixture(**settings).fit(rows, sample_weight=weights)


def test_no_dirichlet_process(rows):
    with pytest.raises(InputError, match="only 'dirichlet_distribution' is there; given 'dirichlet_process'"):
        BayesianGaussianMixture(weight_concentration_prior_type="dirichlet_process").fit(rows)


def test_verbose_lines(rows, capsys):
    GaussianMixture(2, random_state=0, verbose=1).fit(rows)
    assert re.fullmatch(r"EM: 1 of 1 starts ended, iteration \d+, best objective -\d+\.\d+ nats\n", capsys.readouterr().out)
    GaussianMixture(2, random_state=0).fit(rows)
    assert not capsys.readouterr().out


def test_shares_sum_to_one_at_every_distance():
    places = np.array([[0, 0], [10, 0], [-10, 0], [0, 10], [0, -10]], dtype=float)
    given = {"weights_init": [0.2] * 5, "means_init": places, "precisions_init": [np.eye(2)] * 5, "max_iter": 0}
    found = GaussianMixture(5, **given).fit(places)
    for far in (1e8, 1e20, 1e160, 1e300):
        assert_allclose(found.transform([[far, far], [-far, 0]]), [[0, 0.5, 0, 0.5, 0], [0, 0, 1, 0, 0]], atol=1e-12)


def test_starts_are_drawn_in_turn_and_the_best_is_kept(rows):
    settings = {"n_components": 4, "init_params": "random_from_data", "tol": 1e-8, "max_iter": 300}
    together = GaussianMixture(n_init=4, random_state=np.random.RandomState(5), **settings).fit(rows)
    state = np.random.RandomState(5)
    alone = [GaussianMixture(random_state=state, **settings).fit(rows).point_ for _ in range(4)]
    restarts = together.point_.restarts
    assert_allclose(restarts.objective, [point.objective for point in alone], rtol=1e-12)
    assert restarts.best == int(np.argmax([point.objective for point in alone]))
    assert restarts.kind == ("random_from_data",) * 4
    assert together.n_iter_ == alone[restarts.best].iterations


def test_components_keep_the_order_in_which_they_began(rows):
    found = GaussianMixture(2, means_init=[[3, 3], [0, 0]]).fit(rows)
    assert found.means_[0, 0] > 2 > found.means_[1, 0]


def test_nothing_heavy_is_imported_for_small_data():
    code = """
import sys
import numpy as np
import sklearn.mixture
before = set(sys.modules)
from gmm_ppl.sklearn import BayesianGaussianMixture, GaussianMixture
x = np.random.default_rng(0).normal(size=(200, 2))
for estimator in (GaussianMixture(2, n_init=3), BayesianGaussianMixture(n_components=2)):
    found = estimator.fit(x)
    found.predict(x), found.score(x), found.sample(3), found.bic(x)
print(sorted({name.split(".")[0] for name in set(sys.modules) - before} & {"jax", "numpyro", "xarray", "pandas", "equinox"}))
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_without_scikit_learn_one_message():
    code = "import sys; sys.modules['sklearn'] = None\nimport gmm_ppl\nimport gmm_ppl.sklearn"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    last = done.stderr.strip().splitlines()[-1]
    expected = 'gmm_ppl.sklearn needs scikit-learn, which is not installed: pip install "gmm_ppl[sklearn]".'
    assert last == f"ModuleNotFoundError: {expected}"
