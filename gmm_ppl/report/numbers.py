"""Numbers as a reader wants them: as many digits as the number deserves, a real minus sign, no bare NaN.

Every number of a report passes through here, so that a quantity reads the same in a table, a caption and a verdict.
"""

import math
from collections.abc import Sequence

import numpy as np

type Real = float | np.integer | np.floating

MISSING = "–"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SMALLEST_PLAIN, _LARGEST_PLAIN = -4, 7
_MOST_DIGITS = 15
_ROUNDING = 1e-13


def power_of_ten(exponent: int) -> str:
    """`10⁻³` for −3."""
    return "10" + str(exponent).translate(_SUPERSCRIPTS)


def number(value: Real | None, *, digits: int = 4) -> str:
    """`value` to `digits` significant digits, in powers of ten outside 10⁻⁴ … 10⁷."""
    if value is None or not math.isfinite(value):
        return _not_finite(value)
    if value == 0:
        return "0"
    return _fixed([value], _exponent(value), _exponent(value) - digits + 1)[0]


def aligned(values: Sequence[Real | None], *, error: float) -> list[str]:
    """`values` rounded where their standard error deserves it: to its second significant digit, all alike.

    Where `error` is not finite, or nothing but rounding, every value has four significant digits of its own.
    """
    finite = [abs(value) for value in values if value is not None and math.isfinite(value)]
    if not finite or not math.isfinite(error) or error <= _ROUNDING * max(finite):
        return [number(value) for value in values]
    top = _exponent(max(*finite, error))
    last = max(_exponent(error) - 1, top - _MOST_DIGITS + 1)
    return _fixed(values, top, last)


def count(value: Real) -> str:
    """A whole number with its thousands apart."""
    return signed(f"{round(value):,}") if math.isfinite(value) else _not_finite(value)


def nats(value: Real | None) -> str:
    """A log-likelihood, log-posterior or criterion, to a thousandth."""
    if value is None or not math.isfinite(value):
        return _not_finite(value)
    return signed(f"{value:.3f}") if abs(value) < 10.0**_LARGEST_PLAIN else number(value, digits=10)


def probability(value: Real | None) -> str:
    """A probability to a thousandth, never rounded to certainty."""
    if value is None or not math.isfinite(value):
        return _not_finite(value)
    if 0 < value < 0.0005:
        return "<0.001"
    return ">0.999" if 0.9995 <= value < 1 else f"{value:.3f}"


def percent(share: Real) -> str:
    """A share as a percentage of two digits, never rounded to 0 % or 100 %."""
    if not math.isfinite(share):
        return _not_finite(share)
    if 0 < share < 0.001:
        return "<0.1 %"
    return ">99.9 %" if 0.999 < share < 1 else f"{_two_digits(100 * share)} %"


def decimals(value: Real | None, places: int) -> str:
    """`value` to a fixed number of decimal places, for scales that are always read so (R-hat, z, k)."""
    if value is None or not math.isfinite(value):
        return _not_finite(value)
    return signed(f"{value:.{places}f}") if abs(value) < 1e6 else number(value)


def seconds(value: float) -> str:
    """A duration in the unit a person would say."""
    if value < 60:
        return f"{number(value, digits=2)} s"
    return f"{int(value // 60)} min {round(value % 60)} s"


def plural(amount: int, noun: str, nouns: str = "") -> str:
    """`1 start`, `20 starts`."""
    return f"{count(amount)} {noun if amount == 1 else nouns or noun + 's'}"


def signed(text: str) -> str:
    """The text of a number with a minus sign for its hyphen, and no minus before a zero."""
    return text.lstrip("-") if not text.strip("-0.,") else text.replace("-", "−")


def _two_digits(percentage: Real) -> str:
    return f"{percentage:.0f}" if percentage >= 10 else f"{percentage:.2g}"


def _exponent(value: Real) -> int:
    return math.floor(math.log10(abs(value)))


def _fixed(values: Sequence[Real | None], top: int, last: int) -> list[str]:
    """`values` with their last digit at 10**last, in powers of 10**top where plain notation would be unreadable."""
    if _SMALLEST_PLAIN <= top < _LARGEST_PLAIN or (top >= 0 and top - last <= _MOST_DIGITS and last < 0):
        return [_plain(value, max(-last, 0)) for value in values]
    return [_scientific(value, top, max(top - last, 0)) for value in values]


def _plain(value: Real | None, places: int) -> str:
    if value is None or not math.isfinite(value):
        return _not_finite(value)
    return signed(f"{value:.{places}f}")


def _scientific(value: Real | None, top: int, places: int) -> str:
    if value is None or not math.isfinite(value):
        return _not_finite(value)
    return f"{signed(f'{value / 10.0**top:.{places}f}')}×{power_of_ten(top)}"


def _not_finite(value: Real | None) -> str:
    if value is None or math.isnan(value):
        return MISSING
    return "∞" if value > 0 else "−∞"
