"""Modes where no chain has been: three tight clusters, two components, chains that begin at one of two optima."""

from dataclasses import replace

import numpy as np
import pytest

import gmm_ppl as gp
from gmm_ppl.inference.nuts.probe import probe, shares_of
from gmm_ppl.inference.optima import optima, weighed
from gmm_ppl.inference.prepared import prepare
from gmm_ppl.model.posterior import posterior_of
from gmm_ppl.records import map_arrays
from gmm_ppl.report.findings import gather
from gmm_ppl.report.page import Tone
from gmm_ppl.types import in_float64
from tests.inference.test_modes import MIXTURE, PARTITIONS, ROWS


@in_float64
def probed(point, at):
    """What is found from draws that are all at one fit's parameters."""
    prepared = prepare(MIXTURE, ROWS)
    target = posterior_of(prepared.mixture, prepared.rows)
    draws = map_arrays(lambda leaf: np.broadcast_to(leaf, (2, 20, *leaf.shape)), at.parameters)
    return probe(prepared, target, weighed(target, point), draws, 0)


def test_a_mode_where_no_chain_was_is_named():
    left, right = (gp.fit(MIXTURE, ROWS, start=labels) for labels in (PARTITIONS["left"], PARTITIONS["right"]))
    every = optima(MIXTURE, ROWS, starts=40, start="random", seed=1)
    low, high = sorted((left, right), key=lambda each: each.objective)
    found = probed(low, low)
    np.testing.assert_allclose(found.missed[0].objective, high.objective, rtol=1e-10)
    np.testing.assert_allclose([found.gain, found.higher.objective], [high.objective - low.objective, high.objective], rtol=1e-6)
    odds = every.log_evidence[0] - every.log_evidence[1]
    # Others that are known now, if any, take a tenth at most.
    assert 0.9 / (1 + np.exp(-odds)) < found.weight < 1.0001 / (1 + np.exp(-odds))


def test_a_mode_that_is_known_is_not_missed():
    point = gp.fit(MIXTURE, ROWS)
    found = probed(point, point)
    assert found.higher is None
    assert found.gain == 0
    assert found.weight < 0.15
    known = [each.objective for each in (point, *point.rivals)]
    assert all(abs(each - missed.objective) > 1e-4 for each in known for missed in found.missed)


@in_float64
def test_nothing_new_weighs_nothing():
    prepared = prepare(MIXTURE, ROWS)
    target = posterior_of(prepared.mixture, prepared.rows)
    assert shares_of(target, weighed(target, gp.fit(MIXTURE, ROWS)), []) == []
    one = prepare(gp.Mixture(1), ROWS)
    assert probe(one, target, weighed(target, gp.fit(MIXTURE, ROWS)), None, 0) is None


@pytest.mark.filterwarnings("ignore::gmm_ppl.FitWarning")
def test_sampling_begins_again_where_no_chain_was(monkeypatch):
    """Without moves of many rows chains stay where a fit without rivals has them begin; what they miss gets chains, or a word."""
    monkeypatch.setattr("gmm_ppl.inference.nuts.run.reassignment", lambda *_: None)
    low = min((gp.fit(MIXTURE, ROWS, start=labels) for labels in PARTITIONS.values()), key=lambda each: each.objective)
    draws = gp.sample(MIXTURE, ROWS, start=replace(low, rivals=()), draws=150, chains=2, seed=3)
    assert len(draws.optima.points) > 1
    assert max(each.objective for each in draws.optima.points) > low.objective + 0.1
    monkeypatch.setattr("gmm_ppl.inference.nuts.sample.again", lambda given, target, made, *_: made)
    draws = gp.sample(MIXTURE, ROWS, start=replace(low, rivals=()), draws=150, chains=2, seed=3)
    checks = {check.name: check for check in gather(gp.to_datatree(draws, ROWS)).checks}
    assert checks["Modes missed"].tone is Tone.BAD
    assert "of the evidence that no chain saw" in checks["Modes missed"].brief
    assert checks["Higher optimum"].tone is Tone.CAUTION
