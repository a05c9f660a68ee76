"""How fits end when something is wrong: always in a status that is true, with finite parameters or an error."""

import re

import jax
import numpy as np
import pytest

import gmm_ppl as gp
from gmm_ppl.inference.base import Status
from gmm_ppl.inference.em import loop
from tests.cases import FAMILY_NAMES
from tests.inference.conftest import MAX_STEPS, STARTS
from tests.inference.oracles import K, log_likelihood, overlapping_rows
from tests.inference.test_loop import interrupt_at

COLLAPSE = "A component emptied or its covariance became singular"
SHAPES = {"starts": STARTS, "max_steps": MAX_STEPS}


def finite(fit):
    return all(np.isfinite(leaf).all() for leaf in jax.tree.leaves((fit.parameters, fit.log_likelihood, fit.log_prior)))


def with_a_point_cluster(copies):
    """The usual rows, the last few of them one and the same point far from the others."""
    x = overlapping_rows()
    x[-copies:] = [30.0, 300.0]
    return x


SPIKES = ["full", "diagonal", "diagonal_tied_shape", "spherical"]
"""Families in which one component may shrink to a point while the others stay."""
SHARED = ["tied", "spherical_tied"]
"""Families with one spread for all components."""


@pytest.mark.parametrize("family", SPIKES)
@pytest.mark.parametrize("copies", [1, 3, 20])
def test_a_point_cluster_collapses_under_maximum_likelihood(family, copies):
    x = with_a_point_cluster(copies)
    # Where no start can be used, others are made, up to five times as many in all.
    with pytest.warns(gp.FitWarning, match=re.escape(COLLAPSE) + r".* \(15 of 15 starts ended so\.\)"):
        fit = gp.fit(gp.Mixture(K, family, "flat"), x, **SHAPES)
    assert fit.status is Status.COLLAPSED
    assert not fit.status.usable
    assert set(fit.restarts.optimum) == {-1}
    assert finite(fit)


def test_two_rows_of_a_plane_collapse():
    """D rows span no covariance: the cluster is no point, yet singular."""
    x = overlapping_rows()
    x[-2:] = [[30.0, 300.0], [31.0, 302.0]]
    with pytest.warns(gp.FitWarning, match=COLLAPSE):
        fit = gp.fit(gp.Mixture(K, "full", "flat"), x, **SHAPES)
    assert fit.status is Status.COLLAPSED
    assert finite(fit)


HELD = [(family, "weak") for family in FAMILY_NAMES] + [(family, "flat") for family in SHARED]


@pytest.mark.filterwarnings("ignore:EM. The prior, not the rows:gmm_ppl.FitWarning")
@pytest.mark.parametrize(("family", "kind"), HELD)
def test_a_prior_or_a_common_covariance_holds_a_point_cluster(family, kind):
    fit = gp.fit(gp.Mixture(K, family, kind), with_a_point_cluster(3), **SHAPES)
    assert fit.status is Status.CONVERGED
    assert np.sort(fit.parameters.weights)[0] == pytest.approx(3 / 60, abs=0.02)


def start_with(**changes):
    """Good starting parameters, but for the changes."""
    numbers = {
        "weights": [0.5, 0.5],
        "means": [[0.0, 0.0], [2.0, 15.0]],
        "covariances": [[[1.0, 0.0], [0.0, 100.0]]] * 2,
    }
    return gp.mixture_parameters(*(numbers | changes).values())


def test_a_component_that_is_too_far_to_have_rows_empties():
    with pytest.warns(gp.FitWarning) as caught:
        fit = gp.fit(gp.Mixture(K, "full", "flat"), overlapping_rows(), start=start_with(means=[[1.0, 10.0], [1e5, 1e6]]))
    assert fit.status is Status.COLLAPSED
    assert finite(fit)
    assert COLLAPSE in str(caught[0].message)


def test_a_component_without_rows_is_reported():
    """Under Dirichlet(1) the mode may lie where a weight is 0: a fit that converged, and that must say so."""
    message = (
        "EM: No rows are left to component 0, counting from 0. Take fewer components, or a prior with a concentration above 1, "
        "which keeps every weight above 0."
    )
    with pytest.warns(gp.FitWarning) as caught:
        fit = gp.fit(gp.Mixture(K, "full", "weak"), overlapping_rows(), start=start_with(means=[[1.0, 10.0], [1e5, 1e6]]))
    assert message in [str(each.message) for each in caught]
    assert fit.status is Status.CONVERGED
    assert fit.empty == [0]
    assert finite(fit)


@pytest.mark.parametrize("far", [1e160, 1e200])
def test_a_start_without_a_density_is_an_error(far):
    message = "EM: The objective is not finite: look for values far from all others, or impossible starting parameters."
    with pytest.raises(gp.FitError, match=f"^{re.escape(message)}$"):
        gp.fit(gp.Mixture(K, "full", "weak"), overlapping_rows(), start=start_with(means=[[far, 0.0], [-far, 0.0]]))


def test_a_step_limit_warns_and_gives_the_parameters_it_reached():
    message = (
        "EM: Stopped at the step limit before the objective settled: raise max_steps, or loosen the tolerance. "
        "(3 of 3 starts ended so.)"
    )
    with pytest.warns(gp.FitWarning, match=f"^{re.escape(message)}$"):
        fit = gp.fit(gp.Mixture(K, "full", "flat"), overlapping_rows(), starts=STARTS, max_steps=4)
    assert fit.status is Status.STEP_LIMIT
    assert fit.status.usable
    assert fit.iterations == 4
    assert fit.restarts.trace.shape == (STARTS, 5)
    assert fit.log_likelihood == pytest.approx(log_likelihood(overlapping_rows(), fit.parameters), rel=1e-12)


def test_the_warning_points_at_the_caller():
    with pytest.warns(gp.FitWarning) as caught:
        gp.fit(gp.Mixture(K, "full", "flat"), overlapping_rows(), starts=STARTS, max_steps=4)
    assert caught[0].filename == __file__


def test_an_interruption_gives_the_parameters_so_far(monkeypatch):
    monkeypatch.setattr(loop, "SECONDS_A_REPORT", -1)
    with pytest.warns(gp.FitWarning, match="^EM: Interrupted: the best parameters so far were kept"):
        fit = gp.fit(gp.Mixture(K, "full", "flat"), overlapping_rows(), **SHAPES, tolerance=1e-15, progress=interrupt_at(3))
    assert fit.status is Status.INTERRUPTED
    assert fit.status.usable
    assert set(fit.restarts.status) == {Status.INTERRUPTED}
    assert fit.iterations == 2
    assert fit.log_likelihood == pytest.approx(log_likelihood(overlapping_rows(), fit.parameters), rel=1e-12)


def test_an_interruption_before_the_first_step_is_passed_on():
    with pytest.raises(KeyboardInterrupt):
        gp.fit(gp.Mixture(K, "full", "flat"), overlapping_rows(), **SHAPES, progress=interrupt_at(1))


def test_usable_starts_win_over_collapsed_ones():
    """Under maximum likelihood a collapsing start may climb above all others, and is no fit."""
    fit = gp.fit(gp.Mixture(3, "full", "flat"), overlapping_rows(), starts=20, start="random")
    failed = np.array([status is Status.COLLAPSED for status in fit.restarts.status])
    assert failed.any()
    assert fit.status is Status.CONVERGED
    assert fit.objective in fit.restarts.objective[~failed]
    assert fit.objective < fit.restarts.objective[failed].max()
    assert fit.restarts.optimum[fit.restarts.best] == 0
    assert (fit.restarts.optimum[failed] == -1).all()
    assert (fit.restarts.optimum[~failed] >= 0).all()


def test_as_many_components_as_rows():
    x = overlapping_rows()[:6]
    fit = gp.fit(gp.Mixture(6, "tied", {"kind": "conjugate", "concentration": 2}), x, starts=2)
    assert fit.status is Status.CONVERGED
    assert finite(fit)
    with pytest.warns(gp.FitWarning, match=COLLAPSE):
        assert finite(gp.fit(gp.Mixture(6, "tied", "flat"), x, start=np.arange(6)))


def test_more_components_than_rows_are_refused():
    with pytest.raises(gp.InputError, match="7 components are more than the 6 rows"):
        gp.fit(gp.Mixture(7, "tied", "weak"), overlapping_rows()[:6])
