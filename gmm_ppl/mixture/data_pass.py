"""The one pass over the data: rows and parameters in, log-likelihood and expected statistics out, block by block.

Everything that looks at all rows goes through here: the E-step, the gradient for samplers, Hessians. A block of rows is the
most that is ever expanded. The expanded square is the fast form; where it would lose digits the residual form takes over.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.custom_batching import custom_vmap
from jax.custom_derivatives import SymbolicZero

from gmm_ppl.compiled import compiled
from gmm_ppl.mixture.density import expected_log_likelihood, log_density
from gmm_ppl.mixture.expanded import expanded_log_likelihood, expanded_statistics
from gmm_ppl.mixture.loss import LARGEST_LOSS, expanding_loss
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.residuals import residual_log_likelihood, residual_statistics
from gmm_ppl.mixture.rows import Rows
from gmm_ppl.mixture.statistics import Statistics
from gmm_ppl.types import Array, Bool, Float

SMALL = 2**13
"""Rows × K × D up to which only the residual form is compiled."""

Form = Callable[..., Any]
"""(rows, parameters, lanes) → sums over the rows."""


@jax.custom_jvp
def expected_statistics(rows: Rows, parameters: MixtureParameters) -> tuple[Float[Array, ""], Statistics]:
    """The E-step: (Σ_i w_i log P(x_i), `Statistics` at the responsibilities of `parameters`) in one pass over the rows.

    Differentiable in the parameters in forward and reverse mode, a block at a time: nothing of size N × K is kept. The
    statistics' `centre` is that of the form taken.
    """
    return by_form(expanded_statistics, residual_statistics, rows, parameters)


@expected_statistics.defjvp
def expected_statistics_jvp(primals: tuple, tangents: tuple) -> tuple[Any, Any]:
    """Values by the rule for lanes, tangents by JAX's own rules for the form that these parameters take."""
    rows, parameters = primals
    answer = expected_statistics(rows, parameters)

    def plain(rows: Rows, parameters: MixtureParameters) -> tuple[Array, Statistics]:
        if small(rows, parameters.means.size):
            return residual_statistics(rows, parameters)
        return jax.lax.cond(loses(rows, parameters), residual_statistics, expanded_statistics, rows, parameters)

    return answer, jax.jvp(plain, primals, tangents)[1]


@jax.custom_jvp
def log_likelihood(rows: Rows, parameters: MixtureParameters) -> Float[Array, ""]:
    """Σ_i w_i log P(x_i) in nats.

    Differentiable in the parameters, in forward and reverse mode and to second order, at the cost of one more pass
    and the memory of the statistics: by Fisher's identity the tangent is linear in them, so nothing of size N × K is
    kept for a backward pass. Derivatives in x or in the row weights take the plain route through every row.
    """
    return by_form(expanded_log_likelihood, residual_log_likelihood, rows, parameters)


@partial(log_likelihood.defjvp, symbolic_zeros=True)
def log_likelihood_jvp(primals: tuple, tangents: tuple) -> tuple[Array, Array]:
    """Value and tangent of `log_likelihood`."""
    rows, parameters = primals
    value, statistics = expected_statistics(rows, parameters)
    moved = materialise(tangents[1], parameters)
    tangent = jax.jvp(partial(expected_log_likelihood, statistics), (parameters,), (moved,))[1]
    along = (tangents[0].columns, tangents[0].weights)
    if any(not isinstance(each, SymbolicZero) for each in along):
        here = (rows.columns, rows.weights)

        def plain(columns: Array, weights: Array) -> Array:
            return weights @ log_density(rows.origin + columns.T, parameters)

        tangent = tangent + jax.jvp(plain, here, materialise(along, here))[1]
    return value, tangent


@compiled
def compiled_statistics(rows: Rows, parameters: MixtureParameters) -> tuple[Float[Array, ""], Statistics]:
    """`expected_statistics` as a program of its own."""
    return expected_statistics(rows, parameters)


def by_form(fast: Form, stable: Form, rows: Rows, parameters: MixtureParameters, needs: Form | None = None) -> Any:
    """`fast` where it keeps enough digits, else `stable`.

    Under `vmap` all lanes take the form that the most demanding one needs: JAX's own rule for a branch would compute both
    forms for every lane.
    """
    loss = loses if needs is None else needs

    @custom_vmap
    def choose(rows: Rows, parameters: MixtureParameters) -> Any:
        if small(rows, parameters.means.size):
            return stable(rows, parameters, lanes=1)
        lossy = jnp.any(loss(rows, parameters, lanes=1))
        return jax.lax.cond(lossy, partial(stable, lanes=1), partial(fast, lanes=1), rows, parameters)

    @choose.def_vmap
    def choose_for_all(size: int, batched: list[Any], rows: Rows, parameters: MixtureParameters) -> tuple[Any, Any]:
        lift = partial(in_lanes, size=size, batched=batched)
        answer = by_form(lift(fast), lift(stable), rows, parameters, lift(loss))
        return answer, jax.tree.map(lambda _: True, answer)

    return choose(rows, parameters)


def in_lanes(form: Form, size: int, batched: list[Any]) -> Form:
    """`form` for `size` lanes at once; each form is told of how many, since a block holds all of them."""
    axes = tuple(jax.tree.map(lambda each: 0 if each else None, batched))

    def all_lanes(rows: Rows, parameters: MixtureParameters, lanes: int) -> Any:
        return jax.vmap(partial(form, lanes=lanes * size), in_axes=axes, axis_size=size)(rows, parameters)

    return all_lanes


def small(rows: Rows, numbers: int) -> bool:
    """Whether the pass is over so few rows × K × D (`numbers` is K × D) that a second form, and the choice, would cost more than
    they save.
    """
    return rows.columns.shape[1] * numbers <= SMALL


def loses(rows: Rows, parameters: MixtureParameters, lanes: int = 1) -> Bool[Array, ""]:
    """Whether the expanded square would lose more than `LARGEST_LOSS`; not for NaN, which either form hands on."""
    del lanes
    return expanding_loss(rows, parameters) > LARGEST_LOSS[rows.columns.dtype.name]


def materialise(tangent: Any, primal: Any) -> Any:
    """A tangent with its symbolic zeros as arrays of zeros."""

    def fill(each: Any, value: Array) -> Any:
        return jnp.zeros_like(value) if isinstance(each, SymbolicZero) else each

    return jax.tree.map(fill, tangent, primal, is_leaf=lambda each: isinstance(each, SymbolicZero))
