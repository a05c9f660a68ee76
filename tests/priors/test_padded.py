"""A prior with room for more components says of those that are there what it says without the room."""

import equinox as eqx
import jax
import numpy as np
import pytest

from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.residuals import statistics_of_memberships
from gmm_ppl.mixture.rows import rows
from gmm_ppl.mixture.scale import data_scale
from gmm_ppl.model.specification import as_jax
from gmm_ppl.priors import resolve_prior
from gmm_ppl.priors.padded import padded_prior
from gmm_ppl.priors.sites import log_prior
from tests.cases import FAMILY_NAMES, mixture_shape, random_rows

pytestmark = pytest.mark.usefixtures("x64")
X = random_rows(30)
PRESENT, ROOM = 2, 5
MEMBERSHIPS = np.random.default_rng(7).dirichlet(np.ones(PRESENT), size=len(X))
EACH = pytest.mark.parametrize("family", FAMILY_NAMES)
STATEMENTS = pytest.mark.parametrize("statement", ["flat", "weak", {"kind": "conjugate", "concentration": 2.5}], ids=str)


@eqx.filter_jit
def step(prior, shape, memberships):
    found = prior.maximise(statistics_of_memberships(rows(X), memberships, matrix=shape.family.matrix), shape)
    return found, log_prior(prior, shape, found.sites)[0]


def both(family, statement):
    small, large = mixture_shape(family, PRESENT), mixture_shape(family, ROOM)
    prior = resolve_prior(statement, small, data_scale(X))
    plain = step(as_jax(prior), small, MEMBERSHIPS)
    padded = step(
        as_jax(padded_prior(prior, PRESENT, ROOM, data_scale(X))), large, np.pad(MEMBERSHIPS, ((0, 0), (0, ROOM - PRESENT)))
    )
    return jax.tree.map(np.asarray, (plain, padded))


@EACH
@STATEMENTS
def test_the_m_step_and_the_density_are_those_without_room(family, statement):
    (plain, value), (padded, padded_value) = both(family, statement)
    np.testing.assert_allclose(padded.weights, np.pad(plain.weights, (0, ROOM - PRESENT)), rtol=1e-14)
    np.testing.assert_allclose(padded.means[:PRESENT], plain.means, rtol=1e-14)
    values = padded.covariance.values
    shown = values[:PRESENT] if "component" in padded.covariance.dims else values
    np.testing.assert_allclose(shown, plain.covariance.values, rtol=1e-13)
    np.testing.assert_allclose(padded_value, value, rtol=1e-13, atol=1e-13)


@EACH
@STATEMENTS
def test_absent_components_are_regular_and_do_not_matter(family, statement):
    prior = resolve_prior(statement, mixture_shape(family, PRESENT), data_scale(X))
    _, (padded, value) = both(family, statement)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(padded))
    assert (np.linalg.eigvalsh(np.asarray(padded.covariances)) > 0).all()
    moved = MixtureParameters(padded.weights, padded.means + 7.0 * (np.arange(ROOM) >= PRESENT)[:, None], padded.covariance)
    elsewhere = log_prior(as_jax(padded_prior(prior, PRESENT, ROOM, data_scale(X))), padded.shape, moved.sites)[0]
    np.testing.assert_allclose(elsewhere, value, rtol=1e-13, atol=1e-13)
