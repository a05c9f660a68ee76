"""Each relabelling method on its own: what it gives back, what it minimises, and what does not disturb it."""

from itertools import pairwise, permutations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from gmm_ppl.inference.base import DrawsFit, PointFit
from gmm_ppl.mixture.covariance import find_family
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.results.relabel import relabel
from gmm_ppl.results.relabelling import RELABELLINGS, agreement, ecr, find_relabelling, ordering, stephens
from tests.results.fits import (
    CHAINS,
    DRAWS,
    at,
    draws_fit,
    fit_of,
    memberships,
    permuted,
    point_fit,
    random_orders,
    values,
)

PERMUTING = [name for name in RELABELLINGS if name != "none"]
BY_ROWS = ["pivot", "stephens", "ecr"]


def apart(components: int, chains: int = CHAINS, draws: int = DRAWS) -> DrawsFit:
    """Draws whose weights and means in the first feature keep their ranks, about a point whose own are in no order."""
    point = point_fit("full", 2, components)
    ranks = np.roll(np.arange(components), 1)
    found = MixtureParameters(
        (1.0 + ranks) / (1.0 + ranks).sum(),
        point.parameters.means[ranks],
        point.parameters.covariance,
    )
    shape = (chains, draws)
    rng = np.random.default_rng(1)
    weights = found.weights * (1 + rng.uniform(-0.05, 0.05, (*shape, 1)) / components)
    means = found.means + 0.03 * rng.standard_normal((*shape, components, 2))
    covariances = found.covariance.covariances * rng.gamma(400, 1 / 400, (*shape, components, 1, 1))
    drawn = MixtureParameters(weights / weights.sum(-1, keepdims=True), means, type(found.covariance)(covariances))
    start = PointFit(point.mixture, found, dict(found.sites), -1.0, -1.0, point.status, 1, point.restarts)
    return fit_of(start, drawn)


def overlapping(components: int, draws: int, *, spread: float = 3.0, seed: int = 2) -> DrawsFit:
    """One chain of draws that wander so far that components run into one another."""
    return draws_fit(point_fit("full", 2, components), chains=1, draws=draws, spread=spread, seed=seed)


def scattered() -> np.ndarray:
    """Rows without clusters, on which draws do not settle at once."""
    return np.random.default_rng(3).uniform(0, 20, (80, 2))


def each_draw(fit: DrawsFit) -> list[MixtureParameters]:
    """The draws of the first chain."""
    return [at(fit.parameters, (0, draw)) for draw in range(fit.parameters.weights.shape[1])]


@pytest.mark.parametrize("name", PERMUTING)
@pytest.mark.parametrize("components", [2, 5])
def test_labels_permuted_draw_by_draw_come_back_as_those_of_the_fit(name: str, components: int) -> None:
    fit = apart(components)
    order = random_orders(components)
    found = find_relabelling(name).order(permuted(fit, order).parameters, fit.start.parameters, values(100, 2, components))
    back = np.take_along_axis(order, found, axis=-1)
    np.testing.assert_array_equal(back, np.broadcast_to(np.arange(components), back.shape))


@pytest.mark.parametrize("name", BY_ROWS)
def test_thirty_components_come_back_too(name: str) -> None:
    fit = apart(30, chains=1, draws=20)
    order = random_orders(30, 1, 20)
    found = find_relabelling(name).order(permuted(fit, order).parameters, fit.start.parameters, values(600, 2, 30))
    np.testing.assert_array_equal(np.take_along_axis(order, found, axis=-1)[0], np.tile(np.arange(30), (20, 1)))


@pytest.mark.parametrize("name", PERMUTING)
def test_the_order_that_draws_come_in_does_not_matter(name: str) -> None:
    fit = overlapping(4, 40)
    moved = permuted(fit, random_orders(4, 1, 40))
    x = values(components=4)
    one, other = relabel(fit, x, method=name), relabel(moved, x, method=name)
    assert (one.permutation != other.permutation).any()
    for site, found in one.parameters.sites.items():
        np.testing.assert_array_equal(found, other.parameters.sites[site])


def divergence(fit: DrawsFit, order: np.ndarray, x: np.ndarray) -> float:
    """Stephens' objective in nats: Kullback–Leibler divergence of all draws from their average, by SciPy's densities."""
    each = np.array([memberships(draw, x)[:, names] for draw, names in zip(each_draw(fit), order[0], strict=True)])
    ratio = np.where(each > 0, each / each.mean(axis=0), 1)
    return float((each * np.log(ratio)).sum())


def rounds_until(method, module, fit: DrawsFit, x: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    """Orders after 0, 1, 2, … rounds, until they no longer change."""
    found = []
    for rounds in range(50):
        monkeypatch.setattr(module, "MOST_ROUNDS", rounds)
        found.append(method(fit.parameters, fit.start.parameters, x))
        if rounds and (found[-1] == found[-2]).all():
            return found
    raise AssertionError("no end after 50 rounds")


def test_stephens_objective_falls_in_every_round(monkeypatch: pytest.MonkeyPatch) -> None:
    x, fit = scattered(), overlapping(6, 80, spread=5.0)
    orders = rounds_until(stephens.stephens_order, stephens, fit, x, monkeypatch)
    assert len(orders) > 3
    objective = [divergence(fit, order, x) for order in orders]
    assert all(after < before for before, after in pairwise(objective[:-1]))


def test_no_other_order_of_a_draw_is_nearer_to_stephens_average() -> None:
    x, fit = values(components=3), overlapping(3, 8)
    order = stephens.stephens_order(fit.parameters, fit.start.parameters, x)
    each = [memberships(draw, x) for draw in each_draw(fit)]
    average = np.mean([one[:, names] for one, names in zip(each, order[0], strict=True)], axis=0)
    for one, names in zip(each, order[0], strict=True):
        cross = {other: -(one[:, list(other)] * np.log(average)).sum() for other in permutations(range(3))}
        assert cross[tuple(names)] == pytest.approx(min(cross.values()), rel=1e-9)


def allocations_of(fit: DrawsFit, x: np.ndarray) -> np.ndarray:
    """Most probable components by SciPy's densities, draws × rows."""
    return np.array([memberships(draw, x).argmax(axis=1) for draw in each_draw(fit)])


def agreeing(allocations: np.ndarray, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Allocations in these orders, and how many draws of each component stand behind each row (rows × K)."""
    names = np.array([np.argsort(names)[each] for names, each in zip(order[0], allocations, strict=True)])
    return names, (names[:, :, None] == np.arange(order.shape[-1])).sum(axis=0)


def test_the_rows_that_agree_with_the_ecr_partition_grow_in_every_round(monkeypatch: pytest.MonkeyPatch) -> None:
    x, fit = scattered(), overlapping(6, 80, spread=5.0)
    orders = rounds_until(ecr.ecr_order, ecr, fit, x, monkeypatch)
    allocations = allocations_of(fit, x)
    assert len(orders) > 3
    reached = [agreeing(allocations, order)[1].max(axis=1).sum() for order in orders]
    assert all(after > before for before, after in pairwise(reached[:-1]))


def test_no_other_order_of_a_draw_agrees_with_the_ecr_partition_in_more_rows() -> None:
    x, fit = values(components=3), overlapping(3, 9)
    order = ecr.ecr_order(fit.parameters, fit.start.parameters, x)
    allocations = allocations_of(fit, x)
    names, votes = agreeing(allocations, order)
    partition = votes.argmax(axis=1)
    for name, each in zip(names, allocations, strict=True):
        most = max((np.argsort(other)[each] == partition).sum() for other in permutations(range(3)))
        assert (name == partition).sum() == most


@pytest.mark.parametrize("components", [1, 2, 7, 30])
def test_better_orders_are_the_best_ones(components: int) -> None:
    matrices = np.random.default_rng(components).normal(size=(50, components, components))
    found = agreement.better_orders(matrices, random_orders(components, 5, 10))
    assert found.shape == (5, 10, components)
    best = [linear_sum_assignment(-matrix)[1] for matrix in matrices]
    np.testing.assert_array_equal(found.reshape(50, components), best)


def test_an_order_as_good_as_the_best_is_kept() -> None:
    present = random_orders(4, 2, 3)
    np.testing.assert_array_equal(agreement.better_orders(np.full((6, 4, 4), 0.1), present), present)
    np.testing.assert_array_equal(agreement.better_orders(np.zeros((6, 4, 4)), present), present)


def test_ranks_are_named_as_in_the_fit() -> None:
    drawn = np.array([[0.5, -1.0, 7.0], [3.0, 2.0, 1.0]])
    np.testing.assert_array_equal(ordering.like_ranks(drawn, np.array([20.0, 30.0, 10.0])), [[0, 2, 1], [1, 0, 2]])


def test_means_are_ranked_in_the_first_feature_and_weights_on_their_own() -> None:
    family = find_family("spherical")
    fitted = MixtureParameters(np.array([0.6, 0.4]), np.array([[0.0, 9.0], [1.0, 5.0]]), family(np.ones(2)))
    weights, means = np.array([[[0.6, 0.4]]]), np.array([[[[3.0, 9.0], [2.0, 5.0]]]])
    drawn = MixtureParameters(weights, means, family(np.ones((1, 1, 2))))
    assert ordering.order_by_mean(drawn, fitted, values()).tolist() == [[[1, 0]]]
    assert ordering.order_by_weight(drawn, fitted, values()).tolist() == [[[0, 1]]]


@pytest.mark.parametrize("name", PERMUTING)
@pytest.mark.parametrize("singular", [[0], [0, 1, 2]])
def test_a_singular_draw_does_not_disturb_the_others(name: str, singular: list[int]) -> None:
    fit = apart(3)
    order = random_orders(3)
    moved = permuted(fit, order)
    moved.parameters.covariance.covariances[0, 3, singular] = 0.0
    found = find_relabelling(name).order(moved.parameters, fit.start.parameters, values(90, 2, 3))
    back = np.take_along_axis(order, found, axis=-1)
    back[0, 3].sort()
    np.testing.assert_array_equal(back, np.broadcast_to(np.arange(3), back.shape))


@pytest.mark.parametrize("name", RELABELLINGS)
def test_one_component_has_one_order(name: str) -> None:
    found = relabel(draws_fit(point_fit("full", 2, 1)), values(), method=name)
    assert not found.permutation.any()
    assert found.permutation.shape == (CHAINS, DRAWS, 1)


@pytest.mark.parametrize("name", BY_ROWS)
def test_no_more_rows_are_looked_at_than_agreed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows beyond the limit are not looked at: of 30, drawn as `some_rows` draws them, the same orders come."""
    monkeypatch.setattr(agreement, "MOST_ROWS", 30)
    fit, x = overlapping(4, 20), values(components=4)
    method = find_relabelling(name).order
    few = method(fit.parameters, fit.start.parameters, agreement.some_rows(x))
    np.testing.assert_array_equal(method(fit.parameters, fit.start.parameters, x), few)


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("pivot", "against the EM fit (pivot);"),
        ("stephens", "towards their own average responsibilities, from the EM fit on (stephens);"),
        ("ecr", "towards the partition that most of them agree on, from the EM fit on (ecr);"),
        ("order_by_mean", "by the ranks of means in the first feature, named as in the EM fit (order_by_mean);"),
        ("order_by_weight", "by the ranks of weights, named as in the EM fit (order_by_weight);"),
    ],
)
def test_the_note_says_what_was_done(name: str, note: str) -> None:
    found = relabel(apart(2), values(), method=name)
    assert found.method == name
    assert found.note == f"Draws were relabelled {note} sample_stats/permutation has the sampler's own labels."


def test_switches_are_counted_for_every_method() -> None:
    fit = apart(2, 1, 4)
    order = np.array([[[0, 1], [1, 0], [1, 0], [0, 1]]])
    for name in PERMUTING:
        assert relabel(permuted(fit, order), values(), method=name).label_switches == 2


def test_the_fit_of_these_tests_is_in_no_order() -> None:
    """Else methods by rank would pass without naming ranks as the fit does."""
    for components in (2, 5):
        assert (np.diff(apart(components).start.parameters.means[:, 0]) < 0).any()
