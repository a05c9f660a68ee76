"""xarray objects and netCDF files: variables along dimensions."""

import numpy as np
import pytest
import xarray as xr

from gmm_ppl.data import as_table
from gmm_ppl.errors import InputError

X = np.array([[1.0, 2.0], [3.0, 5.0], [4.0, 9.0]])
FEATURES = {"feature": ["u", "v"]}
COLUMNS = xr.Dataset(
    {"a": ("obs", X[:, 0]), "kind": ("obs", ["x", "y", "ü"]), "b": ("obs", X[:, 1]), "crs": 4326},
    coords={"obs": [10, 11, 12], "place": ("obs", ["p", "q", "r"]), "height": ("obs", [1.0, 2.0, 3.0])},
)
MATRIX = xr.Dataset({"x": (("obs", "feature"), X)}, coords=FEATURES)
NAMED = {
    "matrix": xr.DataArray(X, dims=("obs", "feature"), coords=FEATURES),
    "matrix the other way round": xr.DataArray(X.T, dims=("feature", "obs"), coords=FEATURES),
    "matrix with dimensions of any name": xr.DataArray(X, dims=("n", "d"), coords={"d": ["u", "v"]}),
    "dataset of one matrix": MATRIX,
    "node of a tree": xr.DataTree(MATRIX),
    "names as objects": MATRIX.assign_coords(feature=np.array(["u", "v"], dtype=object)),
}


@pytest.mark.parametrize("data", NAMED.values(), ids=NAMED.keys())
def test_text_coordinates_name_the_features(data):
    table = as_table(data)
    assert table.features == ("u", "v")
    np.testing.assert_array_equal(table.values, X)
    assert table.source == type(data).__name__


def test_without_names_columns_have_positions():
    for data in (xr.DataArray(X), xr.DataArray(X, dims=("n", "d"), coords={"d": [3, 4]})):
        assert as_table(data).features == ("x0", "x1")
        np.testing.assert_array_equal(as_table(data, columns=[1]).values, X[:, 1:])


def test_one_dimension_is_one_feature():
    assert as_table(xr.DataArray(X[:, 0], dims="obs", name="speed")).features == ("speed",)
    assert as_table(xr.DataArray(X[:, 0])).features == ("x0",)


def test_variables_are_columns_and_coordinates_are_not(tmp_path):
    COLUMNS.to_netcdf(tmp_path / "new.nc", engine="h5netcdf")
    COLUMNS.to_netcdf(tmp_path / "old.nc", engine="scipy")
    for data in (COLUMNS, tmp_path / "new.nc", tmp_path / "old.nc"):
        table = as_table(data)
        assert table.features == ("a", "b")
        np.testing.assert_array_equal(table.values, X)
        assert list(table.labels) == ["kind"]
        assert table.labels["kind"].tolist() == ["x", "y", "ü"]


@pytest.mark.parametrize("engine", ["h5netcdf", "scipy"])
def test_a_matrix_in_a_file(tmp_path, engine):
    MATRIX.to_netcdf(tmp_path / "x.nc", engine=engine)
    table = as_table(tmp_path / "x.nc")
    assert table.features == ("u", "v")
    np.testing.assert_array_equal(table.values, X)


@pytest.mark.parametrize("engine", ["h5netcdf", "scipy"])
def test_packed_values_are_unpacked(tmp_path, engine):
    packed = {"dtype": "i2", "scale_factor": 0.5, "add_offset": 10.0, "_FillValue": -1}
    data = xr.Dataset({"a": ("obs", [1.0, 2.5, 4.0]), "b": ("obs", [1.0, np.nan, 2.0])})
    data.to_netcdf(tmp_path / "x.nc", engine=engine, encoding={"a": packed, "b": packed})
    np.testing.assert_array_equal(as_table(tmp_path / "x.nc", columns=["a"]).values, [[1], [2.5], [4]])
    with pytest.raises(InputError, match=r"Column 'b' of .* is missing or NaN in 1 of 3 rows: row 1, counting from 0"):
        as_table(tmp_path / "x.nc")


@pytest.mark.parametrize("engine", ["h5netcdf", "scipy"])
def test_times_are_dates(tmp_path, engine):
    times = np.array(["2020-01-01", "2020-01-03", "2020-01-04"], dtype="M8[ns]")
    data = xr.Dataset({"a": ("obs", X[:, 0]), "when": ("obs", times)})
    data.to_netcdf(tmp_path / "x.nc", engine=engine, encoding={"when": {"units": "days since 2020-01-01"}})
    for each in (data, tmp_path / "x.nc"):
        with pytest.raises(InputError, match=r"Column 'when' of .* holds dates or durations"):
            as_table(each)
    labels = as_table(tmp_path / "x.nc", columns=["a"]).labels["when"].tolist()
    assert labels == ["0 days since 2020-01-01", "2 days since 2020-01-01", "3 days since 2020-01-01"]


REFUSED = {
    "three dimensions": (
        xr.DataArray(np.zeros((2, 3, 4)), name="t"),
        "The variable 't' of the DataArray has 3 dimensions, (2, 3, 4), where rows and columns are expected: reshape "
        "it, for instance with reshape(-1, 4).",
    ),
    "several dimensions": (
        xr.Dataset({"a": ("obs", X[:, 0]), "b": ("lat", X[:, 1])}),
        "The variables of the Dataset lie along different dimensions: a (obs), b (lat). Pass those along one "
        "dimension, or a single one of two dimensions, for instance with xarray.open_dataset(path)[[names]].",
    ),
    "two matrices": (
        xr.Dataset({"a": (("obs", "feature"), X), "b": (("obs", "feature"), X)}),
        "The variables of the Dataset lie along different dimensions: a (obs, feature), b (obs, feature). Pass those "
        "along one dimension, or a single one of two dimensions, for instance with xarray.open_dataset(path)[[names]].",
    ),
    "nothing": (xr.Dataset(), "The Dataset has no variable with rows: give one along a dimension."),
}


@pytest.mark.parametrize(("data", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_objects(data, message):
    with pytest.raises(InputError) as caught:
        as_table(data)
    assert str(caught.value) == message


def test_variables_in_groups(tmp_path):
    path = tmp_path / "results.nc"
    xr.DataTree.from_dict({"/posterior": MATRIX, "/observed_data": MATRIX}).to_netcdf(path, engine="h5netcdf")
    with pytest.raises(InputError) as caught:
        as_table(path)
    assert str(caught.value) == (
        f"All variables of {path} are in groups (posterior and observed_data): pass one of them, for instance "
        f"xarray.open_dataset('{path}', group='posterior')."
    )
