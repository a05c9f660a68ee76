"""Every engine beside the sum over all Kᴺ assignments of eight rows."""

from collections.abc import Iterator

import numpy as np
from arviz_stats.base import array_stats

import gmm_ppl as gp
from gmm_ppl.inference.base import DrawsFit, LaplaceFit
from gmm_ppl.progress import silent
from tests.inference import exact
from tests.inference.conftest import EIGHT_ROWS, EIGHT_ROWS_PRIOR

DRAWS = 4000
CHAINS = 4


def engines(mixture: gp.Mixture) -> dict[str, DrawsFit]:
    """Draws of the posterior of the eight rows by everything that draws."""
    asked = {"seed": 1, "chains": CHAINS, "progress": silent}
    return {
        "NUTS": gp.sample(mixture, EIGHT_ROWS, draws=DRAWS, target_acceptance=0.9, **asked),
        "Laplace, by importance": gp.laplace(mixture, EIGHT_ROWS, draws=10 * DRAWS, **asked),
        "tempered": gp.temper(mixture, EIGHT_ROWS, draws=DRAWS, **asked),
    }


def rows() -> Iterator[tuple[str, ...]]:
    """Quantity, exact value, and for each engine its value with the distance in Monte-Carlo errors."""
    mixture = gp.Mixture(2, "full", EIGHT_ROWS_PRIOR.statement())
    found = engines(mixture)
    means, together = exact.expectations(EIGHT_ROWS, EIGHT_ROWS_PRIOR)
    above = np.triu_indices(len(EIGHT_ROWS), 1)
    wanted = {**means, "co-assignment": together[above]}
    for name, value in wanted.items():
        for place, each in enumerate(np.atleast_1d(value).ravel()):
            if name == "co-assignment" and place % 7:
                continue
            title = f"{name} {label(name, place, above)}".strip()
            yield (title, f"{each:.4f}", *(compared(fit, name, place, each, above) for fit in found.values()))
    evidence = exact.log_evidence(EIGHT_ROWS, EIGHT_ROWS_PRIOR, 2)
    yield ("log evidence", f"{evidence:.4f}", *(of_evidence(fit, evidence) for fit in found.values()))
    yield ("Pareto k̂ of the normal law", "", "", f"{found['Laplace, by importance'].pareto_k:.2f}", "")


def label(name: str, place: int, above: tuple[np.ndarray, np.ndarray]) -> str:
    """Which of several."""
    if name == "density":
        return f"at {exact.POINTS[place]:g}"
    return f"of rows {above[0][place]} and {above[1][place]}" if name == "co-assignment" else ""


def compared(fit: DrawsFit, name: str, place: int, wanted: float, above: tuple[np.ndarray, np.ndarray]) -> str:
    """`0.1234 (0.5)`: the mean, and how many of its errors it is away."""
    if name == "co-assignment":
        draws = exact.co_assignment_of_draws(fit, EIGHT_ROWS)[:, :, *above][..., place]
    else:
        draws = exact.invariants_of_draws(fit)[name].reshape(*fit.parameters.weights.shape[:2], -1)[..., place]
    mean, error = weighted(fit, draws) if isinstance(fit, LaplaceFit) else plain(draws)
    return f"{mean:.4f} ({(mean - wanted) / error:+.1f})"


def plain(draws: np.ndarray) -> tuple[float, float]:
    """Mean and its Monte-Carlo error."""
    effective = array_stats.ess(draws, chain_axis=0, draw_axis=1, method="mean")
    return float(draws.mean()), float(draws.std() / np.sqrt(effective))


def weighted(fit: LaplaceFit, draws: np.ndarray) -> tuple[float, float]:
    """Self-normalised importance mean and its delta-method error."""
    weights = np.exp(fit.sampler_statistics["log_weight"])
    weights = weights / weights.sum()
    mean = float((weights * draws).sum())
    return mean, float(np.sqrt((weights**2 * (draws - mean) ** 2).sum()))


def of_evidence(fit: DrawsFit, wanted: float) -> str:
    """As `compared`, of what an engine says of the evidence; empty where it says nothing."""
    if not hasattr(fit, "log_evidence"):
        return ""
    return f"{fit.log_evidence:.4f} ({(fit.log_evidence - wanted) / fit.log_evidence_error:+.1f})"
