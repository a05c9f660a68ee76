"""The search for the best optimum: short runs, splits and merges, other starts where none can be used, and Ctrl-C in each."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import gmm_ppl as gp
from gmm_ppl.inference.base import Status
from gmm_ppl.inference.em import loop, search
from gmm_ppl.inference.em.engine import Climbs
from gmm_ppl.inference.em.loop import STATUSES
from gmm_ppl.inference.em.restarts import number_optima
from gmm_ppl.progress import silent
from gmm_ppl.records import map_arrays
from gmm_ppl.starts import STARTS
from tests.cases import random_parameters
from tests.inference.oracles import K, overlapping_rows

KINDS = [kind for kind in STARTS if kind != "several"]


def climbs_at(*objectives, spurious=False):
    """Starts that converged at these objectives."""
    count = len(objectives)
    # Weights that say which start it is.
    marked = np.array(objectives, float)[:, None] * np.ones(random_parameters("full").weights.size)
    parameters = replace(random_parameters("full", lanes=(count,)), weights=marked)
    status = np.full(count, STATUSES.index(Status.CONVERGED))
    zeros, spikes = np.zeros(count), np.broadcast_to(spurious, count)
    height = np.array(objectives, float)
    return Climbs(parameters, parameters.sites, height, zeros, zeros.astype(int), status, zeros[:, None], spikes)


def test_each_split_and_merge_improves_the_optimum_that_it_began_from(monkeypatch):
    """The best three at once, each for as long as it rises: what does stands where it stood, so that none is another's."""
    began = []

    def rise_once(engine, begun, mixtures, rng):
        heights = mixtures.weights[:, 0].tolist()
        began.append(heights)
        return [climbs_at(height + 100 if height < 0 and height != -2 else height) for height in heights]

    monkeypatch.setattr(search, "ends_of_proposals", rise_once)
    monkeypatch.setattr(search, "work_of", lambda engine: 1)
    begun = SimpleNamespace(seed=0)
    found, kinds = search.improved(None, begun, climbs_at(-5, -1, -3, -2, -4), ("a", "b", "c", "d", "e"), silent)
    assert began == [[-1, -2, -3], [99, -2, 97], [99, 97]]
    np.testing.assert_array_equal(found.objective, [-5, 99, 97, -2, -4])
    assert kinds == ("a", "b, split and merged", "c, split and merged", "d", "e")


def raised(climb, rise):
    """One start, higher by so many nats."""
    one = map_arrays(lambda leaf: np.asarray(leaf)[None], climb)
    return replace(one, log_likelihood=one.log_likelihood + rise)


def test_spikes_on_a_few_rows_come_last(monkeypatch):
    """They win where there is nothing else, and are no better than what is none."""
    climbs = climbs_at(-5, -1, -3, spurious=[False, True, False])
    assert climbs.ranked.tolist() == [2, 0, 1]
    assert number_optima(climbs, 1e-3).tolist() == [1, 2, 0]
    assert climbs_at(-5, -1, spurious=True).ranked.tolist() == [1, 0]
    spike = replace(raised(climbs.take(0), 10.0), spurious=np.array([True]))
    monkeypatch.setattr(search, "ends_of_proposals", lambda _, __, mixtures, ___: [spike] * len(mixtures.weights))
    monkeypatch.setattr(search, "work_of", lambda engine: 1)
    found, kinds = search.improved(None, SimpleNamespace(seed=0), climbs, ("a", "b", "c"), silent)
    assert found.objective.tolist() == [-5.0, 5.0, -3.0]
    assert kinds == ("a", "b, split and merged", "c")


def test_a_spike_is_no_answer_of_a_prior_that_does_not_hold_covariances():
    """One row of its own raises the density without end; the separated prior has no more of a maximum than no prior."""
    found = gp.fit(gp.Mixture(2, "full", "separated"), overlapping_rows(120))
    assert found.objective < found.restarts.objective.max()
    assert (found.parameters.weights * 120).min() > 6
    assert found.restarts.optimum[found.restarts.best] == 0


def test_a_kind_says_once_that_it_was_split_and_merged(monkeypatch):
    def proposals(_, __, mixtures, ___):
        height = mixtures.weights[0, 0]
        return [climbs_at(height + 10 if height < 15 else height)]

    monkeypatch.setattr(search, "ends_of_proposals", proposals)
    monkeypatch.setattr(search, "work_of", lambda engine: 1)
    found, kinds = search.improved(None, SimpleNamespace(seed=0), climbs_at(-1), ("a",), silent)
    assert (kinds, found.objective.tolist()) == (("a, split and merged",), [19.0])


def test_the_search_ends_when_its_work_is_done(monkeypatch):
    """Rows × numbers × proposals × steps: at 10⁷ numbers a pass nothing is tried."""
    monkeypatch.setattr(search, "ends_of_proposals", lambda *_: pytest.fail("a round too many"))
    monkeypatch.setattr(search, "work_of", lambda engine: 1e7)
    search.improved(None, SimpleNamespace(seed=0), climbs_at(-1, -2), ("a", "b"), silent)


def test_the_best_distinct_starts_come_first():
    climbs = climbs_at(-3, -1, -1.0005, -2, -3.0001, -7)
    assert search.distinct(climbs, 4) == [1, 3, 0, 5]
    assert search.distinct(climbs, 6) == [1, 3, 0, 5, 2, 4]
    assert search.distinct(climbs, 2) == [1, 3]


@pytest.mark.parametrize("many", [20, 40, 137, 200])
def test_short_runs_are_shared_out(many):
    kinds = search.shared_out(many)
    assert len(kinds) == many
    assert set(kinds) <= set(KINDS)
    for kind, share in search.SHORT_RUNS.items():
        assert abs(kinds.count(kind) - many * share / 20) <= 1.5 + (kind == "random")


def test_what_cannot_be_used_is_no_higher():
    climbs, better = climbs_at(-5, -1), raised(climbs_at(-5).take(0), 100.0)
    assert search.is_higher(better, climbs, 1)
    assert not search.is_higher(replace(better, status=np.array([STATUSES.index(Status.COLLAPSED)])), climbs, 1)
    assert not search.is_higher(replace(better, log_likelihood=np.array([np.nan])), climbs, 1)
    assert not search.is_higher(climbs_at(-1 + 1e-4), climbs, 1)


def test_split_and_merged_memberships_are_memberships():
    rng = np.random.default_rng(3)
    held = SimpleNamespace(columns=rng.normal(size=(2, 30)), weights=rng.uniform(0, 2, 30))
    for components in (2, 3, 5):
        for _ in range(20):
            shares = rng.dirichlet(np.ones(components), size=30)
            moved = search.split_and_merged(shares, held, rng)
            assert (moved >= 0).all()
            np.testing.assert_allclose(moved.sum(axis=1), 1, rtol=1e-12)
            changed = (moved != shares).any(axis=0).sum()
            assert 2 <= changed <= min(components, 3)


def test_an_interruption_of_short_runs_ends_the_fit(monkeypatch):
    monkeypatch.setattr(loop, "SECONDS_A_REPORT", -1)
    stages = []

    def progress(stage, *_):
        stages.append(stage)
        if len(stages) == 4:
            raise KeyboardInterrupt

    with pytest.warns(gp.FitWarning, match="^EM: Interrupted: the best parameters so far were kept"):
        fit = gp.fit(gp.Mixture(K), overlapping_rows(), progress=progress)
    assert set(stages) == {"Short runs"}
    assert fit.status is Status.INTERRUPTED
    assert len(fit.restarts.status) == 20
    assert fit.iterations == 3
    assert fit.objective == fit.restarts.objective.max()


def test_an_interruption_of_splits_and_merges_keeps_the_best_optimum(monkeypatch):
    def pressed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(search, "split_and_merged", pressed)
    with pytest.warns(gp.FitWarning, match="^EM: Interrupted: the best parameters so far"):
        fit = gp.fit(gp.Mixture(K), overlapping_rows())
    assert fit.status is Status.INTERRUPTED
    monkeypatch.setattr(search, "is_higher", lambda *_: False)
    monkeypatch.setattr(search, "ends_of_proposals", lambda _, __, mixtures, ___: [climbs_at(0.0)] * len(mixtures.weights))
    assert fit.objective == gp.fit(gp.Mixture(K), overlapping_rows()).objective


CASES = [("galaxies", 4), ("iris", 3), ("iris", 4), ("faithful", 3), ("faithful", 4)]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::gmm_ppl.FitWarning")
@pytest.mark.parametrize(("name", "components"), CASES)
def test_the_default_is_no_worse_than_a_hundred_starts_of_any_one_kind(name, components):
    x = gp.datasets.load(name)
    best = gp.fit(gp.Mixture(components), x).objective
    others = {kind: gp.fit(gp.Mixture(components), x, start=kind, starts=100, seed=1).objective for kind in KINDS}
    assert best >= max(others.values()) - 1e-3, others


def with_a_rounded_column(seed):
    """Rows whose last column takes few values: most starts of many components shrink to one of those."""
    x = np.random.default_rng(seed).normal(size=(150, 3))
    x[:, 2] = np.round(x[:, 2])
    return x


@pytest.mark.parametrize("seed", [0, 2, 4])
def test_starts_go_on_until_one_can_be_used(seed):
    """Data for which the first two starts collapse, and one of the ten at most that are made does not."""
    x = with_a_rounded_column(seed)
    with pytest.warns(gp.FitWarning):
        fit = gp.fit(gp.Mixture(8, prior="flat"), x, starts=2)
    assert fit.cautions[0].finding.startswith(f"{len(fit.restarts.status) - 1} of {len(fit.restarts.status)} starts collapsed")
    usable = [status.usable for status in fit.restarts.status]
    assert usable[:2] == [False, False]
    assert len(usable) in (4, 6, 8, 10)
    assert any(usable[-2:])
    assert fit.restarts.kind == ("kmeans", "random") * (len(usable) // 2)
    check_regular(fit, x)


def check_regular(fit, x):
    """An end that is no spike, though spikes are higher."""
    assert fit.status is Status.CONVERGED
    relative = fit.parameters.covariances / x.std(axis=0)[:, None] / x.std(axis=0)
    assert np.linalg.eigvalsh(relative).min() > 1e-8
    assert fit.restarts.optimum[fit.restarts.best] == 0
    assert fit.objective in fit.restarts.objective


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.filterwarnings("ignore::gmm_ppl.errors.FitWarning")
def test_many_ties_have_a_usable_fit_by_default(seed):
    """With or without a warning that most starts collapsed."""
    x = with_a_rounded_column(seed)
    check_regular(gp.fit(gp.Mixture(8, prior="flat"), x), x)


def test_starts_end_after_five_times_as_many():
    with pytest.warns(gp.FitWarning, match="10 of 10 starts ended so"):
        fit = gp.fit(gp.Mixture(8, prior="flat"), with_a_rounded_column(1), starts=2, start="kmeans")
    assert fit.status is Status.COLLAPSED
    assert len(np.unique(fit.restarts.trace[:, 0])) == 10
