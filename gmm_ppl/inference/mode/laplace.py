"""`laplace`: a normal approximation to the posterior at its mode, with importance weights that say how good it is."""

import math
import time
from typing import Any

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jax.scipy.stats import norm

from gmm_ppl.compiled import compiled, mapped, one_blas_thread
from gmm_ppl.inference.arguments import check_count
from gmm_ppl.inference.base import LaplaceFit, PointFit
from gmm_ppl.inference.beginning import begun
from gmm_ppl.inference.mode.climb import mode_from
from gmm_ppl.inference.mode.curvature import move
from gmm_ppl.inference.mode.importance import smoothed
from gmm_ppl.inference.mode.newton import Mode
from gmm_ppl.mixture.covariance import find_family
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.model.specification import Mixture, resolved_prior
from gmm_ppl.priors.base import AbstractConjugatePrior, Sites
from gmm_ppl.priors.labels import why_labels_matter
from gmm_ppl.progress import Progress
from gmm_ppl.types import Array, Float, in_float64, to_numpy

LANES = 64
"""Draws whose densities are evaluated side by side, where a pass is long."""


@in_float64
def laplace(
    mixture: Mixture,
    data: object,
    *,
    start: PointFit | None = None,
    seed: int = 0,
    chains: int = 4,
    draws: int = 1000,
    progress: Progress | None = None,
) -> LaplaceFit:
    """Draws from the normal law whose mean is the posterior's mode in unconstrained coordinates and whose covariance is the
    inverse of the curvature there, with the importance weights that make them draws from the posterior.

    The mode is another point than EM's, which is the mode in weights, means and covariances: Newton steps lead from the one to
    the other. With u the coordinates, q = N(û, −H⁻¹) and p(x, u) the joint density, Jacobian included:

        log evidence ≈ log p(x, û) + P/2 log 2π + ½ log |−H⁻¹| + log K!        (Tierney & Kadane 1986, doi:10.2307/2287970)
                     ≈ log mean p(x, u) / q(u) + log K!                         (by importance)

    K! counts the labellings of one mode, where the prior treats components alike; it holds where labellings are apart.

    Args:
        mixture: the specification; its prior must be proper.
        data: rows (N, D), in any form that `fit` takes.
        start: an EM fit to start from; by default one is made with the same seed.
        seed: of the draws.
        chains, draws: how many; all are independent, and chains only a way to lay them out.
        progress: called as EM goes on; as in `fit`.

    Returns:
        Draws (chain, draw, …) from q, with `log_p` and `log_q` (nats) and smoothed importance weights (`log_weight`) among the
        `sampler_statistics`. `pareto_k` above 0.7 says that q is no stand-in for the posterior (Vehtari et al. 2024,
        jmlr.org/papers/v25/19-556.html): sample it instead. The evidence is NaN under a conjugate prior of a family of several
        parts (volumes and shapes), whose density is not normalised; `temper` knows it.

    Raises:
        InputError: an improper prior, or a start that does not fit.
        FitError: no mode was reached.
    """
    check_count("chains", chains)
    check_count("draws", draws)
    given, target, point = begun(mixture, data, start, seed=seed, progress=progress)
    began = time.monotonic()
    mode, origin = mode_from(target, point, "laplace")
    with one_blas_thread():
        drawn = to_numpy(draw(target, mode, origin, jax.random.key(seed), chains, draws))
    return collect(given.mixture, point, mode, drawn, seconds=time.monotonic() - began, seed=seed)


def collect(mixture: Mixture, point: PointFit, mode: Mode, drawn: dict[str, Any], *, seconds: float, seed: int) -> LaplaceFit:
    """Draws with their importance weights, and what both say of the evidence."""
    densities = {name: drawn[name] for name in ("log_p", "log_q")}
    weights, labellings = smoothed(densities["log_p"] - densities["log_q"]), log_labellings(mixture)
    return LaplaceFit(
        mixture=mixture,
        parameters=drawn["parameters"],
        sites=drawn["sites"],
        unconstrained=drawn["unconstrained"],
        sampler_statistics={
            "lp": drawn["log_p"],
            "log_p": drawn["log_p"],
            "log_q": drawn["log_q"],
            "log_weight": weights.log_weights,
        },
        start=point,
        seconds=seconds,
        seed=seed,
        log_evidence=weights.log_mean + labellings + unnormalised(mixture),
        log_evidence_error=weights.error + unnormalised(mixture),
        normal_log_evidence=float(mode.log_density) - float(drawn["log_q_at_mode"]) + labellings + unnormalised(mixture),
        pareto_k=weights.pareto_k,
        flattest=float(mode.curvature.flattest),
    )


@compiled
def draw(target: Posterior, mode: Mode, start: Sites, key: Array, chains: int, draws: int) -> dict[str, Any]:
    """Draws (chain, draw, …) from the normal law, with both log densities."""
    unravel = ravel_pytree(start)[1]
    size, volume = mode.position.size, mode.curvature.log_volume

    def one(steps: Float[Array, " P"]) -> dict[str, Any]:
        position = move(mode.position, mode.curvature.scale, steps)
        unconstrained = unravel(position)
        sites = target.constrain(unconstrained)
        return {
            "position": position,
            "sites": sites,
            "parameters": target.parameters(sites),
            "log_p": target.log_density(unconstrained),
            "log_q": jnp.sum(norm.logpdf(steps)) - volume,
        }

    steps = jax.random.normal(key, (chains * draws, size))
    drawn = mapped(one, steps, together=1 if target.short else LANES)
    # Here, because sites without free coordinates, the weight of one component, are no arrays to batch.
    drawn["unconstrained"] = jax.vmap(unravel)(drawn.pop("position"))
    drawn = jax.tree.map(lambda leaf: leaf.reshape(chains, draws, *leaf.shape[1:]), drawn)
    return {**drawn, "log_q_at_mode": size * norm.logpdf(0.0) - volume}


def unnormalised(mixture: Mixture) -> float:
    """NaN where the prior's density lacks its constant, as a conjugate one of covariances of several parts does; else 0."""
    several = len(find_family(mixture.covariance).parts) > 1
    return math.nan if several and isinstance(resolved_prior(mixture), AbstractConjugatePrior) else 0.0


def log_labellings(mixture: Mixture) -> float:
    """log K!, the number of ways to label one mode; 0 where the prior may tell components apart."""
    return 0.0 if why_labels_matter(resolved_prior(mixture)) else math.lgamma(mixture.components + 1)
