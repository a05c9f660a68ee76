"""The sum over all assignments two ways, and tempering's errors beside it on some of the page's problems."""

import numpy as np
import pytest
from scipy import stats

import gmm_ppl as gp
from gmm_ppl.inference.prepared import prepare
from tests.evidence.exact_sums import SHAPES, answer, exact_evidence, in_turn, problem
from tests.inference import exact
from tests.inference.conftest import EIGHT_ROWS, EIGHT_ROWS_PRIOR

FEW = 24


def test_the_sum_is_that_of_one_feature_written_otherwise():
    mixture = prepare(gp.Mixture(2, "full", EIGHT_ROWS_PRIOR.statement()), EIGHT_ROWS).mixture
    wanted = exact.log_evidence(EIGHT_ROWS, EIGHT_ROWS_PRIOR, 2)
    assert exact_evidence(EIGHT_ROWS[:, None], mixture) == pytest.approx(wanted, rel=1e-12)


def test_problems_come_shape_by_shape_under_both_priors():
    seeds = in_turn(FEW)
    made = [problem(seed) for seed in seeds]
    assert sorted(seeds) == list(range(FEW))
    assert [(*x.shape, mixture.components) for x, mixture in made] == [
        shape for shape in SHAPES for _ in range(FEW // len(SHAPES))
    ]
    assert sum(mixture.prior == "weak" for _, mixture in made) == FEW // 2


@pytest.mark.slow
def test_errors_hold_the_exact_evidence():
    """As often within two errors as normal errors would be in 999 of a thousand such tests, and never beyond five."""
    z = np.array([answer(seed, draws=250)[0].z for seed in in_turn(FEW)])
    assert (np.abs(z) <= 2).sum() >= stats.binom.ppf(1e-3, FEW, 2 * stats.norm.cdf(2) - 1)
    assert np.abs(z).max() < 5
