"""The registry of groups: a new one is a builder in a file beside this one and one line here."""

from collections.abc import Callable

from gmm_ppl.results.groups.assignments import assignments
from gmm_ppl.results.groups.em import em_fit, em_restarts
from gmm_ppl.results.groups.likelihood import likelihood
from gmm_ppl.results.groups.observed import constant_data, observed_data
from gmm_ppl.results.groups.posterior import densities, posterior
from gmm_ppl.results.groups.predictive import predictive
from gmm_ppl.results.groups.prior import prior
from gmm_ppl.results.material import Groups, Material
from gmm_ppl.results.relabel import RelabelledDraws

__all__ = ["FROM_DRAWS", "FROM_POINT", "DrawsBuilder", "PointBuilder"]

PointBuilder = Callable[[Material], Groups]
DrawsBuilder = Callable[[Material, RelabelledDraws], Groups]

FROM_DRAWS: tuple[DrawsBuilder, ...] = (posterior, densities, likelihood, predictive, assignments)
FROM_POINT: tuple[PointBuilder, ...] = (prior, observed_data, constant_data, em_fit, em_restarts)
