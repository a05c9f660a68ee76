"""Accelerated EM: never lower, the same optima in far fewer passes, EM's own steps where nothing else will do."""

from functools import cache

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import gmm_ppl as gp
from gmm_ppl.data import datasets
from gmm_ppl.inference.em.accelerate import ACCELERATIONS, QuasiNewton, accelerated, quasi_newton
from gmm_ppl.inference.base import Status
from gmm_ppl.inference.em import EM, em
from gmm_ppl.inference.em.loop import STATUSES, run
from gmm_ppl.inference.em.secant import no_memory, quasi_newton_step, remember
from gmm_ppl.mixture.coordinates import from_coordinates, to_coordinates
from gmm_ppl.mixture.scale import data_scale
from gmm_ppl.progress import silent
from tests.cases import FAMILY_NAMES, mixture_shape, random_parameters, random_rows

pytestmark = pytest.mark.usefixtures("x64")

ROWS, LANES, K = 60, 40, 3


def overlapping(rows, components, features, seed, apart=1.0):
    """Rows of standard normal components, their means `apart` on the first feature."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, features))
    x[:, 0] += apart * rng.integers(components, size=rows)
    return x


def method_for(x, family, prior, components=K):
    return em(gp.posterior(gp.Mixture(components, family, prior), x), jnp.asarray(data_scale(x).deviations))


@eqx.filter_jit
def lanes_from(method, family_parameters):
    return jax.vmap(method.start)(family_parameters)


def random_lanes(family, count, features=2, seed=0):
    """Starting parameters as different as `random_parameters` makes them, stacked."""
    each = [random_parameters(family, K, features, seed=seed + number) for number in range(count)]
    return jax.tree.map(lambda *leaves: jnp.stack([jnp.asarray(leaf) for leaf in leaves]), *each)


@cache
def many_runs(family, prior):
    """`LANES` starts on one small data set, accelerated and plain, under `vmap` in one program each."""
    x = overlapping(ROWS, K, 2, seed=5, apart=1.5)
    plain = method_for(x, family, prior)
    starts = random_lanes(family, LANES)
    found = []
    for method in (quasi_newton(plain), plain):
        points = lanes_from(method, starts)
        states = run(method, points, tolerance=1e-12, max_steps=4000, progress=silent, stage="EM")
        found.append(jax.tree.map(np.asarray, states))
    return found


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
    fast, plain = (states.trace[np.arange(LANES), states.iteration] / ROWS for states in many_runs(family, "weak"))
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


@pytest.mark.parametrize(("name", "components"), [("faithful", 2), ("iris", 3)])
def test_no_more_passes_where_components_are_apart(name, components):
    table = datasets.load(name)
    mixture = gp.Mixture(components, "full", "weak")
    fast = gp.fit(mixture, table, acceleration="quasi_newton")
    plain = gp.fit(mixture, table, acceleration=None)
    assert fast.restarts.iterations.mean() <= 1.1 * plain.restarts.iterations.mean()
    assert fast.objective >= plain.objective - 1e-8, "on iris it finds a better optimum"


def test_nothing_changes_in_other_units():
    x = overlapping(200, 2, 2, seed=3)
    mixture = gp.Mixture(2, "full", "weak")
    one = gp.fit(mixture, x, starts=3, acceleration="quasi_newton")
    other = gp.fit(mixture, x * 2.0 ** np.array([20, -30]), starts=3, acceleration="quasi_newton")
    np.testing.assert_allclose(other.parameters.weights, one.parameters.weights, rtol=1e-4)


@pytest.mark.parametrize("prior", ["flat", "weak"])
def test_a_weight_of_zero_leaves_em_itself(prior):
    x = overlapping(50, 2, 2, seed=4)
    plain = method_for(x, "full", prior, components=2)
    method = quasi_newton(plain)
    parameters = random_parameters("full", 2)
    empty = eqx.tree_at(lambda each: each.weights, jax.tree.map(jnp.asarray, parameters), jnp.array([1.0, 0.0]))
    start = jax.tree.map(lambda leaf: leaf[None], empty)
    fast, slow = (
        run(each, lanes_from(each, start), tolerance=1e-10, max_steps=50, progress=silent, stage="EM") for each in (method, plain)
    )
    assert fast.status.tolist() == slow.status.tolist()
    # Where nothing is left to gain, rounding says which of the two looks once more.
    both = np.isfinite(fast.trace) & np.isfinite(slow.trace)
    assert both.any()
    np.testing.assert_allclose(fast.trace[both], slow.trace[both], rtol=1e-9)
    np.testing.assert_allclose(np.nanmax(fast.trace), np.nanmax(slow.trace), rtol=1e-12)


def test_more_features_than_rows():
    prior = {"kind": "conjugate", "scale": 1.0}
    found = gp.fit(gp.Mixture(2, "full", prior), random_rows(6, 8), starts=2, acceleration="quasi_newton")
    assert found.status is Status.CONVERGED


def test_one_component_is_one_step():
    found = gp.fit(gp.Mixture(1, "full", "weak"), random_rows(50), starts=1, acceleration="quasi_newton")
    assert found.status is Status.CONVERGED
    assert found.iterations <= 3


@RANDOM
def test_coordinates_there_and_back(family):
    parameters = jax.tree.map(jnp.asarray, random_parameters(family, K, 3))
    deviations = jnp.array([1e-3, 1.0, 1e6])
    back = from_coordinates(to_coordinates(parameters, deviations), mixture_shape(family, K, 3), deviations)
    for one, other in zip(jax.tree.leaves(parameters.sites), jax.tree.leaves(back.sites), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


def test_the_compact_form_is_bfgs():
    """Against the inverse update written out as matrices, for a method whose step is exactly H₀ g."""
    rng = np.random.default_rng(0)
    size, curvature = 6, np.diag(np.arange(1.0, 7.0))
    start = np.diag(rng.uniform(0.1, 0.5, size))
    inverse, memory = start, no_memory(jnp.zeros(size))
    for _ in range(4):
        step = rng.normal(size=size)
        lost = curvature @ step
        memory = remember(memory, jnp.asarray(step), jnp.asarray(lost), jnp.asarray(start @ lost))
        left = np.eye(size) - np.outer(step, lost) / (step @ lost)
        inverse = left @ inverse @ left.T + np.outer(step, step) / (step @ lost)
    gradient = rng.normal(size=size)
    found = quasi_newton_step(memory, jnp.asarray(start @ gradient), jnp.asarray(gradient))
    np.testing.assert_allclose(found, inverse @ gradient, rtol=1e-10)


def test_a_step_that_curves_upwards_is_forgotten():
    one = jnp.ones(3)
    memory = remember(no_memory(one), one, -one, one)
    assert not memory.filled.any()
    np.testing.assert_array_equal(quasi_newton_step(memory, 2 * one, one), 2 * one)


def test_names():
    assert set(ACCELERATIONS) == {"quasi_newton"}
    method = method_for(random_rows(20), "full", "weak")
    assert isinstance(accelerated(method, None), EM)
    assert isinstance(accelerated(method, "quasi_newton"), QuasiNewton)
    with pytest.raises(gp.InputError, match="acceleration: none is called 'newton'; choose quasi_newton, or None"):
        accelerated(method, "newton")
