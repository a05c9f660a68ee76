"""One replication: parameters from the prior, rows from the mixture that they make, an engine's draws, and the ranks."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gmm_ppl.calibration.engines import Engine, Simulated
from gmm_ppl.calibration.quantities import flat, quantities
from gmm_ppl.calibration.ranks import lag_one, ranks
from gmm_ppl.compiled import compiled, mapped
from gmm_ppl.errors import FitError, InputError
from gmm_ppl.inference.mixing import r_hat
from gmm_ppl.mixture.operations import sample_rows
from gmm_ppl.mixture.parameters import MixtureShape
from gmm_ppl.mixture.rows import rows
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.model.specification import Mixture, as_jax, resolved_prior
from gmm_ppl.priors import AbstractPrior
from gmm_ppl.priors.base import Sites
from gmm_ppl.priors.sites import draw_sites
from gmm_ppl.types import Array, Float, Int, to_numpy

SEEDS = 2**31 - 1

TOGETHER = 64
"""Draws that quantities are computed of side by side."""


class Setting(eqx.Module):
    """What is simulated: a prior with fixed numbers, and how many rows from each of its draws."""

    prior: AbstractPrior
    shape: MixtureShape = eqx.field(static=True)
    rows: int = eqx.field(static=True)


@dataclass(frozen=True, eq=False)
class Question:
    """What is calibrated: an engine with arguments of `fit` for its start, on rows of a mixture, with L = `draws`."""

    mixture: Mixture
    engine: Engine
    em: Mapping[str, Any]
    rows: int
    features: int
    draws: int
    seed: int

    @cached_property
    def setting(self) -> Setting:
        """What rows are simulated from."""
        return Setting(as_jax(resolved_prior(self.mixture)), self.mixture.shape(self.features), self.rows)


@dataclass(frozen=True, eq=False)
class Ranked:
    """What one replication came to, as in `Replications`; without draws all is NaN, or 0."""

    truth: Float[np.ndarray, " Q"]
    ranks: Int[np.ndarray, " Q"]
    lag_one: Float[np.ndarray, " Q"]
    usable: bool
    notes: Mapping[str, float]


def ranked(question: Question, number: int) -> Ranked:
    """Replication `number`: simulated, drawn from, ranked."""
    simulated, truth, for_ties = simulate(question, number)
    own, values, notes = drawn_from(question.engine, simulated, truth, question.draws)
    if not (values.size and np.isfinite(values).all()):
        return Ranked(own, np.zeros(own.shape, int), np.full(own.shape, np.nan), usable=False, notes={})
    kept = evenly(values, question.draws)
    return Ranked(
        own, *to_numpy(ranked_among(for_ties, own, kept)), usable=True, notes={**notes, "r_hat": float(np.max(r_hat(values)))}
    )


def simulate(question: Question, number: int) -> tuple[Simulated, Sites, Array]:
    """The rows of a replication, the sites behind them, and a key; the same whatever else is simulated."""
    posterior, truth, moves, for_ties = replicate(question.setting, np.asarray(question.seed), np.asarray(number))
    return Simulated(question.mixture, posterior, int(moves), question.em), truth, for_ties


@compiled
def replicate(setting: Setting, seed: Array, number: Array) -> tuple[Posterior, Sites, Array, Array]:
    """θ* ~ prior, x_i ~ mixture(θ*) for N rows: the posterior given x, the sites θ*, a seed for the engine and a key for ties."""
    for_data, for_moves, for_ties = jax.random.split(jax.random.fold_in(jax.random.key(seed), number), 3)
    for_sites, for_rows = jax.random.split(for_data)
    sites, parameters = draw_sites(setting.prior, setting.shape, for_sites)
    x, _ = sample_rows(for_rows, parameters, setting.rows)
    moves = jax.random.randint(for_moves, (), 0, SEEDS)
    return Posterior(rows(x), setting.prior, setting.shape), sites, moves, for_ties


@compiled
def ranked_among(key: Array, truth: Float[Array, " Q"], draws: Float[Array, "L Q"]) -> tuple[Array, Array]:
    """`ranks`, and `lag_one` of the draws."""
    return ranks(key, truth, draws), lag_one(draws)


def drawn_from(
    engine: Engine, simulated: Simulated, truth: Sites, draws: int
) -> tuple[Float[np.ndarray, " Q"], Float[np.ndarray, "C M Q"], Mapping[str, float]]:
    """All quantities at the truth, and at an engine's draws, with its notes; where it has none, no draws."""
    try:
        drawn = engine(simulated, draws)
    except (FitError, InputError):
        return np.asarray(evaluate(simulated.posterior, truth, {}))[0], np.empty((0, 0, 0)), {}
    values = np.asarray(evaluate(simulated.posterior, truth, drawn.sites))
    chains = np.shape(next(iter(drawn.sites.values())))[0]
    return values[0], values[1:].reshape(chains, -1, values.shape[1]), drawn.notes


@compiled
def evaluate(posterior: Posterior, truth: Sites, draws: Sites) -> Float[Array, "S Q"]:
    """All quantities at the truth, then at every draw (chain, draw, …), one chain after another.

    One program for truth and draws: no difference between the two but their values.
    """
    others = jax.tree.map(lambda each: jnp.reshape(each, (-1, *jnp.shape(each)[2:])), draws)
    every = {name: jnp.concatenate([own[None], *([others[name]] if others else [])]) for name, own in truth.items()}
    return mapped(lambda each: flat(quantities(posterior, each)), every, together=TOGETHER)


def evenly(values: Float[np.ndarray, "C M Q"], draws: int) -> Float[np.ndarray, "L Q"]:
    """L draws at even distances, one chain after another."""
    every = values.reshape(-1, values.shape[-1])
    return every[((np.arange(draws) + 0.5) * len(every) / draws).astype(int)]
