"""Tempered runs against exact evidence and exact posteriors, by all 2ᴺ assignments and in closed form."""

import math

import jax
import numpy as np
import pytest
from scipy import stats

import gmm_ppl as gp
from gmm_ppl.inference.base import TemperedFit
from gmm_ppl.inference.smc.moves import MOST_ROUNDS, MOVED, in_order, numbered, numbering
from gmm_ppl.inference.smc.population import begin
from gmm_ppl.inference.smc.tempered import combined, kinship, temper
from gmm_ppl.inference.smc.tempering import Tempering
from tests.cases import ENGINE_CASES, random_rows
from tests.inference import exact, programs
from tests.inference.conftest import EIGHT_ROWS, EIGHT_ROWS_PRIOR
from tests.inference.oracles import overlapping_rows

SIGMAS = 4.0
RUNS = {"chains": 16, "draws": 500}
FARTHEST = stats.t.isf(stats.norm.sf(SIGMAS), RUNS["chains"] - 1)
"""As rare as four standard errors, where these are estimated from the runs."""
QUICK = {"chains": 2, "draws": 50}
EVERYDAY = {("spherical", "separated")}
PAIRS = [
    pytest.param(family, prior, marks=() if (family, prior) in EVERYDAY else pytest.mark.slow) for family, prior in ENGINE_CASES
]


def tempered(components, **options) -> TemperedFit:
    return temper(gp.Mixture(components, "full", EIGHT_ROWS_PRIOR.statement()), EIGHT_ROWS[:, None], **options)


@pytest.fixture(scope="module")
def two():
    return tempered(2, seed=3, **RUNS)


def assert_between_runs(values, wanted, name):
    """The mean over independent runs lies within its standard errors, which their spread alone gives."""
    means = np.mean(values, axis=1)
    error = means.std(axis=0, ddof=1) / math.sqrt(len(means))
    np.testing.assert_array_less(np.abs(means.mean(axis=0) - wanted) / error, FARTHEST, err_msg=name)


def test_evidence_of_two_components_against_all_assignments(two):
    wanted = exact.log_evidence(EIGHT_ROWS, EIGHT_ROWS_PRIOR, 2)
    assert 0 < two.log_evidence_error < 0.05
    assert abs(two.log_evidence - wanted) < FARTHEST * two.log_evidence_error


def test_evidence_of_one_component_in_closed_form():
    one = tempered(1, **RUNS)
    wanted = EIGHT_ROWS_PRIOR.given(EIGHT_ROWS)[1]
    assert 0 < one.log_evidence_error < 0.05
    assert abs(one.log_evidence - wanted) < FARTHEST * one.log_evidence_error
    np.testing.assert_array_equal(one.parameters.weights, np.ones((16, 500, 1)))


def test_invariant_moments_and_predictive_density_against_all_assignments(two):
    wanted, together = exact.expectations(EIGHT_ROWS, EIGHT_ROWS_PRIOR)
    for name, values in exact.invariants_of_draws(two).items():
        assert_between_runs(values, wanted[name], name)
    above = np.triu_indices(len(EIGHT_ROWS), 1)
    assert_between_runs(exact.co_assignment_of_draws(two, EIGHT_ROWS)[:, :, *above], together[above], "together")


def test_both_labellings_are_visited_alike(two):
    assert_between_runs((two.parameters.weights[..., 0] > 0.5).astype(float), 0.5, "labels")
    assert_between_runs(two.parameters.means[..., 0, 0] - two.parameters.means[..., 1, 0], 0.0, "labels")


def test_the_way_there_is_recorded(two):
    assert two.engine == "tempered"
    assert {name: values.shape[0] for name, values in two.path.items()} == dict.fromkeys(two.path, 16)
    temperature = two.path["temperature"]
    assert (np.diff(temperature, axis=1) >= 0).all()
    assert (temperature[:, 0] > 0).all()
    assert (temperature[:, -2:] == 1).all()
    # Half the particles count at each step but those that arrive.
    np.testing.assert_allclose(two.path["ess"][:, 0], 0.5, atol=1e-3)
    assert (two.path["acceptance_rate"] > 0.6).all()
    assert (two.sampler_statistics["ancestors"] > 100).all()
    np.testing.assert_array_equal(two.sampler_statistics["temperatures"], (temperature < 1).sum(axis=1) + 1)


def test_the_density_kept_is_that_of_the_draws(two):
    with jax.enable_x64(True):
        target = gp.posterior(two.mixture, EIGHT_ROWS[:, None])
        last = jax.tree.map(lambda leaf: leaf[-1, -1], two.unconstrained)
        wanted = float(jax.jit(lambda each: target.log_density(each))(last))
    assert two.sampler_statistics["lp"][-1, -1] == pytest.approx(wanted, rel=1e-12)


def test_seeds_repeat_and_differ():
    first, again, other = (tempered(2, seed=seed, **RUNS) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.parameters.means, again.parameters.means)
    assert first.log_evidence == again.log_evidence
    assert first.log_evidence != other.log_evidence


def test_progress_is_shown_at_every_temperature_and_an_interruption_passes_on():
    seen = []
    tempered(2, seed=1, progress=lambda *step: seen.append(step), **RUNS)
    steps = [step for step in seen if step[0] == "Tempering"]
    assert [step[1] for step in steps] == list(range(1, len(steps) + 1))
    assert steps[-1][3].startswith("temperature 1 of 1, acceptance 0.")

    def stop(stage, *_):
        if stage == "Tempering":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tempered(2, seed=1, progress=stop, **RUNS)


@pytest.mark.parametrize(("family", "prior"), PAIRS)
def test_any_family_and_prior(family, prior):
    x = np.concatenate([random_rows(20), random_rows(20) + 8])
    found = temper(gp.Mixture(2, family, prior), x, moves=2, **QUICK)
    assert np.isfinite(found.log_evidence)
    assert found.parameters.means.shape == (2, 50, 2, x.shape[1])
    assert found.parameters.covariance.name == family


@pytest.mark.slow
def test_a_program_with_sites_of_its_own():
    """Sites that are no parameters of the mixture are tempered with it."""
    found = temper(gp.Mixture(2, "spherical", programs.prior("spherical", "program")), overlapping_rows(30), moves=2, **QUICK)
    assert np.isfinite(found.log_evidence)
    assert set(found.sites) == set(found.unconstrained) == {"weights", "spread", "centre", "offsets", "variances_coordinates"}


FEW_RELATED = np.full(4, 0.01)
"""Runs that say a deviation of 0.1 nats of themselves."""


def test_the_mean_of_evidence_is_not_that_of_its_logarithm():
    found, error = combined(np.log([1e-300, 3e-300]), FEW_RELATED)
    assert found == pytest.approx(math.log(2e-300))
    # A deviation of log 3 / √2, and (1 + 3)² / (1 + 9) runs in effect.
    assert error == pytest.approx(math.log(3) / math.sqrt(2) / math.sqrt(1.6))


def test_the_error_of_runs_that_agree_is_what_they_say_of_themselves():
    assert combined(np.zeros(4), FEW_RELATED)[1] == pytest.approx(math.sqrt(-math.log(0.99) / 4))
    assert combined(np.zeros(1), FEW_RELATED[:1])[1] == pytest.approx(math.sqrt(-math.log(0.99)))
    assert combined(np.zeros(4), np.ones(4))[1] == math.inf, "all particles are of one family: no more is known of the prior"


def test_the_error_of_runs_far_apart_covers_them():
    found, error = combined(np.array([0.0, -1000.0, -2000.0, -3000.0]), FEW_RELATED)
    assert found == pytest.approx(-math.log(4))
    assert error == pytest.approx(np.std([0, 1000, 2000, 3000], ddof=1)), "what one run says, and no more"


def test_kinship_is_the_chance_of_one_ancestor():
    related = kinship(np.array([[0, 1, 2, 3], [0, 0, 2, 2], [1, 1, 1, 1]]))
    np.testing.assert_allclose(related, [0, 1 / 3, 1])


@pytest.mark.parametrize(("spread", "told"), [(0.1, 0.1), (0.5, 0.5), (1.0, 0.1)])
def test_errors_are_as_large_as_what_they_are_of(spread, told, rng):
    """Runs whose evidence is lognormal about the truth, whatever they say of themselves."""
    evidence = rng.normal(-(spread**2) / 2, spread, (2000, 16))
    found, error = np.transpose([combined(each, np.full(16, -np.expm1(-(told**2)))) for each in evidence])
    assert (np.abs(found) < FARTHEST * error).mean() > 0.998
    assert found.std() == pytest.approx(np.median(error), rel=0.25)


@pytest.mark.parametrize("prior", ["weak", {"kind": "conjugate", "concentration": [1.0, 2.0]}])
def test_components_are_numbered_where_the_prior_treats_them_alike(prior):
    """Particles are reordered, and rejected out of order, where and only where a relabelling leaves their density as it is."""
    x = np.concatenate([random_rows(20), random_rows(20) + 8])
    with jax.enable_x64(True):
        mixture = gp.Mixture(2, "full", prior)
        target = gp.posterior(mixture, x)
        tempering = Tempering(target, 0.5, 2, alike=prior == "weak")
        position = begin(tempering, jax.random.key(0), 20).position[:, 0]
        feature = numbering(tempering, position)
        inside = np.array([in_order(tempering, each, feature) for each in position])
        assert inside.all() == (prior != "weak")
        for each in position[~inside]:
            new = numbered(tempering, each, feature)
            assert in_order(tempering, new, feature)
            assert tempering.densities(new)[1] == pytest.approx(tempering.densities(each)[1])
            densities = [target.log_joint(target.constrain(tempering.unravel(at))) for at in (each, new)]
            assert densities[0] == pytest.approx(densities[1])


def test_moves_go_on_until_particles_have_moved(two):
    rounds = two.path["moves"] / 4
    assert ((rounds >= 1) & (rounds <= MOST_ROUNDS)).all()
    assert ((two.path["jump"] >= MOVED) | (rounds == MOST_ROUNDS)).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"draws": 9}, "draws must be a whole number from 10; given 9"),
        ({"chains": 0}, "chains must be a whole number from 1; given 0"),
        ({"moves": 0}, "moves must be a whole number from 1; given 0"),
        ({"target_ess": 1.0}, "target_ess must be a number between 0 and 1"),
    ],
)
def test_settings_that_no_run_can_have_are_refused(options, message):
    with pytest.raises(gp.InputError, match=message):
        tempered(2, **options)


def test_an_improper_prior_is_refused():
    with pytest.raises(gp.InputError, match="no posterior under a flat prior"):
        temper(gp.Mixture(1, prior="flat"), EIGHT_ROWS[:, None])


def test_a_start_of_another_mixture_is_refused(two):
    with pytest.raises(gp.InputError, match="another number of components"):
        temper(gp.Mixture(3, "full", EIGHT_ROWS_PRIOR.statement()), EIGHT_ROWS[:, None], start=two.start)
