"""Gaussian mixtures for NumPyro, JAX and ArviZ: EM, NUTS from it, one labelled result.

The public names; heavy modules load when first used, so that `import gmm_ppl` and the command line start fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gmm_ppl.data import datasets
    from gmm_ppl.data.tables import Table, as_table
    from gmm_ppl.errors import FitError, FitWarning, InputError
    from gmm_ppl.inference.base import DrawsFit, LaplaceFit, PointFit, Status
    from gmm_ppl.inference.fit import fit
    from gmm_ppl.inference.fit_range import fit_range
    from gmm_ppl.inference.laplace import laplace
    from gmm_ppl.inference.nuts import sample
    from gmm_ppl.mixture.operations import conditional, draw, marginal
    from gmm_ppl.mixture.parameters import MixtureParameters, mixture_parameters
    from gmm_ppl.model.assignments import mean_responsibilities, recover_assignments
    from gmm_ppl.model.distribution import GaussianMixture
    from gmm_ppl.model.posterior import Posterior, posterior
    from gmm_ppl.model.specification import Mixture
    from gmm_ppl.results.agreement import agreement
    from gmm_ppl.results.criteria import criteria
    from gmm_ppl.results.datatree import to_datatree
    from gmm_ppl.results.diagnostics import diagnostics
    from gmm_ppl.results.metrics import metrics
    from gmm_ppl.results.predict import assign, log_density, predict, responsibilities
    from gmm_ppl.results.store import load, save
    from gmm_ppl.results.summary import summary

__version__ = "0.1.0"

HOMES = {
    "agreement": "gmm_ppl.results.agreement",
    "as_table": "gmm_ppl.data.tables",
    "assign": "gmm_ppl.results.predict",
    "conditional": "gmm_ppl.mixture.operations",
    "criteria": "gmm_ppl.results.criteria",
    "diagnostics": "gmm_ppl.results.diagnostics",
    "draw": "gmm_ppl.mixture.operations",
    "DrawsFit": "gmm_ppl.inference.base",
    "fit": "gmm_ppl.inference.fit",
    "fit_range": "gmm_ppl.inference.fit_range",
    "FitError": "gmm_ppl.errors",
    "FitWarning": "gmm_ppl.errors",
    "GaussianMixture": "gmm_ppl.model.distribution",
    "InputError": "gmm_ppl.errors",
    "laplace": "gmm_ppl.inference.laplace",
    "LaplaceFit": "gmm_ppl.inference.base",
    "load": "gmm_ppl.results.store",
    "log_density": "gmm_ppl.results.predict",
    "marginal": "gmm_ppl.mixture.operations",
    "mean_responsibilities": "gmm_ppl.model.assignments",
    "metrics": "gmm_ppl.results.metrics",
    "Mixture": "gmm_ppl.model.specification",
    "mixture_parameters": "gmm_ppl.mixture.parameters",
    "MixtureParameters": "gmm_ppl.mixture.parameters",
    "PointFit": "gmm_ppl.inference.base",
    "Posterior": "gmm_ppl.model.posterior",
    "posterior": "gmm_ppl.model.posterior",
    "predict": "gmm_ppl.results.predict",
    "recover_assignments": "gmm_ppl.model.assignments",
    "responsibilities": "gmm_ppl.results.predict",
    "sample": "gmm_ppl.inference.nuts",
    "save": "gmm_ppl.results.store",
    "Status": "gmm_ppl.inference.base",
    "summary": "gmm_ppl.results.summary",
    "Table": "gmm_ppl.data.tables",
    "to_datatree": "gmm_ppl.results.datatree",
}

__all__ = [
    "agreement",
    "as_table",
    "assign",
    "conditional",
    "criteria",
    "datasets",
    "diagnostics",
    "draw",
    "DrawsFit",
    "fit",
    "fit_range",
    "FitError",
    "FitWarning",
    "GaussianMixture",
    "InputError",
    "laplace",
    "LaplaceFit",
    "load",
    "log_density",
    "marginal",
    "mean_responsibilities",
    "metrics",
    "Mixture",
    "mixture_parameters",
    "MixtureParameters",
    "PointFit",
    "Posterior",
    "posterior",
    "predict",
    "recover_assignments",
    "responsibilities",
    "sample",
    "save",
    "Status",
    "summary",
    "Table",
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
