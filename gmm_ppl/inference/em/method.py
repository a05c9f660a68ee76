"""Expectation–maximisation (Dempster, Laird & Rubin 1977, doi:10.1111/j.2517-6161.1977.tb01600.x) for any prior."""

from collections.abc import Callable

import numpy as np

from gmm_ppl.inference.em.loop import AbstractIteration, settled
from gmm_ppl.inference.em.m_step import AbstractMStep, Position
from gmm_ppl.mixture.loss import rounding_loss
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.rows import Rows
from gmm_ppl.mixture.statistics import Statistics
from gmm_ppl.records import Record
from gmm_ppl.types import Array, Bool, Float

THINNEST = 1e-14
"""Variance of a component, as a fraction of the data's, below which its covariance is singular in double precision."""

Pass = Callable[[MixtureParameters], tuple[Array, Statistics]]
"""The E-step at parameters: log-likelihood (nats), and expected statistics."""


class EMPoint(Record):
    """A position with everything that one pass over the data says of it; all fields belong together.

    `thinnest` is the thinnest of its components, in units of the data's variances (`AbstractCovariance.thinnest`).
    """

    position: Position
    parameters: MixtureParameters
    statistics: Statistics
    log_likelihood: Float[Array, "..."]
    log_prior: Float[Array, "..."]
    thinnest: Float[Array, "..."]

    @property
    def objective(self) -> Float[Array, "..."]:
        """log_likelihood + log_prior, what EM climbs."""
        return self.log_likelihood + self.log_prior

    @property
    def hidden(self) -> Float[Array, "..."]:
        """Nats that stored covariances hide.

        They have their smallest variance to ε times their condition, and the objective, flat at the top, to the square of that
        for each of the component's rows.
        """
        rounding = np.finfo(float).eps * self.parameters.covariance.condition()
        return (self.statistics.count * rounding**2).sum(axis=-1)


class EM(AbstractIteration[EMPoint]):
    """One step: M from the last statistics, then one pass over the data, E, at the new parameters.

    The objective therefore belongs to the parameters beside it, unlike scikit-learn's `lower_bound_`, which lags by a step.
    """

    def __init__(self, data_pass: Pass, m_step: AbstractMStep, rows: Rows, deviations: Float[Array, " D"]) -> None:
        """`data_pass` is over `rows`; `deviations` of the data's features say how thin a component may get."""
        self.data_pass, self.m_step, self.rows, self.deviations = data_pass, m_step, rows, deviations
        self.exact = m_step.exact
        self.total = rows.total
        self.digits = float(np.finfo(rows.columns.dtype).eps)

    def start(self, position: Position) -> EMPoint:
        return self.evaluate(position)

    def position(self, parameters: MixtureParameters) -> Position:
        """A position at (conjugate priors) or near starting parameters."""
        return self.m_step.first(parameters, lambda: self.data_pass(parameters)[1])

    def step(self, point: EMPoint) -> EMPoint:
        return self.evaluate(self.m_step.maximise(point.statistics, point.position))

    def evaluate(self, position: Position) -> EMPoint:
        """The E-step and both densities at a position."""
        value, parameters = self.m_step.log_prior(position)
        likelihood, statistics = self.data_pass(parameters)
        return EMPoint(position, parameters, statistics, likelihood, value, parameters.covariance.thinnest(self.deviations))

    def settled(self, point: EMPoint, gain: Array, last_gain: Array, floor: Array) -> Bool[Array, "..."]:
        # Aitken's rule, which is right where gains shrink by a steady factor, as EM's do.
        return settled(gain, last_gain, self.last_digits(point), floor) | self.exact

    def em_point(self, point: EMPoint) -> EMPoint:
        return point

    def rounding(self, point: EMPoint) -> Float[Array, "..."]:
        # Distances are known to ε times the condition of a covariance, and to what the pass itself may lose.
        digits = np.finfo(float).eps / point.thinnest
        loss = digits + rounding_loss(self.rows, point.parameters)
        return 4500 * self.digits * (abs(point.objective) + self.total) + loss * self.total

    def collapsed(self, point: EMPoint) -> Bool[Array, "..."]:
        # Written so that NaN, which a Cholesky factor of no covariance holds, counts as collapsed.
        return ~(point.thinnest > THINNEST)
