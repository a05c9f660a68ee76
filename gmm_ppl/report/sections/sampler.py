"""How the sampler went: by chain and by parameter."""

from collections.abc import Callable

import numpy as np
import xarray as xr

from gmm_ppl.report.checks import PosteriorMeasurements
from gmm_ppl.report.checks.score import PARETO_K
from gmm_ppl.report.figures import figures_of
from gmm_ppl.report.findings import Findings
from gmm_ppl.report.numbers import aligned, count, decimals, number, plural, seconds
from gmm_ppl.report.page import Block, Column, Facts, Fold, Section, TableBlock, paragraph
from gmm_ppl.report.parameters import ParameterRow
from gmm_ppl.report.sections.modes import modes_blocks

_MOST_OPEN = 24
_ENGINES = {
    "nuts": ("by NUTS, started around the EM point", ""),
    "laplace": (
        "independent, from the normal (Laplace) approximation at the posterior’s mode",
        " They are the approximation’s draws, not yet the posterior’s: sample_stats/log_weight has the weights between the two.",
    ),
    "tempered": (
        "by tempered sequential Monte Carlo from the prior",
        " Chains are independent runs, which did not start at the EM point; neighbouring draws share ancestors.",
    ),
}
"""How an engine draws, and what a reader must know of its draws."""


def sampler_section(found: Findings) -> Section:
    """Draws and diagnostics; one sentence where nothing was drawn."""
    posterior = found.measurements.posterior
    if posterior is None:
        return Section("sampler", "Sampler", (paragraph("No posterior was drawn: this result holds the EM fit alone."),))
    blocks = [
        _summary(found, posterior),
        *_facts(found, posterior),
        *_chains(found, posterior),
        *modes_blocks(found.tree),
        *_parameters(found),
        _labels(found, posterior),
    ]
    return Section("sampler", "Sampler", (*blocks, *figures_of("sampler", found.tree, rows=found.rows)))


def _summary(found: Findings, posterior: PosteriorMeasurements) -> Block:
    library = found.tree.attrs.get("inference_library", "")
    spent = found.tree["sample_stats"].attrs.get("sampling_time")
    total = count(posterior.chains * posterior.draws)
    by = f" by {library}" if library else ""
    time = f", in {seconds(float(spent))}" if spent is not None else ""
    chains = f"{plural(posterior.chains, 'chain')} of {plural(posterior.draws, 'draw')}"
    how = _ENGINES.get(posterior.engine, _ENGINES["nuts"])
    return paragraph(f"{chains}, {total} draws in all{by}, {how[0]}{time}.{how[1]}")


def _facts(found: Findings, posterior: PosteriorMeasurements) -> list[Block]:
    """How the engine warmed up, the evidence and the k̂ of an approximation, as far as it says."""
    known, rows = found.tree["sample_stats"].attrs, []
    if "warmup_reason" in known:
        rows.append(("warm-up", f"{plural(int(known['warmup']), 'transition')} a chain: {known['warmup_reason']}"))
    if "begun_at" in known:
        rows.append(("chains began", str(known["begun_at"])))
    if known.get("rows_moved"):
        rows.append(("between transitions", "assignments of rows, and parameters given those, were drawn in turns"))
    if known.get("thinning", 1) > 1:
        rows.append(("thinning", f"one of {int(known['thinning'])} transitions was kept: chains went on until they agreed"))
    if "log_evidence" in known:
        error = decimals(posterior.log_evidence_error, 2)
        rows.append(
            ("log evidence", f"{decimals(known['log_evidence'], 2)} ± {error} nats (standard error), every labelling counted")
        )
    if posterior.approximation_k is not None:
        usable = posterior.approximation_k <= PARETO_K
        reading = "the approximation is usable" if usable else "the approximation is not usable: sample instead"
        rows.append(("Pareto k̂", f"{decimals(posterior.approximation_k, 2)}; limit {PARETO_K}: {reading}"))
    if "flattest" in known:
        rows.append(("flattest curvature over steepest", f"{number(known['flattest'], digits=3)} (a mode has more than 0)"))
    return [Facts(tuple(rows))] if rows else []


def _chains(found: Findings, posterior: PosteriorMeasurements) -> list[Block]:
    """A row a chain, of what the engine says of chains; nothing where it says nothing."""
    stats = found.tree["sample_stats"].dataset
    kept = [(title, cell) for variable, title, cell in _COLUMNS if variable in stats]
    bfmi = dict(zip(stats["chain"].values.tolist(), posterior.bfmi or (), strict=posterior.bfmi is not None))
    if not kept:
        return []
    rows = tuple(
        (
            str(chain),
            *(cell(stats.sel(chain=chain), posterior.depth_limit) for _, cell in kept),
            *([decimals(bfmi[chain], 2)] if bfmi else []),
        )
        for chain in stats["chain"].values.tolist()
    )
    titles = [title for title, _ in kept] + (["E-BFMI"] if bfmi else [])
    return [TableBlock((Column("chain", numeric=False), *map(Column, titles)), rows, "The chains")]


_COLUMNS: tuple[tuple[str, str, Callable[[xr.Dataset, int], str]], ...] = (
    ("diverging", "divergences", lambda stats, _: count(stats["diverging"].values.astype(bool).sum())),
    ("acceptance_rate", "mean acceptance", lambda stats, _: decimals(float(stats["acceptance_rate"].mean()), 3)),
    ("step_size", "step size", lambda stats, _: number(float(stats["step_size"].mean()), digits=3)),
    ("tree_depth", "mean tree depth", lambda stats, _: decimals(float(stats["tree_depth"].mean()), 2)),
    ("tree_depth", "at depth limit", lambda stats, limit: count(np.sum(stats["tree_depth"].values >= limit))),
    ("temperatures", "temperatures", lambda stats, _: count(int(stats["temperatures"]))),
    ("ancestors", "ancestors among the prior’s draws", lambda stats, _: count(int(stats["ancestors"]))),
    ("effective_particles", "effective particles", lambda stats, _: count(round(float(stats["effective_particles"])))),
    ("log_evidence", "log evidence, nats", lambda stats, _: decimals(float(stats["log_evidence"]), 2)),
)
"""The statistic that a column needs, its title, and its cell for one chain and depth limit."""


def _parameters(found: Findings) -> list[Block]:
    columns = ("mean", "sd", "89 % interval", "ESS bulk", "ESS tail", "R-hat")
    rows = tuple(_row(row) for row in found.rows if row.varies)
    table = TableBlock(
        (Column("parameter", numeric=False), *map(Column, columns)),
        rows,
        "Posterior of every parameter, after relabelling",
    )
    return [table if len(rows) <= _MOST_OPEN else Fold(f"Posterior of all {count(len(rows))} parameters", (table,))]


def _row(row: ParameterRow) -> tuple[str, ...]:
    mean, sd, low, high = aligned([row.mean, row.sd, row.eti_low, row.eti_high], error=row.sd)
    return row.label, mean, sd, f"{low} to {high}", count(row.ess_bulk), count(row.ess_tail), decimals(row.r_hat, 3)


def _labels(found: Findings, posterior: PosteriorMeasurements) -> Block:
    note = found.tree.attrs.get("relabelling_note", "Draws were relabelled against the EM fit.")
    # Draws that follow no path have no labels to switch from.
    switches = f" Label switches between draws: {count(posterior.label_switches)}." if posterior.engine == "nuts" else ""
    return paragraph(
        "Components have no names of their own: unless the prior tells them apart, the posterior is the same under every "
        f"permutation. {note}{switches} Weights, means, covariances "
        "and assignments by component rest on the relabelling; densities, predictions, the log-likelihood and LOO do not."
    )
