"""Does the mixture describe the data: scores, outlying rows, replicated data."""

from collections.abc import Mapping

import numpy as np

from gmm_ppl.report.checks.score import PARETO_K, PARETO_K_BAD
from gmm_ppl.report.figures import figures_of
from gmm_ppl.report.findings import Findings
from gmm_ppl.report.numbers import count, decimals, nats, number, percent
from gmm_ppl.report.page import Block, Column, Section, TableBlock, paragraph
from gmm_ppl.report.reading import features, observations

_OUTLIERS, _MOST_FEATURES = 5, 6
_SCORES = (
    ("log_likelihood", "log-likelihood at the EM point", "larger is better"),
    ("aic", "AIC = −2 log L + 2 p", "smaller is better"),
    ("bic", "BIC = −2 log L + p log N", "smaller is better; mclust reports its negative"),
    ("icl", "ICL = BIC + 2 × assignment entropy", "smaller is better"),
    ("elpd_loo", "elpd by PSIS-LOO", "larger is better"),
)


def fit_checks_section(found: Findings) -> Section:
    """Criteria, Pareto k, the rows least expected, then pictures of data against fit."""
    blocks: list[Block] = [_scores(found), *_pareto(found), _outliers(found), *figures_of("fit_checks", found.tree)]
    if not found.sampled:
        blocks.append(paragraph("Left out for want of a posterior: leave-one-out scores and replicated data."))
    return Section("fit_checks", "Fit checks", tuple(blocks))


def _scores(found: Findings) -> Block:
    known = found.criteria
    rows = tuple((label, _score(known, key), note) for key, label, note in _SCORES if known.get(key) is not None)
    columns = (Column("score", numeric=False), Column("nats"), Column("reading", numeric=False))
    return TableBlock(columns, rows, f"Scores, in nats; p = {count(found.tree['em_fit'].dataset.attrs['n_parameters'])}")


def _score(known: Mapping[str, float | None], key: str) -> str:
    error = known.get(f"{key}_se")
    return nats(known[key]) if error is None else f"{decimals(known[key], 1)} ± {decimals(error, 1)}"


def _pareto(found: Findings) -> list[Block]:
    k = np.array(found.measurements.pareto_k)
    if not k.size:
        return []
    bands = (
        (f"≤ {PARETO_K}", k <= PARETO_K, "reliable"),
        (f"{PARETO_K} to {PARETO_K_BAD:g}", (k > PARETO_K) & (k <= PARETO_K_BAD), "biased"),
        (f"> {PARETO_K_BAD:g}", ~(k <= PARETO_K_BAD), "useless"),
    )
    rows = tuple((name, count(inside.sum()), percent(inside.mean()), reading) for name, inside, reading in bands)
    columns = (
        Column("Pareto k", numeric=False),
        Column("rows"),
        Column("share"),
        Column("leave-one-out terms", numeric=False),
    )
    return [TableBlock(columns, rows, "How far the leave-one-out score can be trusted")]


def _outliers(found: Findings) -> Block:
    """The rows with the lowest density under the EM fit, with their values and Pareto k."""
    x, names = observations(found.tree), features(found.tree)[:_MOST_FEATURES]
    density = found.tree["em_fit"].dataset["log_density"].values
    k = np.array(found.measurements.pareto_k)
    last = (Column("Pareto k"),) if k.size else ()
    rows = tuple(
        (
            str(at),
            nats(float(density[at])),
            *(number(value) for value in x[at, : len(names)]),
            *(decimals(float(k[at]), 2) for _ in last),
        )
        for at in np.argsort(density, kind="stable")[:_OUTLIERS]
    )
    columns = (Column("row", numeric=False), Column("log density, nats"), *map(Column, names), *last)
    return TableBlock(columns, rows, "The rows that the fit expects least (rows are counted from 0)")
