"""A comparison as a page, and the page as files."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from gmm_ppl.report.comparison.figures import criteria_figure, parameters_figure
from gmm_ppl.report.comparison.preferred import doubts, headline, preferences
from gmm_ppl.report.numbers import MISSING, aligned, count, decimals, nats, number, plural, seconds
from gmm_ppl.report.page import Block, Callout, CodeBlock, Column, Headline, Page, Section, TableBlock, Tone, paragraph
from gmm_ppl.report.write import write_page
from gmm_ppl.results.comparison import Comparison


def write_comparison(directory: Path, found: Comparison, record: Mapping[str, object]) -> None:
    """Write `comparison.html` (one self-contained file), `comparison.md` and the figures beside it."""
    write_page(comparison_page(found, record), directory, "comparison")


def comparison_page(found: Comparison, record: Mapping[str, object]) -> Page:
    """The page as plain data."""
    names = [str(name) for name in found.runs["run"].values]
    sections = (
        Section("verdict", "Verdict", tuple(_verdict(found))),
        Section("criteria", "Criteria", tuple(_criteria(found))),
        Section("parameters", "Parameters", tuple(_parameters(found))),
        Section("components", "Which component is which", tuple(_matching(found))),
        Section("cost", "EM against posterior, and what it took", tuple(_cost(found))),
        Section("reproducibility", "Reproducibility", (CodeBlock(str(record.get("command", ""))),)),
    )
    return Page("Comparison", f"{plural(len(names), 'result')}: {', '.join(names)}", sections)


def _verdict(found: Comparison) -> Iterator[Block]:
    ranked = preferences(found.runs) if found.same_rows else []
    tone, sentence = headline(ranked, same_rows=found.same_rows)
    yield Headline(tone, sentence, (*(each.standing for each in ranked), *doubts(found.runs)))
    for note in found.notes:
        yield Callout(Tone.CAUTION, "Read with care", note)


def _criteria(found: Comparison) -> Iterator[Block]:
    figure = criteria_figure(found) if found.same_rows else None
    if figure is not None:
        yield figure
    runs = found.runs
    titles = {
        "components": ("K", count), "n_parameters": ("p", count), "log_likelihood": ("log L", nats), "bic": ("BIC", nats),
        "icl": ("ICL", nats), "elpd_loo": ("elpd", nats), "elpd_diff": ("Δ elpd", nats), "elpd_diff_se": ("± se", nats),
        "stacking_weight": ("stacking", lambda value: decimals(value, 3)), "log_evidence": ("log evidence", nats),
    }  # fmt: skip
    kept = [name for name in titles if np.isfinite(runs[name].values).any()]
    columns = (Column("result", numeric=False), Column("covariance", numeric=False), *(Column(titles[name][0]) for name in kept))
    rows = tuple(
        (str(name), str(runs["covariance"].values[at]), *(titles[each][1](float(runs[each][at])) for each in kept))
        for at, name in enumerate(runs["run"].values)
    )
    better = "BIC and ICL smaller better, all else larger better"
    yield TableBlock(columns, rows, f"Criteria, in nats but for K and p; {better if found.same_rows else NOT_COMPARABLE}")
    if "elpd_diff" in kept:
        yield paragraph(DIFFERENCES)


NOT_COMPARABLE = "each of a result's own rows, not to be set against each other"
DIFFERENCES = (
    "Δ elpd is the leave-one-out score less the best one's, with the standard error of that difference row by row (Vehtari, "
    "Gelman & Gabry 2017). Stacking weights are those of the mixture of predictions that scores best (Yao et al. 2018); "
    "results that predict alike share a weight."
)


def _parameters(found: Comparison) -> Iterator[Block]:
    figure = parameters_figure(found)
    if figure is not None:
        yield figure
    parameters = found.parameters
    names = [str(name) for name in parameters["run"].values]
    shown = np.where(np.isfinite(parameters["mean"].values), parameters["mean"].values, parameters["point"].values)
    rows = []
    for at, label in enumerate(parameters["parameter"].values):
        error = np.nanmin(parameters["sd"].values[:, at]) if np.isfinite(parameters["sd"].values[:, at]).any() else np.nan
        cells = aligned(list(shown[:, at]), error=float(error))
        errors = [number(float(each), digits=2) for each in parameters["sd"].values[:, at]]
        rows.append((str(label), *(cell if sd == MISSING else f"{cell} ± {sd}" for cell, sd in zip(cells, errors, strict=True))))
    columns = (Column("parameter", numeric=False), *(Column(name) for name in names))
    yield TableBlock(columns, tuple(rows), "Posterior mean ± sd, or the EM point where nothing was drawn")


def _matching(found: Comparison) -> Iterator[Block]:
    yield paragraph(
        "Components are numbered as in the first result. Each later result's take the numbers that make the sum of Hellinger "
        "distances least; what is left over gets new ones. Cells hold a component's number in its own result, and in brackets "
        "its distance from the first of that number: 0 is the same law, 1 has nothing in common. Every component is given the "
        "nearest number that is free, however far that is: a distance above ½ is no match to speak of."
    )
    matching = found.matching
    columns = (Column("result", numeric=False), *(Column(f"component {each}") for each in matching["component"].values))
    own, far = matching["own"].values, matching["distance"].values
    rows = tuple(
        (str(name), *(_matched(int(each), float(away)) for each, away in zip(own[at], far[at], strict=True)))
        for at, name in enumerate(matching["run"].values)
    )
    yield TableBlock(columns, rows, "Own number of each component, and its Hellinger distance")


def _matched(own: int, far: float) -> str:
    if own < 0:
        return MISSING
    return str(own) if np.isnan(far) else f"{own} ({decimals(far, 2)})"


def _cost(found: Comparison) -> Iterator[Block]:
    runs, z = found.runs, np.abs(found.parameters["z"].values)
    columns = tuple(map(Column, ("largest |z|", "R-hat", "smallest ESS", "divergences", "EM", "sampler", "in all")))
    rows = tuple(
        (
            str(name),
            str(runs["engine"].values[at]) or MISSING,
            decimals(float(np.nanmax(z[at])) if np.isfinite(z[at]).any() else None, 2),
            decimals(float(runs["max_rhat"][at]), 3),
            count(float(runs["min_ess_bulk"][at])),
            count(float(runs["divergences"][at])),
            *(_time(float(runs[f"{stage}_seconds"][at])) for stage in ("em", "mcmc", "total")),
        )
        for at, name in enumerate(runs["run"].values)
    )
    yield TableBlock(
        (Column("result", numeric=False), Column("engine", numeric=False), *columns),
        rows,
        "EM points in posterior sds, the sampler's worst diagnostics, and seconds, compilation counted",
    )


def _time(value: float) -> str:
    return MISSING if np.isnan(value) else seconds(value)
