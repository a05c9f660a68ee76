"""Which modes the chains sit in: a part of the sampler's section, where there was something to explain."""

import numpy as np
import xarray as xr

from gmm_ppl.report.numbers import count, decimals, nats, percent
from gmm_ppl.report.page import Block, Column, TableBlock, paragraph
from gmm_ppl.report.reading import has

_MOST_MODES = 8


def modes_blocks(tree: xr.DataTree) -> list[Block]:
    """A sentence and the table of modes by chains; nothing where modes were not looked for."""
    if not has(tree, "modes"):
        return []
    modes = tree["modes"].dataset
    chains = modes["chain"].values.tolist()
    rows = tuple(_row(modes.isel(mode=at)) for at in range(min(_MOST_MODES, modes.sizes["mode"])))
    titles = ("objective, nats", "share of draws", "± standard error", *(f"chain {chain}" for chain in chains))
    cut = f" (the best {_MOST_MODES} of {count(modes.sizes['mode'])})" if modes.sizes["mode"] > _MOST_MODES else ""
    caption = f"Modes that EM climbs to from {count(modes.attrs['climbed'])} draws, and the share of each chain in them{cut}"
    return [
        paragraph(str(modes.attrs["sentence"])),
        TableBlock((Column("mode", numeric=False), *map(Column, titles)), rows, caption),
    ]


def _row(mode: xr.Dataset) -> tuple[str, ...]:
    shares = np.asarray(mode["share"])
    error = decimals(100 * float(mode["weight_error"]), 1)
    return (
        str(int(mode["mode"])),
        nats(float(mode["objective"])),
        percent(float(mode["weight"])),
        f"{error} %",
        *(percent(float(share)) for share in shares),
    )
