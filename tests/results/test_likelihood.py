"""Log-likelihoods and leave-one-out: SciPy's densities, ArviZ's own LOO, and the same numbers whatever fits into memory."""

import json
import warnings

import arviz as az
import numpy as np
import pytest
import xarray as xr
from scipy.special import logsumexp

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.results.datatree import to_datatree
from gmm_ppl.results.groups.likelihood import row_blocks
from gmm_ppl.results.labels import parameters_of
from gmm_ppl.results.limits import Limits, spaced
from gmm_ppl.results.loo import elpd_of, leave_one_out, relative_efficiency
from tests.results.fits import CHAINS, DRAWS, ROWS, draws_fit, joint, memberships, point_fit, table, values

NUMBERS = CHAINS * DRAWS * ROWS
OPTIONS = {"prior_draws": 0, "predictive_draws": 0}


def draw(tree: xr.DataTree, chain: int, number: int) -> MixtureParameters:
    """One posterior draw of a tree with full covariances."""
    return parameters_of(tree["posterior"].dataset.isel(chain=chain, draw=number), "full")


def loo_by_arviz(tree: xr.DataTree) -> az.ELPDData:
    """`az.loo`, which warns where few draws make Pareto's k uncertain."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Estimated shape parameter", UserWarning)
        return az.loo(tree, pointwise=True)


def test_log_likelihoods_are_scipy_s(sampled: xr.DataTree) -> None:
    found = sampled["log_likelihood"].dataset["x"].values
    for chain, number in ((0, 0), (1, 17)):
        expected = logsumexp(joint(draw(sampled, chain, number), values()), axis=1)
        np.testing.assert_allclose(found[chain, number], expected, rtol=1e-12)


def test_leave_one_out_is_arviz_s(sampled: xr.DataTree) -> None:
    expected, found = loo_by_arviz(sampled), sampled["loo"].dataset
    np.testing.assert_allclose(found["elpd_i"], expected.elpd_i, rtol=1e-13)
    np.testing.assert_allclose(found["pareto_k"], expected.pareto_k, rtol=1e-13)
    assert float(found["p_loo_i"].sum()) == pytest.approx(expected.p, rel=1e-10)
    assert found.attrs["n_samples"] == CHAINS * DRAWS


def test_arviz_compares_what_has_no_log_likelihood(sampled: xr.DataTree) -> None:
    expected, found = loo_by_arviz(sampled), elpd_of(sampled)
    for name in ("elpd", "se", "p", "good_k"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=1e-10), name
    for name in ("kind", "scale", "n_samples", "n_data_points", "warning"):
        assert getattr(found, name) == getattr(expected, name), name
    worse = sampled.copy(deep=True)
    worse["loo"].dataset["elpd_i"].values[:] -= np.linspace(0, 1, ROWS)
    table_of_both = az.compare({"worse": elpd_of(worse), "better": found}, round_to="none")
    assert list(table_of_both.index) == ["better", "worse"]
    assert table_of_both.loc["worse", "elpd_diff"] == pytest.approx(-ROWS / 2)


def test_without_draws_there_is_nothing_to_compare(pointed: xr.DataTree) -> None:
    with pytest.raises(InputError, match=r"no leave-one-out densities: it was made without draws, or from fewer than 25\."):
        elpd_of(pointed)


def test_just_within_the_limit_everything_is_stored(sampled: xr.DataTree) -> None:
    tree = to_datatree(draws_fit(point_fit("full")), table(), limits=Limits(stored=NUMBERS), **OPTIONS)
    assert "log_likelihood" in tree.children
    np.testing.assert_allclose(tree["loo"].dataset["elpd_i"], sampled["loo"].dataset["elpd_i"], rtol=1e-13)


def test_just_above_the_limit_the_file_says_what_was_left_out(sampled: xr.DataTree) -> None:
    """In blocks of rows from all draws, leave-one-out comes to the same numbers."""
    limits = Limits(stored=NUMBERS - 1, loo_draws=CHAINS * DRAWS)
    tree = to_datatree(draws_fit(point_fit("full")), table(), limits=limits, **OPTIONS)
    assert "log_likelihood" not in tree.children
    assert json.loads(tree.attrs["left_out"]) == [
        "log_likelihood: 2 chains × 50 draws × 60 rows are more than 5999 numbers. The loo group has the leave-one-out density "
        "of every row, computed from 2 × 50 draws."
    ]
    for name in ("elpd_i", "pareto_k", "p_loo_i"):
        np.testing.assert_allclose(tree["loo"].dataset[name], sampled["loo"].dataset[name], rtol=1e-8)


def test_large_data_take_leave_one_out_from_some_draws(sampled: xr.DataTree) -> None:
    limits = Limits(stored=NUMBERS - 1, loo_draws=60)
    tree = to_datatree(draws_fit(point_fit("full")), table(), limits=limits, **OPTIONS)
    kept = spaced(DRAWS, 30)
    expected = loo_by_arviz(sampled.filter(lambda node: node.name in ("posterior", "log_likelihood")).isel(draw=kept))
    assert tree["loo"].attrs["n_samples"] == 60
    np.testing.assert_allclose(tree["loo"].dataset["elpd_i"], expected.elpd_i, rtol=1e-10)


@pytest.mark.parametrize(("rows", "draws", "most"), [(60, 100, 5999), (7, 1000, 10), (1, 5, 10**6), (1000, 4, 1000)])
def test_blocks_cover_all_rows_within_the_limit(rows: int, draws: int, most: int) -> None:
    blocks = row_blocks(rows, draws, most)
    assert np.concatenate([np.arange(rows)[block] for block in blocks]).tolist() == list(range(rows))
    sizes = [block.stop - block.start for block in blocks]
    assert max(sizes) - min(sizes) <= 1
    assert max(sizes) == 1 or draws * max(sizes) <= most / 4 + draws


def test_too_few_draws_for_a_tail_are_said_to_be_too_few() -> None:
    tree = to_datatree(draws_fit(point_fit("full"), draws=12), table(), **OPTIONS)
    assert "loo" not in tree.children
    assert json.loads(tree.attrs["left_out"]) == ["loo: 24 draws are too few for leave-one-out, which needs 25."]


def test_stuck_chains_get_an_infinite_k_and_no_error() -> None:
    stuck = np.full((2, 50, 3), -1.5)
    stuck[..., 1] = np.random.default_rng(0).normal(-1.5, 0.1, (2, 50))
    found = leave_one_out(stuck, 1.0)
    assert found.pareto_k[[0, 2]].tolist() == [np.inf, np.inf]
    assert np.isfinite(found.pareto_k[1])
    np.testing.assert_allclose(found.elpd[[0, 2]], -1.5, rtol=1e-14)
    np.testing.assert_allclose(found.p[[0, 2]], 0, atol=1e-14)


def test_one_chain_counts_as_efficient_as_arviz_counts_it(sampled: xr.DataTree) -> None:
    assert relative_efficiency(sampled["posterior"].dataset.isel(chain=[0])) == 1.0
    assert loo_by_arviz(sampled.isel(chain=[0])).elpd == pytest.approx(
        leave_one_out(sampled["log_likelihood"].dataset["x"].values[:1], 1.0).elpd.sum()
    )


def test_assignments_average_responsibilities_over_draws(sampled: xr.DataTree) -> None:
    every = np.array([memberships(draw(sampled, chain, number), values()) for chain in range(CHAINS) for number in range(DRAWS)])
    found = sampled["assignments"].dataset
    mean = every.mean(axis=0)
    np.testing.assert_allclose(found["responsibilities"], mean, rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(found["responsibilities_sd"], every.std(axis=0), rtol=1e-6, atol=1e-12)
    for end, level in (("low", 0.055), ("high", 0.945)):
        interval = found[f"responsibilities_{end}"]
        np.testing.assert_allclose(interval, np.quantile(every, level, axis=0), rtol=2e-7, atol=1e-14)
        assert interval.attrs == {"probability": 0.89}
    np.testing.assert_array_equal(found["assignment"], mean.argmax(axis=1))
    positive = np.where(mean > 0, mean, 1)
    np.testing.assert_allclose(found["entropy"], -(positive * np.log(positive)).sum(axis=1), rtol=1e-7, atol=1e-14)
    assert found.attrs["n_samples"] == CHAINS * DRAWS


def test_assignments_of_large_data_say_how_many_draws_they_average() -> None:
    limits = Limits(evaluated=CHAINS * ROWS * 2 * 10)
    tree = to_datatree(draws_fit(point_fit("full")), table(), limits=limits, **OPTIONS)
    assert json.loads(tree.attrs["left_out"]) == ["assignments: averages over 2 × 10 of 2 × 50 draws, since there are 60 rows."]
    assert tree["assignments"].attrs["n_samples"] == 20


@pytest.mark.parametrize(("total", "most", "expected"), [(5, 10, [0, 1, 2, 3, 4]), (9, 3, [0, 4, 8]), (9, 0, [0]), (1, 1, [0])])
def test_spaced_positions(total: int, most: int, expected: list[int]) -> None:
    assert spaced(total, most).tolist() == expected
