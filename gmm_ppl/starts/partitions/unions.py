"""Random unions of many small groups: groups that are no balls are unions of some."""

import numpy as np

from gmm_ppl.starts.partitions.groups import groups_of
from gmm_ppl.starts.partitions.places import Places, memberships
from gmm_ppl.starts.partitions.trees import WARD
from gmm_ppl.types import Float, Int

GROUPS_EACH = 3
"""Groups for each component."""


def unions(rng: np.random.Generator, places: Places, components: int, count: int) -> Float[np.ndarray, "count N K"]:
    """3 K of Ward's groups of the standardised rows, shared out among the components, at least one for each."""
    groups = groups_of(places, WARD, GROUPS_EACH * components)
    shares = shared_out(rng, int(groups.max()) + 1, components, count)
    return memberships(shares.take(groups, axis=1), places, components)


def shared_out(rng: np.random.Generator, groups: int, components: int, count: int) -> Int[np.ndarray, "S G"]:
    """A component for each group at random: the first K of a random order get one each, the others any."""
    once = np.tile(np.arange(components), (count, 1))
    others = rng.integers(components, size=(count, max(groups - components, 0)))
    return rng.permuted(np.concatenate([once, others], axis=1), axis=1)[:, :groups]
