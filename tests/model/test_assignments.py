"""Assignments after they were summed out: responsibilities averaged and drawn from, against NumPy."""

import jax
import numpy as np
import pytest

import gmm_ppl as gp
from gmm_ppl.model import assignments
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


@pytest.mark.parametrize("family", FAMILY_NAMES)
@pytest.mark.parametrize("probability", [0.5, 0.89])
def test_membership_intervals(family, probability):
    members, draws = posterior_draws(family)
    found = assignments.membership_intervals(draws, X, probability=probability)
    each = np.stack([oracles.responsibilities(X, parameters) for parameters in members])
    np.testing.assert_allclose(found.mean, each.mean(axis=0), rtol=1e-10)
    np.testing.assert_allclose(found.deviation, each.std(axis=0), rtol=1e-8, atol=1e-15)
    for end, level in ((found.low, (1 - probability) / 2), (found.high, (1 + probability) / 2)):
        np.testing.assert_allclose(end, np.quantile(each, level, axis=0), rtol=2e-7, atol=1e-30)
        assert (end.dtype, end.shape) == (np.float64, (N, K))


@pytest.mark.parametrize("held", [1, 2 * CHAINS * DRAWS * K, 10**6])
def test_blocks_of_rows_do_not_change_membership_intervals(monkeypatch, held):
    _, draws = posterior_draws("full")
    x = random_rows(7)
    monkeypatch.setattr(assignments, "HELD_NUMBERS", held)
    found = assignments.membership_intervals(draws, x, probability=0.8)
    for row in range(7):
        alone = assignments.membership_intervals(draws, x[[row]], probability=0.8)
        for whole, one in zip(found, alone, strict=True):
            np.testing.assert_allclose(whole[row], one[0], rtol=1e-6, atol=1e-15)


@pytest.mark.parametrize(
    ("rows", "most", "expected"),
    [(7, 3, [(0, 3), (3, 6), (4, 7)]), (6, 3, [(0, 3), (3, 6)]), (2, 9, [(0, 2)]), (2, 0, [(0, 1), (1, 2)])],
)
def test_blocks_of_rows_are_of_one_length_and_the_last_reaches_back(rows, most, expected):
    assert [(block.start, block.stop) for block in assignments.equal_blocks(rows, most)] == expected


def test_one_draw_is_its_own_interval():
    members, draws = posterior_draws("full", 1, 1)
    found = assignments.membership_intervals(draws, X, probability=0.89)
    wanted = oracles.responsibilities(X, members[0])
    # Single precision, which knows nothing below 10⁻³⁸.
    np.testing.assert_allclose(found.low, wanted, rtol=2e-7, atol=1e-37)
    np.testing.assert_array_equal(found.low, found.high)


def test_a_singular_draw_leaves_no_interval():
    _, draws = posterior_draws("full")
    draws.covariance.covariances[0, 1] = 0
    found = assignments.membership_intervals(draws, X, probability=0.89)
    assert all(np.isnan(each).all() for each in found)


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


NARROW = gp.mixture_parameters([0.5, 0.5], [[0.0], [1.0]], [[[1.0]], [[1.0]]])
WRONG_ROWS = {
    "one feature, no axis": (NARROW, np.arange(5.0), "x must have shape (N, 1); given (5,). A single feature is x[:, None]."),
    "a column for two features": (random_parameters("full"), X[:, :1], "x must have shape (N, 2); given (4, 1)."),
    "three for two": (random_parameters("full"), np.ones((4, 3)), "x must have shape (N, 2); given (4, 3)."),
    "one row": (random_parameters("full"), X[0], "x must have shape (N, 2); given (2,)."),
    "tables": (random_parameters("full"), X[None], "x must have shape (N, 2); given (1, 4, 2)."),
}
CALLS = {
    "mean": gp.mean_responsibilities,
    "interval": lambda draws, x: assignments.membership_intervals(draws, x, probability=0.8),
    "draw": lambda draws, x: gp.recover_assignments(draws, x, seed=0),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("case", WRONG_ROWS)
def test_rows_of_another_shape_are_refused(case, call):
    parameters, x, message = WRONG_ROWS[case]
    draws = jax.tree.map(lambda leaf: np.broadcast_to(leaf, (2, 3, *leaf.shape)), parameters)
    with pytest.raises(gp.InputError) as caught:
        CALLS[call](draws, x)
    assert str(caught.value) == message


def test_a_certain_row_always_goes_to_its_component():
    parameters = random_parameters("spherical")
    draws = jax.tree.map(lambda leaf: np.broadcast_to(leaf, (1, 50, *leaf.shape)), parameters)
    far = parameters.means[[1]] * 1e6
    wanted = oracles.responsibilities(far, parameters).argmax(axis=1)
    np.testing.assert_array_equal(gp.recover_assignments(draws, far, seed=0), np.broadcast_to(wanted, (1, 50, 1)))
