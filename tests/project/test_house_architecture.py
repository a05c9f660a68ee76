"""The house: imports run downwards, walls hold, files and functions stay small, nothing is said twice."""

import re
import statistics

import pytest

from tests.project.house import FLOORS, PACKAGE, WALLS, floor_of, functions, modules

MODULES = modules()
EACH = pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)


def test_every_room_has_a_floor() -> None:
    assert {module.room for module in MODULES} <= {room for floor in FLOORS for room in floor}


@EACH
def test_imports_run_downwards(module) -> None:
    upward = [
        name for name in module.imports if name.startswith("gmm_ppl.") and floor_of(name.split(".")[1]) > floor_of(module.room)
    ]
    assert not upward


@EACH
def test_imports_are_absolute(module) -> None:
    assert not [name for name in module.imports if name.startswith(".")]


@EACH
def test_walls_hold(module) -> None:
    libraries = {name.split(".")[0] for name in module.imports}
    assert not [name for name in libraries if name in WALLS and module.room not in WALLS[name]]


@EACH
def test_files_are_small(module) -> None:
    assert len(module.path.read_text(encoding="utf-8").splitlines()) <= 250


@EACH
def test_functions_are_small(module) -> None:
    assert not [name for name, length in functions(module) if length > 40]


def test_median_function_is_short() -> None:
    assert statistics.median(length for module in MODULES for _, length in functions(module)) <= 8


def test_the_density_is_written_once() -> None:
    pattern = re.compile(r"log\(2 ?\* ?(math|np|jnp)\.pi\)|LOG_2PI|logsumexp")
    found = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if pattern.search(path.read_text())}
    # Importance weights and leave-one-out sum over draws, proposals over labellings, not over components.
    others = {"inference/mode/importance.py", "results/loo.py", "inference/nuts/reassignment.py"}
    assert found == {"mixture/density.py", *others}


def test_no_module_waits_for_annotations() -> None:
    """`from __future__ import annotations` would switch off jaxtyping's checks."""
    assert not [module.name for module in MODULES if "__future__" in module.imports]
