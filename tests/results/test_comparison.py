"""Comparisons against hand-made trees: distances in closed form and by integration, matchings that are known, names, refusals."""

import numpy as np
import pytest
import xarray as xr
from scipy.integrate import dblquad
from scipy.stats import multivariate_normal

from gmm_ppl.errors import InputError
from gmm_ppl.results.agreement import agreement
from gmm_ppl.results.comparison import compare
from gmm_ppl.results.comparison.matching import hellinger, match
from gmm_ppl.results.comparison.scores import paired
from gmm_ppl.results.criteria import criteria
from gmm_ppl.results.datatree import to_datatree
from gmm_ppl.results.gaussians import Gaussians
from gmm_ppl.results.labels import SAMPLE, covariance_of, labelled, parameter_names, variables_of
from gmm_ppl.results.predict import log_density
from gmm_ppl.results.store import save
from tests.cases import FAMILY_NAMES
from tests.results.fits import dense, draws_fit, parameters, point_fit, table, values


def spherical(means: list[list[float]], scales: list[float]) -> Gaussians:
    """Components with spherical covariances."""
    covariances = np.array(scales)[:, None, None] ** 2 * np.eye(len(means[0]))
    return Gaussians(np.full(len(means), 1 / len(means)), np.array(means), covariances)


def reordered(tree: xr.DataTree, order: list[int]) -> xr.DataTree:
    """The same result with its components in another order."""

    def turned(dataset: xr.Dataset) -> xr.Dataset:
        if "component" not in dataset.dims:
            return dataset
        return dataset.isel(component=order).assign_coords(component=np.arange(len(order)))

    found = xr.DataTree.from_dict({node.path: turned(node.to_dataset(inherit=False)) for node in tree.subtree})
    found.attrs = dict(tree.attrs)
    return found


@pytest.fixture(scope="module")
def three() -> xr.DataTree:
    """A result with three components and draws."""
    rows = table(components=3)
    fit = point_fit("full", components=3, x=rows.values)
    return to_datatree(draws_fit(fit), rows, name="three", prior_draws=0, predictive_draws=0)


def test_hellinger_is_the_integral_of_the_root_of_the_product() -> None:
    first, second = np.array([[1.0, 0.3], [0.3, 0.8]]), np.array([[0.5, -0.2], [-0.2, 1.5]])
    one = Gaussians(np.ones(1), np.array([[0.2, -0.1]]), first[None])
    other = Gaussians(np.ones(1), np.array([[0.9, 0.6]]), second[None])
    p, q = multivariate_normal([0.2, -0.1], first), multivariate_normal([0.9, 0.6], second)
    affinity = dblquad(lambda y, x: np.sqrt(p.pdf([x, y]) * q.pdf([x, y])), -9, 9, -9, 9, epsabs=1e-9)[0]
    assert hellinger(one, other)[0, 0] == pytest.approx(np.sqrt(1 - affinity), abs=1e-8)


def test_hellinger_is_a_distance() -> None:
    many = spherical([[0.0, 0.0], [1.0, 2.0], [50.0, -50.0]], [1.0, 0.5, 2.0])
    distances = hellinger(many, many)
    np.testing.assert_allclose(np.diag(distances), 0, atol=1e-7)
    np.testing.assert_allclose(distances, distances.T)
    assert distances[0, 2] == pytest.approx(1.0)
    np.testing.assert_allclose(distances[0, 1], hellinger(spherical([[0.0, 0.0]], [3.0]), spherical([[3.0, 6.0]], [1.5]))[0, 0])


def test_matching_finds_the_order_and_numbers_what_is_new() -> None:
    first = spherical([[0.0], [5.0]], [1.0, 1.0])
    second = spherical([[9.0], [5.1], [0.2]], [1.0, 1.0, 1.0])
    third = spherical([[9.2]], [1.0])
    numbers, distances = match([first, second, third])
    assert [each.tolist() for each in numbers] == [[0, 1], [2, 1, 0], [2]]
    assert np.isnan(distances[0]).all()
    assert np.isnan(distances[1]).tolist() == [True, False, False]
    assert distances[2][0] == pytest.approx(np.sqrt(1 - np.exp(-(0.2**2) / 8)))


def test_labels_of_the_second_result_do_not_matter(three: xr.DataTree) -> None:
    straight = compare({"a": three, "b": three})
    turned = compare({"a": three, "b": reordered(three, [2, 0, 1])})
    xr.testing.assert_allclose(turned.parameters, straight.parameters)
    xr.testing.assert_identical(turned.parameters.isel(run=0), straight.parameters.isel(run=0))
    assert turned.matching["own"].sel(run="b").values.tolist() == [1, 2, 0]


def test_parameters_are_those_of_the_result(three: xr.DataTree) -> None:
    found = compare({"a": three, "b": three}).parameters.sel(run="a")
    alone = agreement(three)
    for label in ("weights[0]", "means[1, length]", "means[2, width]"):
        for name in ("point", "mean", "sd", "z"):
            np.testing.assert_allclose(found[name].sel(parameter=label), alone[name].sel(parameter=label), rtol=1e-9)
    fit = three["em_fit"].dataset["covariances"].values
    assert float(found["point"].sel(parameter="sds[1, width]")) == pytest.approx(np.sqrt(fit[1, 1, 1]))
    correlation = fit[0, 0, 1] / np.sqrt(fit[0, 0, 0] * fit[0, 1, 1])
    assert float(found["point"].sel(parameter="correlations[0, length, width]")) == pytest.approx(correlation)


@pytest.mark.parametrize("family", [name for name in FAMILY_NAMES if name != "full"])
def test_families_are_compared_by_deviations(family: str, sampled: xr.DataTree) -> None:
    fit = draws_fit(point_fit(family))
    other = to_datatree(fit, table(), prior_draws=0, predictive_draws=0, standard_errors=False)
    found = compare({"full": sampled, family: other})
    point, drawn = dense(parameters(family)), np.sqrt(dense(fit.parameters)[..., 1, 1])
    for component in (0, 1):
        label = f"sds[{component}, width]"
        expected = np.sqrt(point[component, 1, 1])
        assert float(found.parameters["point"].sel(run=family, parameter=label)) == pytest.approx(expected)
        assert float(found.parameters["mean"].sel(run=family, parameter=label)) == pytest.approx(drawn[..., component].mean())
    assert found.runs["covariance"].values.tolist() == ["full", family]


def test_a_result_without_such_a_component_has_gaps(sampled: xr.DataTree, three: xr.DataTree) -> None:
    found = compare({"two": sampled, "three": three})
    assert np.isnan(found.parameters["mean"].sel(run="two", parameter="means[2, length]"))
    assert np.isfinite(found.parameters["mean"].sel(run="three").values).all()
    assert found.matching["own"].sel(run="two").values.tolist() == [0, 1, -1]


def test_criteria_are_those_of_each_result(sampled: xr.DataTree, pointed: xr.DataTree) -> None:
    found = compare({"a": sampled, "b": pointed}).runs
    for at, tree in enumerate((sampled, pointed)):
        for name, value in criteria(tree).items():
            assert float(found[name][at]) == pytest.approx(np.nan if value is None else value, nan_ok=True)


def test_differences_of_scores_are_paired_by_row(sampled: xr.DataTree) -> None:
    worse = to_datatree(draws_fit(point_fit("spherical")), table(), prior_draws=0, predictive_draws=0)
    found = paired({"a": sampled, "b": worse})
    rows = sampled["loo"].dataset["elpd_i"].values - worse["loo"].dataset["elpd_i"].values
    best, other = ("a", "b") if rows.sum() > 0 else ("b", "a")
    assert found[best] == {"elpd_diff": 0.0, "elpd_diff_se": 0.0, "stacking_weight": found[best]["stacking_weight"]}
    assert found[other]["elpd_diff"] == pytest.approx(-abs(rows.sum()))
    assert found[other]["elpd_diff_se"] == pytest.approx(np.sqrt(len(rows) * rows.var()), rel=0.02)
    assert sum(each["stacking_weight"] for each in found.values()) == pytest.approx(1)


def test_other_rows_are_said_and_not_ranked(sampled: xr.DataTree) -> None:
    rows = values(seed=9)
    other = to_datatree(draws_fit(point_fit("full", x=rows)), dict(zip(("length", "width"), rows.T, strict=True)), prior_draws=0)
    found = compare({"a": sampled, "b": other})
    assert np.isnan(found.runs["elpd_diff"].values).all()
    assert "not all of the same rows" in found.notes[0]


def test_a_tree_from_elsewhere_needs_no_more_than_a_posterior(sampled: xr.DataTree) -> None:
    bare = sampled["posterior"].to_dataset(inherit=False)[["weights", "means", "covariances"]]
    foreign = xr.DataTree.from_dict({"/posterior": bare.drop_attrs()})
    found = compare({"ours": sampled, "theirs": foreign})
    np.testing.assert_array_equal(log_density(foreign, [[1.0, 2.0]]), log_density(sampled, [[1.0, 2.0]]))
    ours, theirs = (found.parameters["mean"].sel(run=name) for name in ("ours", "theirs"))
    np.testing.assert_allclose(ours, theirs)
    assert np.isnan(found.parameters["point"].sel(run="theirs").values).all()
    assert found.runs["covariance"].values.tolist() == ["full", "full"]
    assert np.isnan(float(found.runs["bic"].sel(run="theirs")))
    assert found.notes[0].startswith("The rows of theirs are not known")


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_a_family_is_known_by_all_its_parts(family: str) -> None:
    sites = draws_fit(point_fit(family)).parameters
    foreign = xr.DataTree.from_dict({"/posterior": labelled(variables_of(sites, sample=SAMPLE), ["a", "b"])})
    assert covariance_of(foreign) == family
    assert parameter_names(foreign) == tuple(sites.sites)
    for name in list(sites.covariance.sites):
        with pytest.raises(InputError, match="the tree has no covariances with the dimensions of a known family"):
            covariance_of(xr.DataTree.from_dict({"/posterior": foreign["posterior"].to_dataset().drop_vars(name)}))


def test_names_are_kept_apart_and_paths_give_theirs(sampled: xr.DataTree, tmp_path) -> None:
    (tmp_path / "mine").mkdir()
    save(sampled, tmp_path / "mine" / "results.nc")
    found = compare([sampled, sampled, tmp_path / "mine", tmp_path / "mine" / "results.nc"])
    assert found.runs["run"].values.tolist() == ["example", "example (2)", "mine", "mine (2)"]


def test_it_goes_to_a_file_and_a_table(sampled: xr.DataTree, pointed: xr.DataTree, tmp_path) -> None:
    found = compare({"a": sampled, "b": pointed})
    found.to_datatree().to_netcdf(tmp_path / "c.nc", engine="h5netcdf")
    with xr.open_datatree(tmp_path / "c.nc", engine="h5netcdf") as tree:
        np.testing.assert_allclose(tree["parameters"].dataset["point"], found.parameters["point"])
    assert found.table.loc["a", "bic"] == pytest.approx(criteria(sampled)["bic"])
    assert "log_evidence" not in found.table.columns
    assert "<table" in found._repr_html_()


def test_refusals(sampled: xr.DataTree) -> None:
    with pytest.raises(InputError, match="two results or more, in a list or by name; given one"):
        compare(sampled)  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match="two results or more; given 1"):
        compare([sampled])
    other = to_datatree(point_fit("full", features=3), table(features=3), prior_draws=0)
    with pytest.raises(InputError, match=r"b has length, width, height\. Fit them with the same"):
        compare({"a": sampled, "b": other})
    with pytest.raises(InputError, match="there is no such file"):
        compare([sampled, "nowhere"])
    with pytest.raises(InputError, match=r"result is of type PointFit; give a tree \(to_datatree"):
        compare([sampled, point_fit("full")])  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match="empty has neither an em_fit nor a posterior group"):
        compare({"full": sampled, "empty": xr.DataTree()})
    other = xr.DataTree.from_dict({"/posterior": xr.Dataset({"weights": ("component", [1.0])})})
    with pytest.raises(InputError, match="other: its posterior has no means, so"):
        compare({"full": sampled, "other": other})
    odd = xr.DataTree.from_dict({"/posterior": sampled["posterior"].to_dataset().rename(covariances="spreads")})
    with pytest.raises(InputError, match=r"known family, which are covariances \(component, feature, feature_bis\)"):
        compare({"full": sampled, "odd": odd})
