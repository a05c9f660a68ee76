"""Moves of many rows at once leave the posterior as it is: sums over all 3⁷ assignments."""

from itertools import product

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from scipy import stats

import gmm_ppl as gp
from gmm_ppl.inference.mode.coordinates import coordinates_at
from gmm_ppl.inference.nuts.conjugate_draws import Noise, drawn_parameters, log_gammas
from gmm_ppl.inference.nuts.reassignment import reassignment
from gmm_ppl.mixture.covariance import FAMILIES, find_family
from gmm_ppl.mixture.density import log_density
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.model.posterior import posterior
from gmm_ppl.priors.sites import draw_sites
from gmm_ppl.types import in_float64
from tests.hunt.clusters import Clusters, Numbers
from tests.hunt.partitions import quantities

ROWS = np.array([[-3.0, 0.1], [-2.8, -0.3], [0.0, 0.2], [0.2, 0.0], [2.0, 1.0], [2.3, 1.4], [0.5, -0.2]])
CONCENTRATION = [1.0, 1.5, 3.0]
"""Of one component and another: no labelling is as good as another."""
NUMBERS = Numbers(np.array(CONCENTRATION), np.zeros(2), 0.1, 4.0, 0.5 * np.eye(2))
PRIOR = {
    "kind": "conjugate",
    "concentration": CONCENTRATION,
    "mean": 0.0,
    "mean_precision": 0.1,
    "degrees_of_freedom": 4.0,
    "scale": 0.5,
}
LANES, MOVES = 1500, 34


@in_float64
def moved() -> tuple[np.ndarray, np.ndarray]:
    """Weights and densities at the first row, (LANES, …), after moves from draws of the prior."""
    mixture = gp.Mixture(3, "full", PRIOR)
    target, point = posterior(mixture, ROWS), gp.fit(mixture, ROWS)
    guides = tuple(each.parameters for each in (point, *point.rivals))
    coordinates = coordinates_at(target, target.unconstrain(jax.tree.map(jnp.asarray, point.sites)))
    moves = reassignment(target, coordinates, guides)
    assert moves is not None

    def one(key):
        begun = draw_sites(target.prior, target.shape, key)[0]
        away = ravel_pytree(target.unconstrain(begun))[0] - ravel_pytree(coordinates.centre)[0]
        keys = jax.random.split(jax.random.fold_in(key, 1), MOVES)
        position = jax.lax.fori_loop(0, MOVES, lambda turn, at: moves.moved(at, keys[turn]), moves.inverse @ away)
        parameters = target.parameters(target.constrain(coordinates.unconstrained(position)))
        return parameters.weights, jnp.exp(log_density(target.x[0], parameters))

    ends = eqx.filter_jit(lambda keys: jax.lax.map(one, keys, batch_size=300))
    weights, densities = ends(jax.random.split(jax.random.key(0), LANES))
    return np.asarray(weights), np.asarray(densities)


def test_they_leave_the_posterior_as_it_is():
    every = Clusters(ROWS, NUMBERS, np.array(list(product(range(3), repeat=len(ROWS)))))
    shares = np.exp(every.log_joint())
    wanted = quantities(every, ROWS[:1], np.random.default_rng(0))
    weights, densities = moved()
    after = NUMBERS.concentration + every.count
    wanted |= {f"weight {k}": after[:, k] / after.sum(axis=1) for k in range(3)}
    found = {"sum of squared weights": (weights**2).sum(axis=1), "density at row 0": densities}
    found |= {f"weight {k}": weights[:, k] for k in range(3)}
    for name, value in found.items():
        exactly = (shares * wanted[name]).sum() / shares.sum()
        assert abs(value.mean() - exactly) < 4 * value.std() / np.sqrt(LANES), name


@pytest.mark.parametrize("family", [name for name, each in FAMILIES.items() if len(each.parts) == 1])
@in_float64
def test_covariances_have_the_means_of_their_laws(family):
    """W / (n − 2 D − 2) of matrices whose log density is −½ (n log |Σ| + tr(W Σ⁻¹)), w / (n − 4) of variances."""
    found = find_family(family)
    mixture = gp.Mixture(2, family, {**PRIOR, "mean_precision": 1.0, "degrees_of_freedom": 30.0, "concentration": 4.0})
    target = posterior(mixture, ROWS)
    kernel = target.prior.kernel(target.shape)
    (part,) = found.parts
    like = MixtureParameters(np.full(2, 0.5), np.zeros((2, 2)), found.from_sites({part.name: np.zeros(())}))
    draws = jax.jit(jax.vmap(lambda key: drawn_parameters(Noise(key, like), kernel, like).sites))(
        jax.random.split(jax.random.key(1), 20_000)
    )
    count, scatter = found.pooled(np.asarray(kernel.count) - 1, np.asarray(kernel.scatter))
    less = np.asarray(count - (6 if part.support.axes else 4))
    wanted = scatter / np.reshape(less, (*less.shape, *[1] * part.support.axes))
    for name, value in (("weights", np.full(2, 0.5)), ("means", np.zeros((2, 2))), (part.name, wanted)):
        drawn = np.asarray(draws[name])
        error = drawn.std(axis=0) / np.sqrt(len(drawn))
        assert (np.abs(drawn.mean(axis=0) - value) < 4.5 * error).all(), name


@pytest.mark.parametrize("shape", [0.05, 0.5, 1.0, 3.0, 40.0])
@in_float64
def test_gamma_variates(shape):
    """Kolmogorov and Smirnov's test."""
    like = MixtureParameters(np.ones(20_000), np.zeros((20_000, 1)), None)
    drawn = np.asarray(jax.jit(lambda key: log_gammas(Noise(key, like), jnp.full(20_000, shape)))(jax.random.key(2)))
    assert stats.kstest(np.exp(drawn), "gamma", (shape,)).pvalue > 1e-4
