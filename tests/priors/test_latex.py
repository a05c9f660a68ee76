"""Numbers as a report shows them."""

import numpy as np
import pytest
from latex2mathml.converter import convert

from gmm_ppl.priors.latex import show_number, show_value

NUMBERS = {0.5: "0.5", 3.0: "3", 1234.56: "1235", 1e-10: r"1 \cdot 10^{-10}", -2.5e20: r"-2.5 \cdot 10^{20}"}
VALUES = [
    (2.0, "(2)"),
    (np.array(0.01), "(0.01)"),
    ([1.0, 2.5], "(1, 2.5)"),
    ([1.0, 1.0, 1.0], "(1, 1, 1)"),
    ([1.0] * 5, r"(1, \ldots, 1)"),
    ([1.0, 2.0, 3.0, 4.0, 5.0], r"\left[5\text{ numbers}\right]"),
    ([[1.0, 0.5], [0.5, 2.0]], r"\begin{pmatrix} 1 & 0.5 \\ 0.5 & 2 \end{pmatrix}"),
    (np.eye(5), r"\left[5 \times 5\text{ numbers}\right]"),
]


@pytest.mark.parametrize(("value", "text"), NUMBERS.items())
def test_numbers(value, text):
    assert show_number(value) == text
    assert convert(text).startswith("<math")


@pytest.mark.parametrize(("value", "text"), VALUES)
def test_values(value, text):
    assert show_value(value) == text
    assert convert(text).startswith("<math")
