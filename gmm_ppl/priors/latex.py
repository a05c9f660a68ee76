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
    """A scalar, vector or matrix; long ones by their shape, or a vector of equal entries with an ellipsis."""
    array = np.asarray(value, dtype=float)
    if array.ndim == 0:
        return f"({show_number(float(array))})"
    if array.ndim == 1 and array.size > LONGEST and (array == array[0]).all():
        return rf"({show_number(array[0])}, \ldots, {show_number(array[0])})"
    if max(array.shape) > LONGEST:
        return rf"\left[{r' \times '.join(map(str, array.shape))}\text{{ numbers}}\right]"
    if array.ndim == 1:
        return f"({', '.join(show_number(each) for each in array)})"
    rows = r" \\ ".join(" & ".join(show_number(each) for each in row) for row in array)
    return rf"\begin{{pmatrix}} {rows} \end{{pmatrix}}"
