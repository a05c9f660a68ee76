"""What a sweep's directory says of itself: which runs it has, which failed, and the index of what came out.

    reports/NAME/
        sweep.yaml      the config as given
        sweep.json      its runs and how each ended
        index.csv       a row for each run: settings, status, every number of its metrics.json
        index.nc        the same as a labelled tree
        runs/ADDRESS/   a run directory each
        failures/       why a run failed, until it does not

A run is done if its directory is whole, and that alone is believed: everything else is made from it again.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gmm_ppl.errors import InputError
from gmm_ppl.experiment.json_file import write_json
from gmm_ppl.experiment.store import COMPLETE, FORMAT, MANIFEST, read_manifest
from gmm_ppl.experiment.sweep.names import CONFIG, FAILURES, RUNS, STATE
from gmm_ppl.experiment.words import listed
from gmm_ppl.files import replaced
from gmm_ppl.results.store import ENGINE, RESULTS

if TYPE_CHECKING:
    import pandas as pd

    from gmm_ppl.experiment.sweep.plan import Planned, SweepPlan


@dataclass(frozen=True)
class Standing:
    """How one run stands: done, failed, or missing; the message is why it failed."""

    run: "Planned"
    status: str
    message: str = ""


def prepare(plan: "SweepPlan", directory: Path) -> None:
    """Make the directory of a sweep, or find it as a sweep left it.

    Raises:
        InputError: something else stands there.
    """
    if (directory / RESULTS).exists():
        raise InputError(f"{directory}: a single run stands here; give the sweep another name, or another --out")
    if directory.is_dir() and not (directory / CONFIG).is_file() and any(directory.iterdir()):
        raise InputError(
            f"{directory}: there are files here that are no sweep of gmm-ppl; choose another --out, or move them away"
        )
    if directory.exists() and not directory.is_dir():
        raise InputError(f"{directory}: expected a directory, found a file; choose another --out")
    directory.mkdir(parents=True, exist_ok=True)
    (directory / CONFIG).write_bytes(plan.content)
    for name in (RUNS, FAILURES):
        (directory / name).mkdir(exist_ok=True)


def runs_of(directory: Path, state: dict[str, Any]) -> list[Path]:
    """The run directories of a sweep that are there, in the order of its `sweep.json`."""
    return [directory / RUNS / address for address in state["runs"] if read_manifest(directory / RUNS / address) is not None]


def standing(plan: "SweepPlan", directory: Path) -> list[Standing]:
    """How every run of a sweep stands, from what is on the disk."""
    return [_standing(run, directory) for run in plan.runs]


def _standing(run: "Planned", directory: Path) -> Standing:
    found = read_manifest(directory / RUNS / run.address)
    if found is not None and found["status"] == COMPLETE:
        return Standing(run, "done")
    message = failure_of(directory, run.address)
    return Standing(run, "missing") if message is None else Standing(run, "failed", message)


def failure_of(directory: Path, address: str) -> str | None:
    """Why a run failed the last time; None if it has not."""
    try:
        return str(json.loads(_failure(directory, address).read_text(encoding="utf-8"))["message"])
    except (OSError, ValueError, KeyError):
        return None


def note_failure(directory: Path, address: str, message: str | None) -> None:
    """Keep why a run failed, or forget it."""
    path = _failure(directory, address)
    if message is None:
        path.unlink(missing_ok=True)
        return
    with replaced(path) as partial:
        write_json(partial, {"message": message})


def write_state(plan: "SweepPlan", directory: Path, command: str) -> list[Standing]:
    """Write `sweep.json` and the index; returns what they say."""
    found = standing(plan, directory)
    runs = {each.run.address: {"settings": each.run.settings, "status": each.status, "message": each.message} for each in found}
    record = {"format": FORMAT, "version": version("gmm_ppl"), "name": plan.name, "command": command, "config": plan.config}
    with replaced(directory / STATE) as partial:
        write_json(partial, {**record, "runs": runs})
    table = index(found, directory)
    with replaced(directory / "index.csv") as partial:
        table.to_csv(partial)
    _write_tree(table, found, directory / "index.nc")
    return found


def index(found: Sequence[Standing], directory: Path) -> "pd.DataFrame":
    """A row for each run: its settings, how it stands, and every number of its `metrics.json`, as `group.name`."""
    import pandas as pd

    rows = {each.run.address: {**_shown(each.run.settings), "status": each.status, **_numbers(each, directory)} for each in found}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(index="run")


def _write_tree(table: "pd.DataFrame", found: Sequence[Standing], path: Path) -> None:
    """The index as a tree: settings and status as coordinates of `run`, a group for each group of metrics."""
    import pandas as pd
    import xarray as xr

    keys = [*found[0].run.settings, "status"]
    coordinates = {"run": table.index.to_numpy(str), **{key: ("run", table[key].to_numpy(str)) for key in keys}}
    groups = sorted({name.partition(".")[0] for name in table.columns if name not in keys and name != "seconds"})
    tree = {"/": xr.Dataset(coords=coordinates)}
    for group in groups:
        names = [name for name in table.columns if name.startswith(f"{group}.") and name not in keys]
        tree[f"/{group}"] = xr.Dataset({name.partition(".")[2]: ("run", _column(pd.Series(table[name]))) for name in names})
    with replaced(path) as partial:
        xr.DataTree.from_dict(tree).to_netcdf(partial, engine=ENGINE)


def _column(column: "pd.Series") -> Any:
    """Numbers where all are, and else text, with what is missing as NaN or as nothing."""
    import pandas as pd

    numbers = pd.Series(pd.to_numeric(column, errors="coerce"))
    return numbers.to_numpy(float) if numbers.notna().sum() == column.notna().sum() else column.fillna("").to_numpy(str)


def _numbers(each: Standing, directory: Path) -> dict[str, Any]:
    if each.status != "done":
        return {}
    run = directory / RUNS / each.run.address
    groups = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    seconds = json.loads((run / MANIFEST).read_text(encoding="utf-8"))["timings"]["total"]
    return {"seconds": seconds} | {f"{group}.{name}": value for group, held in groups.items() for name, value in held.items()}


def _shown(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings as cells: plain values as they are, everything else as JSON."""
    return {key: value if isinstance(value, str | int | float) else json.dumps(value) for key, value in settings.items()}


def _failure(directory: Path, address: str) -> Path:
    return directory / FAILURES / f"{address}.json"


def summary(found: Sequence[Standing]) -> str:
    """`12 runs: 10 done, 1 failed, 1 missing`."""
    counts = {status: sum(each.status == status for each in found) for status in ("done", "failed", "missing")}
    return f"{len(found)} runs: {listed(f'{number} {status}' for status, number in counts.items() if number)}"
