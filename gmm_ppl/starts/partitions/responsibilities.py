"""Random responsibilities."""

import numpy as np

from gmm_ppl.types import Float


def responsibilities(
    rng: np.random.Generator, x: Float[np.ndarray, "N D"], row_weights: Float[np.ndarray, " N"], components: int, count: int
) -> Float[np.ndarray, "count N K"]:
    """Dirichlet(1) for each row, whatever its values and weight: exponentials divided by their sum."""
    drawn = rng.standard_exponential((count, row_weights.size, components))
    drawn /= drawn.sum(axis=2, keepdims=True)
    return drawn
