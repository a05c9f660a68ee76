"""The registered engines: the sampler is calibrated where it should be, and all run under every family and prior."""

import numpy as np
import pytest

from gmm_ppl import Mixture
from gmm_ppl.calibration.engines import ENGINES
from gmm_ppl.calibration.run import calibrate
from gmm_ppl.calibration.verdict import judge
from tests.calibration.exact import normal
from tests.cases import DRAWABLE, prior_statement, random_rows

SEPARATE = {"kind": "conjugate", "concentration": 5.0, "mean_precision": 0.05, "mean": [0.0], "degrees_of_freedom": 8.0}
"""Both components have rows, so that one chain can be expected to see all of the posterior."""


@pytest.mark.slow
def test_nuts_is_calibrated_on_two_components():
    mixture = Mixture(2, "full", {**SEPARATE, "scale": [[8.0]]}).resolve(random_rows(20, 1))
    found = calibrate(mixture, rows=20, features=1, replications=200, seed=5)
    verdict = judge(found)
    assert verdict.calibrated, verdict.tests
    assert found.failed == 0
    assert np.median(np.asarray(found.found.lag_one), axis=0).max() < 0.2


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_is_calibrated_on_one_component(engine: str):
    verdict = judge(calibrate(normal(), rows=30, features=2, replications=200, engine=engine, seed=6))
    assert verdict.calibrated, verdict.tests


RUNS = [("nuts", family, kind) for family, kind in DRAWABLE]
RUNS += [(engine, "diagonal", "weak") for engine in ENGINES if engine != "nuts"]
"""The sampler under everything; of the others, which begin and rank alike, one each: programs take long to compile."""


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "family", "kind"), RUNS)
def test_every_family_and_proper_prior_runs(engine: str, family: str, kind: str):
    mixture = Mixture(2, family, prior_statement(family, kind)).resolve(random_rows(25))
    found = calibrate(mixture, rows=25, features=2, replications=6, engine=engine, draws=7)
    assert found.failed < found.made == 6
    assert found.ranks.min() >= 0
    assert found.ranks.max() <= 7
    assert np.isfinite(found.found.truth).all()
