"""Means of draws held to exact values, with tolerances from the draws' own Monte-Carlo error."""

import numpy as np
from arviz_stats.base import array_stats

SIGMAS = 4.0
LEAST = 400
"""Effective draws below which a comparison says too little."""


def assert_mean(draws, exact, name=""):
    """The mean of draws (chain, draw, …) lies within four Monte-Carlo errors of `exact`, entry by entry."""
    flat = np.reshape(draws, (*np.shape(draws)[:2], -1))
    for place, wanted in enumerate(np.reshape(exact, -1)):
        values = flat[:, :, place]
        effective = array_stats.ess(values, chain_axis=0, draw_axis=1, method="mean")
        error = (values.mean() - wanted) / (values.std() / np.sqrt(effective))
        assert effective > LEAST, f"{name}[{place}]: {effective:.0f} effective draws"
        assert abs(error) < SIGMAS, f"{name}[{place}]: {values.mean():.5g} against {wanted:.5g}, {error:.1f} errors"
