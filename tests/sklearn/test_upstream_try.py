import numpy as np
import pytest

from tests.sklearn.upstream import substituted

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture
def global_dtype():
    return np.float64


@pytest.fixture
def global_random_seed():
    return 42


for f in ("test_gaussian_mixture", "test_bayesian_mixture"):
    m = substituted(f)
    for n in dir(m):
        if n.startswith("test_"):
            globals()[n + ("__b" if "bay" in f else "")] = getattr(m, n)
