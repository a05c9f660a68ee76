"""Which of several results the criteria prefer, and how sure that is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr

from gmm_ppl.report.checks.posterior import RHAT
from gmm_ppl.report.numbers import decimals, nats
from gmm_ppl.report.page import Standing, Tone

CLEAR_BIC = 10.0
"""A difference in BIC that Kass & Raftery (1995, doi:10.1080/01621459.1995.10476572) call very strong."""
CLEAR_ERRORS = 2.0
"""Standard errors by which leave-one-out scores have to differ."""


@dataclass(frozen=True)
class Preference:
    """What one criterion prefers, and whether by a clear margin over the next."""

    criterion: str
    name: str
    clear: bool
    sentence: str

    @property
    def standing(self) -> Standing:
        """As a line below the headline."""
        return Standing(Tone.GOOD if self.clear else Tone.CAUTION, self.criterion, self.sentence)


def preferences(runs: xr.Dataset) -> list[Preference]:
    """One for each criterion that at least two results have."""
    return [each for each in (by_bic(runs), by_elpd(runs), by_evidence(runs)) if each is not None]


def by_bic(runs: xr.Dataset) -> Preference | None:
    """The smallest BIC."""
    return _largest(runs, "BIC", -runs["bic"], CLEAR_BIC, lambda margin: f"{decimals(margin, 1)} below")


def by_elpd(runs: xr.Dataset) -> Preference | None:
    """The largest leave-one-out score, where differences are known."""
    difference = runs["elpd_diff"].values
    if np.isfinite(difference).sum() < 2:
        return None
    first, second = (int(each) for each in np.argsort(-np.where(np.isfinite(difference), difference, -np.inf))[:2])
    margin, error = -float(difference[second]), float(runs["elpd_diff_se"][second])
    clear = margin > CLEAR_ERRORS * error
    name, other = _name(runs, first), _name(runs, second)
    sentence = f"{name}, {nats(margin)} ± {nats(error)} nats above {other}: {'clearly' if clear else 'not clearly'}."
    return Preference("Leave-one-out score", name, clear, sentence)


def by_evidence(runs: xr.Dataset) -> Preference | None:
    """The largest evidence, of which BIC is −2 times an approximation."""
    return _largest(runs, "Evidence", runs["log_evidence"], CLEAR_BIC / 2, lambda margin: f"{nats(margin)} nats above")


def headline(found: list[Preference], *, same_rows: bool) -> tuple[Tone, str]:
    """The verdict in one sentence."""
    if not same_rows:
        return (
            Tone.CAUTION,
            "The results are not of the same rows, as far as is known: parameters can be compared, criteria cannot be.",
        )
    if not found:
        return Tone.NEUTRAL, "Nothing by which these results could be ranked: no criterion is there for two of them."
    names = {each.name for each in found}
    if len(names) > 1:
        said = "; ".join(f"{each.criterion} prefers {each.name}" for each in found)
        return Tone.CAUTION, f"The criteria disagree: {said}."
    if not all(each.clear for each in found):
        return Tone.CAUTION, f"{found[0].name} is preferred, though not clearly by all."
    return Tone.GOOD, f"{found[0].name} is preferred."


def doubts(runs: xr.Dataset) -> Iterator[Standing]:
    """Results whose own numbers are not to be trusted."""
    for at, name in enumerate(runs["run"].values):
        rhat, status = float(runs["max_rhat"][at]), str(runs["status"].values[at])
        if rhat > RHAT:
            yield Standing(Tone.BAD, str(name), f"its chains disagree (R-hat {decimals(rhat, 3)}): see its own report.")
        if status not in ("", "CONVERGED"):
            yield Standing(Tone.BAD, str(name), f"EM did not converge ({status.lower().replace('_', ' ')}).")


def _largest(
    runs: xr.Dataset, criterion: str, values: xr.DataArray, clearly: float, said: Callable[[float], str]
) -> Preference | None:
    """What has the largest value, by what margin over the next; None where fewer than two have one."""
    known = np.flatnonzero(np.isfinite(values.values))
    if known.size < 2:
        return None
    first, second = (int(each) for each in known[np.argsort(-values.values[known], kind="stable")[:2]])
    margin = float(values[first] - values[second])
    clear = margin >= clearly
    sentence = f"{_name(runs, first)}, {said(margin)} {_name(runs, second)}: {'clearly' if clear else 'not clearly'}."
    return Preference(criterion, _name(runs, first), clear, sentence)


def _name(runs: xr.Dataset, at: int) -> str:
    return str(runs["run"].values[at])
