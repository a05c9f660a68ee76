"""A pass over the rows as a value: parameters in, log-likelihood and expected statistics out, for several mixtures at once.

What is done for each row is one formula in `expanded` and `residuals`; a pass decides where it runs, in NumPy or in JAX.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from types import MappingProxyType

import numpy as np

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.blocks import sum_over_blocks
from gmm_ppl.mixture.expanded import about_centre, as_statistics, block_size, expanded_statistics, feature_sums, theta_of
from gmm_ppl.mixture.loss import LARGEST_LOSS, expanding_loss
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.mixture.residuals import residual_statistics
from gmm_ppl.mixture.rows import Rows, on_device
from gmm_ppl.mixture.statistics import Statistics
from gmm_ppl.records import map_arrays
from gmm_ppl.types import Array

HELD = 2**22
"""Numbers of φ that are kept from one pass to the next: 32 MB."""


class AbstractPass(ABC):
    """The E-step over rows that it holds."""

    rows: Rows

    @abstractmethod
    def __call__(self, parameters: MixtureParameters) -> tuple[Array, Statistics]:
        """Σ_i w_i log P(x_i) in nats (S,) and `Statistics` (S, …) of S mixtures along a leading axis, in NumPy's arrays."""

    @abstractmethod
    def session(self) -> AbstractContextManager:
        """What must hold while the pass is used."""


class NumPyPass(AbstractPass):
    """All mixtures together, in NumPy: nothing is compiled, and JAX is not imported."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.features: Array = None

    def __call__(self, parameters: MixtureParameters) -> tuple[Array, Statistics]:
        precision = parameters.covariance.precision()
        lossy = expanding_loss(self.rows, parameters, precision) > LARGEST_LOSS[self.rows.columns.dtype.name]
        if not lossy.any():
            return self.expanded(parameters, precision)
        if lossy.all():
            return residual_statistics(self.rows, parameters)
        return joined(lossy, residual_statistics(self.rows, taken(parameters, lossy)), self.expanded(taken(parameters, ~lossy)))

    def expanded(self, parameters: MixtureParameters, precision: Array | None = None) -> tuple[Array, Statistics]:
        """The fast form, from features that are kept where they are few."""
        rows, moment, lanes = self.rows, parameters.covariance.moment, parameters.weights.shape[0]
        size, count = moment.count_features(rows.columns.shape[0]), rows.columns.shape[1]
        if size * count > HELD:
            return expanded_statistics(rows, parameters, lanes)
        if self.features is None:
            self.features = moment.features(about_centre(rows.columns, rows))
        theta = theta_of(rows, parameters, precision)
        value, total = sum_over_blocks(partial(feature_sums, theta), self.features, rows.weights, block_size(lanes, parameters))
        return value, as_statistics(total, rows, parameters)

    def session(self) -> AbstractContextManager:
        return nullcontext()


class JaxPass(AbstractPass):
    """One mixture after another, each by a compiled program whose blocks fill the cores."""

    def __init__(self, rows: Rows) -> None:
        with self.session():
            self.rows, self.held = rows, on_device(rows)

    def __call__(self, parameters: MixtureParameters) -> tuple[Array, Statistics]:
        from gmm_ppl.mixture.data_pass import compiled_statistics
        from gmm_ppl.types import to_numpy

        lanes = [taken(parameters, lane) for lane in range(parameters.weights.shape[0])]
        answers = [to_numpy(compiled_statistics(self.held, each)) for each in lanes]
        return map_arrays(lambda *leaves: np.stack(leaves), *answers)

    @contextmanager
    def session(self) -> Iterator[None]:
        import jax

        from gmm_ppl.compiled import one_blas_thread

        with jax.enable_x64(new_val=True), one_blas_thread():
            yield


PASSES: Mapping[str, Callable[[Rows], AbstractPass]] = MappingProxyType({"numpy": NumPyPass, "jax": JaxPass})

LARGE = 1.2e7
"""Rows × starts × (features φ and components) from which a compiled pass is worth what it takes to compile.

Seconds of a first fit on two cores, NumPy and JAX, D × K: one start, 600 000 rows, 2 × 3 (5 · 10⁶): 4.1 and 5.0; 10⁶ rows (10⁷):
6.4 and 5.5. Ten starts, 20 000 rows, 8 × 4 (10⁷): 1.7 and 5.8; 200 000, 2 × 3 (2 · 10⁷): 10.5 and 9.0.
"""


def pass_over(rows: Rows, shape: MixtureShape, lanes: int, name: object = None) -> AbstractPass:
    """The pass called `name`; by default the one that should be done first.

    Raises:
        InputError: an unknown name.
    """
    if name is None:
        numbers = shape.family.moment.count_features(shape.features) + shape.components
        return PASSES["jax" if rows.columns.shape[1] * numbers * lanes >= LARGE else "numpy"](rows)
    if not isinstance(name, str) or name not in PASSES:
        raise InputError(f"data_pass: none is called {name!r}; choose {' or '.join(PASSES)}, or None for the faster one.")
    return PASSES[name](rows)


def taken(parameters: MixtureParameters, chosen: object) -> MixtureParameters:
    """Some of several mixtures."""
    return map_arrays(lambda leaf: leaf[chosen], parameters)


def joined(first: np.ndarray, one: tuple[Array, Statistics], other: tuple[Array, Statistics]) -> tuple[Array, Statistics]:
    """Answers for the lanes where `first` holds, and for the others, in their places."""
    places = np.argsort(np.concatenate([np.flatnonzero(first), np.flatnonzero(~first)]))
    return map_arrays(lambda a, b: np.concatenate([a, b])[places], one, other)
