"""The objective about an EM point to second order, where a prior is a program with sites of its own."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from gmm_ppl.compiled import compiled_once, make_room, one_blas_thread
from gmm_ppl.inference.em.m_step import laid_out
from gmm_ppl.inference.errors.second_order import SecondOrder
from gmm_ppl.inference.prepared import Prepared
from gmm_ppl.mixture.information import expansion
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.model.posterior import Posterior, posterior_of
from gmm_ppl.priors.base import Sites
from gmm_ppl.types import Array, Float, in_float64


@in_float64
def of_program(prepared: Prepared, sites: Sites) -> SecondOrder:
    """`SecondOrder` in the unconstrained coordinates of the program's sites."""
    make_room()
    with one_blas_thread():
        return compiled_second_order(posterior_of(prepared.mixture, prepared.rows), jax.tree.map(jnp.asarray, sites))


@compiled_once
def compiled_second_order(target: Posterior, sites: Sites) -> SecondOrder:
    """`of_program` as one program."""
    position, unravel = ravel_pytree(target.unconstrain(sites))

    def stated(each: Float[Array, " P"]) -> tuple[Array, MixtureParameters]:
        return target.prior.log_density(target.shape, target.constrain(unravel(each)))

    def parameters(each: Float[Array, " P"]) -> Array:
        return laid_out(list(stated(each)[1].sites.values()), target.shape.part_shapes)

    found = expansion(target.rows, stated, position)
    return SecondOrder(found.gradient, found.hessian, found.products, jax.jacfwd(parameters)(position))
