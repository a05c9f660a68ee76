"""The draws: `posterior` with settled labels, `sample_stats`, `unconstrained_posterior` and `log_prior`."""

from collections.abc import Mapping

import numpy as np

from gmm_ppl.mixture.parameters import MixtureShape
from gmm_ppl.model.specification import resolved_prior
from gmm_ppl.priors import AbstractPrior
from gmm_ppl.priors.base import AbstractDirectPrior, Sites
from gmm_ppl.results.labels import SAMPLE, variables_of
from gmm_ppl.results.material import Groups, Material
from gmm_ppl.results.relabel import RelabelledDraws
from gmm_ppl.types import Float, in_float64

Named = dict[str, tuple[tuple[str, ...], object]]


def posterior_groups(material: Material, draws: RelabelledDraws) -> Groups:
    """Weights, means, covariances (and whatever else a program samples), and the sampler's statistics."""
    return Groups(
        {
            "posterior": material.labelled(posterior_variables(draws)),
            "sample_stats": material.labelled(statistics_variables(draws), attrs=sampler_attrs(draws)),
        }
    )


def posterior_variables(draws: RelabelledDraws) -> Named:
    """The mixture's parameters, then sites of the prior's program that are none of them."""
    parameters = variables_of(draws.parameters, sample=SAMPLE)
    others = {name: values for name, values in draws.sites.items() if name not in parameters}
    return {**parameters, **unnamed_dims(others)}


def statistics_variables(draws: RelabelledDraws) -> Named:
    """The sampler's statistics and the permutation that settled the labels."""
    statistics = {name: (SAMPLE[: np.ndim(values)], values) for name, values in draws.sampler_statistics.items()}
    return {**statistics, "permutation": ((*SAMPLE, "component"), draws.permutation)}


def sampler_attrs(draws: RelabelledDraws) -> dict[str, int | float | str]:
    """Who drew, how long it took in seconds, its depth limit, how much relabelling had to undo, and what is said once for all
    draws: evidence in nats, k̂ and the like.
    """
    return {
        "engine": draws.engine,
        **draws.facts,
        "sampling_time": draws.seconds,
        "max_tree_depth": draws.max_tree_depth,
        "relabelling": draws.method,
        "label_switches": draws.label_switches,
        "chains_in_other_orders": draws.chains_in_other_orders,
    }


def density_groups(material: Material, draws: RelabelledDraws) -> Groups:
    """The log prior density (nats) of every draw, and the draws in the coordinates that the sampler's bijections make."""
    values = log_prior_of_draws(resolved_prior(material.mixture), material.shape, draws.sites)
    return Groups(
        {
            "log_prior": material.labelled({"log_prior": (SAMPLE, values)}),
            "unconstrained_posterior": material.labelled(unconstrained_variables(material, draws)),
        }
    )


def log_prior_of_draws(
    prior: AbstractPrior, shape: MixtureShape, sites: Mapping[str, np.ndarray]
) -> Float[np.ndarray, "chain draw"]:
    """Log density of the prior's program at every draw, with respect to the measures that its sites have."""
    if not isinstance(prior, AbstractDirectPrior):
        return compiled_log_prior(prior, shape, dict(sites))
    chains = range(len(sites["weights"]))
    return np.stack([prior.log_density(shape, {name: each[chain] for name, each in sites.items()})[0] for chain in chains])


@in_float64
def compiled_log_prior(prior: AbstractPrior, shape: MixtureShape, sites: Sites) -> Float[np.ndarray, "chain draw"]:
    """`log_prior_of_draws`, of a program, which takes one draw."""
    from gmm_ppl.results.programs import log_prior_of_chains

    return log_prior_of_chains(prior, shape, sites)


def unconstrained_variables(material: Material, draws: RelabelledDraws) -> Named:
    """Unconstrained sites: under a site's own dimensions where its shape is kept (means, log variances), else numbered."""
    native = {name: dims for name, (dims, _) in variables_of(draws.parameters, sample=SAMPLE).items()}
    kept = {name for name in native if name in draws.sites and draws.unconstrained[name].shape == draws.sites[name].shape}
    # A site without free coordinates, the weight of a single component, has nothing to store.
    moved = {name: values for name, values in draws.unconstrained.items() if name not in kept and np.size(values)}
    return {**{name: (native[name], draws.unconstrained[name]) for name in sorted(kept)}, **unnamed_dims(moved)}


def unnamed_dims(arrays: Mapping[str, np.ndarray]) -> Named:
    """Arrays (chain, draw, …) with further dimensions called `site_dim_0` …, ArviZ's way."""
    return {name: (dims_of(name, np.ndim(values) - 2), values) for name, values in arrays.items()}


def dims_of(name: str, further: int) -> tuple[str, ...]:
    """chain, draw, name_dim_0, name_dim_1 …"""
    return (*SAMPLE, *(f"{name}_dim_{axis}" for axis in range(further)))
