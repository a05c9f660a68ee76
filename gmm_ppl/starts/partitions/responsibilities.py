"""Random responsibilities."""

import numpy as np

from gmm_ppl.starts.partitions.places import Places
from gmm_ppl.types import Float


def responsibilities(rng: np.random.Generator, places: Places, components: int, count: int) -> Float[np.ndarray, "count N K"]:
    """Dirichlet(1) for each row, whatever its values and weight: exponentials divided by their sum."""
    drawn = rng.standard_exponential((count, places.of_rows.size, components))
    drawn /= drawn.sum(axis=2, keepdims=True)
    return drawn
