"""A config to begin from, for a file of data or for the bundled example."""

import json
import re
from pathlib import Path

from gmm_ppl.data import as_table
from gmm_ppl.errors import InputError

TEMPLATE = """\
# What is to be fitted and how. `gmm-ppl check {file}` says what it would do, `gmm-ppl run {file}` does it and
# leaves reports/{name}/. Keys that are left away have their defaults; `gmm-ppl schema --markdown` lists all of them.

name: {name}
seed: 1                   # the same seed gives the same digits

data:
  {source}
  columns: {columns}

model:
  components: 2           # how many clusters to look for
  covariance: full        # each has a shape of its own; also: tied, diagonal, spherical and more (`gmm-ppl list`)
  prior: weak             # scaled to the data; `flat` is maximum likelihood (then also set mcmc: null)

em:
  starts: 20              # the likelihood has several peaks: climb from 20 places, keep the highest

mcmc:                     # `mcmc: null` leaves the sampler out
  chains: 4
  draws: 1000

# To run it for several settings, each in a directory of its own, take these lines in:
# sweep:
#   product:
#     model.components: [1, 2, 3, 4]
#     model.covariance: [full, tied]
"""


def starter(data: Path | None, out: Path | None) -> Path:
    """Write a starter config and return its path.

    Arguments:
        data: a file with rows; the bundled Old Faithful if None.
        out: the config; NAME.yaml in the working directory if None.

    Raises:
        InputError: data that cannot be read, or a file that is there already.
    """
    name = re.sub(r"[^\w.-]+", "-", data.stem).strip("-.") or "mixture" if data else "faithful"
    path = out or Path(f"{name}.yaml")
    if path.exists():
        raise InputError(f"{path}: there is a file already; give another name with --out, or move it away")
    table = as_table(data) if data else None
    columns = table.features if table else ("eruptions", "waiting")
    source = "dataset: faithful       # a bundled data set; for your own: path: measurements.csv"
    if data is not None:
        remarks = [f"# {remark}" for remark in table.remarks] if table else []
        source = "\n  ".join([*remarks, f"path: {json.dumps(_beside(data, path), ensure_ascii=False)}"])
    shown = "[" + ", ".join(json.dumps(str(each), ensure_ascii=False) for each in columns) + "]"
    path.write_text(TEMPLATE.format(file=path, name=name, source=source, columns=shown), encoding="utf-8")
    return path


def _beside(data: Path, config: Path) -> str:
    """The data's path as the config would name it: relative to itself where it can be."""
    try:
        return str(data.absolute().relative_to(config.absolute().parent))
    except ValueError:
        return str(data.absolute())
