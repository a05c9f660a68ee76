"""A user's NumPyro program: what it may do, and each thing that it may not, word for word."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import pytest
from numpyro import distributions as dist
from numpyro import handlers
from numpyro.infer.util import log_density
from scipy import stats

import gmm_ppl as gp
from gmm_ppl.errors import InputError
from gmm_ppl.mixture.scale import data_scale
from gmm_ppl.priors import resolve_prior
from tests.cases import coordinates_site, hierarchical_program, mixture_shape, random_rows

DATA = data_scale(random_rows(30))
SHAPE = mixture_shape("spherical")
SITES = {"level": np.array(0.3)}


def parameters(level=0.0):
    return jnp.ones(3) / 3, jnp.zeros((3, 2)) + level, jnp.ones(3)


def level(components, features):
    return parameters(numpyro.sample("level", dist.Normal(0.0, 2.0)))


def weighted(components, features):
    with handlers.scale(scale=jnp.array([1.0, 3.0])):
        values = numpyro.sample("level", dist.Normal(0.0, 2.0).expand((2,)))
    return parameters(values[0])


def shares(components, features):
    with numpyro.plate("unit", 2):
        return parameters(numpyro.sample("level", dist.Normal(0.0, 2.0))[0])


class Callable:
    """A program that is an object, compared by what it is."""

    def __call__(self, components, features):
        return level(components, features)


class Unhashable(Callable):
    __hash__ = None


def resolved(program):
    return resolve_prior(program, SHAPE, DATA)


@pytest.mark.parametrize("program", [level, partial(level), Callable()], ids=["function", "partial", "object"])
def test_programs_in_every_form(program, x64):
    prior = resolved(program)
    value, found = prior.log_density(SHAPE, SITES)
    np.testing.assert_allclose(value, -0.5 * (0.3 / 2) ** 2 - np.log(2 * np.sqrt(2 * np.pi)), rtol=1e-14)
    np.testing.assert_array_equal(found.means, np.full((3, 2), 0.3))
    assert list(prior.numbers()) == ["function"]


def test_a_program_by_name():
    prior = resolve_prior({"kind": "program", "function": "tests.priors.test_programs:level"}, SHAPE, DATA)
    assert prior.numbers() == {"function": "tests.priors.test_programs:level"}
    assert resolve_prior({"kind": "program", **prior.numbers()}, SHAPE, DATA) == prior


@pytest.mark.parametrize(("program", "weights"), [(weighted, [1, 3]), (shares, [1, 1])])
def test_scales_and_plates_count(program, weights, x64):
    values = np.array([0.4, -1.0])
    each = -0.5 * (values / 2) ** 2 - np.log(2 * np.sqrt(2 * np.pi))
    found = resolved(program).log_density(SHAPE, {"level": values})[0]
    assert found.shape == ()
    np.testing.assert_allclose(found, np.dot(weights, each), rtol=1e-14)


def raises(components, features):
    raise KeyError("radius")


def other_arguments(k, d):
    return parameters()


def too_few(components, features):
    return parameters()[:2]


def wrong_shape(components, features):
    return jnp.ones(2) / 2, jnp.zeros((3, 2)), jnp.ones(3)


def a_list(components, features):
    return list(parameters())


def discrete(components, features):
    return parameters(numpyro.sample("which", dist.Bernoulli(0.5)))


def observed(components, features):
    return parameters(numpyro.sample("height", dist.Normal(), obs=1.0))


def moving(components, features):
    top = numpyro.sample("top", dist.Uniform(1.0, 2.0))
    return parameters(numpyro.sample("below", dist.Uniform(0.0, top)))


def sometimes(components, features):
    first = numpyro.sample("first", dist.Normal())
    return parameters(numpyro.sample(f"site_{float(first)}", dist.Normal()))


SHAPES = "must return (weights, means, variances) of shapes ((3,), (3, 2), (3,)) for the spherical family; it returned"
REFUSALS = {
    "raises": (raises, "prior program raises failed when called with components=3, features=2: KeyError: 'radius'"),
    "takes other arguments": (
        other_arguments,
        "prior program other_arguments failed when called with components=3, features=2: "
        "TypeError: other_arguments() got an unexpected keyword argument 'components'",
    ),
    "too few arrays": (too_few, f"prior program too_few {SHAPES} ((3,), (3, 2))."),
    "wrong shape": (wrong_shape, f"prior program wrong_shape {SHAPES} ((2,), (3, 2), (3,))."),
    "list": (a_list, f"prior program a_list {SHAPES} list."),
    "discrete site": (
        discrete,
        "prior program: site 'which' is discrete. Sum it out: samplers and EM need continuous sites.",
    ),
    "observed site": (
        observed,
        "prior program: site 'height' is observed. A prior samples parameters only; leave the data out.",
    ),
    "moving support": (
        moving,
        "prior program moving: the support of site 'below' depends on random values. Sample it on a fixed support and transform "
        "the value instead.",
    ),
    "unhashable": (
        Unhashable(),
        "prior: the program must be a plain function; a Unhashable cannot be hashed.",
    ),
    "no function": ({"kind": "program"}, "prior: function must be callable or 'package.module:name'; given None."),
    "no such module": (
        {"kind": "program", "function": "no_such_module:prior"},
        "prior: function 'no_such_module:prior' cannot be imported (No module named 'no_such_module'). Write "
        "'package.module:name', and run where the module can be imported.",
    ),
    "no such name": (
        {"kind": "program", "function": "math:priors"},
        "prior: function 'math:priors' cannot be imported (module 'math' has no attribute 'priors'). Write "
        "'package.module:name', and run where the module can be imported.",
    ),
    "name of no function": (
        {"kind": "program", "function": "math:pi"},
        "prior: function must be callable or 'package.module:name'; given 'math:pi'.",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals(case):
    program, message = REFUSALS[case]
    with pytest.raises(InputError) as caught:
        resolved(program)
    assert str(caught.value) == message


def test_a_site_that_comes_and_goes_is_refused():
    with pytest.raises(InputError, match=r"is there or not depending on random values\. Sample the same sites in every run\."):
        resolved(sometimes)


def test_a_site_without_coordinates(x64):
    """The sticks of a single component: nothing to sample, and no Jacobian."""
    shape = mixture_shape("spherical", components=1)
    prior = resolve_prior(hierarchical_program(shape.family), shape, DATA)
    name = coordinates_site("variances")
    point = {"breaks": np.zeros(0), "centre": np.array([0.3, -1.0]), "offsets": np.array([[0.5, 2.0]]), name: np.array([0.2])}
    found, parameters = prior.log_density_of_real(shape, point)
    wanted = stats.norm.logpdf(point["centre"], 0, 2).sum() + stats.laplace.logpdf(point["offsets"], 0, 1.5).sum()
    np.testing.assert_allclose(found, wanted + stats.norm.logpdf(0.2, 0, 0.5), rtol=1e-12)
    np.testing.assert_allclose(parameters.weights, [1.0])


def bounded(components, features):
    """A support with bounds that are arrays."""
    low = -3 * jnp.ones(features)
    centre = numpyro.sample("centre", dist.Uniform(low, 2.0).to_event(1))
    return parameters(centre)


def observing(rows, program, family="spherical"):
    """A model of one's own with the program for a prior."""
    found = gp.Mixture(3, family, program).sample_parameters(scale=rows)
    with numpyro.plate("rows", rows.shape[0]):
        numpyro.sample("x", gp.GaussianMixture(found), obs=rows)


X = random_rows(30)
CENTRE = np.array([0.3, -1.0])


def bounded_by_hand():
    """Log density of the rows about one centre, and of that under the uniform law."""
    return stats.norm.logpdf(X - CENTRE).sum() - 2 * np.log(5)


@pytest.mark.parametrize("traced", [True, False])
def test_inside_a_model(traced, x64):
    """A program may be met first while JAX traces a model, and then outside of it: nothing of the trace is kept."""

    def program(components, features):
        return bounded(components, features)

    def density(rows, sites):
        return log_density(observing, (rows, program), {}, sites)[0]

    found = (jax.jit(density) if traced else density)(jnp.asarray(X), {"centre": CENTRE})
    np.testing.assert_allclose(found, bounded_by_hand(), rtol=1e-12)
    posterior = gp.posterior(gp.Mixture(3, "spherical", program), X)
    np.testing.assert_allclose(posterior.log_joint({"centre": CENTRE}), bounded_by_hand(), rtol=1e-12)


def test_a_program_about_data_that_are_traced(x64):
    """Defined inside the model, with bounds that it makes of the rows."""

    def model(rows):
        def program(components, features):
            return parameters(numpyro.sample("centre", dist.Uniform(-jnp.max(jnp.abs(rows)), 50.0).expand([2]).to_event(1)))

        observing(rows, program)

    found = jax.jit(lambda rows, sites: log_density(model, (rows,), {}, sites)[0])(jnp.asarray(X), {"centre": CENTRE})
    wanted = stats.norm.logpdf(X - CENTRE).sum() - 2 * np.log(50 + np.abs(X).max())
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_only_the_models_own_sites_are_seen(x64):
    """Neither the runs that examine the program, nor those that evaluate its density, are part of the model around them."""
    prior = resolved(bounded)
    with handlers.trace() as trace, handlers.seed(rng_seed=0):
        resolve_prior(partial(bounded), SHAPE, DATA)
        prior.log_density(SHAPE, {"centre": CENTRE})
        assert not trace
        observing(X, bounded)
    assert set(trace) == {"centre", "rows", "x"}


def test_programs_one_after_another():
    """However many were resolved before."""
    names = [resolved(program).numbers()["function"].split(":")[1] for program in (level, bounded, level)]
    assert names == ["level", "bounded", "level"]


def by_coordinates(components, features):
    """Means in order along the first feature, nothing said of where they are."""
    order = numpyro.sample("order", dist.ImproperUniform(dist.constraints.ordered_vector, (), (components,)))
    weights = numpyro.sample("weights", dist.Dirichlet(2 * jnp.ones(components)))
    variances = numpyro.sample("variances", dist.InverseGamma(2.0, 1.0).expand([components]).to_event(1))
    return weights, jnp.stack([order, -order], axis=1), variances


def test_a_fit_with_ordered_means():
    """EM's M-step with a site that is ordered, and of which nothing can be drawn: where the flat prior of means has its mode."""
    rng = np.random.default_rng(5)
    centres = np.array([[-4.0, 4.0], [0.0, 0.0], [5.0, -5.0]])
    x = (centres + rng.normal(size=(40, 3, 2))).reshape(-1, 2)
    fit = gp.fit(gp.Mixture(3, "spherical", by_coordinates), x, starts=3)
    assert fit.status is gp.Status.CONVERGED
    assert (np.diff(fit.sites["order"]) > 0).all()
    np.testing.assert_array_equal(fit.parameters.means, np.stack([fit.sites["order"], -fit.sites["order"]], axis=1))
    np.testing.assert_allclose(fit.sites["order"], centres[:, 0], atol=0.5)
    # Every site is where the density is stationary: the log joint in these coordinates, by a step each way.
    posterior = gp.posterior(gp.Mixture(3, "spherical", by_coordinates), x)
    with jax.enable_x64(True):
        top = float(posterior.log_joint(fit.sites))
        for step in (1e-3, -1e-3):
            moved = {**fit.sites, "order": fit.sites["order"] + step}
            assert float(posterior.log_joint(moved)) < top
