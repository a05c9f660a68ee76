"""Gaussian mixtures for NumPyro, JAX and ArviZ: EM, NUTS from it, one labelled result.

The public names; heavy modules load when first used, so that `import gmm_ppl` and the command line start fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gmm_ppl.calibration.run import Calibration, calibrate
    from gmm_ppl.data import datasets
    from gmm_ppl.data.tables import Table, as_table
    from gmm_ppl.errors import FitError, FitWarning, InputError
    from gmm_ppl.inference.base import DrawsFit, LaplaceFit, NutsFit, PointFit, Status, TemperedFit
    from gmm_ppl.inference.em.fit import fit
    from gmm_ppl.inference.em.fit_range import fit_range
    from gmm_ppl.inference.em.pure_em import EMRun, em
    from gmm_ppl.inference.errors.bootstrap import BootstrapFit, bootstrap
    from gmm_ppl.inference.errors.uncertainty import InformationStatus, StandardErrors, standard_errors
    from gmm_ppl.inference.mode.laplace import laplace
    from gmm_ppl.inference.modes import Modes, modes
    from gmm_ppl.inference.nuts.numpyro_mcmc import mcmc
    from gmm_ppl.inference.nuts.sample import sample
    from gmm_ppl.inference.optima import Optima, optima
    from gmm_ppl.inference.smc.tempered import temper
    from gmm_ppl.mixture.operations import conditional, draw, marginal
    from gmm_ppl.mixture.parameters import MixtureParameters, mixture_parameters
    from gmm_ppl.model.assignments import mean_responsibilities, recover_assignments
    from gmm_ppl.model.distribution import GaussianMixture
    from gmm_ppl.model.likelihood import log_likelihood
    from gmm_ppl.model.posterior import Posterior, posterior
    from gmm_ppl.model.specification import Mixture
    from gmm_ppl.report import plots
    from gmm_ppl.results.agreement import agreement
    from gmm_ppl.results.comparison import Comparison, compare
    from gmm_ppl.results.criteria import criteria
    from gmm_ppl.results.datatree import to_datatree
    from gmm_ppl.results.diagnostics import diagnostics
    from gmm_ppl.results.metrics import metrics
    from gmm_ppl.results.predict import assign, log_density, predict, responsibilities
    from gmm_ppl.results.refits import MixtureWrapper, sampling_wrapper
    from gmm_ppl.results.relabel import RelabelledDraws, relabel
    from gmm_ppl.results.scored import score_rows
    from gmm_ppl.results.sensitivity import sensitivity
    from gmm_ppl.results.simulate import simulate
    from gmm_ppl.results.store import load, save
    from gmm_ppl.results.summary import summary
    from gmm_ppl.results.uncertainty import uncertainty
    from gmm_ppl.runs import run

__version__ = "0.1.0"

ROOMS = {"datasets": "gmm_ppl.data.datasets", "plots": "gmm_ppl.report.plots"}
HOMES = {
    "agreement": "gmm_ppl.results.agreement",
    "as_table": "gmm_ppl.data.tables",
    "assign": "gmm_ppl.results.predict",
    "bootstrap": "gmm_ppl.inference.errors.bootstrap",
    "BootstrapFit": "gmm_ppl.inference.errors.bootstrap",
    "calibrate": "gmm_ppl.calibration.run",
    "Calibration": "gmm_ppl.calibration.run",
    "compare": "gmm_ppl.results.comparison",
    "Comparison": "gmm_ppl.results.comparison",
    "conditional": "gmm_ppl.mixture.operations",
    "criteria": "gmm_ppl.results.criteria",
    "diagnostics": "gmm_ppl.results.diagnostics",
    "draw": "gmm_ppl.mixture.operations",
    "DrawsFit": "gmm_ppl.inference.base",
    "em": "gmm_ppl.inference.em.pure_em",
    "EMRun": "gmm_ppl.inference.em.pure_em",
    "fit": "gmm_ppl.inference.em.fit",
    "fit_range": "gmm_ppl.inference.em.fit_range",
    "FitError": "gmm_ppl.errors",
    "FitWarning": "gmm_ppl.errors",
    "GaussianMixture": "gmm_ppl.model.distribution",
    "InformationStatus": "gmm_ppl.inference.errors.uncertainty",
    "InputError": "gmm_ppl.errors",
    "laplace": "gmm_ppl.inference.mode.laplace",
    "LaplaceFit": "gmm_ppl.inference.base",
    "load": "gmm_ppl.results.store",
    "log_density": "gmm_ppl.results.predict",
    "log_likelihood": "gmm_ppl.model.likelihood",
    "marginal": "gmm_ppl.mixture.operations",
    "mcmc": "gmm_ppl.inference.nuts.numpyro_mcmc",
    "mean_responsibilities": "gmm_ppl.model.assignments",
    "metrics": "gmm_ppl.results.metrics",
    "Mixture": "gmm_ppl.model.specification",
    "mixture_parameters": "gmm_ppl.mixture.parameters",
    "MixtureParameters": "gmm_ppl.mixture.parameters",
    "MixtureWrapper": "gmm_ppl.results.refits",
    "Modes": "gmm_ppl.inference.modes",
    "modes": "gmm_ppl.inference.modes",
    "NutsFit": "gmm_ppl.inference.base",
    "Optima": "gmm_ppl.inference.optima",
    "optima": "gmm_ppl.inference.optima",
    "PointFit": "gmm_ppl.inference.base",
    "Posterior": "gmm_ppl.model.posterior",
    "posterior": "gmm_ppl.model.posterior",
    "predict": "gmm_ppl.results.predict",
    "recover_assignments": "gmm_ppl.model.assignments",
    "relabel": "gmm_ppl.results.relabel",
    "RelabelledDraws": "gmm_ppl.results.relabel",
    "responsibilities": "gmm_ppl.results.predict",
    "run": "gmm_ppl.runs",
    "sample": "gmm_ppl.inference.nuts.sample",
    "sampling_wrapper": "gmm_ppl.results.refits",
    "save": "gmm_ppl.results.store",
    "score_rows": "gmm_ppl.results.scored",
    "sensitivity": "gmm_ppl.results.sensitivity",
    "simulate": "gmm_ppl.results.simulate",
    "standard_errors": "gmm_ppl.inference.errors.uncertainty",
    "StandardErrors": "gmm_ppl.inference.errors.uncertainty",
    "Status": "gmm_ppl.inference.base",
    "summary": "gmm_ppl.results.summary",
    "Table": "gmm_ppl.data.tables",
    "temper": "gmm_ppl.inference.smc.tempered",
    "TemperedFit": "gmm_ppl.inference.base",
    "to_datatree": "gmm_ppl.results.datatree",
    "uncertainty": "gmm_ppl.results.uncertainty",
}

__all__ = [
    "agreement",
    "as_table",
    "assign",
    "bootstrap",
    "BootstrapFit",
    "calibrate",
    "Calibration",
    "compare",
    "Comparison",
    "conditional",
    "criteria",
    "datasets",
    "diagnostics",
    "draw",
    "DrawsFit",
    "em",
    "EMRun",
    "fit",
    "fit_range",
    "FitError",
    "FitWarning",
    "GaussianMixture",
    "InformationStatus",
    "InputError",
    "laplace",
    "LaplaceFit",
    "load",
    "log_density",
    "log_likelihood",
    "marginal",
    "mcmc",
    "mean_responsibilities",
    "metrics",
    "Mixture",
    "mixture_parameters",
    "MixtureParameters",
    "MixtureWrapper",
    "Modes",
    "modes",
    "NutsFit",
    "Optima",
    "optima",
    "plots",
    "PointFit",
    "Posterior",
    "posterior",
    "predict",
    "recover_assignments",
    "relabel",
    "RelabelledDraws",
    "responsibilities",
    "run",
    "sample",
    "sampling_wrapper",
    "save",
    "score_rows",
    "sensitivity",
    "simulate",
    "standard_errors",
    "StandardErrors",
    "Status",
    "summary",
    "Table",
    "temper",
    "TemperedFit",
    "to_datatree",
    "uncertainty",
]


def __getattr__(name: str) -> object:
    if name in ROOMS:
        return import_module(ROOMS[name])
    if name in HOMES:
        return getattr(import_module(HOMES[name]), name)
    raise AttributeError(f"module 'gmm_ppl' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
