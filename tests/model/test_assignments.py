"""Assignments after they were summed out: responsibilities averaged and drawn from, against NumPy."""

import jax
import numpy as np
import pytest

import gmm_ppl as gp
from tests.cases import FAMILY_NAMES, random_parameters, random_rows
from tests.mixture import oracles

CHAINS, DRAWS, K, N = 2, 3, 3, 4
X = random_rows(N)


def posterior_draws(family, chains=CHAINS, draws=DRAWS):
    members = [random_parameters(family, seed=seed) for seed in range(chains * draws)]
    return members, jax.tree.map(lambda *leaves: np.stack(leaves).reshape(chains, draws, *leaves[0].shape), *members)


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_mean_responsibilities(family):
    members, draws = posterior_draws(family)
    mean, deviation = gp.mean_responsibilities(draws, X)
    each = np.stack([oracles.responsibilities(X, parameters) for parameters in members])
    np.testing.assert_allclose(mean, each.mean(axis=0), rtol=1e-10)
    np.testing.assert_allclose(deviation, each.std(axis=0), rtol=1e-8, atol=1e-15)
    np.testing.assert_allclose(mean.sum(axis=1), np.ones(N), rtol=1e-14)
    assert mean.dtype == deviation.dtype == np.float64


@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_rows_of_other_types(dtype):
    members, draws = posterior_draws("full")
    rows = X.astype(dtype)
    wanted = np.mean([oracles.responsibilities(rows.astype(float), parameters) for parameters in members], axis=0)
    np.testing.assert_allclose(gp.mean_responsibilities(draws, rows)[0], wanted, rtol=1e-10)
    assert gp.recover_assignments(draws, rows, seed=0).shape == (CHAINS, DRAWS, N)


def test_draws_in_single_precision_are_taken():
    members, draws = posterior_draws("diagonal")
    single = jax.tree.map(lambda leaf: leaf.astype(np.float32), draws)
    wanted = np.mean([oracles.responsibilities(X, parameters) for parameters in members], axis=0)
    np.testing.assert_allclose(gp.mean_responsibilities(single, X)[0], wanted, rtol=1e-4, atol=1e-6)


def test_recovered_assignments_are_drawn_from_the_responsibilities():
    """4000 posterior draws at one point: frequencies within five standard errors of γ."""
    count, parameters = 2000, random_parameters("tied")
    draws = jax.tree.map(lambda leaf: np.broadcast_to(leaf, (2, count, *leaf.shape)), parameters)
    labels = gp.recover_assignments(draws, X, seed=7)
    assert (labels.shape, labels.dtype) == ((2, count, N), np.int32)
    exact = oracles.responsibilities(X, parameters)
    found = (labels.reshape(-1, N)[:, :, None] == np.arange(K)).mean(axis=0)
    assert (np.abs(found - exact) <= 5 * np.sqrt(exact * (1 - exact) / (2 * count)) + 1e-12).all()
    # Rows and draws are drawn independently.
    first, second = (labels[..., row].ravel() == 0 for row in (0, 1))
    assert abs(np.mean(first & second) - first.mean() * second.mean()) < 5 * 0.5 / np.sqrt(2 * count)
    np.testing.assert_array_equal(labels, gp.recover_assignments(draws, X, seed=7))


def test_a_certain_row_always_goes_to_its_component():
    parameters = random_parameters("spherical")
    draws = jax.tree.map(lambda leaf: np.broadcast_to(leaf, (1, 50, *leaf.shape)), parameters)
    far = parameters.means[[1]] * 1e6
    wanted = oracles.responsibilities(far, parameters).argmax(axis=1)
    np.testing.assert_array_equal(gp.recover_assignments(draws, far, seed=0), np.broadcast_to(wanted, (1, 50, 1)))
