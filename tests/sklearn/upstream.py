"""scikit-learn's own tests of its mixtures, loaded as installed, with our classes in the place of theirs."""

import importlib.util
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import sklearn.mixture

from gmm_ppl.sklearn import BayesianGaussianMixture, GaussianMixture
from tests.sklearn.adaptations import ADAPTED, WORDS


def substituted(file: str) -> ModuleType:
    """A test module of scikit-learn's, run from its own source, in which both class names mean ours."""
    spec = importlib.util.find_spec(f"sklearn.mixture.tests.{file}")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for ours in (GaussianMixture, BayesianGaussianMixture):
        if hasattr(module, ours.__name__):
            assert getattr(module, ours.__name__) is getattr(sklearn.mixture, ours.__name__)
            setattr(module, ours.__name__, ours)
    for test in tests_of(module).values():
        test.pytestmark = [listed(mark) for mark in getattr(test, "pytestmark", [])]
    return module


def tests_of(module: ModuleType) -> dict[str, Any]:
    """The test functions of a module by name."""
    return {name: test for name, test in vars(module).items() if name.startswith("test_")}


def listed(mark: pytest.Mark) -> pytest.Mark:
    """The same mark; cases of a parametrised test as a list, since pytest warns of a generator."""
    if mark.name != "parametrize":
        return mark
    return pytest.mark.parametrize(mark.args[0], list(mark.args[1]), *mark.args[2:], **mark.kwargs).mark


def adapted(file: str) -> ModuleType:
    """The same module with what `adaptations` says put in the place of its own: words, kinds of priors, how often."""
    module: Any = substituted(file)
    module.pytest = SimpleNamespace(raises=worded(pytest.raises), warns=worded(pytest.warns), mark=pytest.mark)
    module.PRIOR_TYPE = ["dirichlet_distribution"]
    module.range = lambda *bounds: range(*((10 * bounds[0],) if bounds == (600,) else bounds))
    return module


def worded(check: Callable) -> Callable:
    """`pytest.raises` or `pytest.warns` that looks for our words where it is given theirs."""

    def looking(expected: Any, *, match: str) -> AbstractContextManager:
        theirs = match.replace("\\", "")
        ours = next((words for key, words in WORDS.items() if re.search(key, theirs)), match)
        return check(expected, match=ours)

    return looking


def selected(file: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Tests to run as they are, tests that have to fail as they are, and those of the latter that pass once adapted."""
    table = ADAPTED[file]
    as_is = tests_of(substituted(file))
    unknown = set(table) - set(as_is)
    assert not unknown, f"no such tests: {unknown}"
    plain = {name: test for name, test in as_is.items() if name not in table}
    failing = {name: as_is[name] for name, why in table.items() if why.how != "left out"}
    other = tests_of(adapted(file))
    return plain, failing, {name: other[name] for name, why in table.items() if why.how == "adapted"}
