"""The truth that the hunt holds verdicts to, and its count."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from tests.hunt.clusters import Clusters, Numbers
from tests.hunt.count import interval, page
from tests.hunt.judge import OFF, Judgement, judge
from tests.hunt.partitions import quantities, sample
from tests.hunt.problems import GENERATORS, problem
from tests.inference import exact
from tests.inference.conftest import EIGHT_ROWS
from tests.inference.conftest import EIGHT_ROWS_PRIOR as STATED

NUMBERS = Numbers(
    np.full(2, STATED.concentration), np.array([STATED.mean]), STATED.precision, STATED.degrees, np.array([[STATED.scale]])
)
ROWS = np.asarray(EIGHT_ROWS, dtype=float).reshape(-1, 1)


def test_partitions_have_the_exact_posterior():
    """Sums over all 2⁸ assignments, to four Monte Carlo errors."""
    means, _ = exact.expectations(EIGHT_ROWS, STATED)
    found = sample(ROWS, NUMBERS, np.array(exact.POINTS)[:, None], seed=1).values
    wanted = {"sum of squared weights": means["sum of squared weights"]}
    wanted |= {f"density at row {place}": each for place, each in enumerate(np.ravel(means["density"]))}
    for name, value in wanted.items():
        assert abs(found[name].mean - value) < 4 * found[name].error, name


def test_three_components_split_and_merge_as_they_should():
    """Seven rows in three pairs and one, among which Gibbs alone seldom moves: sums over all 3⁷ assignments."""
    x = np.array([[-9.0], [-8.8], [0.0], [0.2], [9.0], [9.3], [0.5]])
    numbers = Numbers(np.full(3, 1.0), np.zeros(1), 0.05, 3.0, np.array([[0.5]]))
    every = Clusters(x, numbers, np.array(list(product(range(3), repeat=len(x)))))
    shares = np.exp(every.log_joint())
    wanted = quantities(every, x[:1], np.random.default_rng(0))
    found = sample(x, numbers, x[:1], seed=2).values
    for name in ("sum of squared weights", "density at row 0"):
        exactly = (shares * wanted[name]).sum() / shares.sum()
        assert abs(found[name].mean - exactly) < 4 * found[name].error, name


def test_marginals_are_those_of_rows_in_turn():
    """log p(x | z) is the sum of predictive densities, whatever the order."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(12, 3))
    numbers = Numbers(np.full(2, 1.5), np.array([1.0, -2.0, 0.5]), 0.3, 4.5, np.diag([1.0, 2.0, 3.0]))
    labels = rng.integers(0, 2, 12)
    total = 0.0
    for row in range(12):
        before = Clusters(x[:row], numbers, labels[None, :row])
        total += before.log_predictive(x[row : row + 1])[0, labels[row], 0]
    np.testing.assert_allclose(Clusters(x, numbers, labels[None]).log_likelihood(), total, rtol=1e-12)


@pytest.mark.parametrize("name", GENERATORS)
def test_a_seed_is_a_problem(name):
    first, second, other = problem(name, 3), problem(name, 3), problem(name, 4)
    np.testing.assert_array_equal(first.x, second.x)
    np.testing.assert_equal(first.mixture.prior, second.mixture.prior)
    assert first.x.shape != other.x.shape or not np.array_equal(first.x, other.x)
    assert 20 <= len(first.x) <= 500
    assert 1 <= first.x.shape[1] <= 8


def made(**changes: object) -> Judgement:
    """A judgement of a problem that passed."""
    passed = Judgement("ties", 0, (20, 1, 2), True, "Can be trusted.", (), {"a": 1.0}, short=0.0, settled=True)
    return replace(passed, **changes)


def test_judgements_are_told_apart():
    kinds = {
        "pass": made(),
        "false pass": made(errors={"a": 1.0, "b": -5.5}),
        "false alarm": made(trusted=False),
        "alarm": made(trusted=False, errors={"a": 9.0}),
        "unknown": made(settled=False, errors={"a": 9.0}),
    }
    assert {name: each.kind for name, each in kinds.items()} == {name: name for name in kinds}
    said = page(list(kinds.values()))
    assert "| ties | 1 | 1 | 1 | 1 | 1 | 5 of 5 |" in said
    assert "false pass: 1 of 4, 25.0 %" in said
    assert "| ties | 0 | 0 | 0 | 0 | 1 | 1 of 1 |" in page([kinds["unknown"]])


def test_intervals_are_exact():
    """Of none in 36, the upper end is 1 − 0.025^(1/36)."""
    np.testing.assert_allclose(interval(0, 36), (0, 1 - 0.025 ** (1 / 36)), rtol=1e-12)
    np.testing.assert_allclose(interval(36, 36), (0.025 ** (1 / 36), 1), rtol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "seed"), [("heavy_tails", 100), ("k_too_small", 100)])
def test_a_short_hunt(name, seed):
    """The default run agrees with the posterior of partitions; whether it says so hangs on digits of one machine."""
    found = judge(problem(name, seed))
    assert found.settled
    assert found.off <= OFF
