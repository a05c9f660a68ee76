"""A result as plain lines for a terminal: the verdict, the numbers that matter, and each feature as a small plot."""

import math
from collections.abc import Iterator

import numpy as np
import xarray as xr

from gmm_ppl.report.findings import Findings, gather
from gmm_ppl.report.numbers import aligned, nats, number, percent, plural
from gmm_ppl.report.reading import components, distribution, features, observations, point
from gmm_ppl.report.verdict import conclude

BARS = " ▁▂▃▄▅▆▇█"
BINS = 60
MOST_FEATURES = 12
CRITERIA = {
    "log_likelihood": "log-likelihood", "bic": "BIC", "icl": "ICL", "elpd_loo": "leave-one-out score",
    "log_evidence": "log evidence",
}  # fmt: skip


def terminal_lines(tree: xr.DataTree) -> Iterator[str]:
    """The lines, at most 100 characters wide.

    Raises:
        InputError: a result without an EM point.
    """
    found = gather(tree)
    headline = conclude(found.checks)
    size = f"{plural(len(observations(tree)), 'row')} × {plural(len(features(tree)), 'feature')}"
    model = f"{plural(len(components(tree)), 'component')}, {tree.attrs['covariance']} covariance"
    yield f"{tree.attrs.get('name', 'mixture')}: {model}, {size}"
    yield ""
    yield f"[{headline.tone.value}] {headline.sentence}"
    yield from (f"  [{each.tone.value}] {each.subject}: {each.sentence}" for each in headline.standings)
    yield ""
    yield from _criteria(found)
    yield ""
    yield from _components(found)
    yield ""
    yield from _features(tree)


def _criteria(found: Findings) -> Iterator[str]:
    told = [f"{words} {nats(found.criteria[name])}" for name, words in CRITERIA.items() if found.criteria.get(name) is not None]
    yield f"nats: {', '.join(told)}"


def _components(found: Findings) -> Iterator[str]:
    """Weights, means and standard deviations of each component: posterior mean ± sd where there are draws, else the point."""
    fit, names = point(found.tree), features(found.tree)
    rows = {row.label: row for row in found.rows}
    for at, label in enumerate(components(found.tree)):
        weight = rows[f"weights[{label}]"]
        yield f"component {label}: weight {_value(weight.mean, weight.sd, fit.weights[at])}"
        for feature, name in enumerate(names[:MOST_FEATURES]):
            row = rows[f"means[{label}, {name}]"]
            spread = number(float(fit.deviations[at, feature]), digits=3)
            yield f"  {_cut(name):<20} mean {_value(row.mean, row.sd, fit.means[at, feature]):<22} sd {spread}"


def _value(mean: float, sd: float, fallback: float) -> str:
    if np.isfinite(mean) and sd > 0:
        shown, error = aligned([mean, sd], error=sd)
        return f"{shown} ± {error}"
    return number(float(fallback))


def _features(tree: xr.DataTree) -> Iterator[str]:
    """A histogram of every feature above the counts that the fit expects, on one scale."""
    x, fit = observations(tree), point(tree)
    for at, name in enumerate(features(tree)[:MOST_FEATURES]):
        low, high = float(x[:, at].min()), float(x[:, at].max())
        edges = np.linspace(low, high, BINS + 1)
        counts, fitted = np.histogram(x[:, at], edges)[0], len(x) * np.diff(distribution(fit.take(np.newaxis), edges, at))
        top = max(counts.max(), fitted.max())
        yield f"{_cut(name)}: {number(low)} to {number(high)}"
        yield f"  data  {_bars(counts / top)}"
        yield f"  fit   {_bars(fitted / top)}"
    left = len(features(tree)) - MOST_FEATURES
    if left > 0:
        yield f"and {plural(left, 'feature')} more; the report has all"
    shares = [f"{label} {percent(float(each))}" for label, each in zip(components(tree), fit.weights, strict=True)]
    unsure = (tree["em_fit"].dataset["responsibilities"].max("component") < 0.9).mean()
    yield f"shares: {', '.join(shares)}; {percent(float(unsure))} of rows belong to no component with probability 0.9"


def _bars(shares: np.ndarray) -> str:
    """Heights between 0 and 1 as eighths; whatever is there at all has one."""
    return "".join(BARS[math.ceil(each * (len(BARS) - 1) - 0.05)] for each in np.clip(shares, 0.0, 1.0))


def _cut(name: str) -> str:
    clean = "".join(letter if letter.isprintable() else " " for letter in name)
    return clean if len(clean) <= 20 else f"{clean[:19]}…"
