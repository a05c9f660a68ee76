"""The registry of groups: a new one is a builder in a file beside this one and one line here."""

from collections.abc import Callable

from gmm_ppl.results.groups.assignments import assignments_group
from gmm_ppl.results.groups.em import em_fit_group, em_restarts_groups
from gmm_ppl.results.groups.likelihood import likelihood_groups
from gmm_ppl.results.groups.modes import modes_group
from gmm_ppl.results.groups.observed import constant_data_group, observed_data_group
from gmm_ppl.results.groups.posterior import density_groups, posterior_groups
from gmm_ppl.results.groups.predictive import predictive_group
from gmm_ppl.results.groups.prior import prior_group
from gmm_ppl.results.groups.uncertainty import em_uncertainty_group
from gmm_ppl.results.material import Groups, Material
from gmm_ppl.results.relabel import RelabelledDraws

__all__ = ["FROM_DRAWS", "FROM_POINT", "DrawsBuilder", "PointBuilder"]

PointBuilder = Callable[[Material], Groups]
DrawsBuilder = Callable[[Material, RelabelledDraws], Groups]

FROM_DRAWS: tuple[DrawsBuilder, ...] = (
    posterior_groups,
    density_groups,
    likelihood_groups,
    predictive_group,
    assignments_group,
    modes_group,
)
FROM_POINT: tuple[PointBuilder, ...] = (
    prior_group,
    observed_data_group,
    constant_data_group,
    em_fit_group,
    em_restarts_groups,
    em_uncertainty_group,
)
