"""The tree: every group of the schema, for every family, with coordinates everywhere and nothing that netCDF refuses."""

import json

import numpy as np
import numpyro
import pytest
import xarray as xr
from numpyro import distributions as dist
from scipy.special import logsumexp
from scipy.stats import dirichlet, invwishart, multivariate_normal

from gmm_ppl.data.tables import as_table
from gmm_ppl.errors import InputError
from gmm_ppl.mixture.covariance import FAMILIES
from gmm_ppl.records import map_arrays
from gmm_ppl.results.datatree import to_datatree
from gmm_ppl.results.groups import predictive
from gmm_ppl.results.limits import Limits
from tests.results.fits import CHAINS, DRAWS, ROWS, draws_fit, fit_of, joint, memberships, point_fit, table, values

OF_POINT = {"observed_data", "constant_data", "em_fit", "em_trace", "em_restarts", "em_uncertainty"}
OF_DRAWS = {"posterior", "sample_stats", "log_prior", "unconstrained_posterior", "log_likelihood", "loo"} | {
    "posterior_predictive",
    "assignments",
}
DIMS = {
    name: {"weights": ("component",), "means": ("component", "feature"), **{part.name: part.dims for part in family.parts}}
    for name, family in FAMILIES.items()
}
SIZES = {"component": 2, "feature": 2, "feature_bis": 2, "obs": ROWS, "chain": CHAINS, "draw": DRAWS}


def check_netcdf_rules(tree: xr.DataTree) -> None:
    """Flat groups, a coordinate for every dimension, attributes that are numbers or text, no variable named as a dimension."""
    for node in tree.subtree:
        assert all(type(value) in (int, float, str) for value in node.attrs.values()), node.attrs
        assert set(node.dataset.dims) <= set(node.dataset.coords), node.path
        assert not set(node.dataset.data_vars) & set(node.dataset.dims), node.path
    assert all(not node.children for node in tree.children.values())


def check_parameters(dataset: xr.Dataset, family: str, leading: tuple[str, ...], **sizes: int) -> None:
    """Names, dimensions and shapes of weights, means and all parts of covariances."""
    for variable, expected in DIMS[family].items():
        assert dataset[variable].dims == (*leading, *expected)
        assert dataset[variable].shape == tuple({**SIZES, **sizes}[dim] for dim in dataset[variable].dims)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_group_stands_under_the_family_s_own_names(family: str) -> None:
    tree = to_datatree(draws_fit(point_fit(family)), table(), prior_draws=0, predictive_draws=20)
    check_netcdf_rules(tree)
    assert set(tree.children) == OF_POINT | OF_DRAWS
    check_parameters(tree["em_fit"].dataset, family, ())
    check_parameters(tree["posterior"].dataset, family, ("chain", "draw"))
    assert tree["posterior"].dataset["feature"].values.tolist() == ["length", "width"]
    assert tree.attrs["covariance"] == family
    assert {name: tree["unconstrained_posterior"].dataset[name].dims for name in ("means",)} == {
        "means": ("chain", "draw", "component", "feature")
    }


def test_the_rest_of_the_schema(sampled: xr.DataTree) -> None:
    assert set(sampled.children) == OF_POINT | OF_DRAWS | {"prior"}
    check_parameters(sampled["prior"].dataset, "full", ("chain", "draw"), chain=1, draw=40)
    fit = sampled["em_fit"].dataset
    assert fit["responsibilities"].dims == ("obs", "component")
    assert fit["assignment"].dims == fit["log_density"].dims == ("obs",)
    assert all(fit[name].shape == () for name in ("objective", "log_likelihood", "log_prior", "log_posterior"))
    assert sampled["em_trace"].dataset["objective"].dims == ("start", "iteration")
    assert sampled["sample_stats"].dataset["permutation"].dims == ("chain", "draw", "component")
    assert sampled["sample_stats"].dataset["diverging"].dtype == bool
    assert sampled["log_likelihood"].dataset["x"].dims == ("chain", "draw", "obs")
    assert sampled["log_prior"].dataset["log_prior"].dims == ("chain", "draw")
    assert sampled["posterior_predictive"].dataset["x"].dims == ("chain", "draw", "obs", "feature")
    assert sampled["posterior_predictive"].dataset["draw"].values.tolist() == [0, 5, 11, 16, 22, 27, 33, 38, 44, 49]
    assert sampled["sample_stats"].attrs == {
        "engine": "nuts", "sampling_time": 1.5, "max_tree_depth": 10, "relabelling": "pivot", "label_switches": 0,
        "chains_in_other_orders": 0,
    }  # fmt: skip


def test_the_em_groups_hold_the_fit(sampled: xr.DataTree) -> None:
    point, fit = point_fit("full"), sampled["em_fit"].dataset
    terms = joint(point.parameters, values())
    np.testing.assert_allclose(fit["log_density"], logsumexp(terms, axis=1), rtol=1e-12)
    np.testing.assert_allclose(fit["responsibilities"], memberships(point.parameters, values()), rtol=1e-10, atol=1e-14)
    np.testing.assert_array_equal(fit["assignment"], terms.argmax(axis=1))
    assert fit.attrs == {
        "status": "CONVERGED", "message": "Converged: the objective stopped changing.", "iterations": 2, "converged": 1,
        "starts": 3, "distinct_optima": 2, "n_parameters": 11, "cautions": "[]",
    }  # fmt: skip
    restarts = sampled["em_restarts"].dataset
    assert restarts["status"].values.tolist() == ["CONVERGED", "STEP_LIMIT", "COLLAPSED"]
    assert restarts["optimum"].values.tolist() == [0, 1, -1]
    assert restarts["kind"].values.tolist() == ["kmeans", "random", "nearest"]
    assert restarts.attrs == {"best": 0}
    np.testing.assert_array_equal(sampled["em_trace"].dataset["objective"], point.restarts.trace)


def test_the_log_prior_of_a_draw_is_that_of_scipy(sampled: xr.DataTree) -> None:
    """Dirichlet, normal and inverse-Wishart with the numbers in the root attributes."""
    prior = json.loads(sampled.attrs["prior"])
    assert prior["kind"] == "conjugate"
    draw = sampled["posterior"].dataset.isel(chain=1, draw=8)
    total = dirichlet.logpdf(draw["weights"], prior["concentration"])
    for mean, covariance in zip(draw["means"].values, draw["covariances"].values, strict=True):
        total += multivariate_normal.logpdf(mean, prior["mean"], covariance / prior["mean_precision"])
        total += invwishart.logpdf(covariance, prior["degrees_of_freedom"], prior["scale"])
    assert sampled["log_prior"].dataset["log_prior"].values[1, 8] == pytest.approx(total, rel=1e-10)


def test_the_root_says_what_was_done(sampled: xr.DataTree) -> None:
    attrs = sampled.attrs
    assert (attrs["name"], attrs["components"], attrs["covariance"], attrs["source"]) == ("example", 2, "full", "dict")
    prior = json.loads(attrs["prior"])
    # Single precision would have 0.009999999776.
    assert prior["mean_precision"] == 0.01
    np.testing.assert_allclose(prior["mean"], values().mean(axis=0), rtol=1e-14)
    assert json.loads(attrs["prior_formulae"])[0] == r"\pi \sim \operatorname{Dirichlet}(1, 1)"
    assert json.loads(attrs["left_out"]) == []
    assert attrs["relabelling_note"].startswith("Draws were relabelled against the EM fit (pivot)")
    assert attrs["inference_library"] == "blackjax"
    assert attrs["created_at"].endswith("+00:00")


def test_a_point_alone_has_no_groups_of_draws(pointed: xr.DataTree) -> None:
    check_netcdf_rules(pointed)
    assert set(pointed.children) == OF_POINT
    assert pointed.attrs["inference_library"] == "gmm_ppl"


def test_standard_errors_that_are_not_asked_for_are_said_to_be_missing() -> None:
    tree = to_datatree(point_fit("full"), table(), prior_draws=0, standard_errors=False)
    assert set(tree.children) == OF_POINT - {"em_uncertainty"}
    assert json.loads(tree.attrs["left_out"]) == ["em_uncertainty: standard errors by curvature were not asked for."]


def test_a_flat_prior_is_named_as_what_keeps_prior_draws_away() -> None:
    tree = to_datatree(point_fit("diagonal", prior="flat"), table())
    assert "prior" not in tree.children
    assert json.loads(tree.attrs["left_out"]) == ["prior: it is flat, an improper density that cannot be drawn from."]
    assert json.loads(tree.attrs["prior"]) == {"kind": "flat"}


def test_one_component_and_one_feature() -> None:
    tree = to_datatree(draws_fit(point_fit("full", 1, 1)), table(ROWS, 1, 1), prior_draws=0, predictive_draws=2)
    check_netcdf_rules(tree)
    assert tree["posterior"].dataset["covariances"].shape == (CHAINS, DRAWS, 1, 1, 1)
    assert tree["posterior_predictive"].dataset["x"].shape == (2, 1, ROWS, 1)
    # The only weight has no free coordinate.
    assert set(tree["unconstrained_posterior"].dataset.data_vars) == {"means", "covariances"}
    np.testing.assert_allclose(tree["posterior"].dataset["weights"].sum("component"), 1, rtol=1e-12)


def test_labels_stand_in_constant_data_under_names_that_netcdf_can_hold() -> None:
    x = values()
    columns = {"a": x[:, 0], "b": x[:, 1], "obs": ["u", "v"] * 30, "per/km": ["s"] * ROWS}
    found = to_datatree(point_fit("full"), as_table(columns), prior_draws=0)["constant_data"].dataset
    assert set(found.data_vars) == {"obs_label", "per_km", "feature_mean", "feature_scale"}
    assert found["obs_label"].values.tolist() == ["u", "v"] * 30
    np.testing.assert_allclose(found["feature_mean"], x.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found["feature_scale"], x.std(axis=0), rtol=1e-12)


def hierarchical(components: int, features: int) -> tuple:
    """A program with a hyperparameter of its own."""
    tau = numpyro.sample("tau", dist.HalfNormal(5.0))
    weights = numpyro.sample("weights", dist.Dirichlet(np.ones(components)))
    means = numpyro.sample("means", dist.Normal(0, tau).expand((components, features)).to_event(2))
    return weights, means, numpyro.sample("variances", dist.LogNormal(0, 1).expand((components,)).to_event(1))


def test_a_program_s_own_sites_stand_in_the_posterior() -> None:
    fit = draws_fit(point_fit("spherical", prior=hierarchical))
    for sites in (fit.sites, fit.unconstrained):
        sites["tau"] = np.ones((CHAINS, DRAWS))
    tree = to_datatree(fit, table(), prior_draws=0, predictive_draws=0)
    assert tree["posterior"].dataset["tau"].dims == ("chain", "draw")
    assert tree["unconstrained_posterior"].dataset["tau"].dims == ("chain", "draw")
    assert tree.attrs["relabelling"] == "none"
    assert json.loads(tree.attrs["prior"])["function"].endswith("test_datatree:hierarchical")


def test_prior_draws_follow_the_prior() -> None:
    concentration, draws = [2.0, 6.0], 4000
    point = point_fit("spherical", prior={"kind": "conjugate", "concentration": concentration, "degrees_of_freedom": 12})
    found = to_datatree(point, table(), prior_draws=draws, seed=4)["prior"].dataset
    law, weights = dirichlet(concentration), found["weights"].values[0]
    error = np.sqrt(law.var() / draws)
    assert (abs(weights.mean(axis=0) - law.mean()) < 4 * error).all()
    prior = point.mixture.prior
    expected = float(prior.scale) / (12 - 2)
    variance = found["variances"].values[0, :, 0]
    assert abs(variance.mean() - expected) < 4 * variance.std() / np.sqrt(draws)


def test_seeds_change_random_groups_only_and_repeat() -> None:
    fit = draws_fit(point_fit("full"))
    options = {"prior_draws": 40, "predictive_draws": 20}
    first, again, other = (to_datatree(fit, table(), seed=seed, **options) for seed in (0, 0, 1))
    for group in first.children:
        assert first[group].dataset.identical(again[group].dataset), group
        assert first[group].dataset.identical(other[group].dataset) == (group not in ("prior", "posterior_predictive"))


def test_replicated_rows_follow_their_draw() -> None:
    """Means of rows replicated from draws that are all the point, against the mixture's own moments."""
    point = point_fit("full")
    everywhere = map_arrays(lambda leaf: np.broadcast_to(leaf, (2, 50, *leaf.shape)), point.parameters)
    found = to_datatree(fit_of(point, everywhere), table(), prior_draws=0, predictive_draws=100)
    rows = found["posterior_predictive"].dataset["x"].values.reshape(-1, 2)
    expected = point.parameters.weights @ point.parameters.means
    assert (abs(rows.mean(axis=0) - expected) < 4 * rows.std(axis=0) / np.sqrt(len(rows))).all()


def test_replicated_rows_come_in_blocks_without_repeating(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predictive, "batch_of", lambda each: 25)
    x = predictive.replicated(draws_fit(point_fit("full")).parameters, 0, 61)
    assert x.shape == (CHAINS, DRAWS, 61, 2)
    assert x.dtype == np.float64
    assert np.unique(x).size == x.size


def test_fewer_replicated_data_sets_where_they_would_be_too_large() -> None:
    fit = draws_fit(point_fit("full"))
    numbers = CHAINS * ROWS * 2
    for limit, kept in ((numbers * 3 + 1, 3), (numbers - 1, 0)):
        tree = to_datatree(fit, table(), prior_draws=0, predictive_draws=40, limits=Limits(replicated=limit))
        assert ("posterior_predictive" in tree.children) == (kept > 0)
        sentence = json.loads(tree.attrs["left_out"])[-1]
        assert sentence == (
            f"posterior_predictive: {2 * kept} replicated data sets instead of 40, since 60 rows × 2 features each would be more "
            f"than {limit} numbers."
        )


def test_data_of_another_width_and_negative_numbers_are_refused() -> None:
    with pytest.raises(InputError, match=r"data: the fit has 2 features, dict has 3\. Give the rows that were fitted\."):
        to_datatree(point_fit("full"), table(ROWS, 3))
    with pytest.raises(InputError, match=r"prior_draws and predictive_draws must be at least 0; given -1 and 200\."):
        to_datatree(point_fit("full"), table(), prior_draws=-1)


def test_progress_is_reported() -> None:
    seen: list[tuple] = []
    to_datatree(point_fit("full"), table(), prior_draws=0, progress=lambda *step: seen.append(step))
    assert seen == [("Results", done, 6) for done in range(1, 7)]
