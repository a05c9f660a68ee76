"""scikit-learn's test_bayesian_mixture.py against ours; `measured` says how."""

import pytest

from tests.sklearn.measured import measured

pytestmark = [pytest.mark.filterwarnings("default"), pytest.mark.slow]

globals().update(measured("test_bayesian_mixture"))
