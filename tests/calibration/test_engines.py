"""The registered engines: the sampler is calibrated where it should be, and all run under every family and prior."""

import numpy as np
import pytest

from gmm_ppl import Mixture
from gmm_ppl.calibration.coverage import covered
from gmm_ppl.calibration.engines import ENGINES
from gmm_ppl.calibration.replication import Question, simulate
from gmm_ppl.calibration.run import calibrate, find_engine
from gmm_ppl.calibration.verdict import judge
from tests.calibration.exact import normal
from tests.cases import ENGINE_CASES, prior_statement, random_rows

SEPARATED = {
    "kind": "separated",
    "mean": [0.0],
    "mean_scale": 4.0,
    "scale": 4.0,
    "concentration": 2.0,
    "correlation_concentration": 1.0,
}
"""Twenty rows under it have posteriors of several modes each, and one in a hundred data sets no maximum for EM."""


LEAST_P = 0.001
"""Adjusted p-value that a calibrated engine falls below once in a thousand times: draws differ in their digits by machine."""


def test_an_engine_makes_the_draws_that_its_settings_ask_for():
    mixture = Mixture(2, "full", SEPARATED).resolve(random_rows(20, 1))
    question = Question(mixture, find_engine("nuts", {"chains": 2, "warmup": 10, "draws": 9})[0], {"starts": 2}, 20, 1, 7, 0)
    simulated, _, _ = simulate(question, 0)
    found = question.engine(simulated, 7)
    assert found.sites["weights"].shape == (2, 42, 2)
    assert found.notes["warmup"] == 10
    assert simulated.start is not None
    assert len(simulated.start.restarts.status) == 2


def least_p(verdict):
    """The smallest adjusted p-value of all quantities."""
    return min(test.adjusted_p for test in verdict.tests)


@pytest.mark.slow
def test_nuts_is_calibrated_on_few_rows_under_a_separated_prior():
    mixture = Mixture(2, "full", SEPARATED).resolve(random_rows(20, 1))
    found = calibrate(mixture, rows=20, features=1, replications=100, seed=1)
    verdict = judge(found)
    assert least_p(verdict) > LEAST_P, verdict.tests
    assert all(each.kept or abs(each.share - each.expected) < 0.08 for each in covered(found.ranks, found.names, found.draws))
    assert found.failed == 0
    assert found.lag_one.max() < 0.2


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_is_calibrated_on_one_component(engine: str):
    # A second each.
    many = 30 if engine == "tempered" else 200
    verdict = judge(calibrate(normal(), rows=30, features=2, replications=many, engine=engine, seed=6))
    assert least_p(verdict) > LEAST_P, verdict.tests


SOME = ("full", "full_tied_volume", "diagonal", "spherical")
UNIFORM = [(family, kind, 2 if kind == "weak" else 1) for family, kind in ENGINE_CASES if family in SOME]
"""A family of matrices, one of several parts and two of variances; the draws of all are held to exact answers elsewhere."""


@pytest.mark.slow
@pytest.mark.parametrize(("family", "kind", "components"), UNIFORM)
def test_ranks_are_uniform_under_every_family_and_prior(family: str, kind: str, components: int):
    mixture = Mixture(components, family, prior_statement(family, kind)).resolve(random_rows(25))
    found = calibrate(mixture, rows=25, features=2, replications=30, seed=12)
    verdict = judge(found)
    assert least_p(verdict) > LEAST_P, verdict.tests
    assert found.failed == 0


RUNS = [("nuts", "full_tied_volume", "program"), *((engine, "diagonal", "weak") for engine in ENGINES if engine != "nuts")]
"""What is not among those: a program with sites of its own, and the other engines, which begin and rank alike."""


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "family", "kind"), RUNS)
def test_every_other_prior_and_engine_runs(engine: str, family: str, kind: str):
    mixture = Mixture(2, family, prior_statement(family, kind)).resolve(random_rows(25))
    # EM climbs by inner steps under a program, from one start after another.
    found = calibrate(mixture, rows=25, features=2, replications=6, engine=engine, draws=7, em={"starts": 3})
    assert found.failed < found.made == 6
    assert found.ranks.min() >= 0
    assert found.ranks.max() <= 7
    assert np.isfinite(found.found.truth).all()
