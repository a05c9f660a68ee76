"""Relabelling: the sampler's order undone, counted, and left alone where labels mean something."""

from itertools import permutations

import numpy as np
import numpyro
import pytest
from numpyro import distributions as dist

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.covariance import FAMILIES
from gmm_ppl.results import relabelling
from gmm_ppl.results.evaluate import select_draws
from gmm_ppl.results.relabel import RelabelledDraws, relabel
from gmm_ppl.results.relabelling import agreement, pivot
from tests.results.fits import CHAINS, DRAWS, at, draws_fit, fit_of, memberships, permuted, point_fit, random_orders, values


def order_only(permutation: np.ndarray) -> RelabelledDraws:
    """Draws of which nothing but the permutation is looked at."""
    fit = draws_fit(point_fit("spherical"))
    return RelabelledDraws(fit.parameters, {}, {}, permutation, "pivot", "", {}, 0.0, 10)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("components", "features"), [(3, 2), (2, 1)])
def test_randomly_permuted_draws_are_given_back(family: str, components: int, features: int) -> None:
    fit = draws_fit(point_fit(family, features, components))
    order = random_orders(components)
    found = relabel(permuted(fit, order), values(features=features, components=components))
    for name, site in fit.parameters.sites.items():
        np.testing.assert_array_equal(found.parameters.sites[name], site, strict=True)
        np.testing.assert_array_equal(found.sites[name], site, strict=True)
    np.testing.assert_array_equal(np.take_along_axis(order, found.permutation, axis=-1), random_identity(components))


def random_identity(components: int) -> np.ndarray:
    """0 … K − 1 for every draw."""
    return np.broadcast_to(np.arange(components), (CHAINS, DRAWS, components))


@pytest.mark.parametrize("family", FAMILIES)
def test_unconstrained_draws_stay_those_of_the_sites(family: str) -> None:
    fit = permuted(draws_fit(point_fit(family)), random_orders(2))
    found = relabel(fit, values())
    back = fit.mixture.prior.constrain(fit.parameters.shape, found.unconstrained)
    for name, site in found.sites.items():
        np.testing.assert_allclose(back[name], site, rtol=1e-10, atol=1e-12)


def test_the_order_maximises_agreement_over_all_permutations() -> None:
    point = point_fit("full", 2, 4)
    fit = draws_fit(point, chains=1, draws=6, spread=8.0)
    x = values(components=4)
    found = pivot.pivot_order(fit.parameters, point.parameters, x)
    reference = memberships(point.parameters, x)
    for draw in range(6):
        each = at(fit.parameters, (0, draw))
        shared = reference.T @ memberships(each, x)
        total = [shared[np.arange(4), list(order)].sum() for order in permutations(range(4))]
        assert shared[np.arange(4), found[0, draw]].sum() == pytest.approx(max(total), rel=1e-12)


def test_at_most_two_thousand_rows_are_compared() -> None:
    x = np.arange(5000.0)[:, None]
    assert agreement.some_rows(x[:2000]).shape == (2000, 1)
    kept = agreement.some_rows(x)
    assert np.unique(kept).size == 2000
    np.testing.assert_array_equal(kept, agreement.some_rows(x))


def test_batches_of_draws_do_not_change_the_agreement(monkeypatch: pytest.MonkeyPatch) -> None:
    point = point_fit("full")
    fit = draws_fit(point)
    reference = memberships(point.parameters, values()).T
    whole = agreement.agreements(fit.parameters, reference, values())
    monkeypatch.setattr(agreement, "batch_of", lambda each: 7)
    # 40 draws have not been compiled yet, 50 have.
    fewer = select_draws(fit.parameters, np.arange(40))
    expected = whole.reshape(CHAINS, DRAWS, 2, 2)[:, :40].reshape(-1, 2, 2)
    np.testing.assert_allclose(agreement.agreements(fewer, reference, values()), expected, rtol=1e-12)


def test_a_singular_draw_does_not_stop_the_others() -> None:
    fit = draws_fit(point_fit("full"))
    fit.parameters.covariance.covariances[0, 3] = 0.0
    found = relabel(fit, values())
    assert found.permutation.shape == (CHAINS, DRAWS, 2)
    assert found.label_switches == 0


def test_switches_within_a_chain_and_chains_in_other_orders_are_counted() -> None:
    first, second, third = [0, 1, 2], [1, 0, 2], [2, 1, 0]
    chains = [[first, first, second, first], [second, second, second, second], [first, first, third, third]]
    found = order_only(np.array([*chains, [first] * 4]))
    assert found.label_switches == 2 + 0 + 1 + 0
    assert found.chains_in_other_orders == 1


def test_one_component_has_one_order() -> None:
    found = relabel(draws_fit(point_fit("full", 2, 1)), values())
    assert not found.permutation.any()
    assert (found.label_switches, found.chains_in_other_orders) == (0, 0)


def test_labels_that_mean_something_are_left_alone() -> None:
    fit = draws_fit(point_fit("full", prior={"kind": "conjugate", "concentration": [1.0, 2.0]}))
    moved = permuted(fit, random_orders(2))
    found = relabel(moved, values())
    assert found.method == "none"
    assert found.note == (
        "Labels are the sampler's own: the prior's concentration differs between components, so that labels mean something."
    )
    np.testing.assert_array_equal(found.parameters.weights, moved.parameters.weights)
    with pytest.raises(InputError, match="relabelling 'pivot' would change the posterior: the prior's concentration differs"):
        relabel(moved, values(), method="pivot")


def program(components: int, features: int) -> tuple:
    """A prior that samples a scale of its own."""
    weights = numpyro.sample("weights", dist.Dirichlet(np.ones(components)))
    means = numpyro.sample("means", dist.Normal(0, 10).expand((components, features)).to_event(2))
    return weights, means, numpyro.sample("spread", dist.HalfNormal(1.0)) * np.ones(components)


def of_parameters(components: int, features: int) -> tuple:
    """A prior that samples the parameters themselves."""
    weights = numpyro.sample("weights", dist.Dirichlet(np.ones(components)))
    means = numpyro.sample("means", dist.Normal(0, 10).expand((components, features)).to_event(2))
    return weights, means, numpyro.sample("variances", dist.LogNormal(0, 1).expand((components,)).to_event(1))


def test_coordinates_of_a_program_that_samples_parameters_move_with_them() -> None:
    fit = permuted(draws_fit(point_fit("spherical", prior=of_parameters)), random_orders(2))
    found = relabel(fit, values(), method="pivot")
    assert {name: each.dtype for name, each in found.unconstrained.items()} == dict.fromkeys(found.sites, np.float64)
    np.testing.assert_allclose(found.unconstrained["variances"], np.log(found.parameters.covariance.variances), rtol=1e-12)


def test_a_program_is_relabelled_only_when_asked_and_then_only_its_parameters() -> None:
    fit = draws_fit(point_fit("spherical", prior=program))
    moved = permuted(fit, random_orders(2))
    assert relabel(moved, values()).method == "none"
    moved.sites["spread"] = moved.sites.pop("variances")[..., 0]
    found = relabel(moved, values(), method="pivot")
    np.testing.assert_array_equal(found.parameters.weights, fit.parameters.weights)
    assert all(found.sites[name] is moved.sites[name] for name in ("weights", "means", "spread"))
    assert found.note.startswith("Draws were relabelled against the EM fit (pivot)")


def test_equal_orders_hand_back_the_sampler_s_own_arrays() -> None:
    fit = fit_of(point_fit("full"), draws_fit(point_fit("full")).parameters)
    assert relabel(fit, values()).parameters.means is fit.parameters.means


def test_none_can_be_asked_for_and_unknown_methods_are_refused() -> None:
    fit = permuted(draws_fit(point_fit("full")), random_orders(2))
    found = relabel(fit, values(), method="none")
    assert found.note == "Labels are the sampler's own: no relabelling was asked for."
    with pytest.raises(
        InputError, match=r"called 'median'; choose one of pivot, stephens, ecr, order_by_mean, order_by_weight, none\."
    ):
        relabel(fit, values(), method="median")


@pytest.mark.parametrize("name", relabelling.RELABELLINGS)
def test_every_method_answers_with_a_permutation_of_every_draw(name: str) -> None:
    point = point_fit("diagonal", 2, 3)
    found = relabelling.find_relabelling(name).order(draws_fit(point).parameters, point.parameters, values(components=3))
    np.testing.assert_array_equal(np.sort(found, axis=-1), random_identity(3))
