"""What the figures draw, read off their artists."""

import io
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from matplotlib import rcParams
from matplotlib.collections import PathCollection
from scipy.stats import kstest, norm

from gmm_ppl.report import figures
from gmm_ppl.report.figures import FIGURES, pit, responsibilities
from gmm_ppl.report.figures.style import COMPONENTS, DARK, colour
from tests.report.artists import drawn, lines
from tests.report.conftest import NAMES, page_of, tree_of
from tests.report.synthetic import DRAWS, GALAXIES, Truth, em_only, sampled


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
    first, second = ([int(COMPONENTS[k][i : i + 2], 16) / 255 for i in (1, 3, 5)] for k in (0, 1))
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
    for block in page_of(name).figures:
        assert block.caption.endswith(".")
        assert 30 < len(block.alt) < 1200


def test_registered_figures_are_public_and_named_after_their_blocks() -> None:
    names = [draw.__name__ for _, draw in FIGURES]
    assert set(names) <= set(figures.__all__)
    assert {f"{block.name}_figure" for block in page_of("full").figures} == set(names)


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


def test_the_alternative_of_marginals_names_the_features_that_are_drawn() -> None:
    names = tuple(f"feature {d}" for d in range(14))
    means = np.zeros((2, 14))
    means[1, 2:] = 9.0
    truth = Truth(np.array([0.5, 0.5]), means, np.stack([np.eye(14)] * 2), "diagonal")
    block = figures.marginals_figure(em_only(truth, names=names, number=60))
    assert "feature 0," not in block.alt
    assert "feature 1," not in block.alt
    drawn = [axes.get_xlabel() for axes in block.figure.axes if axes.axison]
    assert all(name in block.alt for name in drawn)
    assert len(drawn) == 12


def test_what_an_alternative_leaves_out_it_says() -> None:
    many = Truth(np.full(10, 0.1), np.arange(20.0).reshape(10, 2), np.stack([np.eye(2)] * 10), "full")
    tree = em_only(many, number=100)
    assert "and 2 more" in figures.components_figure(tree).alt
    assert "and 2 more" in figures.marginals_figure(tree).alt
