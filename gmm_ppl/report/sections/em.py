"""How EM went: the fit, its starts and the optima they found."""

import numpy as np

from gmm_ppl.report.figures import figures_of
from gmm_ppl.report.findings import Findings
from gmm_ppl.report.numbers import count, nats, plural
from gmm_ppl.report.page import Block, Column, Facts, Section, TableBlock, paragraph
from gmm_ppl.report.reading import has

_MOST_OPTIMA, _FAILED = 8, "none"


def em_section(found: Findings) -> Section:
    """Status, objective and iterations of the fit, and a table of the optima that the starts reached."""
    fit = found.tree["em_fit"].dataset
    facts = (
        ("status", str(fit.attrs["message"])),
        ("iterations", count(fit.attrs["iterations"])),
        ("log-likelihood", f"{nats(float(fit['log_likelihood']))} nats"),
        ("log prior", f"{nats(float(fit['log_prior']))} nats"),
        ("log posterior, up to a constant", f"{nats(float(fit['log_posterior']))} nats"),
    )
    blocks: list[Block] = [Facts(facts), *_optima(found), *figures_of("em", found.tree)]
    return Section("em", "Expectation–maximisation", tuple(blocks))


def _optima(found: Findings) -> list[Block]:
    if not has(found.tree, "em_restarts", "optimum"):
        return []
    restarts = found.tree["em_restarts"].dataset
    objective, optimum = restarts["objective"].values, restarts["optimum"].values
    steps, status = restarts["iterations"].values, restarts["status"].values.astype(str)
    best = np.nanmax(objective, initial=-np.inf)
    order = sorted(np.unique(optimum), key=lambda each: (each < 0, each))
    rows = tuple(
        _row(int(each), objective[optimum == each], steps[optimum == each], status[optimum == each], best) for each in order
    )
    columns = (
        Column("optimum", numeric=False), Column("starts"), Column("objective, nats"), Column("below the best, nats"),
        Column("iterations"), Column("status", numeric=False),
    )  # fmt: skip
    found_some = sum(each >= 0 for each in order)
    words = f"{plural(optimum.size, 'start')} found {plural(found_some, 'distinct optimum', 'distinct optima')}."
    return [paragraph(words), TableBlock(columns, rows[:_MOST_OPTIMA], "Where the starts ended" + _cut(len(rows)))]


def _cut(optima: int) -> str:
    return f" (the best {_MOST_OPTIMA} of {count(optima)} optima)" if optima > _MOST_OPTIMA else ""


def _row(name: int, objective: np.ndarray, steps: np.ndarray, status: np.ndarray, best: float) -> tuple[str, ...]:
    top = float(np.nanmax(objective, initial=-np.inf))
    low, high = count(steps.min()), count(steps.max())
    endings = ", ".join(f"{count((status == each).sum())} {each.lower().replace('_', ' ')}" for each in np.unique(status))
    return (
        str(name),
        count(objective.size),
        nats(top),
        nats(best - top),
        low if low == high else f"{low}–{high}",
        endings,
    )
