"""scikit-learn's own checks of estimators, every one of them, for both classes."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from gmm_ppl.sklearn import BayesianGaussianMixture, GaussianMixture

ALONE = """
import warnings
from sklearn.utils.estimator_checks import {check}
from gmm_ppl.sklearn import {name}
warnings.simplefilter("default")
{check}(*{args!r}, {name}(), **{keywords!r})
"""


@pytest.mark.filterwarnings("default")
@parametrize_with_checks([GaussianMixture(), BayesianGaussianMixture()])
def test_check_estimator(estimator, check):
    if "array_api" in check.func.__name__:
        with_array_api(type(estimator).__name__, check)
    else:
        check(estimator)


def with_array_api(name: str, check: partial) -> None:
    """A check that scikit-learn skips unless SciPy was told of the array API before it was imported."""
    text = ALONE.format(check=check.func.__name__, name=name, args=check.args, keywords=check.keywords)
    environment = {**os.environ, "SCIPY_ARRAY_API": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", text], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
