"""The registry of partitions from which EM starts: a new kind is one file beside this one and one line here.

Axes: S starts, N rows, D features, K components; P places, as `Places` says; k components that have seeds, G groups of places.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from gmm_ppl.starts.partitions.hierarchical import hierarchical
from gmm_ppl.starts.partitions.kmeans import kmeans
from gmm_ppl.starts.partitions.nearest import nearest
from gmm_ppl.starts.partitions.places import Places
from gmm_ppl.starts.partitions.responsibilities import responsibilities
from gmm_ppl.starts.partitions.unions import unions

__all__ = ["PARTITIONS", "Partition"]

Partition = Callable[[np.random.Generator, Places, int, int], np.ndarray]
"""(rng, places, components, count) → memberships (count, N, K) in float64, whose rows sum to one.

Rows may be in any units, with any offset. Row i counts w_i ≥ 0 times: one that counts not at all gets memberships and has no say
in those of others. A component has no row that counts only if fewer distinct rows than components do.
"""

PARTITIONS: Mapping[str, Partition] = MappingProxyType(
    {
        "kmeans": kmeans,
        "nearest": nearest,
        "unions": unions,
        "hierarchical": hierarchical,
        "responsibilities": responsibilities,
    }
)
