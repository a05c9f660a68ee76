"""What a run of NUTS gives: shapes, seeds, precision, interruption, honest statistics; and what it refuses."""

import re
from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import gmm_ppl as gp
from gmm_ppl import model
from gmm_ppl.inference import optima
from gmm_ppl.inference.base import Status
from gmm_ppl.inference.mode.coordinates import dispersed_candidates
from gmm_ppl.inference.nuts import run as nuts
from gmm_ppl.inference.nuts import sample as sampling
from tests.inference import exact
from tests.inference.conftest import EIGHT_ROWS, EIGHT_ROWS_PRIOR
from tests.inference.monte_carlo import assert_mean
from tests.inference.test_loop import interrupt_at

CHAINS, WARMUP, DRAWS = 4, 150, 100
SETTINGS = nuts.Settings(7, CHAINS, DRAWS, WARMUP, target_acceptance=0.9, max_tree_depth=10, max_thinning=1)
STATISTICS = {"lp", "diverging", "n_steps", "tree_depth", "acceptance_rate", "energy", "step_size"}


def mixture(prior=EIGHT_ROWS_PRIOR):
    return gp.Mixture(2, "full", prior.statement())


def sample(x=EIGHT_ROWS, prior=EIGHT_ROWS_PRIOR, **changes):
    """A short run of the shapes that the exact tests compile."""
    return gp.sample(mixture(prior), x, **{"draws": DRAWS, "warmup": WARMUP, "seed": 7} | changes)


@pytest.fixture(scope="module")
def run():
    return sample()


@pytest.fixture(scope="module")
def point():
    return gp.fit(mixture(), EIGHT_ROWS)


def test_shapes(run):
    assert {name: each.shape for name, each in run.sampler_statistics.items()} == dict.fromkeys(STATISTICS, (CHAINS, DRAWS))
    assert {name: each.shape for name, each in run.sites.items()} == {
        "weights": (CHAINS, DRAWS, 2),
        "means": (CHAINS, DRAWS, 2, 1),
        "covariances": (CHAINS, DRAWS, 2, 1, 1),
    }
    assert {name: each.shape[:2] for name, each in run.unconstrained.items()} == dict.fromkeys(run.sites, (CHAINS, DRAWS))
    assert run.unconstrained["weights"].shape == (CHAINS, DRAWS, 1)
    assert (run.seed, run.start.status, run.seconds > 0) == (7, Status.CONVERGED, True)


def test_numpy_in_double_precision_comes_out(run):
    arrays = jax.tree.leaves((run.parameters, run.sites, run.unconstrained, run.sampler_statistics, run.mixture.prior))
    assert all(isinstance(each, np.ndarray) for each in arrays)
    assert {each.dtype for each in jax.tree.leaves((run.parameters, run.sites, run.unconstrained))} == {np.dtype(np.float64)}
    assert run.sampler_statistics["diverging"].dtype == np.bool_
    assert run.sampler_statistics["lp"].dtype == np.float64
    assert not jax.config.jax_enable_x64


@pytest.mark.usefixtures("x64")
def test_statistics_belong_to_the_draws(run):
    posterior = gp.posterior(run.mixture, EIGHT_ROWS)
    unconstrained = jax.tree.map(lambda each: jnp.asarray(each[:, :25].reshape(-1, *each.shape[2:])), run.unconstrained)
    densities = jax.jit(jax.vmap(posterior.log_density))(unconstrained).reshape(CHAINS, 25)
    np.testing.assert_allclose(run.sampler_statistics["lp"][:, :25], densities, rtol=1e-12)
    sites = jax.jit(jax.vmap(posterior.constrain))(unconstrained)
    for name, values in sites.items():
        np.testing.assert_allclose(run.sites[name][:, :25].reshape(values.shape), values, rtol=1e-12)
    statistics = run.sampler_statistics
    assert (statistics["n_steps"] < 2 ** (statistics["tree_depth"] + 1)).all()
    assert (statistics["step_size"] == statistics["step_size"][:, :1]).all(), "nothing adapts while sampling"
    assert len(set(statistics["step_size"][:, 0])) == CHAINS
    assert ((statistics["acceptance_rate"] >= 0) & (statistics["acceptance_rate"] <= 1)).all()
    # Energy is minus the log density plus a kinetic energy that is positive.
    assert (statistics["energy"] > -statistics["lp"] - 1e-9).mean() > 0.95


def test_a_seed_gives_the_same_digits(run, point):
    same, other = sample(), sample(seed=8, start=point)
    np.testing.assert_array_equal(same.parameters.means, run.parameters.means)
    np.testing.assert_array_equal(same.sampler_statistics["energy"], run.sampler_statistics["energy"])
    assert not np.isclose(other.parameters.means, run.parameters.means).any()


def test_chains_differ(run):
    assert len(np.unique(run.parameters.means[:, 0, 0, 0])) == CHAINS
    assert len(np.unique(run.sampler_statistics["lp"])) > CHAINS * DRAWS * 0.9


@pytest.mark.usefixtures("x64")
def test_starts_are_dispersed_about_the_mode(point):
    posterior = gp.posterior(mixture(), EIGHT_ROWS)
    coordinates = nuts.prepared(posterior, optima.weighed(posterior, point), SETTINGS).coordinates
    keys = jax.random.split(jax.random.key(0), 400)
    candidates = np.asarray(jax.vmap(lambda key: dispersed_candidates(coordinates, key))(keys))
    np.testing.assert_allclose(candidates[:, 0].std(axis=0), 2, rtol=0.15)
    np.testing.assert_allclose(candidates[:, 0].mean(axis=0), 0, atol=0.4)
    assert (candidates[:, -1] == 0).all(), "the last is the mode itself"
    densities = jax.jit(jax.vmap(lambda each: coordinates.log_density(posterior, each)))(candidates[:, 0])
    assert np.isfinite(densities).all()


@pytest.mark.usefixtures("x64")
def test_chains_begin_dispersed(point):
    posterior = gp.posterior(mixture(), EIGHT_ROWS)
    sampler = nuts.prepared(posterior, optima.weighed(posterior, point), SETTINGS)
    chains, ratios, _ = nuts.begin_chains(sampler, jax.random.key(5), CHAINS, 0)
    starts = np.asarray(chains.nuts.position)
    apart = np.linalg.norm(starts[:, None] - starts, axis=-1)[np.triu_indices(CHAINS, 1)]
    assert (apart > 1).all()
    assert np.isfinite(chains.nuts.logdensity).all()
    assert ratios.size == 0, "nothing was asked of the normal law"


def test_chains_in_one_batch_draw_the_same(point, monkeypatch):
    """Of many rows chains go side by side; their keys are the same, so a few draws agree before rounding tells.

    Moves of many rows at once are made of few.
    """
    monkeypatch.setattr(nuts, "reassignment", lambda *_: None)
    alone = sample(start=point, draws=5, warmup=0)
    monkeypatch.setattr(model.posterior, "small", lambda rows, numbers: False)
    together = sample(start=point, draws=5, warmup=0)
    np.testing.assert_allclose(together.parameters.means, alone.parameters.means, rtol=1e-6)
    np.testing.assert_array_equal(together.sampler_statistics["n_steps"], alone.sampler_statistics["n_steps"])


@pytest.mark.parametrize(("draws", "warmup"), [(1, 0), (30, 30)])
def test_any_number_of_draws(draws, warmup):
    found = sample(draws=draws, warmup=warmup)
    assert found.parameters.weights.shape == (CHAINS, draws, 2)
    if warmup == 0:
        np.testing.assert_array_equal(found.sampler_statistics["step_size"], np.full((CHAINS, 1), 0.5))


@pytest.fixture
def fifty(monkeypatch):
    """Segments of 50 transitions."""
    monkeypatch.setattr(nuts, "SEGMENT", 50)


@pytest.fixture
def run_by_fifty(fifty, point):
    """A run of such segments: another length is another program, whose last digits may differ."""
    return sample(start=point)


def test_segments_do_not_change_the_draws(run_by_fifty):
    """The last is cut short, where the whole run's is not."""
    found = sample(start=run_by_fifty.start, draws=60)
    np.testing.assert_array_equal(found.parameters.means, run_by_fifty.parameters.means[:, :60])
    np.testing.assert_array_equal(found.sampler_statistics["energy"], run_by_fifty.sampler_statistics["energy"][:, :60])


@pytest.mark.usefixtures("fifty")
def test_progress(point):
    calls = []
    sample(start=point, progress=lambda *call: calls.append(call))
    assert [done for _, done, _, _ in calls] == [50, 100, 150, 200, 250]
    assert {(stage, total) for stage, _, total, _ in calls} == {("NUTS", 250)}
    assert [note for *_, note in calls] == ["warm-up"] * 3 + ["sampling, 0 divergences"] * 2


def test_an_interruption_keeps_the_draws_so_far(run_by_fifty):
    run = run_by_fifty
    with pytest.warns(gp.FitWarning, match=r"^NUTS: interrupted; 50 of 100 draws a chain were kept\.$"):
        found = sample(start=run.start, progress=interrupt_at(4))
    np.testing.assert_array_equal(found.parameters.means, run.parameters.means[:, :50])
    np.testing.assert_array_equal(found.sampler_statistics["lp"], run.sampler_statistics["lp"][:, :50])
    assert (found.draws_asked, run.draws_asked) == (DRAWS, DRAWS)


def test_an_interruption_during_a_segment_keeps_those_before(run_by_fifty, monkeypatch):
    run = run_by_fifty
    press, whole = interrupt_at(5), nuts.Teams.advance

    def advance(*arguments):
        press()
        return whole(*arguments)

    monkeypatch.setattr(nuts.Teams, "advance", advance)
    with pytest.warns(gp.FitWarning, match="50 of 100") as caught:
        found = sample(start=run.start)
    assert caught[0].filename == __file__
    np.testing.assert_array_equal(found.parameters.means, run.parameters.means[:, :50])


def test_an_interruption_while_modes_are_looked_for_keeps_all_draws(run, monkeypatch):
    def probe(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(sampling, "probe", probe)
    with pytest.warns(
        gp.FitWarning, match=r"^NUTS: interrupted; draws were kept, though they may have missed modes\.$"
    ) as caught:
        found = sample(start=run.start)
    assert caught[0].filename == __file__
    np.testing.assert_array_equal(found.parameters.means, run.parameters.means)


def test_chains_that_have_not_agreed_go_on(point, monkeypatch):
    """Twice as long, and again, as far as they may; kept are as many, and the same as of a run that asks for them all."""
    monkeypatch.setattr(nuts, "have_agreed", lambda *_: False)
    found, whole = sample(start=point, max_thinning=6), sample(start=point, max_thinning=1, draws=4 * DRAWS)
    assert (found.thinning, found.draws_asked, found.parameters.weights.shape[1]) == (4, DRAWS, DRAWS)
    np.testing.assert_array_equal(found.parameters.means, whole.parameters.means[:, 3::4])
    every = whole.sampler_statistics["n_steps"].reshape(CHAINS, DRAWS, 4)
    np.testing.assert_array_equal(found.sampler_statistics["n_steps"], every.sum(axis=-1))
    assert sample(start=point, max_thinning=1).thinning == 1


@pytest.mark.usefixtures("fifty")
@pytest.mark.parametrize("call", [1, 3])
def test_an_interruption_of_the_warm_up_is_passed_on(point, call):
    with pytest.raises(KeyboardInterrupt):
        sample(start=point, progress=interrupt_at(call))


def test_divergences_are_flagged(point, monkeypatch):
    """Coordinates ten thousand times too wide, and no warm-up to mend them."""
    whole = optima.mode_above

    def too_wide(*arguments):
        mode, sites = whole(*arguments)
        return eqx.tree_at(lambda each: each.curvature.scale, mode, 1e4 * mode.curvature.scale), sites

    monkeypatch.setattr(optima, "mode_above", too_wide)
    found = sample(start=point, warmup=0)
    assert found.sampler_statistics["diverging"].mean() > 0.5
    assert np.isfinite(found.parameters.means).all()


UNITS = {"tiny": (1e-100, 0.0), "huge": (1e100, 0.0), "far from zero": (1.0, 1e8)}


@pytest.mark.parametrize("units", UNITS)
def test_other_units_have_the_same_posterior(units):
    scale, shift = UNITS[units]
    prior = replace(EIGHT_ROWS_PRIOR, mean=EIGHT_ROWS_PRIOR.mean * scale + shift, scale=EIGHT_ROWS_PRIOR.scale * scale**2)
    x = EIGHT_ROWS * scale + shift
    found = gp.sample(mixture(prior), x, draws=2000, warmup=500, seed=1)
    assert found.sampler_statistics["diverging"].sum() == 0
    truth = exact.expectations(EIGHT_ROWS, EIGHT_ROWS_PRIOR)[0]
    weights, means = found.parameters.weights, (found.parameters.means[..., 0] - shift) / scale
    variances = found.parameters.covariances[..., 0, 0] / scale / scale
    assert_mean((weights * means).sum(-1), truth["mean of a row"], "mean of a row")
    assert_mean((means[..., 0] - means[..., 1]) ** 2, truth["squared distance of means"], "squared distance of means")
    assert_mean((weights * variances).sum(-1), truth["variance within"], "variance within")


def test_another_seed_and_other_rows_compile_nothing(run, caplog):
    elsewhere = gp.fit(mixture(), EIGHT_ROWS + 0.1)
    caplog.clear()
    with caplog.at_level("WARNING", logger="jax"), jax.log_compiles(True):
        sample(seed=9, start=run.start)
        sample(EIGHT_ROWS + 0.1, start=elsewhere)
    assert not [record for record in caplog.records if "Finished XLA compilation" in record.getMessage()]


REFUSALS = {
    "chains": ({"chains": 0}, "chains must be a whole number from 1; given 0."),
    "draws": ({"draws": 2.5}, "draws must be a whole number from 1; given 2.5."),
    "warm-up": ({"warmup": -1}, "warmup must be a whole number from 0; given -1."),
    "depth": ({"max_tree_depth": True}, "max_tree_depth must be a whole number from 1; given True."),
    "thinning": ({"max_thinning": 0}, "max_thinning must be a whole number from 1; given 0."),
    "acceptance": (
        {"target_acceptance": 1.0},
        "target_acceptance must be a number between 0 and 1, neither included; given 1.0.",
    ),
}


@pytest.mark.parametrize(("arguments", "message"), REFUSALS.values(), ids=REFUSALS)
def test_impossible_arguments(arguments, message):
    with pytest.raises(gp.InputError, match=f"^{re.escape(message)}$"):
        sample(**arguments)


def test_a_flat_prior_is_refused():
    message = (
        "A mixture has no posterior under a flat prior: a component without rows may be anywhere, so the density has no finite "
        "integral. Sample with a proper prior (prior: weak), or leave sampling out."
    )
    with pytest.raises(gp.InputError, match=f"^{re.escape(message)}$"):
        gp.sample(gp.Mixture(2, "full", "flat"), EIGHT_ROWS)
