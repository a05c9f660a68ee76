"""`GaussianMixture` as a citizen of NumPyro: shapes, batches, moments, transformations and validation."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import pytest
from numpyro import distributions as dist
from numpyro.infer.util import log_density

import gmm_ppl as gp
from gmm_ppl.errors import InputError
from gmm_ppl.mixture.parameters import MixtureParameters
from tests.cases import FAMILY_NAMES, random_parameters, random_rows
from tests.mixture import oracles

K, D = 3, 2
EACH = pytest.mark.parametrize("name", FAMILY_NAMES)
KEY = jax.random.key(0)
X = random_rows(4)


def stacked(name, *sizes):
    """Parameters with leading axes, each entry another mixture."""
    members = [random_parameters(name, seed=seed) for seed in range(int(np.prod(sizes)))]
    return jax.tree.map(lambda *leaves: np.stack(leaves).reshape(*sizes, *leaves[0].shape), *members)


def entry(parameters, *index):
    return jax.tree.map(lambda leaf: leaf[index], parameters)


@jax.jit
def evaluate(parameters, value):
    """Ours beside NumPyro's."""
    ours = gp.GaussianMixture(parameters)
    theirs = dist.MixtureSameFamily(ours.mixing_distribution, ours.component_distribution)
    return (
        (ours.log_prob(value), theirs.log_prob(value)),
        (ours.component_log_probs(value), theirs.component_log_probs(value)),
        (ours.mean, theirs.mean),
        (ours.variance, theirs.variance),
    )


@EACH
@pytest.mark.parametrize(("batch", "shape"), [((), (4,)), ((2, 1), (3,))])
def test_it_agrees_with_numpyros_mixture(name, batch, shape, x64):
    parameters = stacked(name, *batch) if batch else random_parameters(name)
    value = np.random.default_rng(5).normal(size=(*shape, D))
    for ours, theirs in evaluate(parameters, value):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=1e-11)


def test_a_batch_is_its_members(x64):
    parameters = stacked("full", 2)
    batched = np.asarray(evaluate(parameters, X[:, None])[0][0])
    for index in range(2):
        np.testing.assert_allclose(batched[:, index], oracles.log_density(X, entry(parameters, index)), rtol=1e-11)


@pytest.mark.parametrize("name", ["full", "tied"])
def test_moments_by_hand(name, x64):
    parameters = random_parameters(name)
    mixture = gp.GaussianMixture(parameters)
    mean = parameters.weights @ parameters.means
    second = sum(
        weight * (covariance + np.outer(centre, centre))
        for weight, centre, covariance in zip(parameters.weights, parameters.means, parameters.covariances, strict=True)
    )
    np.testing.assert_allclose(mixture.mean, mean, rtol=1e-13)
    np.testing.assert_allclose(mixture.variance, np.diagonal(second - np.outer(mean, mean)), rtol=1e-12)


def test_draws_have_these_moments(x64):
    """Within five standard errors, for both members of a batch; labels in proportion to the weights."""
    rows, parameters = 20_000, stacked("full", 2)
    mixture = gp.GaussianMixture(parameters)
    draws, (labels,) = jax.jit(lambda key: mixture.sample_with_intermediates(key, (rows,)))(KEY)
    assert (draws.shape, labels.shape) == ((rows, 2, D), (rows, 2))
    draws, labels = np.asarray(draws), np.asarray(labels)
    variance = np.asarray(mixture.variance)
    assert (np.abs(draws.mean(axis=0) - mixture.mean) < 5 * np.sqrt(variance / rows)).all()
    squares = (draws - np.asarray(mixture.mean)) ** 2
    assert (np.abs(squares.mean(axis=0) - variance) < 5 * squares.std(axis=0) / np.sqrt(rows)).all()
    for index in range(2):
        weights = parameters.weights[index]
        counts = np.bincount(labels[:, index], minlength=K)
        assert (np.abs(counts - rows * weights) < 5 * np.sqrt(rows * weights * (1 - weights))).all()
    assert abs(np.corrcoef(draws[:, 0, 0], draws[:, 1, 0])[0, 1]) < 5 / np.sqrt(rows)


@EACH
@pytest.mark.parametrize(("batch", "sample"), [((), ()), ((), (2, 3)), ((2,), (5,)), ((2, 1), (2, 3))])
def test_shapes_of_draws(name, batch, sample):
    mixture = gp.GaussianMixture(stacked(name, *batch) if batch else random_parameters(name))
    assert (mixture.batch_shape, mixture.event_shape, mixture.mixture_size) == (batch, (D,), K)
    assert (mixture.mean.shape, mixture.covariances.shape) == ((*batch, D), (*batch, K, D, D))
    draws, (labels,) = jax.eval_shape(lambda key: mixture.sample_with_intermediates(key, sample), KEY)
    assert (draws.shape, labels.shape) == ((*sample, *batch, D), (*sample, *batch))


@pytest.mark.parametrize(("batch", "expanded"), [((), (3,)), ((2,), (4, 2)), ((2, 1), (2, 3))])
def test_expand(batch, expanded):
    mixture = gp.GaussianMixture(stacked("full", *batch) if batch else random_parameters("full"))
    wide = mixture.expand(expanded)
    assert (wide.batch_shape, wide.event_shape) == (expanded, (D,))
    draws = jax.eval_shape(lambda key: wide.sample(key, (5,)), KEY)
    assert draws.shape == (5, *expanded, D)
    value = np.broadcast_to(X[0], (*expanded, D))
    plain, broadcast = jax.jit(lambda each: (mixture.log_prob(each), wide.log_prob(each)))(value)
    np.testing.assert_allclose(broadcast, np.broadcast_to(plain, expanded), rtol=1e-6)


def test_expanded_draws_differ():
    draws = jax.jit(gp.GaussianMixture(stacked("diagonal", 2, 1)).expand((2, 3)).sample)(KEY)
    assert len(np.unique(np.asarray(draws)[..., 0])) == 6


def test_mask_and_to_event():
    mixture = gp.GaussianMixture(stacked("full", 2))
    values = mixture.log_prob(X[0])
    masked = mixture.mask(np.array([True, False])).log_prob(X[0])
    np.testing.assert_allclose(masked, np.array([values[0], 0.0]), rtol=1e-6)
    joint = mixture.to_event(1)
    assert (joint.batch_shape, joint.event_shape) == ((), (2, D))
    np.testing.assert_allclose(joint.log_prob(np.stack([X[0], X[0]])), values.sum(), rtol=1e-6)


@EACH
def test_vmap_inside_and_outside(name, x64):
    """A distribution made inside `vmap`, and one that `vmap` takes apart."""
    parameters = stacked(name, 2)
    wanted = [oracles.log_density(X[:1], entry(parameters, index))[0] for index in range(2)]
    inside = jax.vmap(lambda each: gp.GaussianMixture(each).log_prob(X[0]))(parameters)
    np.testing.assert_allclose(inside, wanted, rtol=1e-11)
    outside = jax.vmap(lambda each: each.log_prob(X[0]))(gp.GaussianMixture(parameters))
    np.testing.assert_allclose(outside, wanted, rtol=1e-11)
    drawn = jax.eval_shape(
        jax.vmap(lambda each, key: each.sample(key, (3,))), gp.GaussianMixture(parameters), jax.random.split(KEY)
    )
    assert drawn.shape == (2, 3, D)


def test_it_is_a_pytree():
    mixture = gp.GaussianMixture(stacked("tied", 2), validate_args=True)
    leaves, structure = jax.tree.flatten(mixture)
    again = jax.tree.unflatten(structure, leaves)
    assert len(leaves) == 3
    assert (again.batch_shape, again.event_shape, again._validate_args) == ((2,), (D,), True)
    np.testing.assert_array_equal(again.log_prob(X[0]), mixture.log_prob(X[0]))
    np.testing.assert_allclose(jax.jit(lambda each: each.log_prob(X[0]))(mixture), mixture.log_prob(X[0]), rtol=1e-6)
    assert jax.tree.unflatten(structure, [None] * 3).batch_shape == (2,)


def test_gradient_in_the_value(x64):
    parameters = random_parameters("full")
    gradient = jax.jit(jax.grad(lambda value: gp.GaussianMixture(parameters).log_prob(value)))(X[0])
    memberships = oracles.responsibilities(X[:1], parameters)[0]
    precisions = np.linalg.inv(parameters.covariances)
    wanted = -np.einsum("k,kde,ke->d", memberships, precisions, X[0] - parameters.means)
    np.testing.assert_allclose(gradient, wanted, rtol=1e-11)


def test_single_precision_is_kept_where_it_is_in_force():
    with jax.enable_x64(False):
        parameters = random_parameters("full")
        mixture = gp.GaussianMixture(parameters)
        density = mixture.log_prob(jnp.asarray(X, dtype=jnp.float32))
        assert (density.dtype, mixture.sample(KEY).dtype, mixture.mean.dtype) == (np.float32,) * 3
    np.testing.assert_allclose(density, oracles.log_density(X, parameters), rtol=1e-5)


GOOD = random_parameters("full")
BAD = {
    "weights": MixtureParameters(np.array([0.5, 0.2, 0.2]), GOOD.means, GOOD.covariance),
    "covariances": MixtureParameters(GOOD.weights, GOOD.means, type(GOOD.covariance)(-GOOD.covariance.covariances)),
    "means": MixtureParameters(GOOD.weights, GOOD.means * np.nan, GOOD.covariance),
}


@pytest.mark.parametrize("name", BAD)
def test_arguments_are_validated_on_request(name):
    gp.GaussianMixture(GOOD, validate_args=True)
    with pytest.raises(ValueError, match=f"GaussianMixture distribution got invalid {name} parameter"):
        gp.GaussianMixture(BAD[name], validate_args=True)


def test_values_are_validated_on_request():
    mixture = gp.GaussianMixture(GOOD, validate_args=True)
    with pytest.warns(UserWarning, match="Out-of-support values"):
        mixture.log_prob(np.array([np.nan, 0.0]))


WIDE = eqx.tree_at(lambda each: (each.weights, each.means), GOOD, (np.ones((2, 3)) / 3, np.zeros((4, 3, 2))))
REFUSALS = {
    "an array": (
        GOOD.weights,
        "GaussianMixture takes MixtureParameters; given ndarray. Make them with gmm_ppl.mixture_parameters or "
        "Mixture.sample_parameters.",
    ),
    "another number of weights": (
        MixtureParameters(np.ones(1), GOOD.means, GOOD.covariance),
        "weights, means and covariances of 3 full components in 2 features must end in axes (3,), (3, 2), (3, 2, 2); their "
        "shapes are (1,), (3, 2), (3, 2, 2).",
    ),
    "values of another family": (
        MixtureParameters(GOOD.weights, GOOD.means, random_parameters("diagonal", features=3).covariance),
        "weights, means and covariances of 3 diagonal components in 2 features must end in axes (3,), (3, 2), (3, 2); their "
        "shapes are (3,), (3, 2), (3, 3).",
    ),
    "one mean": (
        MixtureParameters(GOOD.weights, GOOD.means[0], GOOD.covariance),
        "means must end in axes (K, D); their shape is (2,).",
    ),
    "batches apart": (
        WIDE,
        "leading axes of weights, means and covariances must broadcast; their shapes are (2, 3), (4, 3, 2), (3, 2, 2).",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals(case):
    parameters, message = REFUSALS[case]
    with pytest.raises(InputError) as caught:
        gp.GaussianMixture(parameters)
    assert str(caught.value) == message


ONE_FEATURE = gp.mixture_parameters([0.5, 0.5], [[0.0], [1.0]], [[[1.0]], [[1.0]]])
OF_FIVE = np.array([-1.138, -1.138, -1.911, -3.533, -6.082])


def in_a_plate(parameters, rows):
    def model():
        with numpyro.plate("rows", len(rows)):
            numpyro.sample("x", gp.GaussianMixture(parameters), obs=rows)

    return log_density(model, (), {}, {})[0]


def in_a_plate_of_groups(parameters, rows):
    def model():
        with numpyro.plate("groups", 2):
            numpyro.sample("x", gp.GaussianMixture(jax.tree.map(lambda leaf: np.stack([leaf, leaf]), parameters)), obs=rows)

    return log_density(model, (), {}, {})[0]


USES = {
    "density": lambda parameters, rows: gp.GaussianMixture(parameters).log_prob(rows),
    "checked": lambda parameters, rows: gp.GaussianMixture(parameters, validate_args=True).log_prob(rows),
    "components": lambda parameters, rows: gp.GaussianMixture(parameters).component_log_probs(rows),
    "expanded": lambda parameters, rows: gp.GaussianMixture(parameters).expand((5,)).log_prob(rows),
    "compiled": lambda parameters, rows: jax.jit(lambda each: gp.GaussianMixture(parameters).log_prob(each))(rows),
    "plate": in_a_plate,
    "groups": in_a_plate_of_groups,
}


def test_one_feature_has_an_axis(x64):
    rows = np.arange(5.0)[:, None]
    for use in ("density", "checked", "expanded", "compiled"):
        np.testing.assert_allclose(USES[use](ONE_FEATURE, rows), OF_FIVE, atol=5e-4)
    np.testing.assert_allclose(in_a_plate(ONE_FEATURE, rows), OF_FIVE.sum(), atol=3e-3)


WRONG_ROWS = {"NumPy": np.arange(5.0), "JAX": jnp.arange(5.0), "two columns": np.ones((5, 2)), "one row": np.arange(2.0)}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("name", WRONG_ROWS)
def test_rows_without_the_axis_of_one_feature_are_refused(use, name):
    rows = WRONG_ROWS[name]
    if (use, name) == ("groups", "two columns"):
        refused_by_numpyro(lambda: USES[use](ONE_FEATURE, rows))
        return
    with pytest.raises(InputError) as caught:
        USES[use](ONE_FEATURE, rows)
    wanted = f"x must end in an axis of 1 feature; its shape is {rows.shape}. A single feature is x[:, None]."
    assert str(caught.value) == wanted


def refused_by_numpyro(call):
    """Shapes that cannot be broadcast to those of a plate never come to the distribution."""
    with pytest.raises(ValueError, match="shapes disagree at site: 'x'"):
        call()


@pytest.mark.parametrize("use", USES)
def test_one_column_is_no_row_of_two_features(use):
    if use == "groups":
        refused_by_numpyro(lambda: USES[use](GOOD, np.ones((5, 1))))
        return
    with pytest.raises(InputError) as caught:
        USES[use](GOOD, np.ones((5, 1)))
    assert str(caught.value) == "x must end in an axis of 2 features; its shape is (5, 1)."


def test_a_number_is_no_row():
    with pytest.raises(InputError, match=r"x must end in an axis of 1 feature; its shape is \(\)"):
        gp.GaussianMixture(ONE_FEATURE).log_prob(0.5)


def test_a_key_is_needed():
    with pytest.raises(TypeError, match="sample needs a JAX random key; given 0"):
        gp.GaussianMixture(GOOD).sample(0)
