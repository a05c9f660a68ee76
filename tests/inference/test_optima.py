"""Distinct optima of EM and what they weigh, and chains that begin at them: three tight clusters, two components."""

import numpy as np
import pytest

import gmm_ppl as gp
from gmm_ppl.inference.modes import modes
from gmm_ppl.inference.optima import Optima, optima
from tests.inference import exact
from tests.inference.test_modes import LEFT, MIDDLE, MIXTURE, PARTITIONS, PRIOR, RIGHT, ROWS


@pytest.fixture(scope="module")
def found():
    return optima(MIXTURE, ROWS, starts=40, start="random", seed=1)


@pytest.fixture(scope="module")
def draws():
    return gp.sample(MIXTURE, ROWS, seed=3, draws=400)


def test_the_optima_are_those_of_both_partitions(found):
    wanted = sorted((gp.fit(MIXTURE, ROWS, start=labels).objective for labels in PARTITIONS.values()), reverse=True)
    np.testing.assert_allclose([point.objective for point in found.points[:2]], wanted, rtol=1e-10)
    objectives = [point.objective for point in found.points]
    assert objectives == sorted(objectives, reverse=True)
    assert found.starts.sum() <= 40
    assert found.weight.sum() == pytest.approx(1)


def test_they_weigh_what_all_assignments_say(found):
    """A partition is one optimum where clusters are apart; a normal law about four rows each is good to tenths of a nat."""
    _, together = exact.expectations(ROWS, PRIOR)
    assert together[LEFT, RIGHT] < 0.1
    odds = np.log(found.weight[0] / found.weight[1])
    assert abs(odds - np.log(together[MIDDLE, RIGHT] / together[MIDDLE, LEFT])) < 0.3
    whole = np.logaddexp.reduce(found.log_evidence)
    assert abs(whole - exact.log_evidence(ROWS, PRIOR, 2)) < 0.6


def test_one_optimum_has_the_evidence_of_laplace():
    rows = np.concatenate([ROWS[:4], ROWS[8:]])
    found = optima(MIXTURE, rows)
    np.testing.assert_allclose(found.log_evidence[0], gp.laplace(MIXTURE, rows, draws=10).normal_log_evidence, rtol=1e-9)


def dealt(weight, chains):
    count = len(weight)
    return Optima((None,) * count, np.ones(count), np.log(weight), np.asarray(weight), ()).dealt(chains).tolist()


@pytest.mark.parametrize(
    ("weight", "chains", "wanted"),
    [
        ([0.9, 0.1], 4, [0, 0, 0, 1]),
        ([0.5, 0.5], 4, [0, 0, 1, 1]),
        ([0.1, 0.9], 1, [1]),
        ([0.999, 0.001], 4, [0, 0, 0, 0]),
        ([1.0], 3, [0, 0, 0]),
        ([0.3, 0.1, 0.6], 2, [0, 2]),
    ],
)
def test_chains_are_dealt_by_weight(weight, chains, wanted):
    with np.errstate(divide="ignore"):
        assert dealt(weight, chains) == wanted


def test_chains_begin_at_both(draws):
    assert "chains begin at several optima" in draws.warmup_reason
    assert draws.windowed
    begun = draws.optima.dealt(4)
    assert set(begun.tolist()) == {0, 1}
    assert draws.begun_at.startswith("of the ")
    assert "relative evidence" in draws.begun_at
    seen = modes(draws, ROWS)
    # Tight clusters far apart, between which a gradient does not lead: chains cross by moves of many rows.
    assert not seen.apart
    assert (seen.share[:, :2] > 0.1).all()
    _, together = exact.expectations(ROWS, PRIOR)
    odds = together[MIDDLE, RIGHT] / together[MIDDLE, LEFT]
    assert abs(seen.weight[0] - odds / (1 + odds)) < 4 * seen.weight_error[0] + 0.02
    tree = gp.to_datatree(draws, ROWS)
    assert tree["sample_stats"].attrs["begun_at"] == draws.begun_at


def test_the_heaviest_need_not_be_the_highest():
    """Iris, K = 3: k-means ends at two optima, the higher with a component of five rows and a thousandth of the evidence."""
    x = gp.datasets.load("iris")
    found = optima(gp.Mixture(3), x, start="kmeans")
    assert found.weight[0] < 0.01
    assert found.heaviest is not found.points[0]
    assert found.heaviest.parameters.weights.min() > 0.2
    assert found.starts[found.weight.argmax()] > 10


def test_starts_of_several_kinds_find_heavier_ones():
    """What k-means does not find on iris has e⁴ times the evidence of what it finds."""
    x = gp.datasets.load("iris")
    one, several = (optima(gp.Mixture(3), x, start=start).log_evidence.max() for start in ("kmeans", "several"))
    assert several > one + 4


def test_chains_begin_where_a_given_fit_has_been():
    """A fit knows the other optima of its starts; what draws lead to comes after those."""
    point = gp.fit(MIXTURE, ROWS, seed=3)
    draws = gp.sample(MIXTURE, ROWS, start=point, seed=3, draws=10, warmup=0)
    known = [point.objective, *(each.objective for each in point.rivals)]
    assert [each.objective for each in draws.optima.points][: len(known)] == known
    assert draws.start is draws.optima.heaviest


def test_where_there_is_one_optimum_nothing_changes():
    rows = np.concatenate([ROWS[:4], ROWS[8:]])
    draws = gp.sample(MIXTURE, rows, seed=3, chains=2, draws=40)
    assert "several" not in draws.warmup_reason
    assert len(draws.optima.points) == 1 or "2 at optimum 0" in draws.begun_at


def test_refusals():
    with pytest.raises(gp.InputError, match="flat prior"):
        optima(gp.Mixture(2, prior="flat"), ROWS)
