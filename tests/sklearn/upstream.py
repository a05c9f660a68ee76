"""scikit-learn's own tests of its mixtures, loaded as installed, with our classes in the place of theirs."""

import importlib.util
from functools import partial
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
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
    return module
