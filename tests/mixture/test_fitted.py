"""M-steps of every family: what they maximise, its slope, their derivatives, and families within families."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmm_ppl.mixture.covariance import FAMILIES
from gmm_ppl.mixture.covariance.diagonal_tied_shape import TiedShapeDiagonalCovariance, best_shape
from tests.cases import FAMILY_NAMES, random_covariance, random_real, random_scatter
from tests.mixture.oracles import letters

pytestmark = pytest.mark.usefixtures("x64")
EACH = pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILY_NAMES)
K = 3


def profile(covariance, count, scatter):
    """−½ Σ_k (n_k log |Σ_k| + tr(W_k Σ_k⁻¹)), by dense NumPy."""
    features = scatter.shape[-1]
    dense = np.asarray(covariance.dense(count.shape[-1], features))
    inverse = np.linalg.inv(dense)
    own = np.diagonal(inverse, axis1=-2, axis2=-1) if covariance.moment.axes == 1 else inverse
    traces = (own * scatter).sum(axis=tuple(range(-covariance.moment.axes, 0)))
    return -(count * np.linalg.slogdet(dense)[1] + traces).sum(axis=-1) / 2


def traced_profile(family, real, count, scatter):
    """The same from coordinates, for JAX's derivatives."""
    covariance = family.from_real(real)
    determinants = covariance.log_determinant(scatter.shape[-1])
    return -jnp.sum(count * determinants + covariance.trace_precision(scatter)) / 2


slopes = jax.jit(jax.grad(traced_profile, argnums=1), static_argnums=0)


@EACH
@pytest.mark.parametrize("features", [1, 2, 4])
def test_nothing_is_higher(family, features):
    """No slope in any coordinate, and nothing near or far that is higher."""
    count, scatter = random_scatter(family, K, features)
    fitted = family.fitted(count, scatter)
    for name, slope in slopes(family, fitted.real, count, scatter).items():
        np.testing.assert_allclose(slope, 0, atol=1e-11 * count.sum(), err_msg=name)
    best = profile(fitted, count, scatter)
    rng = np.random.default_rng(5)
    for size in np.geomspace(1e-4, 2, 60):
        moved = random_real(rng, family, K, features, spread=size)
        away = family.from_real({name: values + moved[name] for name, values in fitted.real.items()})
        assert profile(away, count, scatter) < best


@EACH
@pytest.mark.parametrize("lanes", [(), (4,), (2, 3)])
def test_slopes_are_those_of_jax(family, lanes):
    features = 3
    covariance, (count, scatter) = (
        random_covariance(family, K, features, lanes=lanes),
        random_scatter(family, K, features, lanes=lanes),
    )
    found = covariance.gradient(count, scatter)
    for place in np.ndindex(lanes):
        real = {name: values[place] for name, values in covariance.real.items()}
        wanted = slopes(family, real, count[place], scatter[place])
        assert set(found) == set(wanted)
        for name, values in wanted.items():
            np.testing.assert_allclose(found[name][place], values, rtol=1e-9, atol=1e-10, err_msg=name)


@EACH
@pytest.mark.parametrize("features", [1, 2, 5])
def test_lanes_and_namespaces(family, features):
    """Several problems at once are each of them alone, in NumPy and in JAX."""
    count, scatter = random_scatter(family, K, features, lanes=(2, 3))
    together = family.fitted(count, scatter)
    inside = jax.jit(family.fitted)(count, scatter)
    mapped = jax.jit(jax.vmap(jax.vmap(family.fitted)))(count, scatter)
    for name, values in together.sites.items():
        assert isinstance(values, np.ndarray)
        assert isinstance(inside.sites[name], jax.Array)
        np.testing.assert_allclose(inside.sites[name], values, rtol=1e-11, atol=1e-12)
        np.testing.assert_allclose(mapped.sites[name], values, rtol=1e-11, atol=1e-12)
        for place in np.ndindex(2, 3):
            alone = family.fitted(count[place], scatter[place])
            np.testing.assert_allclose(values[place], alone.sites[name], rtol=1e-12, atol=1e-13)


@EACH
def test_what_is_held_belongs_to_the_parts(family):
    """Roots that a fitted or moved covariance carries are those of its own matrices."""
    count, scatter = random_scatter(family, K, 4)
    for held in (
        family.fitted(count, scatter),
        random_covariance(family, K, 4).rooted(),
        family.from_real(random_covariance(family, K, 4).real),
    ):
        plain = family.from_sites(held.sites)
        np.testing.assert_allclose(held.precision(), plain.precision(), rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(held.log_determinant(4), plain.log_determinant(4), atol=1e-12)


@EACH
def test_units_of_features(family):
    """Where a family lets features have their own units, changing them changes the maximum by their logarithms."""
    features = 3
    if not np.ndim(family.scale_of(family.moment.from_diagonal(np.ones(features)))):
        units = np.full(features, 1e-8)
    else:
        units = np.array([1e-8, 1.0, 1e100])
    count, scatter = random_scatter(family, K, features)
    plain = profile(family.fitted(count, scatter), count, scatter)
    fitted = family.fitted(count, scatter * family.moment.square(units))
    changed = traced_profile(family, fitted.real, count, scatter * family.moment.square(units))
    np.testing.assert_allclose(changed + count.sum() * np.log(units).sum(), plain, rtol=1e-12)


def within(one, other):
    """Whether every member of the first family is one of the second."""
    orders = ("EV", "IEV", "IEV")
    places = [(order.index(a), order.index(b)) for order, a, b in zip(orders, letters(one), letters(other), strict=True)]
    return one is not other and all(a <= b for a, b in places)


NESTED = [pair for pair in product(FAMILIES.values(), repeat=2) if within(*pair)]


def test_the_lattice_is_there():
    names = {(letters(one), letters(other)) for one, other in NESTED}
    assert names >= {
        ("EII", "VII"),
        ("VII", "VEI"),
        ("VEI", "VVI"),
        ("VVI", "VVV"),
        ("EII", "EEE"),
        ("EEE", "EVV"),
        ("EVV", "VVV"),
    }
    assert not names & {("VII", "EVV"), ("EEE", "VVI"), ("VEI", "EVV"), ("VVV", "EVV")}


@given(seed=st.integers(0, 10**6), features=st.integers(2, 5), components=st.integers(2, 5))
def test_a_family_within_another_fits_no_better(seed, features, components):
    """At one set of counts and scatter, the same for all (`families.md` §1.2)."""
    full = next(family for family in FAMILIES.values() if letters(family) == "VVV")
    count, scatter = random_scatter(full, components, features, seed)
    best = {}
    for family in FAMILIES.values():
        own = family.moment.from_matrix(scatter)
        best[family] = profile(family.fitted(count, own), count, own)
    for one, other in NESTED:
        assert best[one] < best[other], (one.name, other.name)


@EACH
def test_derivatives_pass_through(family):
    """First and second ones, forward and in reverse, against differences of the M-step itself."""
    features = 2
    count, scatter = random_scatter(family, K, features)
    rng = np.random.default_rng(8)
    along_count, along = rng.normal(size=count.shape), family.moment.symmetric(rng.normal(size=scatter.shape))
    weights = {name: rng.normal(size=np.shape(values)) for name, values in family.fitted(count, scatter).sites.items()}

    def reading(step):
        found = family.fitted(count + step * along_count, scatter + step * along)
        return sum((weights[name] * values**2).sum() for name, values in found.sites.items())

    h = 1e-3
    values = [reading(step) for step in (-2 * h, -h, 0.0, h, 2 * h)]
    first = (values[0] - 8 * values[1] + 8 * values[3] - values[4]) / (12 * h)
    second = (-values[0] + 16 * values[1] - 30 * values[2] + 16 * values[3] - values[4]) / (12 * h * h)
    for derivative in (jax.grad, jax.jacfwd):
        np.testing.assert_allclose(jax.jit(derivative(reading))(0.0), first, rtol=1e-8)
    np.testing.assert_allclose(jax.jit(jax.grad(jax.grad(reading)))(0.0), second, rtol=1e-4)


HARSH = pytest.mark.parametrize("spread", [1.0, 5.0, 10.0])


@HARSH
def test_one_shape_of_scatter_that_has_many(spread):
    """Variances e^±30 apart, in all lanes at once: volumes and shape solve their two equations."""
    rng = np.random.default_rng(3)
    for components, features in ((2, 2), (3, 4), (8, 20), (20, 3), (2, 8)):
        count = rng.gamma(2.0, size=(100, components)) * 50
        scatter = np.exp(spread * rng.normal(size=(100, components, features))) * count[..., None]
        check_one_shape(TiedShapeDiagonalCovariance.fitted(count, scatter), count, scatter)
        if features == 4:
            check_one_shape(compiled_one_shape(count, scatter), count, scatter)


compiled_one_shape = jax.jit(TiedShapeDiagonalCovariance.fitted)


def check_one_shape(found, count, scatter):
    features = scatter.shape[-1]
    ratios = scatter / found.variance_table
    np.testing.assert_allclose(ratios.sum(axis=-1), features * count, rtol=1e-10)
    np.testing.assert_allclose(ratios.sum(axis=-2), np.repeat(count.sum(axis=-1, keepdims=True), features, -1), rtol=1e-10)
    np.testing.assert_allclose(np.log(found.shape).sum(axis=-1), 0, atol=1e-11)


def test_one_shape_by_turns():
    """Against the two lines by which volumes and shape are found in turn, thousands of times."""
    count, scatter = random_scatter(TiedShapeDiagonalCovariance, K, 4)
    shape = np.ones(4)
    for _ in range(3000):
        volumes = (scatter / shape).sum(axis=1) / (4 * count)
        pooled = (scatter / volumes[:, None]).sum(axis=0)
        shape = pooled / np.exp(np.log(pooled).mean())
    found = TiedShapeDiagonalCovariance.fitted(count, scatter)
    np.testing.assert_allclose(found.shape, shape, rtol=1e-12)
    np.testing.assert_allclose(found.volumes, (scatter / shape).sum(axis=1) / (4 * count), rtol=1e-12)


def test_a_shape_that_is_nowhere_best():
    """Each component varies along its own feature only: the likelihood rises without end, and no lane waits for another."""
    count = np.full((2, 2), 10.0)
    scatter = np.array([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 2.0], [3.0, 4.0]]])
    with np.errstate(all="ignore"):
        place = best_shape(count, scatter)
        alone = best_shape(count[1], scatter[1])
    np.testing.assert_allclose(place[1], alone, rtol=1e-12)
