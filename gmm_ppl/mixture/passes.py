"""A pass over the rows as a value: parameters in, log-likelihood and expected statistics out, for several mixtures at once.

What is done for each row is one formula in `expanded` and `residuals`; a pass decides where it runs, in NumPy or in JAX.
"""

import math
from abc import ABC, abstractmethod
from collections import defaultdict
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

Program = tuple[tuple[int, ...], str, MixtureShape]
"""What a compiled pass is made for: shape and precision of the rows, and the mixture's shape."""

gone_through: dict[Program, float] = defaultdict(float)
"""Numbers that NumPy has gone through in this process where each program might have; infinite once the program is there."""


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
        shape = parameters.shape
        gone_through[program(self.rows, shape)] += numbers_of(self.rows, shape) * parameters.weights.shape[0]
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
        gone_through[program(self.rows, parameters.shape)] = math.inf
        return map_arrays(lambda *leaves: np.stack(leaves), *answers)

    @contextmanager
    def session(self) -> Iterator[None]:
        import jax

        from gmm_ppl.compiled import one_blas_thread

        with jax.enable_x64(new_val=True), one_blas_thread():
            yield


PASSES: Mapping[str, Callable[[Rows], AbstractPass]] = MappingProxyType({"numpy": NumPyPass, "jax": JaxPass})

COMPILING = 5e8
"""Rows × starts × (features φ and components), over all passes, in which NumPy loses what a program takes to compile.

Seconds of a first fit on two cores, NumPy and JAX, D × K: one start, 600 000 rows, 2 × 3 (5 · 10⁶ a pass): 4.1 and 5.0; 10⁶
rows (10⁷): 6.4 and 5.5. Ten starts, 20 000 rows, 8 × 4 (10⁷): 1.7 and 5.8; 200 000, 2 × 3 (2 · 10⁷): 10.5 and 9.0.
"""

USUAL = 40
"""Passes of a fit."""

LARGE = 5e5
"""The same of one start, from which a program that is there is the faster pass.

Milliseconds a pass, NumPy and JAX, N × D, K: 8000 × 2, 3 (7 · 10⁴): 0.95 and 0.88; 30 000 × 2, 3 (3 · 10⁵): 3.6 and 1.9;
8000 × 8, 8 (4 · 10⁵): 2.9 and 3.9; 30 000 × 8, 8 (2 · 10⁶): 8.5 and 5.8; 200 000 × 8, 8 (10⁷): 83 and 19. Twenty starts
together: 24 and 21; 58 and 38; 42 and 64; 103 and 106; 1150 and 410.
"""


def pass_over(rows: Rows, shape: MixtureShape, lanes: int, name: object = None) -> AbstractPass:
    """The pass called `name`; by default the one that should be done first.

    Raises:
        InputError: an unknown name.
    """
    if name is None:
        return PASSES["jax" if is_worth_compiling(rows, shape, lanes) else "numpy"](rows)
    if not isinstance(name, str) or name not in PASSES:
        raise InputError(f"data_pass: none is called {name!r}; choose {' or '.join(PASSES)}, or None for the faster one.")
    return PASSES[name](rows)


def is_worth_compiling(rows: Rows, shape: MixtureShape, lanes: int) -> bool:
    """Whether a program is there and faster, or what NumPy has gone through and is about to would have paid for it.

    To buy once the rent has come to the price costs at most twice what foresight would. It is counted in numbers and
    not in seconds, so that a script gives the same digits each time.
    """
    numbers = numbers_of(rows, shape)
    return numbers >= LARGE and gone_through[program(rows, shape)] + USUAL * numbers * lanes >= COMPILING


def program(rows: Rows, shape: MixtureShape) -> Program:
    """The compiled pass that these rows would take."""
    return rows.columns.shape, rows.columns.dtype.name, shape


def numbers_of(rows: Rows, shape: MixtureShape) -> int:
    """Rows × (features φ and components), which a pass of one start goes through."""
    return rows.columns.shape[1] * (shape.family.moment.count_features(shape.features) + shape.components)


def taken(parameters: MixtureParameters, chosen: object) -> MixtureParameters:
    """Some of several mixtures."""
    return map_arrays(lambda leaf: leaf[chosen], parameters)


def joined(first: np.ndarray, one: tuple[Array, Statistics], other: tuple[Array, Statistics]) -> tuple[Array, Statistics]:
    """Answers for the lanes where `first` holds, and for the others, in their places."""
    places = np.argsort(np.concatenate([np.flatnonzero(first), np.flatnonzero(~first)]))
    return map_arrays(lambda a, b: np.concatenate([a, b])[places], one, other)
