"""Modes told from labellings, on three tight clusters fitted with two components: the middle one goes left or right."""

from dataclasses import replace

import jax
import numpy as np
import pytest

import gmm_ppl as gp
from gmm_ppl.inference.modes import indicator_r_hat, modes, number_modes, sentence
from gmm_ppl.inference.smc.tempered import temper
from tests.inference import exact
from tests.inference.exact import Numbers

CLUSTER = np.array([-0.45, -0.15, 0.15, 0.45])
ROWS = np.concatenate([CLUSTER - 12, CLUSTER + 0.2, CLUSTER + 12])
LEFT, MIDDLE, RIGHT = 0, 5, 11
PRIOR = Numbers(concentration=2.0, mean=0.0, precision=0.05, degrees=3.0, scale=2.0)
MIXTURE = gp.Mixture(2, "full", PRIOR.statement())
PARTITIONS = {"right": np.repeat([0, 1, 1], 4), "left": np.repeat([0, 0, 1], 4)}
"""The better partition first."""
OF_CHAINS = ("parameters", "sites", "unconstrained", "sampler_statistics")


def chains_that_stay(labels):
    """Two chains of NUTS alone that begin in a mode and are still there: some one in eight leaves it while its step size is
    sought.
    """
    with pytest.MonkeyPatch.context() as alone:
        alone.setattr("gmm_ppl.inference.nuts.run.reassignment", lambda *_: None)
        alone.setattr("gmm_ppl.inference.nuts.sample.again", lambda given, target, made, *_: made)
        found = gp.sample(MIXTURE, ROWS, start=gp.fit(MIXTURE, ROWS, start=labels), seed=0, chains=4, draws=200)
    lower = found.parameters.means[..., 0].min(axis=-1)
    kept = np.flatnonzero(np.mean((lower < -9) == (labels[MIDDLE] == 1), axis=-1) > 0.9)[:2]
    assert kept.size == 2
    return replace(found, **{name: jax.tree.map(lambda leaf: leaf[kept], getattr(found, name)) for name in OF_CHAINS})


@pytest.fixture(scope="module")
def stuck():
    """Chains 0 and 2 sit in the better mode, 1 and 3 in the other."""
    found = [chains_that_stay(labels) for labels in PARTITIONS.values()]

    def laced(first, second):
        return np.stack([first, second], axis=1).reshape(4, *first.shape[1:])

    return replace(found[0], **{name: jax.tree.map(laced, *(getattr(each, name) for each in found)) for name in OF_CHAINS})


@pytest.fixture(scope="module")
def seen(stuck):
    return modes(stuck, ROWS)


@pytest.fixture(scope="module")
def tempered():
    return temper(MIXTURE, ROWS, chains=16, draws=250, seed=2)


def test_chains_in_other_modes_are_named(seen):
    np.testing.assert_array_equal(seen.share[:, :2], [[1, 0], [0, 1], [1, 0], [0, 1]])
    assert seen.apart
    assert seen.sentence == (
        "Chains 0 and 2 sit in mode 0, chains 1 and 3 in mode 1: what these modes weigh cannot be read off the draws; run "
        "gp.temper (mcmc: {sampler: tempered})."
    )
    assert seen.weight.sum() == pytest.approx(1)
    assert (np.diff(seen.objective) < 0).all()


def test_modes_have_the_parameters_of_their_em_fits(seen):
    for mode, labels in enumerate(PARTITIONS.values()):
        point = gp.fit(MIXTURE, ROWS, start=labels)
        assert seen.objective[mode] == pytest.approx(point.objective, abs=1e-6)
        found = np.sort(seen.parameters.means[mode, :, 0])
        np.testing.assert_allclose(found, np.sort(point.parameters.means[:, 0]), atol=1e-4)


def test_a_chain_in_another_labelling_is_in_the_same_mode(stuck):
    """Chain 3 is chain 0 with its components exchanged."""

    def swapped(leaf):
        return np.stack([leaf[0], leaf[2], leaf[0][:, ::-1], leaf[2][:, ::-1]])

    found = modes(replace(stuck, parameters=jax.tree.map(swapped, stuck.parameters)), ROWS)
    assert found.sentence == "All chains visit one mode, up to the order of its components."
    assert not found.apart
    np.testing.assert_array_equal(found.mode, np.zeros((4, 50)))
    np.testing.assert_array_equal(found.share, np.ones((4, 1)))


def test_modes_as_high_as_each_other_are_two():
    """Rows that are their own mirror image: both partitions have one objective, and densities tell them apart."""
    mirrored = np.concatenate([CLUSTER - 12, CLUSTER, CLUSTER + 12])
    points = [gp.fit(MIXTURE, mirrored, start=labels) for labels in PARTITIONS.values()]
    assert points[0].objective == pytest.approx(points[1].objective, abs=1e-9)
    parameters = jax.tree.map(lambda *leaves: np.repeat(np.stack(leaves), 100, axis=0).reshape(2, 100, *leaves[0].shape),
                              *(point.parameters for point in points))  # fmt: skip
    draws = gp.DrawsFit(points[0].mixture, parameters, {}, {}, {}, points[0], 0.0, 0)
    found = modes(draws, mirrored)
    assert found.share.tolist() == [[1, 0], [0, 1]]
    assert found.sentence.startswith("Chain 0 sits in mode 0, chain 1 in mode 1: ")


def test_tempered_runs_weigh_modes_as_all_assignments_do(tempered):
    """Where clusters are far apart a mode is a partition, whose probability is that of all assignments that make it."""
    _, together = exact.expectations(ROWS, PRIOR)
    found = modes(tempered, ROWS, climbs=tempered.parameters.weights[..., 0].size)
    assert not found.apart
    assert abs(found.weight[0] - together[MIDDLE, RIGHT]) < 4 * found.weight_error[0] + together[LEFT, RIGHT]
    assert abs(found.weight[1] - together[MIDDLE, LEFT]) < 4 * found.weight_error[1] + together[LEFT, RIGHT]
    assert found.weight_error[0] < 0.02
    wanted = exact.log_evidence(ROWS, PRIOR, 2)
    assert abs(tempered.log_evidence - wanted) < 4 * tempered.log_evidence_error


def test_lanes_are_one_mode_where_objective_and_density_are_one():
    rows = np.zeros((6, 3))
    rows[2] += 0.02
    np.testing.assert_array_equal(number_modes(np.array([1, 0, 0, 0, -1, 1]), rows), [2, 0, 1, 0, -1, 2])


@pytest.mark.parametrize(
    ("share", "wanted"),
    [
        ([[1.0], [1.0]], [1.0]),
        ([[1.0, 0.0], [0.0, 1.0]], [np.inf, np.inf]),
        ([[0.5, 0.5], [0.5, 0.5]], [1.0, 1.0]),
        ([[0.6, 0.4], [0.4, 0.6]], [np.sqrt(1 + 0.02 / 0.24)] * 2),
        ([[0.3, 0.7]], [1.0, 1.0]),
    ],
)
def test_r_hat_of_an_indicator(share, wanted):
    np.testing.assert_allclose(indicator_r_hat(np.array(share)), wanted)


@pytest.mark.parametrize(
    ("share", "apart", "engine", "words"),
    [
        ([[0.5, 0.5], [0.52, 0.48]], False, "nuts", "All chains divide alike between 2 modes: they cross between them"),
        ([[0.9, 0.1], [0.5, 0.5]], True, "nuts", "Chains divide differently between 2 modes: what"),
        ([[0.9, 0.1], [0.5, 0.5]], True, "tempered", "raise mcmc.draws and mcmc.moves."),
        ([[0, 1.0], [1.0, 0], [0, 1.0]], True, "nuts", "Chains 0 and 2 sit in mode 1, chain 1 in mode 0: "),
        ([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]], True, "nuts", "sits in mode 0, chain 1 in mode 1 and chain 2 in mode 2"),
        ([[0.3, 0.7]], False, "nuts", "The chain visits 2 modes; a second chain"),
    ],
)  # fmt: skip
def test_sentences(share, apart, engine, words):
    assert words in sentence(np.array(share), apart=apart, engine=engine)


def test_a_number_of_climbs_is_asked_for(stuck):
    with pytest.raises(gp.InputError, match="climbs must be a whole number from 1; given 0"):
        modes(stuck, ROWS, climbs=0)
