"""scikit-learn's own tests of its mixtures, loaded as installed, with our classes in the place of theirs."""

import importlib.util
from types import ModuleType

import pytest
import sklearn.mixture

from gmm_ppl.sklearn import BayesianGaussianMixture, GaussianMixture

FILES = ("test_gaussian_mixture", "test_bayesian_mixture")


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
    for name, test in vars(module).items():
        if name.startswith("test_"):
            test.pytestmark = [listed(mark) for mark in getattr(test, "pytestmark", [])]
    return module


def listed(mark: pytest.Mark) -> pytest.Mark:
    """The same mark; cases of a parametrised test as a list, since pytest warns of a generator."""
    if mark.name != "parametrize":
        return mark
    return pytest.mark.parametrize(mark.args[0], list(mark.args[1]), *mark.args[2:], **mark.kwargs).mark
