"""How the sampler went: by chain and by parameter."""

import numpy as np
import xarray as xr

from gmm_ppl.report.checks import PosteriorMeasurements
from gmm_ppl.report.figures import figures_of
from gmm_ppl.report.findings import Findings
from gmm_ppl.report.numbers import aligned, count, decimals, number, plural, seconds
from gmm_ppl.report.page import Block, Column, Fold, Section, TableBlock, paragraph
from gmm_ppl.report.parameters import ParameterRow

_MOST_OPEN = 24


def sampler_section(found: Findings) -> Section:
    """Draws and diagnostics; one sentence where nothing was drawn."""
    posterior = found.measurements.posterior
    if posterior is None:
        return Section("sampler", "Sampler", (paragraph("No posterior was drawn: this result holds the EM fit alone."),))
    blocks = [_summary(found, posterior), _chains(found, posterior), *_parameters(found), _labels(found, posterior)]
    return Section("sampler", "Sampler", (*blocks, *figures_of("sampler", found.tree)))


def _summary(found: Findings, posterior: PosteriorMeasurements) -> Block:
    library = found.tree.attrs.get("inference_library", "")
    spent = found.tree["sample_stats"].attrs.get("sampling_time")
    total = count(posterior.chains * posterior.draws)
    by = f" by {library}" if library else ""
    time = f", in {seconds(float(spent))}" if spent is not None else ""
    chains = f"{plural(posterior.chains, 'chain')} of {plural(posterior.draws, 'draw')}"
    return paragraph(f"{chains}, {total} draws in all{by}, started around the EM point{time}.")


def _chains(found: Findings, posterior: PosteriorMeasurements) -> Block:
    stats = found.tree["sample_stats"].dataset
    columns = ("divergences", "mean acceptance", "step size", "mean tree depth", "at depth limit", "E-BFMI")
    rows = tuple(
        (str(chain), *_chain(stats.sel(chain=chain), posterior.depth_limit), decimals(bfmi, 2))
        for chain, bfmi in zip(stats["chain"].values, posterior.bfmi, strict=True)
    )
    return TableBlock((Column("chain", numeric=False), *map(Column, columns)), rows, "The chains")


def _chain(stats: xr.Dataset, limit: int) -> tuple[str, ...]:
    depth = stats["tree_depth"].values
    return (
        count(stats["diverging"].values.astype(bool).sum()),
        decimals(float(stats["acceptance_rate"].mean()), 3),
        number(float(stats["step_size"].mean()), digits=3),
        decimals(float(depth.mean()), 2),
        count(np.sum(depth >= limit)),
    )


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
    return paragraph(
        "Components have no names of their own: unless the prior tells them apart, the posterior is the same under every "
        f"permutation. {note} Label switches between draws: {count(posterior.label_switches)}. Weights, means, covariances "
        "and assignments by component rest on the relabelling; densities, predictions, the log-likelihood and LOO do not."
    )
