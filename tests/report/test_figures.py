"""What the figures draw, read off their artists."""

import io
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.patches import Ellipse
from scipy.stats import kstest, norm

from gmm_ppl.report import figures
from gmm_ppl.report.figures import FIGURES, ellipses, pit, responsibilities
from gmm_ppl.report.figures.curves import bin_edges
from gmm_ppl.report.figures.style import COMPONENTS, DARK, colour
from gmm_ppl.report.page import FigureBlock
from gmm_ppl.report.reading import draws, point
from gmm_ppl.report.write import figures_in
from tests.report.conftest import NAMES, page_of, tree_of
from tests.report.synthetic import DRAWS, FAITHFUL, FLOWERS, GALAXIES, em_only, sampled

HUES = COMPONENTS


def drawn(block: FigureBlock | None) -> FigureBlock:
    assert block is not None
    return block


def lines(axes: Axes, gid: str) -> list[tuple[np.ndarray, np.ndarray]]:
    return [
        (np.asarray(line.get_xdata()), np.asarray(line.get_ydata())) for line in axes.lines if str(line.get_gid()).startswith(gid)
    ]


def outline(ellipse: Ellipse) -> np.ndarray:
    turn = np.linspace(0, 2 * np.pi, 17)
    return ellipse.get_patch_transform().transform(np.stack([np.cos(turn), np.sin(turn)], axis=1))


def mahalanobis(points: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("ni,ij,nj->n", points - mean, np.linalg.inv(covariance), points - mean))


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


def test_every_start_is_drawn_as_its_gap_to_the_best() -> None:
    tree = tree_of("full")
    axes = drawn(figures.objective_figure(tree)).figure.axes[0]
    ends = sorted(float(y[-1]) for _, y in lines(axes, "optimum"))
    trace, final = tree["em_trace"].dataset["objective"].values, tree["em_restarts"].dataset["objective"].values
    wanted = sorted(max(final.max() - line[np.isfinite(line)][-1], 1e-9) for line in trace)
    np.testing.assert_allclose(ends, wanted)
    assert [text.get_text() for text in axes.texts] == ["−8.00 nats: 2 starts", "best: 4 starts"]


def test_traces_show_every_chain_and_ranks_count_every_draw() -> None:
    block = drawn(figures.traces_figure(tree_of("bad")))
    left, right = block.figure.axes[0], block.figure.axes[1]
    assert [line.get_xdata().size for line in left.lines] == [DRAWS] * 4  # type: ignore[union-attr]
    assert [int(patch.get_data().values.sum()) for patch in right.patches if hasattr(patch, "get_data")] == [DRAWS] * 4
    assert left.get_title(loc="left").startswith("means[")


def test_agreement_draws_each_z_and_marks_those_beyond_three() -> None:
    tree = sampled(number=60)
    tree["em_fit"].dataset["weights"].values[:] = (0.9, 0.1)
    axes = drawn(figures.agreement_figure(tree)).figure.axes[0]
    near, far = lines(axes, "EM point")
    mean, sd = (
        float(getattr(tree["posterior"].dataset["weights"].values[..., 0], name)(**ddof))
        for name, ddof in (("mean", {}), ("std", {"ddof": 1}))
    )
    assert far[0].size == 2
    assert far[0][0] == pytest.approx((0.9 - mean) / sd)
    assert near[0].size == 10


def test_predictive_band_holds_the_replicates_median() -> None:
    block = drawn(figures.predictive_figure(tree_of("full")))
    for axes in block.figure.axes:
        band, middle, seen = (patch.get_data() for patch in axes.patches)  # type: ignore[attr-defined]
        assert np.all(band.baseline <= middle.values)
        assert np.all(middle.values <= band.values)
        assert np.sum(seen.values * np.diff(seen.edges)) == pytest.approx(1)


def test_pit_at_the_point_is_the_mixture_distribution_function() -> None:
    tree = tree_of("no draws, one feature")
    x = tree["observed_data"].dataset["x"].values[:, 0]
    wanted = sum(
        weight * norm.cdf(x, mean[0], cov[0, 0] ** 0.5)
        for weight, mean, cov in zip(GALAXIES.weights, GALAXIES.means, GALAXIES.covariances, strict=True)
    )
    np.testing.assert_allclose(pit.pit(tree, [0])[:, 0], wanted, rtol=1e-12)


def test_distance_from_uniform_is_that_of_kolmogorov_and_smirnov() -> None:
    values = np.random.default_rng(0).uniform(size=200) ** 1.2
    ordered, gap = pit.deviation(values)
    assert np.abs(gap).max() + 0.5 / 200 == pytest.approx(kstest(values, "uniform").statistic)
    assert np.all(np.diff(ordered) >= 0)


def test_colours_mix_by_responsibility() -> None:
    mixed = responsibilities.mixed_colours(np.array([[1.0, 0.0], [0.5, 0.5]]))
    first, second = ([int(HUES[k][i : i + 2], 16) / 255 for i in (1, 3, 5)] for k in (0, 1))
    np.testing.assert_allclose(mixed, [first, (np.array(first) + second) / 2])


def test_rings_mark_the_unsure_rows() -> None:
    tree = tree_of("diagonal, hostile")
    block = drawn(figures.responsibilities_figure(tree))
    (ring,) = [c for c in block.figure.axes[0].collections if isinstance(c, PathCollection) and c.get_gid() == "unsure"]
    unsure = int((tree["assignments"].dataset["responsibilities"].max("component") < 0.9).sum())
    assert len(np.asarray(ring.get_offsets())) == unsure > 0
    assert f"{unsure} of 150 rows have no component with probability 0.9 or more" in block.caption


def test_responsibility_curves_sum_to_one() -> None:
    axes = drawn(figures.responsibilities_figure(tree_of("one feature"))).figure.axes[0]
    np.testing.assert_allclose(sum(y for _, y in lines(axes, "component")), 1)


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_has_a_caption_and_an_alternative(name: str) -> None:
    for block in figures_in(page_of(name)):
        assert block.caption.endswith(".")
        assert 30 < len(block.alt) < 1200


def test_registered_figures_are_public_and_named_after_their_blocks() -> None:
    names = [draw.__name__ for _, draw in FIGURES]
    assert set(names) <= set(figures.__all__)
    assert {f"{block.name}_figure" for block in figures_in(page_of("full"))} == set(names)


def test_drawing_leaves_matplotlib_as_it_was() -> None:
    before = dict(rcParams)
    drawn(figures.components_figure(tree_of("full"))).figure.savefig(io.BytesIO(), format="png")
    assert dict(rcParams) == before


def test_a_component_keeps_its_colour_and_each_has_a_partner_in_the_dark() -> None:
    assert [colour(k) for k in range(9)] == [*COMPONENTS, COMPONENTS[0]]
    assert set(COMPONENTS) <= set(DARK)


def test_values_far_from_zero_and_of_any_scale_can_be_drawn() -> None:
    for shift, scale in ((1e8, 1.0), (0.0, 1e-100)):
        moved = replace(GALAXIES, means=shift + scale * GALAXIES.means, covariances=scale**2 * GALAXIES.covariances)
        tree = _without_density(moved)
        for draw in (figures.components_figure, figures.pit_figure, figures.responsibilities_figure):
            drawn(draw(tree)).figure.savefig(io.BytesIO(), format="svg")


def _without_density(truth: object) -> xr.DataTree:
    tree = em_only(GALAXIES, names=("velocity",), number=82)
    x = tree["observed_data"].dataset["x"].values
    x[:] = truth.means[1] + (x - GALAXIES.means[1]) * np.sqrt(truth.covariances[1, 0, 0] / GALAXIES.covariances[1, 0, 0])  # type: ignore[attr-defined]
    fit = tree["em_fit"].dataset
    fit["means"].values[:], fit["covariances"].values[:] = truth.means, truth.covariances  # type: ignore[attr-defined]
    return tree
