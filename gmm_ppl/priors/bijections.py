"""The supports of a mixture's parts as NumPyro's constraints, with the library's own maps from the real line.

Where NumPyro has the constraint, the maps are its own, written as arithmetic that XLA fuses: its code scatters triangles and
takes running products, each a program of its own. That was half of what a gradient of a small posterior cost, compiled or run.
"""

from typing import ClassVar

import jax.numpy as jnp
from numpyro.distributions import biject_to, constraints
from numpyro.distributions.constraints import Constraint, ParameterFreeConstraint
from numpyro.distributions.transforms import ParameterFreeTransform, Transform

from gmm_ppl.mixture.covariance import Part
from gmm_ppl.mixture.matrix_supports import POSITIVE_DEFINITE, UNIT_DETERMINANT
from gmm_ppl.mixture.supports import POSITIVE, REAL, SIMPLEX, UNIT_PRODUCT, VOLUME, Support
from gmm_ppl.types import Array


class UnitProductConstraint(ParameterFreeConstraint):
    """Positive vectors with product one."""

    event_dim = 1

    def __call__(self, x: Array) -> Array:
        return jnp.all(x > 0, axis=-1) & (jnp.abs(jnp.sum(jnp.log(x), axis=-1)) < 1e-6)

    def feasible_like(self, prototype: Array) -> Array:
        return jnp.ones_like(prototype)


class UnitDeterminantConstraint(ParameterFreeConstraint):
    """Symmetric positive definite matrices with determinant one."""

    event_dim = 2

    def __call__(self, x: Array) -> Array:
        return constraints.positive_definite(x) & (jnp.abs(jnp.linalg.slogdet(x)[1]) < 1e-6)

    def feasible_like(self, prototype: Array) -> Array:
        return jnp.broadcast_to(jnp.eye(prototype.shape[-1]), prototype.shape)


class SupportTransform(ParameterFreeTransform):
    """The map from the real line to a support."""

    held: ClassVar[Support]

    @property
    def domain(self) -> Constraint:
        """Coordinates."""
        return constraints.real_vector if self.held.axes else constraints.real

    @property
    def codomain(self) -> Constraint:
        """Values."""
        return CONSTRAINTS[self.held]

    def __call__(self, x: Array) -> Array:
        return self.held.from_real(x)

    def _inverse(self, y: Array) -> Array:
        return self.held.to_real(y)

    def log_abs_det_jacobian(self, x: Array, y: Array, intermediates: object = None) -> Array:
        """Log of what a unit of coordinates measures."""
        return self.held.log_jacobian(x)

    def forward_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return jnp.shape(self(jnp.zeros(shape)))

    def inverse_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        axes = self.held.axes
        return (*shape[: len(shape) - axes], self.held.count(shape[-1])) if axes else shape


class SimplexTransform(SupportTransform):
    """Breaks a stick."""

    held = SIMPLEX


class CovarianceTransform(SupportTransform):
    """From a Cholesky factor with logarithms on its diagonal."""

    held = POSITIVE_DEFINITE


class UnitProductTransform(SupportTransform):
    """From logarithms that sum to zero."""

    held = UNIT_PRODUCT


class UnitDeterminantTransform(SupportTransform):
    """From a Cholesky factor whose diagonal has product one."""

    held = UNIT_DETERMINANT


CONSTRAINTS: dict[Support, Constraint] = {
    REAL: constraints.real,
    POSITIVE: constraints.positive,
    VOLUME: constraints.positive,
    SIMPLEX: constraints.simplex,
    POSITIVE_DEFINITE: constraints.positive_definite,
    UNIT_PRODUCT: UnitProductConstraint(),
    UNIT_DETERMINANT: UnitDeterminantConstraint(),
}
WRITTEN: dict[type[Constraint], type[Transform]] = {
    type(CONSTRAINTS[each.held]): each
    for each in (SimplexTransform, CovarianceTransform, UnitProductTransform, UnitDeterminantTransform)
}
for _ours in (UnitProductTransform, UnitDeterminantTransform):
    biject_to.register(CONSTRAINTS[_ours.held], lambda _, transform=_ours: transform())


def constraint_of(part: Part) -> Constraint:
    """Where a whole part may lie."""
    single = CONSTRAINTS[part.support]
    batch = len(part.dims) - part.support.axes
    return constraints.independent(single, batch) if batch else single


def bijection(support: Constraint) -> Transform:
    """The map from the real line to a support; NumPyro's own where nothing is gained."""
    base = single(support)
    return WRITTEN[type(base)]() if type(base) in WRITTEN else biject_to(base)


def single(support: Constraint) -> Constraint:
    """Where each entry of a batch may lie."""
    while isinstance(support, constraints.independent):
        support = support.base_constraint
    return support
