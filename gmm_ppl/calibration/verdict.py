"""What the ranks say of the draws, in one sentence."""

from dataclasses import dataclass, replace

import numpy as np

from gmm_ppl.calibration.fault import Fault, fault
from gmm_ppl.calibration.run import Calibration
from gmm_ppl.calibration.uniformity import Uniformity, band, examined, uniform
from gmm_ppl.progress import Progress

LEVEL = 0.05
"""Probability of a finding anywhere where there is nothing to find."""

MOST_NAMED = 3


@dataclass(frozen=True)
class Verdict:
    """`calibrated` unless some quantity's adjusted p-value is below `LEVEL`; those are `flagged`, the clearest first.

    `resolution` is half the band's largest width: a share of ranks that is off by more than that is seen. `fault` says what is
    at fault, where somebody looked.
    """

    calibrated: bool
    sentence: str
    tests: tuple[Uniformity, ...]
    flagged: tuple[str, ...]
    resolution: float
    fault: Fault | None = None


def explained(calibration: Calibration, progress: Progress) -> Verdict:
    """`judge`, and where ranks are not uniform what is at fault, by a second engine."""
    found = judge(calibration)
    if found.calibrated:
        return found
    why = fault(calibration, found.flagged, progress)
    return replace(found, sentence=f"{found.sentence} {why.sentence}", fault=why)


def judge(calibration: Calibration) -> Verdict:
    """Both tests of every quantity, and what they come to together."""
    ranks, draws = calibration.ranks, calibration.draws
    tests = examined(ranks, calibration.names, draws)
    suspects = sorted((test for test in tests if test.adjusted_p < LEVEL), key=lambda test: test.adjusted_p)
    flagged = tuple(test.name for test in suspects)
    low, high = band(len(ranks), draws)
    resolution = float(np.max(np.maximum(high - uniform(draws), uniform(draws) - low)))
    sentence = " ".join([_on_ranks(tests, flagged, len(ranks), resolution), *_on_failures(calibration)])
    return Verdict(not flagged, sentence, tests, flagged, resolution)


def _on_ranks(tests: tuple[Uniformity, ...], flagged: tuple[str, ...], replications: int, resolution: float) -> str:
    least = min(test.adjusted_p for test in tests)
    if flagged:
        more = f" and {len(flagged) - MOST_NAMED} more" if len(flagged) > MOST_NAMED else ""
        return (
            f"Ranks are not uniform: those of {', '.join(flagged[:MOST_NAMED])}{more} ("
            f"{len(flagged)} of {len(tests)} quantities, smallest adjusted p {_p(least)})."
        )
    return (
        f"No error was found: ranks of all {len(tests)} quantities are as uniform as {replications:,} replications can tell "
        f"(smallest adjusted p {_p(least)}; a share off by {100 * resolution:.2g} percentage points would have left its band)."
    )


def _on_failures(calibration: Calibration) -> list[str]:
    said = []
    if calibration.failed:
        said.append(
            f"{calibration.failed} of {calibration.made:,} replications failed and are left out, which can hide an error."
        )
    if calibration.made < calibration.wanted:
        said.append(f"Interrupted after {calibration.made:,} of {calibration.wanted:,} replications.")
    return said


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
