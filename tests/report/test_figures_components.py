"""Ellipses, curves and histograms of components, read off their artists."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from scipy.stats import norm

from gmm_ppl.report import figures
from gmm_ppl.report.figures import ellipses
from gmm_ppl.report.figures.curves import bin_edges
from gmm_ppl.report.figures.ellipses import add_names, spread
from gmm_ppl.report.reading import Gaussians, draws, point
from tests.report.artists import drawn, lines, mahalanobis, outline
from tests.report.conftest import tree_of
from tests.report.synthetic import DRAWS, FAITHFUL, FLOWERS, GALAXIES, em_only


def test_ellipses_are_contours_of_the_fitted_gaussians() -> None:
    axes = drawn(figures.components_figure(tree_of("full"))).figure.axes[0]
    found = [patch for patch in axes.patches if isinstance(patch, Ellipse)]
    assert [patch.get_gid() for patch in found] == ["component 0", "component 0", "component 1", "component 1"]
    for patch, k, level in zip(found, (0, 0, 1, 1), (1, 2, 1, 2), strict=True):
        distance = mahalanobis(outline(patch), FAITHFUL.means[k], FAITHFUL.covariances[k])
        np.testing.assert_allclose(distance, level, rtol=1e-9)


def test_principal_axes_are_the_eigendecomposition() -> None:
    covariance = np.array([[2.0, 1.2], [1.2, 1.0]])
    deviations, angle = ellipses.principal_axes(covariance)
    turn = np.array(
        [[np.cos(np.radians(angle)), -np.sin(np.radians(angle))], [np.sin(np.radians(angle)), np.cos(np.radians(angle))]]
    )
    np.testing.assert_allclose(turn @ np.diag(deviations**2) @ turn.T, covariance, atol=1e-12)


def test_the_sheaf_is_made_of_posterior_draws() -> None:
    tree = tree_of("full")
    axes = drawn(figures.components_figure(tree)).figure.axes[0]
    sheaves = [each for each in axes.collections if isinstance(each, LineCollection)]
    fit = draws(tree, 60)
    assert fit is not None
    for k, sheaf in enumerate(sheaves):
        segments = sheaf.get_segments()
        assert len(segments) == 60
        for draw in (0, 59):
            np.testing.assert_allclose(mahalanobis(segments[draw], fit.means[draw, k], fit.covariances[draw, k]), 2, rtol=1e-9)
        assert all(axes.viewLim.contains(*corner) for segment in segments for corner in segment)
    assert len(sheaves) == 2
    assert all(sheaf.get_rasterized() for sheaf in sheaves)


def test_draws_are_spread_over_all_chains() -> None:
    tree = tree_of("full")
    fit = draws(tree, 8)
    assert fit is not None
    stored = tree["posterior"].dataset["means"].values.reshape(-1, 2, 2)
    at = [int(np.flatnonzero((stored == mean).all((1, 2)))[0]) for mean in fit.means]
    assert {place // DRAWS for place in at} == {0, 1, 2, 3}


@pytest.mark.parametrize("name", ["tied", "diagonal, hostile", "one component", "full"])
def test_dense_covariances_of_every_family(name: str) -> None:
    tree = tree_of(name)
    stored = tree["posterior"].dataset
    everything = draws(tree, 10**6)
    assert everything is not None
    k, d = everything.means.shape[1:]
    covariances = everything.covariances.reshape(4, DRAWS, k, d, d)
    if "covariances" in stored:
        wanted = stored["covariances"].values
    elif "covariance" in stored:
        wanted = np.stack([stored["covariance"].values] * k, axis=2)
    else:
        variances = stored["variances"].values
        wanted = np.stack([np.broadcast_to(variances.reshape(*variances.shape[:3], -1), (4, DRAWS, k, d))] * d, -1) * np.eye(d)
    np.testing.assert_array_equal(covariances, wanted)


def test_pairs_are_capped_and_name_their_features() -> None:
    block = drawn(figures.components_figure(tree_of("diagonal, hostile")))
    shown = [axes for axes in block.figure.axes if axes.axison]
    assert len(shown) == 6
    labels = {axes.get_ylabel() for axes in shown}
    assert {"petal $len…{x}^2", "a_b | c & *d*"} <= labels
    assert max(map(len, labels)) == 16


def test_more_than_five_features_are_cut_to_the_telling_ones() -> None:
    wide = replace(
        FLOWERS, means=np.tile(FLOWERS.means, 2), covariances=np.stack([np.kron(np.eye(2), c) for c in FLOWERS.covariances])
    )
    block = drawn(figures.components_figure(em_only(wide, names=tuple("abcdefgh"))))
    assert len([axes for axes in block.figure.axes if axes.axison]) == 10
    assert "the 5 of 8 features" in block.caption


@pytest.mark.parametrize(("name", "truth"), [("full", FAITHFUL), ("diagonal, hostile", FLOWERS)])
def test_marginal_densities_integrate_to_the_weights(name: str, truth: object) -> None:
    for axes in drawn(figures.marginals_figure(tree_of(name))).figure.axes:
        for k, (x, y) in enumerate(lines(axes, "component")):
            assert np.trapezoid(y, x) == pytest.approx(truth.weights[k], abs=0.004)  # type: ignore[attr-defined]
        ((x, y),) = lines(axes, "mixture")
        assert np.trapezoid(y, x) == pytest.approx(1, abs=0.004)


def test_one_feature_shows_curves_over_a_histogram() -> None:
    axes = drawn(figures.components_figure(tree_of("one feature"))).figure.axes[0]
    for k, (x, y) in enumerate(lines(axes, "component")):
        np.testing.assert_allclose(
            y, GALAXIES.weights[k] * norm.pdf(x, GALAXIES.means[k, 0], GALAXIES.covariances[k, 0, 0] ** 0.5)
        )
    assert sum(patch.get_height() * patch.get_width() for patch in axes.patches) == pytest.approx(1)


def test_bins_are_narrow_enough_for_the_clusters() -> None:
    tree = tree_of("full")
    x = tree["observed_data"].dataset["x"].values[:, 0]
    edges = bin_edges(x, point(tree), 0)
    assert edges[0] == x.min()
    assert edges[-1] == x.max()
    assert edges[1] - edges[0] < 0.069168**0.5


@given(
    points=hnp.arrays(float, st.tuples(st.integers(1, 8), st.just(2)), elements=st.floats(0, 1)),
)
@settings(max_examples=60, deadline=None)
def test_numbers_that_would_cover_each_other_are_pushed_apart(points: np.ndarray) -> None:
    moved = spread(points, 0.05)
    gap = moved[:, None] - moved
    distance = np.hypot(gap[..., 0], gap[..., 1]) + np.eye(len(points))
    assert distance.min() >= 0.05 * 0.9
    np.testing.assert_allclose(moved.mean(0), points.mean(0), atol=1e-6)


def test_numbers_with_room_stay_at_their_centres() -> None:
    points = np.array([[0.1, 0.1], [0.5, 0.5], [0.9, 0.2]])
    np.testing.assert_allclose(spread(points, 0.1), points, atol=1e-6)


def test_a_number_that_moved_has_a_line_to_its_centre() -> None:
    axes = Figure().subplots()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    fit = Gaussians(np.ones(3) / 3, np.array([[0.5, 0.5], [0.5, 0.5], [0.1, 0.9]]), np.stack([np.eye(2)] * 3))
    add_names(axes, fit, (0, 1), (0, 1, 2))
    assert [each.arrow_patch is not None for each in axes.texts] == [True, True, False]
    assert [each.xy for each in axes.texts] == [(0.5, 0.5), (0.5, 0.5), (0.1, 0.9)]
