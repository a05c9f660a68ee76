"""A step along the imaginary axis against derivatives that are known, at any size of coordinates."""

import numpy as np
import pytest

from gmm_ppl.mixture import derivatives
from gmm_ppl.mixture.derivatives import jacobian, unit_scale


def product_and_sum(each):
    """x³ y and e^x + y of (x, y), as a column, and the positions themselves."""
    x, y = each[..., 0], each[..., 1]
    return np.stack([x**3 * y, np.exp(x) + y], axis=-1)[..., None], each


@pytest.mark.parametrize("place", [(0.7, -1.3), (0.0, 2.0), (1.5, 0.0)])
@pytest.mark.parametrize("batch", [1, 2**20])
def test_known_derivatives(place, batch, monkeypatch):
    monkeypatch.setattr(derivatives, "NUMBERS_A_BATCH", batch)
    x, y = position = np.array(place)
    found, rest = jacobian(product_and_sum, position)
    assert found.shape == (2, 1, 2)
    np.testing.assert_allclose(found[:, 0], [[3 * x**2 * y, x**3], [np.exp(x), 1]], rtol=1e-15)
    np.testing.assert_array_equal(rest, position)


@pytest.mark.parametrize("unit", [1e-60, 1e-12, 1e12, 1e60])
def test_coordinates_of_any_size(unit):
    """d (x/unit)² = 2 x/unit², also where another coordinate is of size one."""
    found, _ = jacobian(lambda each: ((each / np.array([unit, 1.0])) ** 2, None), np.array([3 * unit, 3.0]))
    np.testing.assert_allclose(found * np.array([unit, 1.0]), 6 * np.eye(2), rtol=1e-15)


def test_unit_scale():
    np.testing.assert_allclose(unit_scale(np.array([4.0, -4.0, 0.0, 1e-200])), [0.5, 0.5, 1, 1e100])
