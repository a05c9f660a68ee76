"""The bundled data sets: `load` one by name, list their `names`, `describe` one with its source and units."""

from gmm_ppl.data.datasets.loading import describe, load, names

__all__ = ["describe", "load", "names"]
