"""R's mclust, where `Rscript` has it. Data go by binary files; times are taken inside R."""

import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.harness import Absent
from tests.benchmarks.problems import Problem

MODELS = {"full": "VVV", "tied": "EEE", "diagonal": "VVI", "spherical": "VII"}
LONGEST = 120
"""Seconds that R is given, start and data included."""
SHORTEST = 0.3
"""Seconds that a measurement lasts at least, since R's clock counts milliseconds."""

READ = """
suppressPackageStartupMessages(library(mclust))
read <- function(name, rows) matrix(readBin(name, "double", file.size(name) / 8), nrow = rows)
timed <- function(work) {{
  began <- proc.time()[["elapsed"]]
  spent <- 0
  times <- 0
  while (spent < {shortest}) {{
    found <- work()
    times <- times + 1
    spent <- proc.time()[["elapsed"]] - began
  }}
  write(spent / times, "seconds")
  found
}}
"""

STEPS = (
    READ
    + """
x <- read("x", {rows}); z <- read("z", {rows})
work <- function() suppressWarnings(me(x, modelName = "{model}", z = z, control = emControl(itmax = {steps}, tol = c(0, 0))))
found <- timed(work)
writeBin(as.double(found$parameters$pro), "weights")
writeBin(as.double(t(found$parameters$mean)), "means")
writeBin(as.double(found$parameters$variance$sigma), "covariances")
"""
)

SEARCH = (
    READ
    + """
x <- read("x", {rows})
work <- function() mclustBIC(x, G = {first}:{last}, modelNames = "VVV", verbose = FALSE)
found <- timed(work)
writeBin(as.double(found), "bic")
"""
)


@cache
def version() -> str | None:
    """Version of the package, or None where R or the package is not there."""
    if shutil.which("Rscript") is None:
        return None
    asked = ["Rscript", "-e", 'cat(as.character(packageVersion("mclust")))']
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 and re.fullmatch(r"[\d.]+", done.stdout.strip()) else None


def run(script: str, data: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What a script leaves in files, as flat arrays by name; its `seconds` too."""
    if version() is None:
        raise Absent("Rscript with mclust is not installed")
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        for name, array in data.items():
            np.asarray(array, float).T.tofile(directory / name)
        (directory / "script.R").write_text(script, encoding="utf-8")
        execute(directory)
        found = {path.name: np.fromfile(path) for path in directory.iterdir() if path.name not in {*data, "script.R", "seconds"}}
        return {**found, "seconds": np.array(float((directory / "seconds").read_text()))}


def execute(directory: Path) -> None:
    """Run the script; `Absent` where it takes too long."""
    try:
        done = subprocess.run(
            ["Rscript", "script.R"], cwd=directory, capture_output=True, text=True, check=False, timeout=LONGEST
        )
    except subprocess.TimeoutExpired as error:
        raise Absent(f"mclust took more than {LONGEST} s") from error
    if done.returncode:
        raise RuntimeError(f"mclust: {done.stderr}")


class Steps:
    """EM steps by `me`, which begins with an M-step from responsibilities at the problem's start."""

    def __init__(self, problem: Problem, responsibilities: np.ndarray) -> None:
        self.problem = problem
        self.data = {"x": problem.x, "z": responsibilities}

    def run(self, steps: int) -> dict[str, np.ndarray]:
        """`me` for some steps; `seconds` are of one call."""
        model, rows = MODELS[self.problem.family], len(self.problem.x)
        return run(STEPS.format(rows=rows, model=model, steps=steps, shortest=SHORTEST), self.data)

    def one(self) -> dict[str, Any]:
        """The parameters after one step."""
        found, shape = self.run(1), self.problem.means.shape
        matrices = found["covariances"].reshape(shape[0], shape[1], shape[1])
        values = covariance_values(matrices, self.problem.family)
        return {"weights": found["weights"], "means": found["means"].reshape(shape, order="F"), "covariances": values}

    def seconds(self, steps: int) -> float:
        """Seconds of one step among some, R's start and reading not counted."""
        return float(self.run(steps)["seconds"]) / steps


def covariance_values(matrices: np.ndarray, family: str) -> np.ndarray:
    """Values of a family, out of the matrices that mclust gives for all of them."""
    variances = np.diagonal(matrices, axis1=1, axis2=2)
    return {"full": matrices, "tied": matrices[0], "diagonal": variances, "spherical": variances[:, 0]}[family]


def search(x: np.ndarray, components: range) -> tuple[dict[int, float], float]:
    """BIC (smaller better, as ours) for each K, NaN where mclust found a singular covariance; and seconds of one search."""
    script = SEARCH.format(rows=len(x), first=components[0], last=components[-1], shortest=SHORTEST)
    found = run(script, {"x": x})
    return dict(zip(components, -found["bic"], strict=True)), float(found["seconds"])
