"""Shared by all tests: double precision where JAX is called directly, and hypothesis without chance or clocks."""

from collections.abc import Iterator
from pathlib import Path

import jax
import jaxtyping
import numpy as np
import pytest
from hypothesis import settings

from gmm_ppl.compiled import make_room

settings.register_profile("gmm_ppl", derandomize=True, deadline=None, max_examples=25)
settings.load_profile("gmm_ppl")


FORMULAS = ("mixture", "model", "priors", "starts")
"""Folders of tests of formulas, each of which is evaluated a few times on a few rows."""

BRIEF = (*FORMULAS, "inference", "calibration", "results", "report")
"""Folders of tests whose programs take longer to compile than to run."""


@pytest.fixture(autouse=True, scope="module")
def as_folders_need(request: pytest.FixtureRequest) -> Iterator[None]:
    """Where formulas are tested shapes are checked, which costs a call more than what it computes; where programs are brief they
    are compiled fast rather than to run fast. Elsewhere everything is as users have it.
    """
    folder = request.path.relative_to(Path(__file__).parent).parts[0]
    before = jaxtyping.config.jaxtyping_disable, jax.config.read("jax_disable_most_optimizations")
    jaxtyping.config.update("jaxtyping_disable", folder not in FORMULAS)
    jax.config.update("jax_disable_most_optimizations", folder in BRIEF)
    yield
    jaxtyping.config.update("jaxtyping_disable", before[0])
    jax.config.update("jax_disable_most_optimizations", before[1])


@pytest.fixture(autouse=True)
def room_for_programs() -> None:
    """Thousands of tests compile more programs than a process may hold."""
    make_room()


@pytest.fixture
def x64() -> Iterator[None]:
    """Double precision for tests that call JAX directly, as the engines have it."""
    with jax.enable_x64(True):
        yield


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers that are the same in every run."""
    return np.random.default_rng(20)
