"""The bundled data sets against the published figures."""

from pathlib import Path

import numpy as np
import pytest

import gmm_ppl.data.datasets as datasets
from gmm_ppl.data import as_table
from gmm_ppl.errors import InputError

SHAPES = {"faithful": (272, 2), "iris": (150, 4), "diabetes": (145, 3), "galaxies": (82, 1)}
MEANS = {
    "faithful": [3.487783, 70.897059],
    "iris": [5.843333, 3.057333, 3.758, 1.199333],
    "galaxies": [20.82817 + 0.27 / 82],  # the mean of MASS::galaxies, with its misprint put right
}


@pytest.mark.parametrize("name", datasets.names())
def test_descriptions_fit_the_files(name):
    table, about = datasets.load(name), datasets.describe(name)
    assert table.values.shape == SHAPES[name]
    assert table.source == f"dataset {name}"
    assert (len(table), table.features, tuple(table.labels)) == (about.rows, tuple(about.units), about.labels)
    assert all("doi:10." in reference or "ISBN" in reference or "1935" in reference for reference in about.references)
    assert str(about).startswith(f"{name}: {about.title}\n{about.rows} rows; features: {table.features[0]} [")


def test_every_file_is_described():
    files = Path(datasets.__file__).parent.glob("*.csv")
    assert sorted(file.stem for file in files) == sorted(datasets.names()) == sorted(SHAPES)


@pytest.mark.parametrize(("name", "means"), MEANS.items(), ids=MEANS.keys())
def test_means_as_r_gives_them(name, means):
    np.testing.assert_allclose(datasets.load(name).values.mean(axis=0), means, rtol=0, atol=5e-6)


def test_the_misprint_is_not_in_galaxies():
    assert datasets.load("galaxies").values[77, 0] == 26.960
    assert "26.690" in datasets.describe("galaxies").about


def test_iris_is_fishers_not_that_of_uci():
    iris = datasets.load("iris")
    np.testing.assert_array_equal(iris.values[[34, 37]], [[4.9, 3.1, 1.5, 0.2], [4.9, 3.6, 1.4, 0.1]])
    kinds, counts = np.unique(iris.labels["species"], return_counts=True)
    assert dict(zip(kinds.tolist(), counts.tolist(), strict=True)) == {"setosa": 50, "versicolor": 50, "virginica": 50}


def test_diabetes_is_that_of_mclust_with_its_flaw():
    diabetes = datasets.load("diabetes")
    assert diabetes.values[103].tolist() == [75.0, 45.0, 392.0]
    kinds, counts = np.unique(diabetes.labels["class"], return_counts=True)
    assert dict(zip(kinds.tolist(), counts.tolist(), strict=True)) == {"Chemical": 36, "Normal": 76, "Overt": 33}


def test_some_columns():
    iris = datasets.load("iris", columns=["Petal.Width", "Sepal.Width"])
    assert iris.features == ("Petal.Width", "Sepal.Width")
    assert list(iris.labels) == ["Sepal.Length", "Petal.Length", "species"]


def test_unknown_names():
    with pytest.raises(InputError) as caught:
        datasets.load("fathful")
    assert str(caught.value) == (
        "No bundled data set 'fathful'; did you mean 'faithful'? There are faithful, iris, diabetes and galaxies."
    )
    with pytest.raises(InputError) as caught:
        datasets.describe("mtcars")
    assert str(caught.value) == "No bundled data set 'mtcars'. There are faithful, iris, diabetes and galaxies."


def test_messages_name_the_data_set():
    with pytest.raises(InputError) as caught:
        datasets.load("faithful", columns=["wating"])
    assert str(caught.value) == (
        "No column 'wating' in dataset faithful; did you mean 'waiting'? Its columns are 'eruptions' and 'waiting'."
    )
    with pytest.raises(InputError, match="No column 'class' in dataset iris"):
        as_table(datasets.load("iris"), columns=["class"])
