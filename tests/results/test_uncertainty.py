"""`em_uncertainty`: what it holds for every family, under the point's labels, and what is said where something is missing."""

import json
from dataclasses import replace

import numpy as np
import pytest

from gmm_ppl.errors import InputError
from gmm_ppl.inference.base import Status
from gmm_ppl.inference.errors.bootstrap import BootstrapFit
from gmm_ppl.inference.errors.uncertainty import errors_of
from gmm_ppl.mixture.covariance import FAMILIES
from gmm_ppl.results.datatree import to_datatree
from gmm_ppl.results.groups import uncertainty as group
from gmm_ppl.results.store import load, save
from gmm_ppl.results.uncertainty import uncertainty
from tests.results.fits import at, draws_fit, permuted, point_fit, random_orders, table
from tests.results.test_datatree import DIMS, check_netcdf_rules

REPLICATES = 50


def replicates_of(point, *, orders=None, status=None):
    """Replicates made by hand: draws around the point, their components in the given orders (1, B, K)."""
    draws = draws_fit(point, chains=1, draws=REPLICATES)
    held = draws if orders is None else permuted(draws, orders)
    sites = {name: values[0] for name, values in held.sites.items()}
    found = at(held.parameters, 0)
    objective = np.full(REPLICATES, -200.0)
    return BootstrapFit(point.mixture, found, sites, objective, status or (Status.CONVERGED,) * REPLICATES, point, 7, 0.25)


def tree_of(point, **options):
    return to_datatree(point, table(), prior_draws=0, **options)


@pytest.mark.parametrize("family", FAMILIES)
def test_errors_stand_under_the_parameters_own_dimensions(family):
    point = point_fit(family)
    tree = tree_of(point, bootstrap=replicates_of(point))
    check_netcdf_rules(tree)
    found, dims = tree["em_uncertainty"].dataset, DIMS[family]
    errors = ("observed_se", "sandwich_se", "bootstrap_se", "bootstrap_low", "bootstrap_high")
    assert set(found.data_vars) == {f"{name}_{error}" for name in dims for error in errors}
    assert all(found[f"{name}_{error}"].dims == each for name, each in dims.items() for error in errors)
    wanted = errors_of(point, table())
    for kind in ("observed", "sandwich"):
        np.testing.assert_array_equal(found[f"means_{kind}_se"], wanted[kind].errors["means"])
    assert found.attrs["information"] == wanted["observed"].status.name
    assert found.attrs["message"] == wanted["observed"].status.value
    assert (found.attrs["replicates"], found.attrs["replicates_usable"]) == (REPLICATES, REPLICATES)
    assert (found.attrs["bootstrap_seed"], found.attrs["bootstrap_seconds"]) == (7, 0.25)


@pytest.mark.parametrize("family", FAMILIES)
def test_replicates_are_summed_up_under_the_labels_of_the_point(family):
    point = point_fit(family)
    plain = tree_of(point, bootstrap=replicates_of(point))["em_uncertainty"].dataset
    switched = replicates_of(point, orders=random_orders(2, 1, REPLICATES))
    found = tree_of(point, bootstrap=switched)["em_uncertainty"].dataset
    for name in plain.data_vars:
        np.testing.assert_allclose(found[name], plain[name], rtol=1e-12)
    means = replicates_of(point).sites["means"]
    np.testing.assert_allclose(plain["means_bootstrap_se"], means.std(axis=0, ddof=1))
    np.testing.assert_allclose(plain["means_bootstrap_low"], np.quantile(means, 0.055, axis=0))
    np.testing.assert_allclose(plain["means_bootstrap_high"], np.quantile(means, 0.945, axis=0))


def test_labels_that_mean_something_stay():
    point = point_fit("full", prior={"kind": "conjugate", "concentration": [2.0, 3.0]})
    switched = replicates_of(point, orders=random_orders(2, 1, REPLICATES))
    found = tree_of(point, bootstrap=switched)["em_uncertainty"].dataset
    np.testing.assert_allclose(found["means_bootstrap_se"], switched.sites["means"].std(axis=0, ddof=1))


def test_replicates_without_a_mode_have_no_part_and_are_counted():
    point = point_fit("full")
    status = (Status.COLLAPSED,) * 3 + (Status.CONVERGED,) * (REPLICATES - 3)
    replicates = replicates_of(point, status=status)
    replicates.sites["means"][:3] = replicates.parameters.means[:3] = np.nan
    tree = tree_of(point, bootstrap=replicates)
    found = tree["em_uncertainty"].dataset
    assert (found.attrs["replicates"], found.attrs["replicates_usable"]) == (REPLICATES, REPLICATES - 3)
    np.testing.assert_allclose(found["means_bootstrap_se"], replicates.sites["means"][3:].std(axis=0, ddof=1))
    sentence = f"em_uncertainty: 3 of {REPLICATES} bootstrap replicates collapsed and have no part in its errors."
    assert sentence in json.loads(tree.attrs["left_out"])


def test_without_a_bootstrap_there_are_the_other_two():
    found = tree_of(point_fit("full"))["em_uncertainty"].dataset
    assert {str(name).rsplit("_", 2)[1] for name in found.data_vars} == {"observed", "sandwich"}
    assert "replicates" not in found.attrs


def test_too_many_parameters_have_none(monkeypatch):
    monkeypatch.setattr(group, "MOST", 10)
    point = point_fit("full")
    tree = tree_of(point)
    assert "em_uncertainty" not in tree.children
    assert json.loads(tree.attrs["left_out"])[-1] == (
        "em_uncertainty: no standard errors by curvature: the mixture has 11 free parameters, and above 10 their covariance is "
        "not computed."
    )
    with_bootstrap = tree_of(point, bootstrap=replicates_of(point))["em_uncertainty"].dataset
    assert set(uncertainty(tree_of(point, bootstrap=replicates_of(point))).data_vars) == {
        "bootstrap_se", "bootstrap_low", "bootstrap_high",
    }  # fmt: skip
    assert "information" not in with_bootstrap.attrs


def test_a_point_without_usable_parameters_has_none():
    tree = tree_of(replace(point_fit("full"), status=Status.COLLAPSED))
    assert "em_uncertainty" not in tree.children
    assert "the EM fit has no usable parameters" in json.loads(tree.attrs["left_out"])[-1]


def test_no_curvature_is_said_and_leaves_nan():
    """Both components in one place, narrower than the rows."""
    point = point_fit("full")
    held = point.parameters
    same = type(held)(held.weights, np.repeat(held.means[:1], 2, axis=0), type(held.covariance)(held.covariance.covariances / 4))
    tree = tree_of(replace(point, parameters=same, sites=dict(same.sites)))
    assert tree["em_uncertainty"].attrs["information"] == "INDEFINITE"
    assert np.isnan(tree["em_uncertainty"].dataset["means_observed_se"]).all()
    assert tree["em_uncertainty"].attrs["message"].startswith("The objective curves upwards")
    check_netcdf_rules(tree)


def test_the_table_names_each_scalar_once_also_from_a_file(tmp_path):
    point = point_fit("full")
    tree = tree_of(point, bootstrap=replicates_of(point))
    found = uncertainty(tree)
    assert found["parameter"].values.tolist()[:3] == ["weights[0]", "weights[1]", "means[0, length]"]
    assert found.sizes == {"parameter": 2 + 4 + 6}
    save(tree, tmp_path / "results.nc")
    assert uncertainty(load(tmp_path / "results.nc")).equals(found)


def test_replicates_of_another_mixture_are_refused():
    with pytest.raises(InputError, match="bootstrap: its mixture has another number of components"):
        tree_of(point_fit("full"), bootstrap=replicates_of(point_fit("tied")))
