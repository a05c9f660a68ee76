"""Numbers as they are printed."""

import math

import pytest

from gmm_ppl.report import numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.14159, "3.142"), (-3.14159, "−3.142"), (0.0, "0"), (1234567.0, "1234567"), (0.000123456, "0.0001235"),
        (12345678.0, "1.235×10⁷"), (1.23456e-100, "1.235×10⁻¹⁰⁰"), (math.nan, "–"), (math.inf, "∞"), (-math.inf, "−∞"),
        (None, "–"),
    ],
)  # fmt: skip
def test_number_has_four_significant_digits(value: float | None, text: str) -> None:
    assert numbers.number(value) == text


@pytest.mark.parametrize(
    ("values", "error", "texts"),
    [
        ([4.28966, 0.0412], 0.0412, ["4.290", "0.041"]),
        ([79.968, 0.6160], 0.616, ["79.97", "0.62"]),
        ([1e8 + 0.00123, 0.00021], 0.00021, ["100000000.00123", "0.00021"]),
        ([2.5e-100, 1.234e-102], 1.234e-102, ["2.500×10⁻¹⁰⁰", "0.012×10⁻¹⁰⁰"]),
        ([1234.0, 56.0], 56.0, ["1234", "56"]),
        ([0.38, 1e-17], 1e-17, ["0.3800", "1.000×10⁻¹⁷"]),
        ([1.0, 2.0], 0.0, ["1.000", "2.000"]),
        ([math.nan, 1.5], 0.5, ["–", "1.50"]),
    ],
)
def test_aligned_rounds_to_the_second_digit_of_the_error(values: list[float], error: float, texts: list[str]) -> None:
    assert numbers.aligned(values, error=error) == texts


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "0.500"), (0.0, "0.000"), (1.0, "1.000"), (0.9999, ">0.999"), (1e-9, "<0.001"), (math.nan, "–")],
)
def test_probability_is_never_rounded_to_certainty(value: float, text: str) -> None:
    assert numbers.probability(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0 %"), (1.0, "100 %"), (0.00368, "0.37 %"), (0.1234, "12 %"), (1e-6, "<0.1 %")]
)
def test_percent(value: float, text: str) -> None:
    assert numbers.percent(value) == text


def test_counts_nats_and_words() -> None:
    assert numbers.count(1234567) == "1,234,567"
    assert numbers.nats(-1130.26396018) == "−1130.264"
    assert numbers.nats(-0.0001) == "0.000"
    assert numbers.decimals(1.00449, 3) == "1.004"
    assert numbers.plural(1, "start") == "1 start"
    assert numbers.plural(2, "switch", "switches") == "2 switches"
    assert numbers.seconds(0.164) == "0.16 s"
    assert numbers.seconds(125) == "2 min 5 s"
