"""Which warm-up NUTS takes by itself: a case on either side of each line of the rule."""

from types import SimpleNamespace

import numpy as np
import pytest

import gmm_ppl as gp
from gmm_ppl.inference.nuts import adaptation
from gmm_ppl.inference.nuts.run import BESIDE_MOVES
from gmm_ppl.progress import silent
from tests.inference.conftest import EIGHT_ROWS, EIGHT_ROWS_PRIOR

RNG = np.random.default_rng(4)
CLUSTERS = np.concatenate([RNG.normal(-6, 1, (80, 1)), RNG.normal(6, 1, (80, 1))])
OPTIONS = {"seed": 2, "draws": 300, "progress": silent}


@pytest.fixture(scope="module")
def apart():
    return gp.sample(gp.Mixture(2), CLUSTERS, **OPTIONS)


def test_clusters_apart_need_a_step_size_alone(apart):
    assert (apart.warmup, apart.windowed) == (adaptation.SHORT, False)
    assert apart.normal_pareto_k <= adaptation.LARGEST_PARETO_K
    assert apart.warmup_reason == (
        f"the normal approximation at the mode is close to the posterior (Pareto k̂ {apart.normal_pareto_k:.2f})"
    )
    assert apart.sampler_statistics["diverging"].sum() == 0
    acceptance = apart.sampler_statistics["acceptance_rate"].mean()
    assert 0.65 < acceptance < 0.97, "the step size was settled in the few transitions there were"


def test_a_component_of_few_rows_needs_all():
    found = gp.sample(gp.Mixture(2, "full", EIGHT_ROWS_PRIOR.statement()), EIGHT_ROWS, **OPTIONS)
    assert (found.warmup, found.windowed) == (BESIDE_MOVES, True)
    assert "the smallest component has" in found.warmup_reason
    assert np.isnan(found.normal_pareto_k), "nobody looked"


def test_what_is_asked_for_is_done():
    found = gp.sample(gp.Mixture(2), CLUSTERS, warmup=40, **OPTIONS)
    assert (found.warmup, found.windowed, found.warmup_reason) == (40, True, "as asked for")


def a_mode(log_density=-1.0, done=True, flattest=0.3):
    return SimpleNamespace(log_density=log_density, done=done, curvature=SimpleNamespace(flattest=flattest))


MODES = {
    "a mode": (a_mode(), []),
    "none reached": (a_mode(done=False), ["no mode was reached from the EM point"]),
    "no density": (a_mode(log_density=np.nan), ["no mode was reached from the EM point"]),
    "a saddle": (a_mode(flattest=-0.1), ["the density does not curve downwards in every direction at the mode"]),
    "a ridge": (a_mode(flattest=0.0), ["the density does not curve downwards in every direction at the mode"]),
}


@pytest.mark.parametrize(("mode", "doubts"), MODES.values(), ids=MODES)
def test_doubts_about_the_mode(mode, doubts):
    assert adaptation.doubts_about_mode(mode) == doubts


@pytest.mark.parametrize(("pareto_k", "doubtful"), [(0.2, False), (0.7, False), (0.71, True), (np.inf, True), (np.nan, True)])
def test_doubts_about_the_weights(pareto_k, doubtful):
    assert bool(adaptation.doubts_about_weights(pareto_k)) is doubtful


def test_a_posterior_without_a_mode_is_sampled_from_the_em_point(monkeypatch):
    """Newton's steps cut short: coordinates are those at the EM point, and warm-up is whole."""
    import equinox as eqx

    from gmm_ppl.inference import optima

    whole = optima.mode_above

    def unfinished(*arguments):
        mode, sites = whole(*arguments)
        return eqx.tree_at(lambda each: each.done, mode, np.False_), sites

    monkeypatch.setattr(optima, "mode_above", unfinished)
    found = gp.sample(gp.Mixture(2), CLUSTERS, **OPTIONS)
    assert (found.warmup, found.warmup_reason) == (BESIDE_MOVES, "no mode was reached from the EM point")
    assert np.isfinite(found.sampler_statistics["lp"]).all()
