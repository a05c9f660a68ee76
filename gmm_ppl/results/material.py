"""What the builders of groups are given, and what they answer with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import xarray as xr

from gmm_ppl.data.tables import Table
from gmm_ppl.inference.base import PointFit
from gmm_ppl.mixture.parameters import MixtureShape
from gmm_ppl.model.specification import Mixture
from gmm_ppl.results.labels import Attributes, Variables, labelled
from gmm_ppl.results.limits import Limits

if TYPE_CHECKING:
    from gmm_ppl.inference.errors.bootstrap import BootstrapFit


@dataclass(frozen=True, eq=False)
class Material:
    """A fit beside its data, and the settings of the tree that is made of them.

    `mixture` is what was sampled where there are draws, else what the point was fitted with; the two may differ in their
    prior. `bootstrap` holds replicates of the point, where they were made; `standard_errors` says whether its curvature
    is asked for.
    """

    table: Table
    point: PointFit
    mixture: Mixture
    seed: int
    prior_draws: int
    predictive_draws: int
    limits: Limits
    bootstrap: "BootstrapFit | None" = None
    standard_errors: bool = True

    @property
    def shape(self) -> MixtureShape:
        """K, D and the covariance family."""
        return self.point.parameters.shape

    def labelled(self, variables: Variables, *, attrs: Attributes | None = None, **coordinates: object) -> xr.Dataset:
        """`labels.labelled` with the names of this table's features."""
        return labelled(variables, self.table.features, attrs=attrs, **coordinates)


@dataclass(frozen=True, eq=False)
class Groups:
    """Groups by name, and sentences on what was left out of them and why."""

    datasets: Mapping[str, xr.Dataset]
    left_out: tuple[str, ...] = field(default=())
