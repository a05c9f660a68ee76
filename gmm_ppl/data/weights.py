"""Row weights: how often each row counts."""

import numpy as np

from gmm_ppl.errors import InputError


def checked_row_weights(weights: object, rows: int, components: int, name: str = "row_weights") -> np.ndarray:
    """Row weights w (N,) in double precision.

    Args:
        weights: one number a row; a weight of 2 is two equal rows, and 0 leaves a row out.
        rows: N.
        components: K, the least number of rows that have to count.
        name: of the argument, for messages.

    Raises:
        InputError: another number of weights than rows; weights that are no finite numbers from 0; fewer than K above 0.
    """
    try:
        array = np.array(weights, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: expected {rows} numbers, one for each row; given {type(weights).__name__}.") from error
    if array.shape != (rows,):
        raise InputError(f"{name}: expected {rows} numbers, one for each row; given shape {array.shape}.")
    wrong = np.flatnonzero(~(np.isfinite(array) & (array >= 0)))
    if wrong.size:
        raise InputError(
            f"{name}: expected finite numbers from 0; row {wrong[0]}, counting from 0, has {array[wrong[0]]:g} "
            f"({wrong.size} such rows). To leave a row out, give it the weight 0."
        )
    counted = int((array > 0).sum())
    if not counted:
        raise InputError(
            f"{name}: every weight is zero, so that no row counts. Give those rows that are to count a weight above 0."
        )
    if counted < components:
        raise InputError(
            f"{name}: {counted} rows have a weight above 0, and {components} components need as many at least. "
            "Take fewer components, or give weights to more rows."
        )
    return array
