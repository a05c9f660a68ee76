"""Numbers in LaTeX for the formulae of priors: few digits, small vectors and matrices in full, large ones by size."""

import numpy as np

LONGEST = 4


def show_number(value: float) -> str:
    """Four significant digits; a power of ten where the exponent is long."""
    text = f"{value:.4g}"
    if "e" not in text:
        return text
    mantissa, exponent = text.split("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}"


def show_value(value: object) -> str:
    """A scalar, vector or matrix; equal entries of a vector as one number, long ones by their shape."""
    array = np.asarray(value, dtype=float)
    if array.ndim == 0:
        return f"({show_number(float(array))})"
    if max(array.shape) > LONGEST:
        return rf"\left[{' \times '.join(map(str, array.shape))}\text{{ numbers}}\right]"
    if array.ndim == 1:
        return f"({', '.join(show_number(each) for each in array)})"
    rows = r" \\ ".join(" & ".join(show_number(each) for each in row) for row in array)
    return rf"\begin{{pmatrix}} {rows} \end{{pmatrix}}"
