"""What every engine begins with, made once: rows that can be used, their scale, and the mixture with all its numbers."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gmm_ppl.data.tables import as_table, check_enough_rows
from gmm_ppl.data.weights import checked_row_weights
from gmm_ppl.errors import InputError
from gmm_ppl.mixture.parameters import MixtureShape
from gmm_ppl.mixture.rows import Rows, rows
from gmm_ppl.mixture.scale import DataScale, data_scale
from gmm_ppl.model.specification import Mixture, resolved_prior
from gmm_ppl.priors import AbstractPrior
from gmm_ppl.types import Float


@dataclass(frozen=True, eq=False)
class Prepared:
    """A mixture with all its numbers, and the rows x (N, D) that it is fitted to; `weights` (N,) are theirs, None for 1 each.

    `scale` says how thin a component may get; starts look at it too. `features` are names, where they are known.
    """

    mixture: Mixture
    x: Float[np.ndarray, "N D"]
    scale: DataScale
    weights: np.ndarray | None = None
    features: tuple[str, ...] = ()

    @property
    def shape(self) -> MixtureShape:
        """Of the parameters."""
        return self.mixture.shape(self.x.shape[1])

    @property
    def prior(self) -> AbstractPrior:
        """With all its numbers."""
        return resolved_prior(self.mixture)

    @cached_property
    def rows(self) -> Rows:
        """Rows and weights in NumPy's arrays."""
        return rows(self.x, self.weights)

    def of(self, mixture: Mixture) -> "Prepared":
        """The same rows for another mixture."""
        return Prepared(mixture.resolve(self.scale), self.x, self.scale, self.weights, self.features)


def prepare(mixture: Mixture, data: object, row_weights: object = None) -> Prepared:
    """Anything that can be rows, checked, and the mixture with its prior scaled to them.

    Raises:
        InputError: no mixture; data, weights or hyperparameters that cannot be used.
    """
    check_mixture(mixture)
    table = as_table(data)
    check_enough_rows(table, mixture.components)
    weights = None if row_weights is None else checked_row_weights(row_weights, len(table), mixture.components)
    scale = data_scale(table.values, weights)
    return Prepared(mixture.resolve(scale), table.values, scale, weights, tuple(table.features))


def check_mixture(mixture: object) -> None:
    """Refuse what is no mixture."""
    if not isinstance(mixture, Mixture):
        raise InputError(f"mixture: give gmm_ppl.Mixture(components), Mixture(2) for example; given {mixture!r}.")


def check_mode(mixture: Mixture) -> None:
    """Refuse a prior whose density is infinite where a weight is zero."""
    if not resolved_prior(mixture).bounded():
        raise InputError(
            "prior: a concentration below 1 puts infinite density where a weight is 0, so there is no mode for EM to find. Use "
            "at least 1 for EM."
        )


def check_proper(mixture: Mixture) -> None:
    """Refuse a prior under which there is no posterior."""
    if not resolved_prior(mixture).proper:
        raise InputError(
            "A mixture has no posterior under a flat prior: a component without rows may be anywhere, so the density has no "
            "finite integral. Sample with a proper prior (prior: weak), or leave sampling out."
        )
