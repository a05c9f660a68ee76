"""Gaussian mixtures for NumPyro, JAX and ArviZ: EM, NUTS from it, one labelled result.

The public names; heavy modules load when first used, so that `import gmm_ppl` and the command line start fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gmm_ppl.data import datasets
    from gmm_ppl.data.tables import Table, as_table
    from gmm_ppl.errors import FitError, FitWarning, InputError
    from gmm_ppl.inference.base import DrawsFit, PointFit, Status
    from gmm_ppl.inference.fit import fit
    from gmm_ppl.inference.nuts import sample
    from gmm_ppl.mixture.parameters import MixtureParameters, mixture_parameters
    from gmm_ppl.model.assignments import mean_responsibilities, recover_assignments
    from gmm_ppl.model.distribution import GaussianMixture
    from gmm_ppl.model.posterior import Posterior, posterior
    from gmm_ppl.model.specification import Mixture
    from gmm_ppl.results.datatree import to_datatree

__version__ = "0.1.0"

HOMES = {
    "DrawsFit": "gmm_ppl.inference.base",
    "FitError": "gmm_ppl.errors",
    "FitWarning": "gmm_ppl.errors",
    "GaussianMixture": "gmm_ppl.model.distribution",
    "InputError": "gmm_ppl.errors",
    "Mixture": "gmm_ppl.model.specification",
    "MixtureParameters": "gmm_ppl.mixture.parameters",
    "PointFit": "gmm_ppl.inference.base",
    "Posterior": "gmm_ppl.model.posterior",
    "Status": "gmm_ppl.inference.base",
    "Table": "gmm_ppl.data.tables",
    "as_table": "gmm_ppl.data.tables",
    "fit": "gmm_ppl.inference.fit",
    "mean_responsibilities": "gmm_ppl.model.assignments",
    "mixture_parameters": "gmm_ppl.mixture.parameters",
    "posterior": "gmm_ppl.model.posterior",
    "recover_assignments": "gmm_ppl.model.assignments",
    "sample": "gmm_ppl.inference.nuts",
    "to_datatree": "gmm_ppl.results.datatree",
}

__all__ = [
    "DrawsFit",
    "FitError",
    "FitWarning",
    "GaussianMixture",
    "InputError",
    "Mixture",
    "MixtureParameters",
    "PointFit",
    "Posterior",
    "Status",
    "Table",
    "as_table",
    "datasets",
    "fit",
    "mean_responsibilities",
    "mixture_parameters",
    "posterior",
    "recover_assignments",
    "sample",
    "to_datatree",
]


def __getattr__(name: str) -> object:
    if name == "datasets":
        return import_module("gmm_ppl.data.datasets")
    if name in HOMES:
        return getattr(import_module(HOMES[name]), name)
    raise AttributeError(f"module 'gmm_ppl' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
