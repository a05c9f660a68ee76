"""The M-step of a separated prior, a step up in closed form, against derivatives of the densities that it is said to raise."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gmm_ppl.mixture.covariance import find_family
from gmm_ppl.mixture.density import expected_log_likelihood
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.mixture.residuals import statistics_of_memberships
from gmm_ppl.mixture.rows import rows
from gmm_ppl.mixture.scale import data_scale
from gmm_ppl.model.specification import as_jax
from gmm_ppl.priors import resolve_prior
from gmm_ppl.priors.quadratic import quadratic_root
from gmm_ppl.records import map_arrays
from tests.cases import EVERY, random_matrix, random_parameters

pytestmark = pytest.mark.usefixtures("x64")
N, K = 30, 3
SEPARATED_FAMILIES = tuple(family for family, kind in EVERY if kind == "separated")
MEMBERSHIPS = np.random.default_rng(7).dirichlet(np.ones(K), size=N)
CASES = pytest.mark.parametrize(
    ("family", "features"), [(family, features) for family in SEPARATED_FAMILIES for features in (1, 2, 4)]
)


def problem(family, features, memberships=MEMBERSHIPS, eta=2.0):
    """A prior of stated concentrations, its posterior given memberships, and parameters that are nobody's mode."""
    shape = MixtureShape(K, features, find_family(family))
    x = np.random.default_rng(3).normal(size=(N, features)) * np.arange(1, features + 1) + 5
    numbers = {"concentration": [1.5, 2.0, 3.0], "correlation_concentration": eta}
    prior = resolve_prior({"kind": "separated", **numbers}, shape, data_scale(x))
    statistics = statistics_of_memberships(rows(x), memberships, shape.family.moment)
    return shape, prior, statistics, random_parameters(family, K, features, seed=4)


def objective(prior, statistics, shape, real):
    """Q + log p at log weights, means, and coordinates of the covariances' parts."""
    plain = shape.family.from_sites(shape.family.from_real(real).sites)
    parameters = MixtureParameters(jax.nn.softmax(real["weights"]), real["means"], plain)
    return expected_log_likelihood(statistics, parameters) + prior.log_density_at(parameters)


@eqx.filter_jit
def height_and_slope(prior, statistics, shape, real):
    """Of the objective."""
    return jax.value_and_grad(lambda each: objective(prior, statistics, shape, each))(real)


def coordinates(parameters):
    """Log weights, means, and those of the covariances' parts."""
    return map_arrays(
        jnp.asarray, {"weights": np.log(parameters.weights), "means": parameters.means, **parameters.covariance.real}
    )


@CASES
def test_slopes_are_derivatives(family, features):
    shape, prior, statistics, parameters = problem(family, features)
    wanted = height_and_slope(as_jax(prior), statistics, shape, coordinates(parameters))[1]
    found = prior.kernel(shape).given(statistics).slope(parameters)
    assert list(found) == ["weights", "means", shape.family.parts[0].name]
    for name, slope in wanted.items():
        assert isinstance(found[name], np.ndarray | np.generic)
        np.testing.assert_allclose(found[name], slope, rtol=1e-10, atol=1e-11 * np.abs(slope).max())


@CASES
@pytest.mark.parametrize("eta", [0.6, 1.0, 2.0, 20.0])
def test_steps_rise_to_a_mode(family, features, eta):
    """By the density of parameters and the rows', whose slope is nil where the steps come to rest."""
    shape, prior, statistics, place = problem(family, features, eta=eta)
    posterior, heights = prior.kernel(shape).given(statistics), []
    for step in range(300):
        if step < 6:
            heights.append(expected_log_likelihood(statistics, place) + prior.log_density_at(place))
        place = posterior.raised(place)
    assert min(np.diff(heights)) > -1e-12 * abs(heights[-1])
    assert heights[1] > heights[0]
    for part in shape.parts:
        part.support.check(np.asarray(place.sites[part.name]), part.name)
    for name, slope in posterior.slope(place).items():
        np.testing.assert_allclose(slope, np.zeros_like(slope), atol=1e-8, err_msg=name)


@pytest.mark.parametrize("family", SEPARATED_FAMILIES)
def test_each_is_highest_given_the_others(family):
    """Weights by themselves; means given the covariances before the step; variances given the means after it."""
    shape, prior, statistics, last = problem(family, 2)
    posterior = prior.kernel(shape).given(statistics)
    reached = posterior.raised(last)
    (part,) = shape.family.parts
    between = MixtureParameters(reached.weights, reached.means, last.covariance)
    slopes = posterior.slope(between)
    np.testing.assert_allclose(slopes["weights"], 0, atol=1e-12)
    np.testing.assert_allclose(slopes["means"], 0, atol=1e-10)
    if not part.support.axes:
        np.testing.assert_allclose(posterior.slope(reached)[part.name], 0, atol=1e-10)


@pytest.mark.parametrize("family", SEPARATED_FAMILIES)
def test_several_at_once_in_both_namespaces(family):
    """Steps and slopes of mixtures along leading axes are those of each."""
    several = np.random.default_rng(9).dirichlet(np.ones(K), size=(2, 4, N))
    shape, prior, statistics, one = problem(family, 2, several)
    places = map_arrays(lambda leaf: np.broadcast_to(leaf, (2, 4, *leaf.shape)), one.sites)
    places = MixtureParameters(places["weights"], places["means"], shape.family.from_sites(places))
    posterior = prior.kernel(shape).given(statistics)
    best = posterior.raised(places)
    traced = eqx.filter_jit(lambda prior, each, at: prior.kernel(shape).given(each).raised(at))(as_jax(prior), statistics, places)
    for name, values in best.sites.items():
        np.testing.assert_allclose(traced.sites[name], values, rtol=1e-11, atol=1e-13)
    slopes = posterior.slope(best)
    for at in np.ndindex(2, 4):
        _, _, own, _ = problem(family, 2, several[at])
        alone = prior.kernel(shape).given(own)
        for name, values in alone.raised(one).sites.items():
            np.testing.assert_allclose(best.sites[name][at], values, rtol=1e-12)
        for name, slope in alone.slope(alone.raised(one)).items():
            np.testing.assert_allclose(slopes[name][at], slope, rtol=1e-9, atol=1e-10)


def test_a_component_without_rows_has_the_priors_own_middle():
    shape, prior, statistics, last = problem("full", 2, np.eye(K)[np.zeros(N, int)])
    found = prior.kernel(shape).given(statistics).raised(last)
    np.testing.assert_allclose(found.means[1:], np.broadcast_to(prior.mean, (2, 2)), rtol=1e-14)
    assert np.isfinite(found.means).all()


MATRICES = {
    "several": np.stack([random_matrix(np.random.default_rng(each), 4) for each in range(3)]),
    "equal eigenvalues": 3 * np.eye(3),
    "one": np.array([[2.0]]),
}


@pytest.mark.parametrize("matrices", MATRICES.values(), ids=MATRICES)
@pytest.mark.parametrize("count", [-3.0, 0.0, 1e-3, 40.0])
def test_the_root_solves_its_equation(matrices, count):
    counts = np.full(matrices.shape[:-2], count)
    found = quadratic_root(matrices, counts)
    assert (np.linalg.eigvalsh(found) > 0).all()
    np.testing.assert_allclose(found @ found + count * found, matrices, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(quadratic_root(jnp.asarray(matrices), jnp.asarray(counts)), found, rtol=1e-12, atol=1e-14)


def test_the_root_of_a_thin_matrix_keeps_its_digits():
    """The small eigenvalue of X is M's over c, which the difference of r and c/2 would not have."""
    found = quadratic_root(np.diag([1e-13, 1.0]), np.array(10.0))
    np.testing.assert_allclose(found[0, 0], 1e-14, rtol=1e-12)


@pytest.mark.parametrize("matrix", MATRICES.values(), ids=MATRICES)
def test_derivatives_of_the_root(matrix):
    """In both modes, by differences, where eigenvalues are equal too."""
    matrix, count = jnp.asarray(matrix), jnp.full(matrix.shape[:-2], 1.5)
    direction = np.random.default_rng(1).normal(size=matrix.shape)
    direction = jnp.asarray(direction + direction.swapaxes(-1, -2))
    _, forward = jax.jvp(quadratic_root, (matrix, count), (direction, 0.5 + 0 * count))
    ends = [quadratic_root(matrix + step * direction, count + 0.5 * step) for step in (1e-6, -1e-6)]
    np.testing.assert_allclose(forward, (ends[0] - ends[1]) / 2e-6, rtol=1e-7, atol=1e-8)
    back = jax.grad(lambda each: jnp.sum(quadratic_root(matrix + each * direction, count + 0.5 * each)))(0.0)
    np.testing.assert_allclose(back, jnp.sum(forward), rtol=1e-12)


def test_no_matrix_has_no_root():
    """NaN is passed on without an error; what is not positive definite has a root that is not, or NaN."""
    bad = np.stack([np.full((2, 2), np.nan), np.diag([-1e-3, 1.0]), np.diag([-1e3, 1.0]), np.eye(2)])
    with np.errstate(invalid="ignore"):
        found = quadratic_root(bad, np.ones(4))
    assert np.isnan(found[0]).all()
    assert not (np.linalg.eigvalsh(found[1]) > 0).all()
    assert np.isnan(found[2]).any()
    np.testing.assert_allclose(found[3], np.eye(2) * (np.sqrt(1.25) - 0.5), rtol=1e-14)
