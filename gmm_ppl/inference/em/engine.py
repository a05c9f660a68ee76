"""EM for prepared rows, in coordinates that cost no digits: from starts to their ends."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np

from gmm_ppl.inference.em.accelerate import accelerated
from gmm_ppl.inference.em.loop import RUNNING, STATUSES, run
from gmm_ppl.inference.em.m_step import hosted_m_step
from gmm_ppl.inference.em.method import EM
from gmm_ppl.inference.em.spurious import on_few_rows
from gmm_ppl.inference.prepared import Prepared
from gmm_ppl.mixture.parameters import MixtureParameters, from_sites
from gmm_ppl.mixture.passes import AbstractPass, pass_over
from gmm_ppl.mixture.rows import Rows, centred, rows
from gmm_ppl.mixture.scale import data_scale
from gmm_ppl.priors import AbstractPrior
from gmm_ppl.priors.base import AbstractDirectPrior, Sites
from gmm_ppl.progress import Progress
from gmm_ppl.records import Record, map_arrays
from gmm_ppl.types import Array, Bool, Float, Int

USABLE = np.array([*(status.usable for status in STATUSES), True])
"""By position of a status, and of RUNNING."""


class Climbs(Record):
    """What S starts came to, all at the parameters that each ended with, in the data's own coordinates.

    Densities are in nats; `status` is a position in `STATUSES`, or RUNNING where Ctrl-C came; `trace` (S, T) is the objective at
    each iteration, NaN beyond the last. `spurious` tells spikes on a few rows (`spurious`).
    """

    parameters: MixtureParameters
    sites: Sites
    log_likelihood: Float[Array, " S"]
    log_prior: Float[Array, " S"]
    iteration: Int[Array, " S"]
    status: Int[Array, " S"]
    trace: Float[Array, "S T"]
    spurious: Bool[Array, " S"]

    @property
    def objective(self) -> Float[Array, " S"]:
        """log_likelihood + log_prior."""
        return self.log_likelihood + self.log_prior

    @property
    def usable(self) -> np.ndarray:
        """Which starts ended at parameters that can be used (S,)."""
        return np.isfinite(self.objective) & USABLE[self.status]

    @property
    def ranked(self) -> Int[np.ndarray, " S"]:
        """Positions of the starts: usable ones first, spurious maxima after others, the highest objective first."""
        height = np.where(np.isfinite(self.objective), self.objective, -np.inf)
        return np.lexsort((-height, self.spurious, ~self.usable))

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended any of them."""
        return bool((self.status == RUNNING).any())

    def moved(self, offset: Float[np.ndarray, " D"]) -> "Climbs":
        """The same of x + offset, where that can be said: of priors whose sites are the parameters."""
        if not offset.any():
            return self
        parameters = moved(self.parameters, offset)
        return replace(self, parameters=parameters, sites=parameters.sites)

    def take(self, chosen: object) -> "Climbs":
        """Some of the starts."""
        return map_arrays(lambda leaf: leaf[chosen], self)


@dataclass(frozen=True, eq=False)
class Engine:
    """EM of a mixture over rows.

    `held` and `prior` are of x − `offset`, which is 0 unless the rows lie far from it and the prior can be moved: so an offset
    that takes nothing from the rows' digits takes nothing from anything else.
    """

    prepared: Prepared
    held: Rows
    prior: AbstractPrior
    offset: Float[np.ndarray, " D"]
    data_pass: AbstractPass
    tolerance: float
    max_steps: int
    acceleration: str | None

    @classmethod
    def of(
        cls,
        prepared: Prepared,
        *,
        lanes: int,
        tolerance: float = 1e-10,
        max_steps: int = 1000,
        acceleration: str | None = "quasi_newton",
        data_pass: object = None,
        single: bool = False,
    ) -> Self:
        """The engine for so many starts at a time."""
        held = rows(prepared.x, prepared.weights, single=True) if single else centred(prepared.rows)
        prior = prepared.prior.shifted(held.origin)
        if prior is None:
            held, prior, offset = held if single else prepared.rows, prepared.prior, np.zeros_like(held.origin)
        else:
            held, offset = replace(held, origin=0 * held.origin), held.origin
        summed = pass_over(held, prepared.shape, lanes, data_pass)
        return cls(prepared, held, prior, offset, summed, tolerance, max_steps, acceleration)

    @property
    def inner(self) -> "Engine":
        """The same engine of x − `offset` altogether: what begins and ends there has all its digits."""
        if not self.offset.any() or self.held.columns.dtype != np.float64:
            return self
        x, prepared = self.held.columns.T, self.prepared
        mixture, scale = replace(prepared.mixture, prior=self.prior), data_scale(x, prepared.weights)
        near = replace(prepared, mixture=mixture, x=x, scale=scale)
        return replace(self, prepared=near, offset=0 * self.offset)

    def climb(self, parameters: MixtureParameters, *, progress: Progress, stage: str = "EM") -> Climbs:
        """Every start (a leading axis of `parameters`) to its end."""
        return self.run(parameters, self.acceleration, self.max_steps, progress, stage)

    def run(
        self, parameters: MixtureParameters, acceleration: str | None, max_steps: int, progress: Progress, stage: str
    ) -> Climbs:
        """Every start to its end, or for so many steps."""
        chosen = accelerated(self.method, acceleration)
        with self.data_pass.session():
            ends = run(
                chosen,
                self.method.position(moved(parameters, -self.offset)),
                tolerance=self.tolerance,
                max_steps=max_steps,
                progress=progress,
                stage=stage,
            )
        point = chosen.em_point(ends.states.point)
        # Without the roots of covariances, which the loop carried along.
        found = moved(from_sites(point.parameters.sites, self.prepared.shape.family), self.offset)
        sites = found.sites if isinstance(self.prior, AbstractDirectPrior) else point.position
        longest = int(ends.states.iteration.max()) + 1
        return Climbs(
            found,
            sites,
            point.log_likelihood,
            point.log_prior,
            ends.states.iteration,
            ends.states.status,
            ends.trace[:, :longest],
            on_few_rows(self.prepared, found.weights).any(axis=-1),
        )

    @cached_property
    def method(self) -> EM:
        """EM's own steps."""
        return EM(self.data_pass, hosted_m_step(self.prior, self.prepared.shape), self.held, self.prepared.scale.deviations)


def moved(parameters: MixtureParameters, offset: Float[np.ndarray, " D"]) -> MixtureParameters:
    """The same mixtures of x + offset."""
    return replace(parameters, means=parameters.means + offset)


def joined(*climbs: Climbs) -> Climbs:
    """All starts of several runs."""
    longest = max(each.trace.shape[1] for each in climbs)
    wide = [
        replace(each, trace=np.pad(each.trace, ((0, 0), (0, longest - each.trace.shape[1])), constant_values=np.nan))
        for each in climbs
    ]
    return map_arrays(lambda *leaves: np.concatenate(leaves), *wide)
