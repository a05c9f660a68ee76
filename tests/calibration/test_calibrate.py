"""`calibrate` with engines that are known to be right or wrong, and what becomes of failures and interruptions."""

import numpy as np
import pytest

from gmm_ppl import Mixture
from gmm_ppl.calibration.engines import Drawn, Engine, Simulated
from gmm_ppl.calibration.run import Calibration, calibrate
from gmm_ppl.calibration.verdict import judge
from gmm_ppl.errors import FitError, FitWarning, InputError
from tests.calibration.exact import EXACT, WRONG, normal


def calibrated(engine: Engine = EXACT, **changed: object) -> Calibration:
    """A calibration of one normal component, small unless said otherwise."""
    options: dict = {"rows": 12, "features": 2, "replications": 400, "seed": 3, **changed}
    return calibrate(normal(), engine=engine, **options)


def test_exact_draws_are_calibrated():
    found = calibrated()
    verdict = judge(found)
    assert verdict.calibrated, verdict.tests
    assert (found.made, found.failed, found.ranks.shape) == (400, 0, (400, len(found.names)))
    assert verdict.sentence.startswith("No error was found: ranks of all 10 quantities")
    assert found.found.lag_one.mean() == pytest.approx(-1 / 63, abs=0.01)


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_draws_are_found_out(wrong: str):
    verdict = judge(calibrated(WRONG[wrong]))
    assert not verdict.calibrated
    assert verdict.sentence.startswith("Ranks are not uniform: those of ")
    # Draws from the prior rank parameters rightly: only what looks at the data tells.
    expected = {"the prior": "log likelihood", "wider": "covariances[0, 0, 0]", "shifted": "means[0, 0]"}
    assert expected[wrong] in verdict.flagged
    assert wrong != "the prior" or "means[0, 0]" not in verdict.flagged


def test_the_same_seed_gives_the_same_ranks_however_many_are_made():
    first, again, fewer = calibrated(replications=60), calibrated(replications=60), calibrated(replications=40)
    np.testing.assert_array_equal(first.ranks, again.ranks)
    np.testing.assert_array_equal(first.ranks[:40], fewer.ranks)
    assert (calibrated(replications=40, seed=4).ranks != fewer.ranks).any()


def test_progress_tells_of_every_replication():
    told: list[tuple[str, int, int, str]] = []
    calibrated(replications=60, progress=lambda *each: told.append(each))
    assert told[0] == ("Calibration", 0, 60, "compiling")
    assert [each[1] for each in told[1:]] == list(range(1, 61))
    assert told[-1][3] == "0 failed"


def stopping_after(replications: int):
    """Progress that is interrupted there."""

    def progress(stage: str, done: int, total: int, note: str = "") -> None:
        if done >= replications:
            raise KeyboardInterrupt

    return progress


def test_an_interruption_keeps_what_is_complete():
    with pytest.warns(FitWarning, match="interrupted; 40 of 100 replications were kept"):
        found = calibrated(replications=100, progress=stopping_after(40))
    assert (found.made, found.wanted) == (40, 100)
    np.testing.assert_array_equal(found.ranks, calibrated(replications=40).ranks)
    assert judge(found).sentence.endswith("Interrupted after 40 of 100 replications.")


def test_an_interruption_before_anything_is_passed_on():
    with pytest.raises(KeyboardInterrupt):
        calibrated(replications=10, progress=stopping_after(0))


def sometimes(simulated: Simulated, draws: int) -> Drawn:
    """Exact draws, but none where the first row is on the left."""
    if simulated.x[0, 0] <= 0:
        raise FitError("on the left")
    return EXACT(simulated, draws)


def never(simulated: Simulated, draws: int) -> Drawn:
    """No draws."""
    raise FitError("never")


def test_failures_are_counted_and_said():
    found = calibrated(sometimes, replications=100)
    assert 20 < found.failed < 80
    assert len(found.ranks) == 100 - found.failed
    assert f"{found.failed} of 100 replications failed and are left out" in judge(found).sentence


def test_nothing_but_failures_is_an_error():
    with pytest.raises(FitError, match="never left no draws in any of 30 replications"):
        calibrated(never, replications=30)


REFUSED = {
    "rows must be a whole number from 2; given 1": {"rows": 1},
    "replications must be a whole number from 1; given 0": {"replications": 0},
    "draws must be a whole number from 1; given 2.5": {"draws": 2.5},
    "none is called 'nut'; choose one of nuts, laplace, tempered": {"engine": "nut"},
}


@pytest.mark.parametrize("message", REFUSED)
def test_refusals(message: str):
    with pytest.raises(InputError, match=message):
        calibrated(**REFUSED[message])


def test_a_flat_prior_is_refused():
    flat = Mixture(2, "full", "flat").resolve(np.random.default_rng(0).normal(size=(9, 2)))
    with pytest.raises(InputError, match="a flat prior is no law to draw from"):
        calibrate(flat, rows=9, features=2)


def test_a_prior_without_numbers_is_refused():
    with pytest.raises(InputError, match="has no numbers yet"):
        calibrate(Mixture(2), rows=9, features=2)
