"""One normal component with its conjugate prior: the posterior is drawn from exactly, or wrongly in a known way."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gmm_ppl import Mixture
from gmm_ppl.calibration.engines import Drawn, Simulated
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.priors.base import Sites
from gmm_ppl.priors.conjugate import ConjugatePrior
from gmm_ppl.priors.sites import draw_sites
from gmm_ppl.types import Array

NUMBERS = {"mean": [0.0, 0.0], "mean_precision": 0.5, "degrees_of_freedom": 6.0, "scale": [[4.0, 1.0], [1.0, 2.0]]}


def normal() -> Mixture:
    """One component, two features, every number stated."""
    mixture = Mixture(1, "full", {"kind": "conjugate", **NUMBERS})
    return mixture.resolve(np.random.default_rng(0).normal(size=(9, 2)))


def updated(posterior: Posterior) -> ConjugatePrior:
    """The normal–inverse-Wishart posterior (Gelman et al., Bayesian Data Analysis, 3rd ed., §3.6)."""
    x, prior = posterior.x, posterior.prior
    count, mean = x.shape[0], jnp.mean(x, axis=0)
    total = prior.mean_precision + count
    away = mean - prior.mean
    scatter = (x - mean).T @ (x - mean) + prior.mean_precision * count / total * jnp.outer(away, away)
    centre = (prior.mean_precision * prior.mean + count * mean) / total
    return ConjugatePrior(prior.concentration, centre, total, prior.degrees_of_freedom + count, prior.scale + scatter)


def engine(law: Callable[[Posterior], ConjugatePrior], change: Callable[[Sites], Sites] = lambda sites: sites) -> Callable:
    """An engine that draws from a law, and changes what it has drawn."""

    @eqx.filter_jit
    def every(posterior: Posterior, keys: Array) -> Sites:
        return jax.vmap(lambda each: change(draw_sites(law(posterior), posterior.shape, each)[0]))(keys)

    def drawn(simulated: Simulated, draws: int) -> Drawn:
        sites = every(simulated.posterior, jax.random.split(jax.random.key(simulated.seed), draws))
        return Drawn(jax.tree.map(lambda leaf: leaf[None], sites), {})

    return drawn


def wider(sites: Sites) -> Sites:
    """Every variance half as large again."""
    return {**sites, "covariances": 1.5 * sites["covariances"]}


def shifted(sites: Sites) -> Sites:
    """Means a quarter of a standard deviation of the component too high in the first feature."""
    step = jnp.sqrt(sites["covariances"][:, :1, 0]) * jnp.array([[0.25, 0.0]])
    return {**sites, "means": sites["means"] + step}


EXACT = engine(updated)
WRONG = {
    "the prior": engine(lambda posterior: posterior.prior),
    "wider": engine(updated, wider),
    "shifted": engine(updated, shifted),
}
