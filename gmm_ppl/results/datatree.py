"""`to_datatree`: a fit and its data as one labelled tree in ArviZ's InferenceData schema."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

import xarray as xr

from gmm_ppl.data.tables import Table, as_table
from gmm_ppl.errors import InputError
from gmm_ppl.inference.base import DrawsFit, PointFit, check_unweighted
from gmm_ppl.mixture.parameters import MixtureShape
from gmm_ppl.model.specification import Mixture, resolved_prior
from gmm_ppl.progress import Progress, silent
from gmm_ppl.results.groups import FROM_DRAWS, FROM_POINT
from gmm_ppl.results.limits import Limits
from gmm_ppl.results.material import Groups, Material
from gmm_ppl.results.relabel import RelabelledDraws, relabel

if TYPE_CHECKING:
    from gmm_ppl.inference.errors.bootstrap import BootstrapFit

LIBRARIES = {"nuts": "blackjax", "tempered": "blackjax", "laplace": "gmm_ppl"}
"""Whose code made the draws of each engine."""


def to_datatree(
    fit: PointFit | DrawsFit,
    data: object,
    *,
    bootstrap: "BootstrapFit | None" = None,
    standard_errors: bool = True,
    name: str = "mixture",
    seed: int = 0,
    prior_draws: int = 500,
    predictive_draws: int = 200,
    relabelling: str | None = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> xr.DataTree:
    """Everything that was found, as one tree of labelled groups; nothing else is needed for tables, figures and reports.

    Draws are relabelled against the EM fit first, or as `relabelling` says (`results.relabel`). The point stands in `em_fit`,
    without sample dimensions; `em_trace` and `em_restarts` say how it was reached. From a `PointFit` the groups of draws are
    missing. Where chains disagree, `modes` says which sits in which mode.

    Args:
        fit: what `fit` or `sample` answered with.
        data: the rows that it was fitted to, in any form that `as_table` takes.
        bootstrap: replicates of the point, whose spread then stands beside the other standard errors in `em_uncertainty`.
        standard_errors: whether those of the point are computed. They take second derivatives, which need JAX: some seconds for
            the first fit of a shape, where the rest of a point's tree takes a fraction of one.
        name: of the experiment, kept in the attributes.
        seed: of the draws from the prior and of the replicated data.
        prior_draws: draws from the prior; 0 leaves the group out.
        predictive_draws: replicated data sets, evenly spaced over all chains; 0 leaves the group out.
        relabelling: a name in `results.relabelling.RELABELLINGS`; by default "pivot", or "none" where the prior may tell
            components apart.
        limits: bounds on stored arrays and on the cost for large data.
        progress: called after each step.

    Raises:
        InputError: data that do not fit the parameters, an unknown relabelling, or negative numbers of draws.
    """
    table = as_table(data)
    point = fit.start if isinstance(fit, DrawsFit) else fit
    check_unweighted(point, "to_datatree")
    check(table, point, prior_draws, predictive_draws)
    check_bootstrap(point, bootstrap)
    # The prior that was sampled, where the point was found under another one (maximum likelihood, say).
    mixture = fit.mixture
    material = Material(
        table, point, mixture, seed, prior_draws, predictive_draws, limits or Limits(), bootstrap, standard_errors
    )
    with threads(fit):
        draws = relabel(fit, table.values, method=relabelling) if isinstance(fit, DrawsFit) else None
        found = list(built(material, draws, progress or silent))
    tree = xr.DataTree.from_dict({f"/{name}": dataset for each in found for name, dataset in each.datasets.items()})
    tree.attrs = root_attrs(material, draws, name, [sentence for each in found for sentence in each.left_out])
    return tree


def threads(fit: PointFit | DrawsFit) -> AbstractContextManager:
    """Of LAPACK while a tree is made: one beside JAX's own."""
    if not isinstance(fit, DrawsFit):
        return nullcontext()
    from gmm_ppl.compiled import one_blas_thread

    return one_blas_thread()


def check(table: Table, point: PointFit, prior_draws: int, predictive_draws: int) -> None:
    """Refuse data with another number of features than the fit, and negative numbers of draws."""
    features = point.parameters.shape.features
    if len(table.features) != features:
        raise InputError(
            f"data: the fit has {features} features, {table.source} has {len(table.features)}. Give the rows that were fitted."
        )
    if min(prior_draws, predictive_draws) < 0:
        raise InputError(f"prior_draws and predictive_draws must be at least 0; given {prior_draws!r} and {predictive_draws!r}.")


def check_bootstrap(point: PointFit, bootstrap: "BootstrapFit | None") -> None:
    """Refuse replicates of another mixture than the point's."""
    if bootstrap is not None and bootstrap.start.parameters.shape != point.parameters.shape:
        raise InputError(
            "bootstrap: its mixture has another number of components or features, or another covariance family, than the fit."
        )


def built(material: Material, draws: RelabelledDraws | None, progress: Progress) -> Iterator[Groups]:
    """Every builder's groups, those of draws first."""
    from_draws = [] if draws is None else [lambda build=build: build(material, draws) for build in FROM_DRAWS]
    from_point = [lambda build=build: build(material) for build in FROM_POINT]
    steps = [*from_draws, *from_point]
    for done, step in enumerate(steps):
        yield step()
        progress("Results", done + 1, len(steps))


def root_attrs(material: Material, draws: RelabelledDraws | None, name: str, left_out: list[str]) -> dict[str, int | str]:
    """What the whole tree is about; mappings and lists as JSON, which is all that netCDF can keep of them."""
    kind, formulae = prior_attrs(material.mixture, material.shape)
    library = LIBRARIES[draws.engine] if draws else "gmm_ppl"
    return {
        "name": name,
        "source": material.table.source,
        "gmm_ppl_version": version("gmm_ppl"),
        "created_at": datetime.now(UTC).isoformat(),
        "engine": draws.engine if draws else "em",
        "inference_library": library,
        "inference_library_version": version(library),
        "components": material.shape.components,
        "covariance": material.shape.family.name,
        "prior": json.dumps(kind),
        "prior_formulae": json.dumps(formulae),
        "relabelling": draws.method if draws else "none",
        "relabelling_note": draws.note if draws else "There are no draws to relabel.",
        "left_out": json.dumps(left_out),
    }


def prior_attrs(mixture: Mixture, shape: MixtureShape) -> tuple[dict[str, object], tuple[str, ...]]:
    """Kind and numbers of the prior, and its formulae."""
    prior = resolved_prior(mixture)
    return {"kind": prior.kind, **prior.numbers()}, prior.formulae(shape)
