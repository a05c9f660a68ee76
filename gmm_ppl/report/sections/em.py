"""How EM went: the fit, its starts and the optima they found."""

import numpy as np

from gmm_ppl.data.wording import joined
from gmm_ppl.report.figures import figures_of
from gmm_ppl.report.findings import Findings
from gmm_ppl.report.numbers import count, nats, percent, plural
from gmm_ppl.report.page import Block, Column, Facts, Section, TableBlock, paragraph
from gmm_ppl.report.reading import components, has
from gmm_ppl.report.starts import Starts, starts_of

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
    starts, restarts = starts_of(found.tree), found.tree["em_restarts"].dataset
    steps, status = restarts["iterations"].values, restarts["status"].values.astype(str)
    order = sorted(np.unique(starts.optimum), key=lambda each: (each < 0, each))
    rows = tuple(_row(int(each), starts, steps, status) for each in order)
    columns = (
        Column("optimum", numeric=False), Column("starts"), Column("began as", numeric=False), Column("objective, nats"),
        Column("below the best, nats"), Column("iterations"), Column("status", numeric=False),
    )  # fmt: skip
    found_some = sum(each >= 0 for each in order)
    words = f"{plural(starts.optimum.size, 'start')} found {plural(found_some, 'distinct optimum', 'distinct optima')}."
    if starts.optimum.size > 1:
        words += f" Another would end in one that none has found with a probability of about {percent(starts.unseen)}."
    agreement = [paragraph(_agreement(starts))] if len(components(found.tree)) > 1 else []
    return [paragraph(words), *agreement, TableBlock(columns, rows[:_MOST_OPTIMA], "Where the starts ended" + _cut(len(rows)))]


def _agreement(starts: Starts) -> str:
    """How many starts, of which kinds and from how many places, ended at the best optimum, and what that is worth."""
    best = starts.optimum == 0
    reached, places, kinds = int(best.sum()), starts.places(best), starts.kinds(best) if starts.kinds_known else {}
    if starts.optimum.size == 1:
        return "There was one start only, so nothing says that its optimum is the best."
    if reached == 1:
        return (
            f"Only one start found the best optimum{''.join(f' (it began as {kind})' for kind in kinds)}: no other confirms it."
        )
    ended = f"{count(reached)} starts ended at the best optimum"
    if places == 1:
        return f"{ended}, but all began in one place{''.join(f', as {kind}' for kind in kinds)}: that they agree says nothing."
    began = f"{ended}; they began in {count(places)} different places"
    if len(kinds) != 1:
        return f"{began}, as {_counted(kinds)}." if kinds else f"{began}."
    tried = set(starts.kinds(~best)) - set(kinds)
    others = "no start of another kind ended there" if tried else "no other kind was tried"
    return f"{began}, but all as {next(iter(kinds))}: {others}."


def _counted(kinds: dict[str, int]) -> str:
    return joined([f"{kind} ({count(size)})" for kind, size in kinds.items()])


def _kinds(starts: Starts, chosen: np.ndarray) -> str:
    if not starts.kinds_known:
        return "–"
    return _counted(starts.kinds(chosen))


def _cut(optima: int) -> str:
    return f" (the best {_MOST_OPTIMA} of {count(optima)} optima)" if optima > _MOST_OPTIMA else ""


def _row(name: int, starts: Starts, every_step: np.ndarray, every_status: np.ndarray) -> tuple[str, ...]:
    chosen = starts.optimum == name
    steps, status = every_step[chosen], every_status[chosen]
    best = np.nanmax(starts.objective, initial=-np.inf)
    top = float(np.nanmax(starts.objective[chosen], initial=-np.inf))
    low, high = count(steps.min()), count(steps.max())
    endings = ", ".join(f"{count((status == each).sum())} {each.lower().replace('_', ' ')}" for each in np.unique(status))
    return (
        str(name) if name >= 0 else _FAILED,
        count(chosen.sum()),
        _kinds(starts, chosen),
        nats(top),
        nats(best - top),
        low if low == high else f"{low}–{high}",
        endings,
    )
