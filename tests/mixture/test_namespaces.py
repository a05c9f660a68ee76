"""One formula in two namespaces: every one of them in NumPy, in JAX and, for several mixtures at once, one after another."""

import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gmm_ppl.mixture import triangular
from gmm_ppl.mixture.covariance import FAMILIES
from gmm_ppl.mixture.density import (
    component_log_densities,
    density_and_responsibilities,
    expected_log_likelihood,
    log_density,
    responsibilities,
)
from gmm_ppl.mixture.expanded import coefficients, expanded_size, expanded_statistics
from gmm_ppl.mixture.loss import expanding_loss, rounding_loss
from gmm_ppl.mixture.moments import OUTER, SQUARES
from gmm_ppl.mixture.parameters import permute
from gmm_ppl.mixture.residuals import residual_statistics, statistics_of_memberships
from gmm_ppl.mixture.rows import rows
from gmm_ppl.mixture.scale import DataScale, data_scale
from gmm_ppl.priors import resolve_prior
from tests.cases import FAMILY_NAMES, mixture_shape, random_parameters, random_rows
from tests.mixture import oracles

pytestmark = pytest.mark.usefixtures("x64")
EACH = pytest.mark.parametrize("name", FAMILY_NAMES)
SIZES = pytest.mark.parametrize("features", [1, 2, 4])
K, N = 3, 11
WEIGHTS = np.random.default_rng(9).gamma(2.0, size=N)


def check_same(found, wanted, kind=None, rtol=1e-12, atol=1e-12):
    """Two pytrees of one structure, digit by digit, the first of arrays of this kind."""
    assert jax.tree.structure(found) == jax.tree.structure(wanted)
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True):
        if kind is not None:
            assert isinstance(one, kind)
        np.testing.assert_allclose(one, other, rtol=rtol, atol=atol * max(1, np.abs(other).max(initial=0)))


def check_namespaces(function, *arguments, lanes=None):
    """In NumPy, in JAX, and, where the first arguments have leading axes, in NumPy one lane after another.

    `lanes` is how many of the arguments have a leading axis of several mixtures.
    """
    plain = function(*arguments)
    for leaf in jax.tree.leaves(plain):
        assert isinstance(leaf, np.ndarray | np.generic)
    check_same(jax.jit(function)(*arguments), plain, jax.Array)
    if lanes:
        for lane in range(jax.tree.leaves(arguments[0])[0].shape[0]):
            own = [jax.tree.map(lambda leaf, lane=lane: leaf[lane], each) for each in arguments[:lanes]]
            check_same(jax.tree.map(lambda leaf, lane=lane: leaf[lane], plain), function(*own, *arguments[lanes:]))
    return plain


def operations(covariance, residuals, second):
    """All that a covariance says of arrays: residuals are components × features × rows, one row serves where none is read."""
    first, features = residuals[..., 0], residuals.shape[-2]
    return {
        "distances": covariance.distances(residuals),
        "whiten": covariance.whiten(first),
        "colour": covariance.colour(first),
        "log_determinant": covariance.log_determinant(features) + 0 * first[..., 0],
        "trace_precision": covariance.trace_precision(second),
        "precision": covariance.precision() + 0 * covariance.moment.square(first),
        "dense": covariance.dense(first.shape[-2], features),
        "real": covariance.real,
        "gradient": covariance.gradient(1 + first[..., 0] ** 2, second),
    }


@EACH
@SIZES
def test_covariances(name, features, rng):
    family = FAMILIES[name]
    covariance = random_parameters(name, K, features, lanes=(3,)).covariance
    second = family.moment.symmetric(family.moment.square(rng.normal(size=(3, K, features))))
    residuals = rng.normal(size=(3, K, features, 5))
    check_namespaces(operations, covariance, residuals, second, lanes=3)
    check_same(operations(covariance.rooted(), residuals, second), operations(covariance, residuals, second))
    check_namespaces(lambda real: family.from_real(real).sites, covariance.real, lanes=1)
    kept, given = np.arange(features)[::-1][:1], np.arange(features)[:-1]
    check_namespaces(lambda each: each.marginal(kept).sites, covariance, lanes=1)
    if given.size:
        conditional = lambda each: (each.conditional(kept, given)[0].sites, each.conditional(kept, given)[1])  # noqa: E731
        check_same(jax.jit(conditional)(covariance), conditional(covariance), jax.Array)


def densities(parameters, x):
    """All that is said of rows under one mixture."""
    return {
        "components": component_log_densities(x, parameters),
        "log_density": log_density(x, parameters),
        "responsibilities": responsibilities(x, parameters),
        "both": density_and_responsibilities(x, parameters),
    }


@EACH
@SIZES
def test_densities(name, features):
    parameters, x = random_parameters(name, K, features), random_rows(N, features)
    found = check_namespaces(densities, parameters, x)
    np.testing.assert_allclose(found["components"], oracles.components(x, parameters), rtol=1e-11)
    np.testing.assert_allclose(found["log_density"], oracles.log_density(x, parameters), rtol=1e-11)
    np.testing.assert_allclose(found["responsibilities"], oracles.responsibilities(x, parameters), rtol=1e-10)
    whole = random_rows(12, features).reshape(3, 4, features)
    for key, value in check_namespaces(densities, parameters, whole).items():
        flat = densities(parameters, whole.reshape(12, features))[key]
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a.reshape(b.shape), b, rtol=1e-13), value, flat)


@EACH
@SIZES
@pytest.mark.parametrize("form", [expanded_statistics, residual_statistics])
def test_passes_and_what_follows_from_statistics(name, features, form):
    parameters, x = random_parameters(name, K, features, lanes=(3,)), random_rows(N, features)

    def passed(several):
        value, statistics = form(rows(x, WEIGHTS), several)
        return value, statistics, statistics.means, statistics.scatter, expected_log_likelihood(statistics, several)

    value = check_namespaces(passed, parameters, lanes=1)[0]
    for lane in range(3):
        one = jax.tree.map(lambda leaf, lane=lane: leaf[lane], parameters)
        np.testing.assert_allclose(value[lane], WEIGHTS @ oracles.log_density(x, one), rtol=1e-12)


@EACH
def test_theta_and_losses(name):
    parameters = random_parameters(name, K, 3, lanes=(2,))
    centre, reach = np.array([0.5, -1.0, 2.0]), np.array([3.0, 4.0, 5.0])
    check_namespaces(lambda each: coefficients(each, centre), parameters, lanes=1)
    check_namespaces(lambda each: expanded_size(each, centre, reach), parameters, lanes=1)
    held = rows(random_rows(N, 3))
    check_namespaces(lambda each: (expanding_loss(held, each), rounding_loss(held, each)), parameters, lanes=1)


@EACH
@pytest.mark.parametrize("prior", ["flat", "weak"])
def test_conjugate_kernels(name, prior):
    """Posterior, mode, density and slope from statistics, for several mixtures at once."""
    parameters, x = random_parameters(name, K, 2, lanes=(3,)), random_rows(40, 2)
    shape = mixture_shape(name, K, 2)
    kernel = resolve_prior(prior, shape, data_scale(x)).kernel(shape)
    statistics = residual_statistics(rows(x), parameters)[1]

    def answers(counted, each):
        posterior = kernel.given(counted)
        return posterior.mode(shape).sites, posterior.log_density(each), posterior.slope(each)

    check_namespaces(answers, statistics, parameters, lanes=2)


@pytest.mark.parametrize("moment", [OUTER, SQUARES])
@SIZES
def test_moments(moment, features, rng):
    matrices = rng.normal(size=(2, features, features))
    columns = rng.normal(size=(2, features, 4))
    sums = rng.normal(size=(2, moment.count_features(features)))
    for method in (moment.square, moment.from_diagonal):
        check_namespaces(method, columns[..., 0], lanes=1)
    check_namespaces(moment.from_matrix, matrices, lanes=1)
    check_namespaces(lambda each: moment.symmetric(moment.from_matrix(each)), matrices, lanes=1)
    check_namespaces(moment.features, columns, lanes=1)
    check_namespaces(moment.unpacked, sums, lanes=1)
    # φ·θ is what `coefficients` promises.
    precision = moment.from_matrix(matrices + matrices.swapaxes(-1, -2))[:, None]
    linear, constant = columns[..., :3].swapaxes(-1, -2), rng.normal(size=(2, 3))
    precision = precision * moment.expand(1 + constant**2)
    theta = check_namespaces(moment.coefficients, constant, linear, precision, lanes=3)
    z = rng.normal(size=(features, 1))
    full = moment.linear(precision, z[:, 0] * np.ones_like(linear))
    wanted = constant + (linear * z[:, 0]).sum(-1) - (full * z[:, 0]).sum(-1) / 2
    np.testing.assert_allclose((theta @ moment.features(z))[..., 0], wanted, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 6])
def test_triangular(size, rng):
    root = rng.normal(size=(4, size, size)) + 3 * np.eye(size)
    matrices, lower = root @ root.swapaxes(-1, -2), np.tril(root)
    vectors, below = rng.normal(size=(4, size)), rng.normal(size=(4, size * (size - 1) // 2))
    for function in (
        triangular.cholesky,
        triangular.inverse_cholesky,
        triangular.log_determinant,
        triangular.diagonal,
        triangular.below_diagonal,
        triangular.mirrored,
    ):
        check_namespaces(function, matrices, lanes=1)
    check_namespaces(triangular.inverse_triangle, lower, lanes=1)
    check_namespaces(triangular.squared, lower, lanes=1)
    check_namespaces(triangular.applied, matrices, vectors, lanes=2)
    check_namespaces(triangular.traced, lower, matrices, lanes=2)
    check_namespaces(triangular.triangle, below, vectors, lanes=2)


@EACH
def test_permutations(name):
    parameters, order = random_parameters(name, lanes=(2,)), np.array([2, 0, 1])
    moved = check_namespaces(lambda each: permute(each, order), parameters, lanes=1)
    np.testing.assert_array_equal(moved.covariances, parameters.covariances[:, order])


@pytest.mark.parametrize("moment", [OUTER, SQUARES])
def test_statistics_of_memberships(moment, rng):
    memberships = rng.dirichlet(np.ones(K), size=(2, N))
    check_namespaces(lambda each: statistics_of_memberships(rows(random_rows(N), WEIGHTS), each, moment), memberships, lanes=1)


def test_scale_of_rows():
    x = random_rows(30, 3)
    found = jax.jit(lambda each: (data_scale(each).centre, data_scale(each).covariance))(x)
    plain = data_scale(x)
    assert isinstance(plain, DataScale)
    check_same(found, (plain.centre, plain.covariance), jax.Array)


def test_numpy_needs_no_jax():
    """Nothing that a fit reads of the mixture package imports JAX."""
    code = (
        "import sys; sys.path.insert(0, '.')\n"
        "import numpy as np\n"
        "from gmm_ppl.mixture.covariance import FAMILIES\n"
        "from gmm_ppl.mixture.density import density_and_responsibilities\n"
        "from gmm_ppl.mixture.parameters import MixtureParameters\n"
        "from gmm_ppl.mixture.passes import NumPyPass\n"
        "from gmm_ppl.mixture.rows import rows\n"
        "rng = np.random.default_rng(0)\n"
        "x = rng.normal(size=(20, 2))\n"
        "for family in FAMILIES.values():\n"
        "    real = {part.name: rng.normal(size=(1, *part.real_shape(2, 2))) for part in family.parts}\n"
        "    parameters = MixtureParameters(np.full((1, 2), .5), rng.normal(size=(1, 2, 2)), family.from_real(real))\n"
        "    value, statistics = NumPyPass(rows(x))(parameters)\n"
        "    family.fitted(statistics.count, statistics.scatter).gradient(statistics.count, statistics.scatter)\n"
        "    assert np.isfinite(value).all()\n"
        "assert 'jax' not in sys.modules and 'scipy' not in sys.modules, 'imported'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "JAXTYPING_DISABLE": "1"})


def test_jax_numbers_of_either_precision_stay_what_they_are():
    parameters = jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype=jnp.float32), random_parameters("full"))
    assert log_density(jnp.asarray(random_rows(N), dtype=jnp.float32), parameters).dtype == jnp.float32
