"""One replication: parameters from the prior, rows from the mixture that they make."""

import equinox as eqx
import jax

from gmm_ppl.mixture.operations import sample_rows
from gmm_ppl.mixture.parameters import MixtureShape
from gmm_ppl.mixture.rows import rows
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.priors import AbstractPrior
from gmm_ppl.priors.base import Sites
from gmm_ppl.priors.sites import draw_sites
from gmm_ppl.types import Array


class Setting(eqx.Module):
    """What is calibrated: a prior with fixed numbers, and how many rows are simulated from each of its draws."""

    prior: AbstractPrior
    shape: MixtureShape = eqx.field(static=True)
    rows: int = eqx.field(static=True)


def replicate(setting: Setting, key: Array) -> tuple[Posterior, Sites]:
    """θ* ~ prior, x_i ~ mixture(θ*) for N rows: the posterior given x, and the sites θ*."""
    for_sites, for_rows = jax.random.split(key)
    sites, parameters = draw_sites(setting.prior, setting.shape, for_sites)
    x, _ = sample_rows(for_rows, parameters, setting.rows)
    return Posterior(rows(x), setting.prior, setting.shape), sites
