"""New rows under a fit, with what is needed to act on them: intervals of their memberships, and whether they are unusual."""

import numpy as np
import xarray as xr

from gmm_ppl.data.rows import new_rows
from gmm_ppl.errors import InputError
from gmm_ppl.records import map_arrays
from gmm_ppl.results.diagnostics import ETI
from gmm_ppl.results.labels import labelled
from gmm_ppl.results.limits import spaced
from gmm_ppl.results.predict import Draws, Found, averaged, draws_of
from gmm_ppl.results.rows import sampled_rows

REFERENCE_ROWS = 10_000
"""Rows of the fit itself that new rows are held against; a share of 0.01 has a standard error of 0.001."""
MOST_DRAWS = 1000
"""Draws, evenly spaced, that intervals are taken over."""
SEED = 20_091


class RowScorer:
    """A fit made ready for new rows, some at a time.

    Args:
        found: parameters, an EM fit, draws, or a tree.
        outlying: share of the fit's own rows that are flagged as outliers, between 0 and 1.

    Raises:
        InputError: a share that is none.
    """

    def __init__(self, found: Found, *, outlying: float = 0.01) -> None:
        if not 0 < outlying < 1:
            raise InputError(
                f"outlying must be between 0 and 1, the share of the fit's own rows to be flagged; given {outlying!r}."
            )
        self.draws: Draws = draws_of(found)
        self.outlying = outlying
        own, _ = sampled_rows(self.draws.parameters, REFERENCE_ROWS, seed=SEED)
        self.reference = np.sort(averaged(self.draws.parameters, own)[0])

    @property
    def features(self) -> tuple[str, ...] | None:
        """Names of the columns, where they are known."""
        return self.draws.features

    @property
    def n_features(self) -> int:
        """D."""
        return self.draws.parameters.means.shape[-1]

    def score(self, x: np.ndarray) -> xr.Dataset:
        """What `score_rows` says of rows (N, D) that are finite numbers."""
        density, memberships = averaged(self.draws.parameters, x)
        each = ("obs", "component")
        tail = np.searchsorted(self.reference, density) / self.reference.size
        variables = {
            "responsibilities": (each, memberships),
            **self._intervals(x),
            "assignment": (("obs",), memberships.argmax(axis=1)),
            "log_density": (("obs",), density),
            "tail": (("obs",), tail),
            "outlier": (("obs",), tail < self.outlying),
        }
        return labelled(variables, self.features or ())

    def _intervals(self, x: np.ndarray) -> dict[str, tuple]:
        total = len(self.draws.parameters.weights)
        if total == 1:
            return {}
        from gmm_ppl.model.assignments import membership_intervals

        kept = spaced(total, MOST_DRAWS)
        found = membership_intervals(map_arrays(lambda leaf: leaf[None, kept], self.draws.parameters), x, probability=ETI)
        each, probability = ("obs", "component"), {"probability": ETI}
        return {
            "responsibilities_low": (each, found.low, probability),
            "responsibilities_high": (each, found.high, probability),
        }


def score_rows(found: Found, data: object, *, outlying: float = 0.01) -> xr.Dataset:
    """`predict`, with intervals of the responsibilities and a flag for rows that the fit does not expect.

    Args:
        found: parameters, an EM fit, draws, or a tree; from draws everything is predictive, as in `predict`.
        data: rows in any form that `as_table` takes; columns with names are found by those of a tree.
        outlying: share of the fit's own rows that would be flagged.

    Returns:
        What `predict` gives, and: `responsibilities_low` and `responsibilities_high` (obs, component), the 89 %
        equal-tailed interval of γ_ik over draws, where there are draws; `tail` (obs), the share of rows of the fitted
        mixture that are less dense than this one, by simulation of 10 000 of them; and `outlier` (obs), whether that is
        below `outlying`.

    Raises:
        InputError: rows that cannot be read, or have other features than the fit; or a share outside 0 … 1.
    """
    scorer = RowScorer(found, outlying=outlying)
    return scorer.score(new_rows(data, scorer.features, scorer.n_features))
