"""NUTS against posteriors whose moments are known exactly, within the draws' own Monte-Carlo error."""

from itertools import product

import arviz as az
import numpy as np
import pytest
from scipy import stats
from scipy.special import gammaln, logsumexp

import gmm_ppl as gp
from gmm_ppl.model.assignments import flatten_draws
from gmm_ppl.types import in_float64, to_numpy

ROWS = np.array([-2.0, -1.4, -0.9, 0.8, 1.5, 2.3])
CONJUGATE = {"mean": 0.2, "mean_precision": 0.5, "degrees_of_freedom": 6.0, "scale": 2.0}
CONCENTRATION = 1.5
POINTS = np.array([-3.0, -1.0, 0.0, 1.0, 2.5])
WORST = 4.5
"""Standard errors that a right sampler stays within: exceeded once in 150 000 for each number."""


def standard_error(draws: np.ndarray) -> float:
    """Monte-Carlo standard error of the mean of (chain, draw)."""
    return float(draws.std(ddof=1) / np.sqrt(az.ess(draws, method="mean")))


def updated(rows: np.ndarray) -> tuple[float, float, float, float]:
    """Mean, precision, degrees of freedom and scale of the normal–inverse-gamma law after some rows."""
    m, kappa, nu, psi = CONJUGATE.values()
    n = rows.size
    mean = rows.mean() if n else 0.0
    spread = ((rows - mean) ** 2).sum() + kappa * n / (kappa + n) * (mean - m) ** 2
    return (kappa * m + n * mean) / (kappa + n), kappa + n, nu + n, psi + spread


def log_evidence(rows: np.ndarray) -> float:
    """Log marginal likelihood of the rows of one component."""
    _, kappa, nu, psi = CONJUGATE.values()
    _, kappa_n, nu_n, psi_n = updated(rows)
    constant = gammaln(nu_n / 2) - gammaln(nu / 2) - rows.size / 2 * np.log(np.pi)
    return constant + nu / 2 * np.log(psi) - nu_n / 2 * np.log(psi_n) + np.log(kappa / kappa_n) / 2


def predictive(rows: np.ndarray) -> np.ndarray:
    """Density at POINTS of the next row of a component that has `rows`."""
    m, kappa, nu, psi = updated(rows)
    return stats.t(nu, m, np.sqrt(psi * (kappa + 1) / (kappa * nu))).pdf(POINTS)


def enumerated() -> tuple[np.ndarray, np.ndarray]:
    """Posterior predictive density at POINTS and co-assignment probabilities, by summing over all 2⁶ assignments."""
    labels = np.array(list(product((0, 1), repeat=ROWS.size)))
    counts = np.stack([(labels == k).sum(axis=1) for k in (0, 1)], axis=1)
    weight = gammaln(counts + CONCENTRATION).sum(axis=1)
    weight = weight + [sum(log_evidence(ROWS[each == k]) for k in (0, 1)) for each in labels]
    probability = np.exp(weight - logsumexp(weight))
    density = sum(
        p * sum((n[k] + CONCENTRATION) / (ROWS.size + 2 * CONCENTRATION) * predictive(ROWS[each == k]) for k in (0, 1))
        for p, n, each in zip(probability, counts, labels, strict=True)
    )
    together = (labels[:, :, None] == labels[:, None, :]).astype(float)
    return density, np.einsum("s,sij->ij", probability, together)


@pytest.fixture(scope="module")
def two() -> gp.DrawsFit:
    mixture = gp.Mixture(2, "full", {"kind": "conjugate", "concentration": CONCENTRATION, **CONJUGATE})
    return gp.sample(mixture, ROWS, seed=4, draws=2000)


@in_float64
def at(draws: gp.MixtureParameters, x: np.ndarray, function) -> np.ndarray:
    """A function of one draw's parameters and x, for every draw, with axes (chain, draw, …)."""
    import jax
    import jax.numpy as jnp

    found = to_numpy(jax.jit(jax.vmap(lambda each: function(jnp.asarray(x)[:, None], each)))(flatten_draws(draws)))
    return found.reshape(*draws.weights.shape[:2], *found.shape[1:])


def test_predictive_density_is_the_enumerated_one(two):
    from gmm_ppl.mixture.density import log_density

    density = np.exp(at(two.parameters, POINTS, log_density))
    for index, wanted in enumerate(enumerated()[0]):
        found = density[:, :, index]
        assert abs(found.mean() - wanted) < WORST * standard_error(found)


def test_co_assignment_is_the_enumerated_one(two):
    from gmm_ppl.mixture.density import responsibilities

    memberships = at(two.parameters, ROWS, responsibilities)
    wanted = enumerated()[1]
    for i, j in zip(*np.triu_indices(ROWS.size, 1), strict=True):
        found = (memberships[:, :, i] * memberships[:, :, j]).sum(axis=-1)
        assert abs(found.mean() - wanted[i, j]) < WORST * standard_error(found)


def test_one_component_has_the_conjugate_posterior():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(30, 2)) @ np.array([[1.0, 0.4], [0.0, 2.0]]) + [3, -1]
    draws = gp.sample(gp.Mixture(1), x, seed=2)
    prior = draws.mixture.prior.numbers()
    m, kappa, nu = np.array(prior["mean"]), prior["mean_precision"], prior["degrees_of_freedom"]
    mean = x.mean(axis=0)
    scatter = (x - mean).T @ (x - mean) + kappa * 30 / (kappa + 30) * np.outer(mean - m, mean - m)
    wanted_mean = (kappa * m + 30 * mean) / (kappa + 30)
    wanted_covariance = (np.array(prior["scale"]) + scatter) / (nu + 30 - 2 - 1)
    for d in range(2):
        found = draws.parameters.means[:, :, 0, d]
        assert abs(found.mean() - wanted_mean[d]) < WORST * standard_error(found)
        for e in range(d + 1):
            found = draws.parameters.covariance.values[:, :, 0, d, e]
            assert abs(found.mean() - wanted_covariance[d, e]) < WORST * standard_error(found)


def test_the_same_seed_repeats_every_digit_and_another_does_not(two):
    mixture = gp.Mixture(2, "full", {"kind": "conjugate", "concentration": CONCENTRATION, **CONJUGATE})
    again, other = (gp.sample(mixture, ROWS, seed=seed, draws=2000) for seed in (4, 5))
    np.testing.assert_array_equal(again.parameters.means, two.parameters.means)
    assert not np.array_equal(other.parameters.means, two.parameters.means)


def test_what_is_kept_of_the_sampler(two):
    expected = {"lp", "diverging", "n_steps", "tree_depth", "acceptance_rate", "energy", "step_size"}
    assert set(two.sampler_statistics) == expected
    assert all(each.shape == (4, 2000) for each in two.sampler_statistics.values())
    assert two.parameters.means.dtype == np.float64
    assert not two.sampler_statistics["diverging"].any()
    assert len(np.unique(two.parameters.weights[:, 0, 0])) == 4


def test_a_flat_prior_is_refused_with_the_reason():
    with pytest.raises(gp.InputError, match="no posterior under a flat prior") as refused:
        gp.sample(gp.Mixture(2, prior="flat"), ROWS)
    assert "prior: weak" in str(refused.value)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({"chains": 0}, "chains must be a whole number from 1; given 0."),
        ({"draws": 1.5}, "draws must be a whole number from 1; given 1.5."),
        ({"warmup": -1}, "warmup must be a whole number from 0; given -1."),
        ({"target_acceptance": 1}, "target_acceptance must be a number between 0 and 1, neither included; given 1."),
    ],
)
def test_arguments_out_of_range(argument, message):
    with pytest.raises(gp.InputError) as refused:
        gp.sample(gp.Mixture(1), ROWS, **argument)
    assert str(refused.value) == message


@pytest.mark.parametrize(("offset", "scale"), [(1e8, 1.0), (0.0, 1e-100)])
def test_offset_and_scale_only_move_the_posterior(two, offset, scale):
    """The prior in the units of the data: the posterior of the moved rows is the moved posterior."""
    rows = offset + scale * ROWS
    moved = {**CONJUGATE, "mean": offset + scale * CONJUGATE["mean"], "scale": scale**2 * CONJUGATE["scale"]}
    mixture = gp.Mixture(2, "full", {"kind": "conjugate", "concentration": CONCENTRATION, **moved})
    draws = gp.sample(mixture, rows, seed=6, draws=2000)
    middle = [each.parameters.means.mean(axis=(2, 3)) for each in (draws, two)]
    apart = [np.abs(np.diff(each.parameters.means[..., 0]))[..., 0] for each in (draws, two)]
    for found, wanted in (((middle[0] - offset) / scale, middle[1]), (apart[0] / scale, apart[1])):
        error = np.hypot(standard_error(found), standard_error(wanted))
        assert abs(found.mean() - wanted.mean()) < WORST * error
