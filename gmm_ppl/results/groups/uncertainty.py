"""The uncertainty of the EM point: `em_uncertainty`, standard errors by curvature, by scores and by bootstrap."""

from typing import TYPE_CHECKING

import numpy as np

from gmm_ppl.inference.errors.uncertainty import KINDS, MOST, errors_of, why_no_errors
from gmm_ppl.results.labels import Attributes, Variables, variables_of
from gmm_ppl.results.material import Groups, Material
from gmm_ppl.results.uncertainty import bootstrap_errors

if TYPE_CHECKING:
    from gmm_ppl.inference.errors.bootstrap import BootstrapFit


def em_uncertainty_group(material: Material) -> Groups:
    """Standard errors of weights, means and covariances; what is not there, and why, is said."""
    parts = [by_curvature(material)]
    if material.bootstrap is not None:
        parts.append(by_bootstrap(material, material.bootstrap))
    variables = {name: value for found, _, _ in parts for name, value in found.items()}
    sentences = tuple(sentence for _, _, sentence in parts if sentence)
    if not variables:
        return Groups({}, sentences)
    attrs = {name: value for _, found, _ in parts for name, value in found.items()}
    return Groups({"em_uncertainty": material.labelled(variables, attrs=attrs)}, sentences)


def by_curvature(material: Material) -> tuple[Variables, Attributes, str]:
    """Observed information and sandwich, under the prior that the point was fitted with; a sentence where there is none.

    Errors that are NaN, since the curvature allows none, stay in: the attributes say why.
    """
    if not material.standard_errors:
        return {}, {}, "em_uncertainty: standard errors by curvature were not asked for."
    reason = why_no_errors(material.point) or why_too_many(material.shape.n_parameters)
    if reason:
        return {}, {}, f"em_uncertainty: no standard errors by curvature: {reason}"
    found = errors_of(material.point, material.table)
    variables = {f"{kind}_se": found[kind].errors for kind in KINDS}
    one = found[KINDS[0]]
    attrs = {
        "information": one.status.name,
        "message": one.status.value,
        # NaN, where there is no curvature, is no number that JSON or a reader could use.
        **{name: getattr(one, name) for name in ("flattest", "distance") if np.isfinite(getattr(one, name))},
    }
    return named(material, variables), attrs, ""


def why_too_many(coordinates: int) -> str:
    """Why so many coordinates have no covariance; empty where they have."""
    if coordinates <= MOST:
        return ""
    return f"the mixture has {coordinates} free parameters, and above {MOST} their covariance is not computed."


def by_bootstrap(material: Material, bootstrap: "BootstrapFit") -> tuple[Variables, Attributes, str]:
    """Standard deviations and percentile intervals of the replicates, how many there are and how they ended."""
    kept, total = int(bootstrap.usable.sum()), len(bootstrap.status)
    attrs = {
        "replicates": total,
        "replicates_usable": kept,
        "bootstrap_seed": bootstrap.seed,
        "bootstrap_seconds": bootstrap.seconds,
    }
    errors = bootstrap_errors(bootstrap, material.point.parameters, material.table.values) if kept > 1 else {}
    sentence = f"em_uncertainty: {total - kept} of {total} bootstrap replicates collapsed and have no part in its errors."
    return named(material, errors), attrs, sentence if kept < total else ""


def named(material: Material, errors: dict[str, dict[str, np.ndarray]]) -> Variables:
    """Arrays by error and site as `site_error`, with the parameters' own dimensions."""
    dims = {name: each for name, (each, _) in variables_of(material.point.parameters).items()}
    return {f"{site}_{error}": (dims[site], values) for error, sites in errors.items() for site, values in sites.items()}
