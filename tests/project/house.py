"""What the tests of the house read: modules, their imports, the sizes of files and functions."""

import ast
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "gmm_ppl"

FLOORS = (
    ("errors", "types", "namespace", "imports", "records", "progress", "processors", "compiled", "cards", "files", "garbage"),
    ("data",),
    ("mixture",),
    ("priors",),
    ("model",),
    ("starts",),
    ("inference",),
    ("results",),
    ("sklearn",),
    ("calibration",),
    ("experiment",),
    ("report",),
    ("runs",),
    ("console",),
    ("cli",),
)
"""From the ground up: a module may import what stands on its own floor or below."""

WALLS = {
    "numpyro": {"priors", "model", "inference"},
    "arviz": {"results", "report", "experiment"},
    "arviz_base": {"results", "report", "experiment"},
    # Pareto-smoothed weights judge an approximation before there is any result.
    "arviz_stats": {"inference", "results", "report", "experiment"},
    "arviz_plots": {"results", "report", "experiment"},
    "xarray": {"results", "report", "experiment"},
    "yaml": {"experiment"},
    "pydantic": {"experiment"},
    "narwhals": {"data"},
    "blackjax": {"inference"},
    "matplotlib": {"report"},
    "typer": {"cli", "console"},
    "sklearn": {"sklearn"},
}
"""Libraries and the rooms that may know them."""


@dataclass(frozen=True)
class Module:
    """One file of the package."""

    path: Path
    room: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """Path below the package, for messages."""
        return str(self.path.relative_to(PACKAGE))

    @property
    def imports(self) -> list[str]:
        """Dotted names of everything imported, at any depth, outside `if TYPE_CHECKING`."""
        skipped = {id(node) for block in ast.walk(self.tree) if type_checking(block) for node in ast.walk(block)}
        found = []
        for node in ast.walk(self.tree):
            if id(node) in skipped:
                continue
            if isinstance(node, ast.Import):
                found += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                found.append("." * node.level + (node.module or ""))
        return found


def type_checking(node: ast.AST) -> bool:
    """Whether a node is an `if TYPE_CHECKING` block."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def modules() -> list[Module]:
    """Every file of the package but its root `__init__`."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).parts
        if parts != ("__init__.py",):
            found.append(Module(path, parts[0].removesuffix(".py"), ast.parse(path.read_text(encoding="utf-8"))))
    return found


def floor_of(room: str) -> int:
    """Position of a room's floor from the ground."""
    return next(index for index, rooms in enumerate(FLOORS) if room in rooms)


def functions(module: Module) -> list[tuple[str, int]]:
    """Name and length in lines, docstring not counted, of every function in a module."""
    found = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node, clean=False)
            documented = len(text.splitlines()) if text else 0
            found.append((f"{module.name}:{node.name}", (node.end_lineno or 0) - node.lineno + 1 - documented))
    return found
