"""What is to be done once a module is imported, by whoever imports it."""

import sys
from collections.abc import Callable
from functools import partial
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

__all__ = ["when_imported"]

Act = Callable[[ModuleType], None]


class Waiting:
    """Stands first among Python's import finders, and leaves to them every module that nothing waits for."""

    def __init__(self) -> None:
        self.acts: dict[str, list[Act]] = {}

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Where the other finders find a module that is waited for, with what is to follow its execution; nothing of others."""
        if name not in self.acts:
            return None
        others = (finder.find_spec(name, path, target) for finder in sys.meta_path if finder is not self)
        spec = next((found for found in others if found is not None), None)
        if spec is not None and spec.loader is not None:
            spec.loader.exec_module = partial(self.execute, spec.loader.exec_module)
        return spec

    def execute(self, exec_module: Act, module: ModuleType) -> None:
        """Execute the module, then do what waited for it."""
        exec_module(module)
        for act in self.acts.pop(module.__name__, ()):
            act(module)


WAITING = Waiting()
sys.meta_path.insert(0, WAITING)


def when_imported(name: str, act: Act) -> None:
    """`act(module)` now, or as soon as the module of that name has been imported.

    Wrapt's post-import hook does the same, and imports asyncio, ssl and logging, a fifth of a small fit's whole process.
    """
    module = sys.modules.get(name)  # None forbids the import, as a test or a program without JAX may ask
    if module is not None:
        act(module)
    else:
        WAITING.acts.setdefault(name, []).append(act)
