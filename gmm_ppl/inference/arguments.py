"""Checks of engines' arguments: each refusal names the argument, what was given and what it must be."""

import numpy as np

from gmm_ppl.errors import InputError


def check_count(name: str, value: object, low: int = 1) -> None:
    """Refuse anything but a whole number from `low`."""
    if isinstance(value, int | np.integer) and not isinstance(value, bool) and int(value) >= low:
        return
    raise InputError(f"{name} must be a whole number from {low}; given {value!r}.")


def check_seed(seed: object) -> None:
    """Refuse anything but a whole number that both NumPy's and JAX's generators take."""
    if isinstance(seed, int | np.integer) and not isinstance(seed, bool) and 0 <= int(seed) < 2**63:
        return
    raise InputError(f"seed must be a whole number from 0 to 2**63 - 1; given {seed!r}.")


def check_between(name: str, value: object, low: float, high: float) -> None:
    """Refuse anything but a number strictly between two others."""
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool) and low < float(value) < high:
        return
    raise InputError(f"{name} must be a number between {low:g} and {high:g}, neither included; given {value!r}.")
