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


CHECKED = ("mixture", "model", "priors", "starts")
"""Folders of tests in which annotations of shapes are checked: each call costs more than what it computes."""


@pytest.fixture(autouse=True, scope="module")
def shapes_checked(request: pytest.FixtureRequest) -> Iterator[None]:
    """Shapes are checked where formulas are tested, call by call, and not in loops of many calls."""
    folder = request.path.relative_to(Path(__file__).parent).parts[0]
    before = jaxtyping.config.jaxtyping_disable
    jaxtyping.config.update("jaxtyping_disable", folder not in CHECKED)
    yield
    jaxtyping.config.update("jaxtyping_disable", before)


@pytest.fixture(scope="module")
def quick_programs() -> Iterator[None]:
    """Programs are compiled fast rather than to run fast: in tests of formulas each runs once, on a few rows."""
    before = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", before)


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
