"""The names a config may use, each from the registry that owns it."""

from gmm_ppl.data import datasets
from gmm_ppl.inference.em.accelerate import ACCELERATIONS
from gmm_ppl.mixture.covariance import FAMILIES
from gmm_ppl.mixture.passes import PASSES
from gmm_ppl.results.relabelling import RELABELLINGS
from gmm_ppl.starts import STARTS

__all__ = ["ACCELERATIONS", "DATASETS", "FAMILIES", "PASSES", "RELABELLINGS", "STARTS"]

DATASETS = datasets.names()
