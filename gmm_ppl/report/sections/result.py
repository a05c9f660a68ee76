"""What was found: the components in one table and one picture."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from gmm_ppl.report.figures import figures_of
from gmm_ppl.report.findings import Findings
from gmm_ppl.report.numbers import aligned, number
from gmm_ppl.report.page import Column, Section, TableBlock, paragraph
from gmm_ppl.report.reading import Gaussians, components, draws, features, point

_DRAWS, _MOST_CORRELATED, _ROUNDING = 4000, 4, 1e-13


def result_section(found: Findings) -> Section:
    """Weight, means, standard deviations and correlations of each component, with their uncertainty."""
    tree = found.tree
    names = tuple(Column(f"component {number}") for number in components(tree))
    fit = draws(tree, _DRAWS)
    shown = fit or point(tree).take(np.newaxis)
    rows = tuple((label, *map(_cell, values.T)) for label, values in _quantities(shown, features(tree)))
    what = "posterior mean ± posterior standard deviation" if fit else "at the EM point"
    table = TableBlock((Column("quantity", numeric=False), *names), rows, f"The components, {what}")
    note = paragraph("Components are named by their number in the result file, from 0.")
    return Section("result", "Result", (table, note, *figures_of("result", tree)))


def _quantities(fit: Gaussians, names: tuple[str, ...]) -> Iterator[tuple[str, np.ndarray]]:
    """A label and the draws (S, K) of each quantity in the table."""
    yield "weight", fit.weights
    for feature, name in enumerate(names):
        yield f"mean of {name}", fit.means[..., feature]
    for feature, name in enumerate(names):
        yield f"sd of {name}", fit.deviations[..., feature]
    correlated = np.abs(fit.covariances - fit.covariances * np.eye(len(names))).max() > 0
    for a, b in combinations(range(len(names)), 2) if correlated and len(names) <= _MOST_CORRELATED else ():
        yield (
            f"correlation of {names[a]}, {names[b]}",
            fit.covariances[..., a, b] / (fit.deviations[..., a] * fit.deviations[..., b]),
        )


def _cell(values: np.ndarray) -> str:
    if values.size == 1:
        return number(float(values[0]))
    spread = float(values.std())
    mean, error = aligned([float(values.mean()), spread], error=spread)
    return f"{mean} ± {error}" if spread > _ROUNDING * abs(float(values.mean())) else mean
