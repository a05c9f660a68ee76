"""The EM point and its starts: `em_fit`, `em_trace` and `em_restarts`, none with sample dimensions."""

import json
from dataclasses import asdict

import numpy as np

from gmm_ppl.inference.base import Status
from gmm_ppl.results.evaluate import density_and_memberships
from gmm_ppl.results.labels import variables_of
from gmm_ppl.results.material import Groups, Material


def em_fit_group(material: Material) -> Groups:
    """Parameters, responsibilities, log densities (nats) and objective at the point; how it ended is in the attributes."""
    point = material.point
    density, memberships = density_and_memberships(point.parameters, material.table.values)
    variables = {
        **variables_of(point.parameters),
        "responsibilities": (("obs", "component"), memberships),
        "assignment": (("obs",), memberships.argmax(axis=1)),
        "log_density": (("obs",), density),
        **{name: ((), getattr(point, name)) for name in ("objective", "log_likelihood", "log_prior", "log_posterior")},
    }
    return Groups({"em_fit": material.labelled(variables, attrs=em_attrs(material))})


def em_attrs(material: Material) -> dict[str, int | str]:
    """How the fit ended, and what its reader must know (`base.Caution`), as a list in JSON."""
    point = material.point
    return {
        "status": point.status.name,
        "message": point.status.value,
        "iterations": point.iterations,
        "converged": int(point.status is Status.CONVERGED),
        "starts": len(point.restarts.status),
        "distinct_optima": int(np.unique(point.restarts.optimum[point.restarts.optimum >= 0]).size),
        "n_parameters": material.shape.n_parameters,
        "cautions": json.dumps([asdict(each) for each in point.cautions], ensure_ascii=False),
    }


def em_restarts_groups(material: Material) -> Groups:
    """What each start came to, and its objective (nats) at every iteration, padded with NaN."""
    restarts = material.point.restarts
    ends = {
        "objective": restarts.objective,
        "log_likelihood": restarts.log_likelihood,
        "iterations": restarts.iterations,
        "status": np.array([status.name for status in restarts.status]),
        "optimum": restarts.optimum,
        "kind": np.array(restarts.kind),
    }
    ends_of_starts = {name: (("start",), values) for name, values in ends.items()}
    return Groups(
        {
            "em_trace": material.labelled({"objective": (("start", "iteration"), restarts.trace)}),
            "em_restarts": material.labelled(ends_of_starts, attrs={"best": restarts.best}),
        }
    )
