"""The objective about a point in NumPy, against JAX's own derivatives of the plain density in the same coordinates."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import gmm_ppl as gp
from gmm_ppl.inference.em.m_step import ClosedForm, laid_out
from gmm_ppl.inference.errors.second_order import of_parameters
from gmm_ppl.inference.prepared import prepare
from gmm_ppl.mixture.density import log_density
from tests.cases import EVERY
from tests.inference.oracles import overlapping_rows

KERNELS = [(family, kind) for family, kind in EVERY if kind in ("weak", "separated")]
"""Every family with either kind of slope."""


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(("family", "kind"), KERNELS)
def test_against_second_derivatives_of_the_plain_density(family, kind):
    """At a point that is no mode, where terms of the gradient do not vanish."""
    prepared = prepare(gp.Mixture(2, family, kind), overlapping_rows())
    prior, shape = prepared.prior, prepared.shape
    step = ClosedForm(prior.kernel(shape), shape)
    mode = step.flat(gp.fit(gp.Mixture(2, family, kind), prepared.x, starts=1).parameters)
    position = mode + 0.1 * np.random.default_rng(1).normal(size=mode.size)
    found = of_parameters(prepared, prior, step.from_flat(position))
    free = np.delete(np.arange(position.size), shape.components - 1)

    def at(each):
        return step.from_flat(jnp.asarray(position).at[free].set(each))

    def plain(each):
        parameters = at(each)
        return jnp.sum(log_density(jnp.asarray(prepared.x), parameters)) + prior.log_density_at(parameters)

    gradient, hessian = (jax.jit(each(plain))(jnp.asarray(position[free])) for each in (jax.grad, jax.hessian))
    largest = np.abs(hessian).max()
    np.testing.assert_allclose(found.gradient, gradient, atol=1e-10 * np.abs(gradient).max())
    np.testing.assert_allclose(found.hessian, hessian, atol=1e-9 * largest)
    sites = lambda each: laid_out(list(at(each).sites.values()), shape.part_shapes)  # noqa: E731
    np.testing.assert_allclose(found.jacobian, jax.jit(jax.jacfwd(sites))(jnp.asarray(position[free])), rtol=1e-10, atol=1e-12)
