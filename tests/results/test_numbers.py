"""Criteria, agreement, diagnostics, metrics and summary of trees made by hand, against SciPy, ArviZ and textbook formulae."""

import json
import math

import arviz as az
import numpy as np
import pytest
import xarray as xr
from scipy.stats import percentileofscore

from gmm_ppl.results.agreement import agreement
from gmm_ppl.results.criteria import criteria
from gmm_ppl.results.datatree import to_datatree
from gmm_ppl.results.diagnostics import diagnostics
from gmm_ppl.results.metrics import metrics
from gmm_ppl.results.scalars import scalars
from gmm_ppl.results.sensitivity import sensitivity
from gmm_ppl.results.summary import COLUMNS, summary
from tests.results.fits import CHAINS, DRAWS, ROWS, draws_fit, point_fit, table, values

MATRIX = ("feature", "feature_bis")
LABELS = [
    "weights[0]", "weights[1]", "means[0, length]", "means[0, width]", "means[1, length]", "means[1, width]",
    "covariances[0, length, length]", "covariances[0, length, width]", "covariances[0, width, width]",
    "covariances[1, length, length]", "covariances[1, length, width]", "covariances[1, width, width]",
]  # fmt: skip


def one_component(draws: np.ndarray, point: float) -> xr.DataTree:
    """A tree of one component and one feature whose variance has these draws (chain, draw); its weight is always one."""
    chains, number = draws.shape
    noise = np.random.default_rng(2).standard_normal((chains, number, 1, 1))
    sample, coords = ("chain", "draw"), {"component": [0], "feature": ["v"]}
    posterior = xr.Dataset(
        {
            "weights": ((*sample, "component"), np.ones((chains, number, 1))),
            "means": ((*sample, "component", "feature"), noise),
            "variances": ((*sample, "component"), draws[..., None]),
        },
        coords={**coords, "chain": range(chains), "draw": range(number)},
    )
    fit = xr.Dataset(
        {"weights": ("component", [1.0]), "means": (("component", "feature"), [[0.0]]), "variances": ("component", [point])},
        coords=coords,
    )
    tree = xr.DataTree.from_dict({"/posterior": posterior, "/em_fit": fit})
    tree.attrs["covariance"] = "spherical"
    return tree


def test_scalars_carry_arviz_s_labels_and_drop_mirror_images(sampled: xr.DataTree) -> None:
    names = ["weights", "means", "covariances"]
    draws, point = (scalars(sampled[group].dataset, names) for group in ("posterior", "em_fit"))
    assert draws["parameter"].values.tolist() == point["parameter"].values.tolist() == LABELS
    assert set(LABELS) <= set(az.summary(sampled).index)
    column = draws.sel(parameter="covariances[1, length, width]").values
    np.testing.assert_array_equal(column, sampled["posterior"].dataset["covariances"].values[:, :, 1, 0, 1])
    assert draws["variable"].values.tolist() == ["weights"] * 2 + ["means"] * 4 + ["covariances"] * 6


def test_scalars_take_dimensions_in_any_order_and_variables_without_any() -> None:
    values_of = np.arange(8.0).reshape(2, 2, 2)
    dataset = xr.Dataset({"tau": 3.0, "s": (("feature_bis", "component", "feature"), values_of)}, coords={"feature": ["a", "b"]})
    found = scalars(dataset.assign_coords(feature_bis=["a", "b"], component=[0, 1]), ["tau", "s"])
    kept = {"s[a, 0, a]": 0.0, "s[a, 1, a]": 2.0, "s[b, 0, a]": 4.0, "s[b, 0, b]": 5.0, "s[b, 1, a]": 6.0, "s[b, 1, b]": 7.0}
    assert found.to_series().to_dict() == {"tau": 3.0, **kept}


def test_criteria_follow_their_formulae(sampled: xr.DataTree) -> None:
    point, found = point_fit("full"), criteria(sampled)
    log_likelihood, p = point.log_likelihood, 1 + 2 * 2 + 2 * 3
    memberships = sampled["em_fit"].dataset["responsibilities"].values
    entropy = -sum(g * math.log(g) for g in memberships.ravel() if g > 0)
    assert found["log_likelihood"] == log_likelihood
    assert found["n_parameters"] == p
    assert found["bic"] == pytest.approx(-2 * log_likelihood + p * math.log(ROWS), rel=1e-14)
    assert found["aic"] == pytest.approx(-2 * log_likelihood + 2 * p, rel=1e-14)
    assert found["icl"] == pytest.approx(found["bic"] + 2 * entropy, rel=1e-12)
    # mclust counts the most probable component alone, and with the other sign.
    assert found["bic"] <= found["bic"] - 2 * np.log(memberships.max(axis=1)).sum() <= found["icl"]
    assert found["log_evidence"] is None


def test_bic_is_the_negative_of_mclust_s() -> None:
    """Iris, VEV, two components: mclust 6.0.0 has log-likelihood −215.72597223, 26 parameters, BIC −561.7285."""
    fit = xr.Dataset({"log_likelihood": -215.72597223, "responsibilities": (("obs", "component"), np.eye(150)[:, :2])})
    tree = xr.DataTree.from_dict({"/em_fit": fit.assign_attrs(n_parameters=26)})
    assert criteria(tree)["bic"] == pytest.approx(561.7285, abs=1e-4)
    # Sure assignments cost nothing.
    assert criteria(tree)["icl"] == criteria(tree)["bic"]


def test_the_leave_one_out_score_is_summed_as_arviz_sums_it(sampled: xr.DataTree) -> None:
    elpd = sampled["loo"].dataset["elpd_i"].values
    found = criteria(sampled)
    assert found["elpd_loo"] == pytest.approx(math.fsum(elpd), rel=1e-13)
    assert found["elpd_loo_se"] == pytest.approx(math.sqrt(ROWS * elpd.var(ddof=1)), rel=1e-13)
    assert found["pareto_k_max"] == sampled["loo"].dataset["pareto_k"].values.max()


def test_criteria_of_a_point_alone(pointed: xr.DataTree) -> None:
    found = criteria(pointed)
    assert found["elpd_loo"] is found["elpd_loo_se"] is found["pareto_k_max"] is None
    assert list(found) == [
        "log_likelihood", "n_parameters", "bic", "aic", "icl", "elpd_loo", "elpd_loo_se", "pareto_k_max", "log_evidence"
    ]  # fmt: skip


def test_agreement_places_the_point_among_its_draws(sampled: xr.DataTree) -> None:
    found = agreement(sampled)
    assert found["parameter"].values.tolist() == LABELS
    draws = sampled["posterior"].dataset["means"].values[:, :, 1, 0].ravel()
    point = sampled["em_fit"].dataset["means"].values[1, 0]
    each = found.sel(parameter="means[1, length]")
    assert float(each["point"]) == point
    assert float(each["mean"]) == pytest.approx(draws.mean(), rel=1e-13)
    assert float(each["sd"]) == pytest.approx(draws.std(ddof=1), rel=1e-13)
    assert float(each["z"]) == pytest.approx((point - draws.mean()) / draws.std(ddof=1), rel=1e-10)
    assert float(each["quantile"]) == pytest.approx(percentileofscore(draws, point, "mean") / 100)


def test_ties_count_half() -> None:
    draws = np.array([[1.0, 2.0, 2.0, 2.0], [3.0, 4.0, 5.0, 2.0]])
    found = agreement(one_component(draws, 2.0)).sel(parameter="variances[0]")
    assert float(found["quantile"]) == pytest.approx(percentileofscore(draws.ravel(), 2.0, "mean") / 100) == (1 + 4 / 2) / 8


def test_what_the_model_fixes_agrees_with_itself() -> None:
    tree = one_component(np.random.default_rng(0).gamma(2.0, size=(2, 30)), 1.0)
    tree["posterior"].dataset["weights"].values[0, 3, 0] = 1 - 1e-16
    weight = agreement(tree).sel(parameter="weights[0]")
    assert (float(weight["sd"]), float(weight["z"]), float(weight["quantile"])) == (0.0, 0.0, 0.5)


@pytest.mark.parametrize(("point", "z", "quantile"), [(2.0, -math.inf, 0.0), (7.0, math.inf, 1.0)])
def test_draws_stuck_elsewhere_are_infinitely_far(point: float, z: float, quantile: float) -> None:
    found = agreement(one_component(np.full((2, 5), 3.0), point)).sel(parameter="variances[0]")
    assert (float(found["sd"]), float(found["z"]), float(found["quantile"])) == (0.0, z, quantile)


def test_agreement_of_a_single_draw_has_no_spread() -> None:
    found = agreement(one_component(np.array([[3.0]]), 3.0))
    assert found[["sd", "z"]].isnull().all().to_array().all()
    assert found.sel(parameter="variances[0]")["quantile"] == 0.5


def test_diagnostics_are_arviz_s(sampled: xr.DataTree) -> None:
    found = diagnostics(sampled).to_dataframe()
    expected = az.summary(sampled, ci_prob=0.89, ci_kind="eti", round_to="none").loc[LABELS]
    names = {"mean": "mean", "sd": "sd", "ess_bulk": "ess_bulk", "ess_tail": "ess_tail", "r_hat": "r_hat"}
    for ours, theirs in {**names, "eti_low": "eti89_lb", "eti_high": "eti89_ub"}.items():
        np.testing.assert_allclose(found[ours], expected[theirs].astype(float), rtol=1e-10, err_msg=ours)


def test_diagnostics_count_divergences_and_full_trees(sampled: xr.DataTree) -> None:
    found, statistics = diagnostics(sampled), sampled["sample_stats"].dataset
    assert found.attrs == {
        "divergences": np.count_nonzero(statistics["diverging"]),
        "tree_depth_hits": np.count_nonzero(statistics["tree_depth"] == 10),
        "max_tree_depth": 10,
    }
    assert found.attrs["tree_depth_hits"] > 0


def test_diagnostics_leave_out_constants_and_live_without_statistics() -> None:
    found = diagnostics(one_component(np.random.default_rng(0).gamma(2.0, size=(2, 30)), 1.0))
    assert found["parameter"].values.tolist() == ["means[0, v]", "variances[0]"]
    assert found.attrs["divergences"] == 0


def test_a_stuck_sampler_is_not_taken_for_a_constant_of_the_model() -> None:
    found = diagnostics(one_component(np.full((2, 30), 3.0), 2.0))
    assert found["parameter"].values.tolist() == ["means[0, v]", "variances[0]"]
    assert math.isnan(found["r_hat"].sel(parameter="variances[0]"))
    alone = one_component(np.full((2, 30), 3.0), 2.0).drop_nodes("em_fit")
    assert diagnostics(alone)["parameter"].values.tolist() == ["means[0, v]"]


def test_diagnostics_of_nothing_free_are_empty() -> None:
    tree = one_component(np.full((2, 30), 2.0), 2.0)
    tree["posterior"].dataset["means"].values[:] = 0.0
    assert diagnostics(tree).sizes["parameter"] == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (4, 1), (1, 60)])
def test_few_draws_give_no_diagnostics_and_no_error(shape: tuple[int, int]) -> None:
    found = diagnostics(one_component(np.random.default_rng(0).gamma(2.0, size=shape), 1.0))
    assert found["r_hat"].isnull().all()
    assert found["mean"].notnull().all()


def test_metrics_have_the_keys_of_the_file(sampled: xr.DataTree) -> None:
    found = json.loads(json.dumps(metrics(sampled), allow_nan=False))
    assert {group: list(numbers) for group, numbers in found.items()} == {
        "em": ["objective", "log_likelihood", "log_posterior", "iterations", "status", "converged", "starts", "distinct_optima"],
        "mcmc": [
            "chains", "draws", "max_rhat", "min_ess_bulk", "min_ess_tail", "divergences", "sampling_seconds", "label_switches"
        ],
        "criteria": [
            "log_likelihood", "n_parameters", "bic", "aic", "icl", "elpd_loo", "elpd_loo_se", "pareto_k_max", "log_evidence"
        ],
        "agreement": ["max_abs_z_weights", "max_abs_z_means", "max_abs_z_covariances"],
    }  # fmt: skip
    assert found["em"]["status"] == "CONVERGED"
    assert found["em"]["converged"] is True
    assert found["em"]["log_posterior"] == point_fit("full").log_likelihood - 3
    assert (found["mcmc"]["chains"], found["mcmc"]["draws"], found["mcmc"]["sampling_seconds"]) == (CHAINS, DRAWS, 1.5)
    worst = az.summary(sampled, round_to="none").loc[LABELS]
    assert found["mcmc"]["max_rhat"] == pytest.approx(worst["r_hat"].astype(float).max(), rel=1e-10)
    assert found["mcmc"]["min_ess_tail"] == pytest.approx(worst["ess_tail"].astype(float).min(), rel=1e-10)
    posterior, point = sampled["posterior"].dataset["means"], sampled["em_fit"].dataset["means"]
    z = abs((point - posterior.mean(("chain", "draw"))) / posterior.std(("chain", "draw"), ddof=1))
    assert found["agreement"]["max_abs_z_means"] == pytest.approx(float(z.max()), rel=1e-10)


def test_every_part_of_covariances_has_its_scalars() -> None:
    """A family of two parts: a volume for each component, and one shape."""
    fit = draws_fit(point_fit("diagonal_tied_shape"))
    tree = to_datatree(fit, table(), prior_draws=0, predictive_draws=0)
    labels = [*LABELS[:6], "volumes[0]", "volumes[1]", "shape[length]", "shape[width]"]
    found = agreement(tree)
    assert found["parameter"].values.tolist() == summary(tree).index.tolist() == labels
    assert diagnostics(tree)["parameter"].values.tolist() == sensitivity(tree)["parameter"].values.tolist() == labels
    shape, point = fit.parameters.covariance.shape[..., 1], fit.start.parameters.covariance.shape[1]
    assert float(found["z"].sel(parameter="shape[width]")) == pytest.approx((point - shape.mean()) / shape.std(ddof=1))
    z = abs(found["z"].values)
    largest = {"max_abs_z_weights": z[:2], "max_abs_z_means": z[2:6], "max_abs_z_covariances": z[6:]}
    assert metrics(tree)["agreement"] == {name: pytest.approx(each.max()) for name, each in largest.items()}


def test_metrics_of_a_point_alone_are_null_where_nothing_was_drawn(pointed: xr.DataTree) -> None:
    found = metrics(pointed)
    assert set(found["mcmc"].values()) == set(found["agreement"].values()) == {None}
    assert found["criteria"]["bic"] is not None


def test_metrics_have_no_infinite_numbers(sampled: xr.DataTree) -> None:
    tree = sampled.copy(deep=True)
    tree["loo"].dataset["pareto_k"].values[3] = np.inf
    tree["posterior"].dataset["means"].values[0] = 1e3
    found = metrics(tree)
    assert found["criteria"]["pareto_k_max"] is None
    json.dumps(found, allow_nan=False)


def test_the_summary_has_a_row_for_every_scalar(sampled: xr.DataTree) -> None:
    found = summary(sampled)
    assert found.index.tolist() == LABELS
    assert found.columns.tolist() == list(COLUMNS)
    assert found.notna().to_numpy().all()
    place, moments = agreement(sampled), diagnostics(sampled)
    np.testing.assert_array_equal(found["z"], place["z"])
    np.testing.assert_array_equal(found["ess_bulk"], moments["ess_bulk"])
    np.testing.assert_array_equal(found["point"][:2], point_fit("full").parameters.weights)


def test_the_summary_of_a_point_alone(pointed: xr.DataTree) -> None:
    found = summary(pointed)
    assert found.index.tolist() == LABELS
    assert found.columns.tolist() == list(COLUMNS)
    assert found["point"].notna().all()
    assert found.drop(columns="point").isna().to_numpy().all()


def test_the_summary_keeps_constants_and_a_program_s_own_sites() -> None:
    tree = one_component(np.random.default_rng(0).gamma(2.0, size=(2, 30)), 1.0)
    draws = np.random.default_rng(1).normal(size=(2, 30))
    tree["posterior"] = xr.DataTree(tree["posterior"].dataset.assign(tau=(("chain", "draw"), draws)))
    found = summary(tree)
    assert found.index.tolist() == ["weights[0]", "means[0, v]", "variances[0]", "tau"]
    assert found.loc["weights[0]", ["point", "mean", "sd", "z"]].tolist() == [1, 1, 0, 0]
    assert math.isnan(found.loc["weights[0]", "r_hat"])
    assert math.isnan(found.loc["tau", "point"])
    assert found.loc["tau", "mean"] == pytest.approx(draws.mean())


def test_shapes_of_the_example_are_what_the_oracles_assume() -> None:
    assert values().shape == (ROWS, 2)
