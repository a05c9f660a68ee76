"""Accelerated EM: never lower, the same optima in far fewer passes, EM's own steps where nothing else will do."""

from functools import cache

import numpy as np
import pytest

import gmm_ppl as gp
from gmm_ppl.inference.base import Status
from gmm_ppl.inference.em.accelerate import ACCELERATIONS, QuasiNewton, accelerated
from gmm_ppl.inference.em.engine import Engine
from gmm_ppl.inference.em.loop import STATUSES
from gmm_ppl.inference.em.method import EM
from gmm_ppl.inference.em.secant import no_memory, quasi_newton_step, remember
from gmm_ppl.inference.prepared import prepare
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.progress import silent
from tests.cases import FAMILY_NAMES, random_parameters, random_rows

ROWS, LANES, K = 60, 40, 3


def overlapping(rows, components, features, seed, apart=1.0):
    """Rows of standard normal components, their means `apart` on the first feature."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, features))
    x[:, 0] += apart * rng.integers(components, size=rows)
    return x


def climbs(x, family, prior, starts, **options):
    """What the starts, along a leading axis, come to."""
    components, lanes = starts.means.shape[-2], len(starts.weights)
    engine = Engine.of(prepare(gp.Mixture(components, family, prior), x), lanes=lanes, **options)
    return engine.climb(starts, progress=silent)


@cache
def many_runs(family, prior):
    """`LANES` starts on one small data set, accelerated and plain."""
    x = overlapping(ROWS, K, 2, seed=5, apart=1.5)
    starts = random_parameters(family, K, 2, lanes=(LANES,))
    how = {"tolerance": 1e-12, "max_steps": 4000}
    return [climbs(x, family, prior, starts, acceleration=each, **how) for each in ("quasi_newton", None)]


RANDOM = pytest.mark.parametrize("family", FAMILY_NAMES)
PRIOR = pytest.mark.parametrize("prior", ["weak", "flat"])


@RANDOM
@PRIOR
def test_the_objective_never_falls(family, prior):
    trace = many_runs(family, prior)[0].trace
    # Maximum likelihood passes by nearly singular covariances, where distances are known to fewer digits.
    allowed = (1e-12 if prior == "weak" else 1e-9) * (np.nanmax(np.abs(trace), axis=1) + ROWS)
    assert (np.nanmin(np.diff(trace, axis=1), axis=1, initial=0) >= -allowed).all()


@RANDOM
@PRIOR
def test_ends_are_those_that_em_has(family, prior):
    ends = {STATUSES[code] for code in many_runs(family, prior)[0].status.tolist()}
    assert Status.CONVERGED in ends
    assert ends <= ({Status.CONVERGED} if prior == "weak" else {Status.CONVERGED, Status.COLLAPSED, Status.STEP_LIMIT})


@RANDOM
def test_optima_of_one_basin_agree(family):
    fast, plain = (found.objective / ROWS for found in many_runs(family, "weak"))
    same = np.abs(fast - plain) < 1e-6
    assert same.mean() > 0.4, "most starts end in the same basin"
    assert np.abs(fast - plain)[same].max() < 1e-9


@RANDOM
def test_fewer_passes_from_all_sorts_of_starts(family):
    fast, plain = many_runs(family, "weak")
    assert fast.iteration.mean() < plain.iteration.mean() / 2


@RANDOM
def test_steps_are_refused_and_the_run_goes_on(family):
    """A refused step leaves the objective where it was; later ones raise it again."""
    fast = many_runs(family, "weak")[0]
    refused = np.diff(fast.trace, axis=1) == 0
    last = fast.iteration[:, None]
    assert (refused & (np.arange(refused.shape[1]) < last - 5)).any()


@pytest.mark.parametrize(("components", "features"), [(2, 1), (2, 2)])
def test_a_quarter_of_the_passes_at_one_standard_deviation(components, features):
    x = overlapping(2000, components, features, seed=1)
    mixture = gp.Mixture(components, "full", "weak")
    fast = gp.fit(mixture, x, starts=1, acceleration="quasi_newton")
    plain = gp.fit(mixture, x, starts=1, max_steps=20_000, acceleration=None)
    assert fast.status is plain.status is Status.CONVERGED
    assert fast.iterations <= plain.iterations / 4
    assert fast.objective >= plain.objective - 1e-9 * 2000


@pytest.mark.filterwarnings("ignore:EM. The prior, not the rows:gmm_ppl.FitWarning")
@pytest.mark.parametrize(("name", "components"), [("faithful", 2), ("iris", 3)])
def test_no_more_passes_where_components_are_apart(name, components):
    table = gp.datasets.load(name)
    mixture = gp.Mixture(components, "full", "weak")
    fast = gp.fit(mixture, table, start="kmeans", acceleration="quasi_newton")
    plain = gp.fit(mixture, table, start="kmeans", acceleration=None)
    assert fast.restarts.iterations.mean() <= 1.1 * plain.restarts.iterations.mean()
    assert fast.objective >= plain.objective - 1e-8


def test_nothing_changes_in_other_units():
    x = overlapping(200, 2, 2, seed=3)
    mixture = gp.Mixture(2, "full", "weak")
    one = gp.fit(mixture, x, starts=3, acceleration="quasi_newton")
    other = gp.fit(mixture, x * 2.0 ** np.array([20, -30]), starts=3, acceleration="quasi_newton")
    np.testing.assert_allclose(other.parameters.weights, one.parameters.weights, rtol=1e-4)


@pytest.mark.parametrize("prior", ["flat", "weak"])
def test_a_weight_of_zero_leaves_em_itself(prior):
    x = overlapping(50, 2, 2, seed=4)
    drawn = random_parameters("full", 2, lanes=(1,))
    start = MixtureParameters(np.array([[1.0, 0.0]]), drawn.means, drawn.covariance)
    fast, slow = (climbs(x, "full", prior, start, max_steps=50, acceleration=each) for each in ("quasi_newton", None))
    assert fast.status.tolist() == slow.status.tolist()
    # Where nothing is left to gain, rounding says which of the two looks once more.
    length = min(fast.trace.shape[1], slow.trace.shape[1])
    both = np.isfinite(fast.trace[:, :length]) & np.isfinite(slow.trace[:, :length])
    assert both.any()
    np.testing.assert_allclose(fast.trace[:, :length][both], slow.trace[:, :length][both], rtol=1e-9)
    np.testing.assert_allclose(np.nanmax(fast.trace), np.nanmax(slow.trace), rtol=1e-12)


def test_more_features_than_rows():
    prior = {"kind": "conjugate", "scale": 1.0}
    found = gp.fit(gp.Mixture(2, "full", prior), random_rows(6, 8), starts=2, acceleration="quasi_newton")
    assert found.status is Status.CONVERGED


@pytest.mark.parametrize("acceleration", ["quasi_newton", None])
def test_one_component_is_one_step(acceleration):
    found = gp.fit(gp.Mixture(1, "full", "weak"), random_rows(50), starts=1, acceleration=acceleration)
    assert (found.status, found.iterations) == (Status.CONVERGED, 1)


def method_of(family, features, prior="weak"):
    """EM's steps over some rows, and a position."""
    engine = Engine.of(prepare(gp.Mixture(K, family, prior), random_rows(30, features) * 10.0 ** np.arange(features)), lanes=1)
    drawn = random_parameters(family, K, features)
    return engine.method, engine.method.position(drawn)


@RANDOM
@pytest.mark.parametrize("features", [1, 3])
def test_coordinates_there_and_back(family, features):
    method, position = method_of(family, features)
    flat = method.m_step.flat(position)
    assert flat.shape == (K + K * features + position.covariance.count_parameters(K, features),)
    back = method.m_step.from_flat(flat)
    for name, value in position.sites.items():
        np.testing.assert_allclose(back.sites[name], value, rtol=1e-12, atol=1e-12)


@RANDOM
@PRIOR
@pytest.mark.parametrize("features", [1, 3])
def test_the_slope_is_that_of_the_objective(family, prior, features):
    """By differences of the log-likelihood and the log prior themselves: Fisher's identity."""
    method, position = method_of(family, features, prior)
    point, flat = method.evaluate(position), method.m_step.flat(position)
    # Which covariances would be best for a component that no row belongs to is not asked.
    with np.errstate(invalid="ignore"):
        slope = method.m_step.propose(point.statistics, position)[1]

    def objective(coordinates):
        return method.evaluate(method.m_step.from_flat(coordinates)).objective

    steps = 1e-6 * np.eye(flat.size)
    differences = np.array([(objective(flat + step) - objective(flat - step)) / 2e-6 for step in steps])
    np.testing.assert_allclose(slope, differences, rtol=1e-5, atol=1e-6 * np.abs(slope).max())


def test_the_compact_form_is_bfgs():
    """Against the inverse update written out as matrices, for a method whose step is exactly H₀ g."""
    rng = np.random.default_rng(0)
    size, curvature = 6, np.diag(np.arange(1.0, 7.0))
    start = np.diag(rng.uniform(0.1, 0.5, size))
    inverse, memory = start, no_memory(np.zeros(size))
    for _ in range(4):
        step = rng.normal(size=size)
        lost = curvature @ step
        memory = remember(memory, step, lost, start @ lost)
        left = np.eye(size) - np.outer(step, lost) / (step @ lost)
        inverse = left @ inverse @ left.T + np.outer(step, step) / (step @ lost)
    gradient = rng.normal(size=size)
    np.testing.assert_allclose(quasi_newton_step(memory, start @ gradient, gradient), inverse @ gradient, rtol=1e-10)


def test_several_memories_are_each_its_own():
    rng = np.random.default_rng(1)
    pairs = rng.normal(size=(3, 2, 5))
    both, own, gradient = no_memory(np.zeros((2, 5))), rng.normal(size=(2, 5)), rng.normal(size=(2, 5))
    alone = [no_memory(np.zeros(5)) for _ in range(2)]
    for step in pairs:
        both = remember(both, step, 2 * step, step)
        alone = [remember(each, step[at], 2 * step[at], step[at]) for at, each in enumerate(alone)]
    found = quasi_newton_step(both, own, gradient)
    for at, each in enumerate(alone):
        np.testing.assert_allclose(found[at], quasi_newton_step(each, own[at], gradient[at]), rtol=1e-12)


def test_a_step_that_curves_upwards_is_forgotten():
    one = np.ones(3)
    memory = remember(no_memory(one), one, -one, one)
    assert memory.empty
    np.testing.assert_array_equal(quasi_newton_step(memory, 2 * one, one), 2 * one)


def test_names():
    assert set(ACCELERATIONS) == {"quasi_newton"}
    method = method_of("full", 2)[0]
    assert accelerated(method, None) is method
    assert isinstance(method, EM)
    assert isinstance(accelerated(method, "quasi_newton"), QuasiNewton)
    with pytest.raises(gp.InputError, match="acceleration: none is called 'newton'; choose quasi_newton, or None"):
        accelerated(method, "newton")
