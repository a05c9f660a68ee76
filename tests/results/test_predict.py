"""New rows: densities and memberships by SciPy, averaged by hand; tables, single rows and slips."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.special import logsumexp

from gmm_ppl.data.tables import as_table
from gmm_ppl.errors import InputError
from gmm_ppl.results import predict as module
from gmm_ppl.results.datatree import to_datatree
from gmm_ppl.results.labels import parameters_of
from gmm_ppl.results.predict import assign, log_density, predict, responsibilities
from tests.cases import FAMILY_NAMES
from tests.results.fits import (
    CHAINS,
    DRAWS,
    at,
    draws_fit,
    joint,
    memberships,
    parameters,
    permuted,
    point_fit,
    random_orders,
    table,
)

NEW = np.array([[0.0, 0.0], [3.0, 7.0], [50.0, -50.0], [2.0, 4.0]])


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_at_known_parameters(family: str) -> None:
    found = predict(parameters(family), NEW)
    terms = joint(parameters(family), NEW)
    np.testing.assert_allclose(found["log_density"], logsumexp(terms, axis=1), rtol=1e-12)
    np.testing.assert_allclose(found["responsibilities"], memberships(parameters(family), NEW), rtol=1e-9, atol=1e-300)
    np.testing.assert_array_equal(found["assignment"], terms.argmax(axis=1))
    assert {name: each.dims for name, each in found.data_vars.items()} == {
        "responsibilities": ("obs", "component"), "assignment": ("obs",), "log_density": ("obs",)
    }  # fmt: skip
    assert found["log_density"].dtype == np.float64


def expected(tree: xr.DataTree) -> tuple[np.ndarray, np.ndarray]:
    """Predictive log density, and E[π_k N_k] / E[P], by hand."""
    draws = parameters_of(tree["posterior"].dataset, "full")
    terms = np.array([
        joint(at(draws, place), NEW) for place in np.ndindex(CHAINS, DRAWS)
    ])  # fmt: skip
    mean = logsumexp(terms, axis=0) - np.log(len(terms))
    density = logsumexp(mean, axis=1)
    return density, np.exp(mean - density[:, None])


def test_over_draws_the_density_is_averaged_and_draws_count_by_it(sampled: xr.DataTree) -> None:
    density, shares = expected(sampled)
    np.testing.assert_allclose(log_density(sampled, NEW), density, rtol=1e-12)
    np.testing.assert_allclose(responsibilities(sampled, NEW), shares, rtol=1e-9, atol=1e-300)
    np.testing.assert_array_equal(assign(sampled, NEW), shares.argmax(axis=1))


def test_draws_are_relabelled_first(sampled: xr.DataTree) -> None:
    fit = permuted(draws_fit(point_fit("full")), random_orders(2))
    np.testing.assert_allclose(responsibilities(fit, NEW), responsibilities(sampled, NEW), rtol=1e-9, atol=1e-300)


def test_a_point_predicts_like_its_tree(pointed: xr.DataTree) -> None:
    xr.testing.assert_equal(predict(point_fit("full"), NEW), predict(pointed, NEW))


def test_blocks_of_rows_do_not_change_the_answer(sampled: xr.DataTree, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = predict(sampled, NEW)
    monkeypatch.setattr(module, "batch_of", lambda each: 3)
    xr.testing.assert_allclose(predict(sampled, NEW), whole, rtol=1e-13)


def test_a_tree_finds_its_columns_by_name(pointed: xr.DataTree) -> None:
    frame = pd.DataFrame({"note": ["a", "b"], "width": NEW[:2, 1], "length": NEW[:2, 0]})
    np.testing.assert_array_equal(log_density(pointed, frame), log_density(pointed, NEW[:2]))
    np.testing.assert_array_equal(log_density(pointed, as_table(frame)), log_density(pointed, NEW[:2]))


def test_a_single_row_and_constant_columns_are_welcome(pointed: xr.DataTree) -> None:
    assert responsibilities(pointed, NEW[:1]).shape == (1, 2)
    assert log_density(pointed, [[1, 2], [1, 2]]).shape == (2,)


def test_one_feature_takes_a_plain_list() -> None:
    tree = to_datatree(point_fit("full", 1), table(60, 1), prior_draws=0)
    assert assign(tree, [0.0, 4.0, -1.0]).tolist() == [0, 1, 0]


def test_slips_are_named(pointed: xr.DataTree) -> None:
    with pytest.raises(InputError, match=r"the array has 4 rows of 1 features; expected at least one row of 2\."):
        predict(pointed, NEW[:, :1])
    with pytest.raises(InputError, match="No column 'width' in the"):
        predict(pointed, pd.DataFrame({"length": [1.0], "breadth": [2.0]}))
    with pytest.raises(InputError, match="is missing or NaN in 1 of 2 rows"):
        predict(pointed, [[1.0, np.nan], [1.0, 2.0]])
    with pytest.raises(InputError, match=r"predict needs parameters, a fit or a tree; given str\."):
        predict("results.nc", NEW)  # type: ignore[arg-type]


def test_parameters_come_out_of_a_dataset_whatever_the_order_of_its_dimensions(sampled: xr.DataTree) -> None:
    fit = draws_fit(point_fit("full"))
    dataset = sampled["posterior"].dataset.transpose("feature_bis", "component", "chain", "feature", "draw")
    found = parameters_of(dataset, "full")
    leading = dataset["means"].dims[1:2]
    assert leading == ("chain",)
    np.testing.assert_array_equal(found.means, fit.parameters.means, strict=True)
    np.testing.assert_array_equal(found.covariance.covariances, fit.parameters.covariance.covariances, strict=True)
    stacked = sampled["posterior"].dataset.stack(sample=("chain", "draw"))
    assert parameters_of(stacked, "full").covariance.covariances.shape == (CHAINS * DRAWS, 2, 2, 2)
    with pytest.raises(InputError, match="covariance: no family is called 'ful'"):
        parameters_of(dataset, "ful")
