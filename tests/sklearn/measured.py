"""The measure: scikit-learn's tests of its mixtures, as tests of ours.

A test that is not in `adaptations.ADAPTED` passes as it is. One that is there fails as it is (or the list is wrong, which is a
failure here), and passes with what the list names put in the place of scikit-learn's.
"""

from typing import Any

import numpy as np
import pytest

from tests.sklearn.adaptations import ADAPTED
from tests.sklearn.upstream import selected


@pytest.fixture
def global_dtype() -> type:
    """As in scikit-learn, which tries single precision on request only."""
    return np.float64


@pytest.fixture
def global_random_seed() -> int:
    """As in scikit-learn."""
    return 42


def measured(file: str) -> dict[str, Any]:
    """Tests for a module of ours, and the fixtures that they ask for."""
    plain, failing, passing = selected(file)
    found = {"global_dtype": global_dtype, "global_random_seed": global_random_seed, **plain}
    for name, test in failing.items():
        expected = pytest.mark.xfail(strict=True, reason=ADAPTED[file][name].reason)
        test.pytestmark = [*test.pytestmark, expected.mark]
        found[f"{name}_as_it_is"] = test
    return found | {f"{name}_adapted": test for name, test in passing.items()}
