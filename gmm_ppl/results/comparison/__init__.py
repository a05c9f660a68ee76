"""Several results side by side: components matched, criteria of the same rows, EM against posterior."""

from gmm_ppl.results.comparison.compare import Comparison, compare

__all__ = ["Comparison", "compare"]
