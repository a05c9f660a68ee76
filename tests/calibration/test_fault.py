"""Which is named where ranks are not uniform: the engine, or what all engines share."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from gmm_ppl.calibration import fault as faults
from gmm_ppl.calibration import run
from gmm_ppl.calibration.fault import differences, fault, most_extreme
from gmm_ppl.calibration.replication import Question, Ranked, ranked
from gmm_ppl.calibration.run import calibrate
from gmm_ppl.calibration.verdict import explained
from gmm_ppl.progress import silent
from tests.calibration.exact import EXACT, WRONG, normal


@pytest.fixture(autouse=True)
def _exact_reference(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(faults, "ENGINES", {"tempered": EXACT})


def test_a_wrong_engine_is_named():
    found = calibrate(normal(), rows=12, features=2, replications=300, engine=WRONG["wider"], seed=3)
    verdict = explained(found, silent)
    assert verdict.fault is not None
    assert verdict.fault.different > 5
    assert "At fault is the engine, drawn: in " in verdict.sentence


def test_a_right_engine_under_a_wrong_prior_is_not(monkeypatch: pytest.MonkeyPatch):
    def of_another_truth(question: Question, number: int) -> Ranked:
        """Ranks of a truth that is drawn with other numbers than the posterior is told."""
        one = ranked(question, number)
        return replace(one, ranks=one.ranks // 2)

    monkeypatch.setattr(run, "ranked", of_another_truth)
    verdict = explained(calibrate(normal(), rows=12, features=2, replications=100, engine=EXACT, seed=3), silent)
    assert verdict.fault is not None
    assert verdict.fault.different == 0
    assert "At fault is what engines share" in verdict.sentence


def test_nothing_is_drawn_again_where_nothing_is_wrong():
    assert explained(calibrate(normal(), rows=12, features=2, replications=60, engine=EXACT, seed=3), silent).fault is None


def test_the_most_extreme_are_looked_at():
    found = calibrate(normal(), rows=12, features=2, replications=60, engine=EXACT, seed=3)
    name = "log likelihood"
    chosen = most_extreme(found, (name,))
    column = found.ranks[:, found.names.index(name)]
    inner = np.minimum(column, found.draws - column)
    assert inner[chosen].max() <= np.delete(inner, chosen).min()
    assert fault(found, (name,)).looked_at == len(chosen) == 20


def test_p_values_of_equal_means_are_uniform(rng: np.random.Generator):
    one, other = np.exp(rng.normal(size=(4, 50, 400))), np.exp(rng.normal(size=(2, 80, 400)))
    assert stats.kstest(differences(one, other), "uniform").pvalue > 1e-3


def test_a_chain_that_stands_still_elsewhere_differs(rng: np.random.Generator):
    moving = rng.normal(size=(4, 50, 2))
    still = np.stack([np.full((4, 50), 3.0), rng.normal(size=(4, 50))], axis=-1)
    assert (differences(still, moving) < [1e-6, 1]).tolist() == [True, True]
