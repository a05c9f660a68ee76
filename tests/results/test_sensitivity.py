"""Power-scaling sensitivity: ArviZ's numbers, shifts by exact posteriors, and what is said of strong priors."""

import json

import arviz_stats
import numpy as np
import pytest
import xarray as xr
from scipy import stats

import gmm_ppl as gp
from gmm_ppl.results.sensitivity import CONFLICT, FINE, SENSITIVE, STRONG, WEAK, diagnosed, invariant_density, sensitivity, shift
from tests.results.fits import draws_fit, point_fit, table

SAMPLE = ("chain", "draw")


def test_the_numbers_are_arvizs_own(sampled: xr.DataTree):
    found, own = sensitivity(sampled), sampled.copy()
    own["log_prior"] = xr.DataTree(invariant_density(sampled).to_dataset(name="log_prior"))
    for group in ("prior", "likelihood"):
        wanted = arviz_stats.psense(own, var_names=["weights", "means"], group=group)
        values = np.concatenate([wanted["weights"].values, wanted["means"].values.ravel()])
        np.testing.assert_allclose(found[group].values[: values.size], values, rtol=1e-10)
    labels = found["parameter"].values.tolist()
    assert len(labels) == len(set(labels))


@pytest.mark.parametrize("family", ["full", "tied", "diagonal", "spherical", "spherical_tied", "full_tied_volume"])
def test_the_density_of_one_covariance_is_that_of_its_logarithm(family):
    """For each matrix or variance that a prior states: ½ (D + 1) log |Σ|, or log σ², beyond the density that is stored."""
    fit = draws_fit(point_fit(family))
    tree = gp.to_datatree(fit, table(), prior_draws=0, predictive_draws=0)
    value = fit.parameters.covariance.sites
    wanted = {
        "full": lambda: 1.5 * np.linalg.slogdet(value["covariances"])[1].sum(axis=-1),
        "tied": lambda: 1.5 * np.linalg.slogdet(value["covariance"])[1],
        "diagonal": lambda: np.log(value["variances"]).sum(axis=(-2, -1)),
        "spherical": lambda: np.log(value["variances"]).sum(axis=-1),
        "spherical_tied": lambda: np.log(value["variance"]),
        "full_tied_volume": lambda: 0.0,
    }[family]()
    stored = tree["log_prior"].dataset["log_prior"]
    np.testing.assert_allclose(invariant_density(tree) - stored, np.broadcast_to(wanted, stored.shape), rtol=1e-8, atol=1e-8)
    tree.attrs["prior"] = json.dumps({"kind": "program"})
    xr.testing.assert_identical(invariant_density(tree), stored)


@pytest.mark.parametrize(
    ("prior", "likelihood", "moved", "said"),
    [
        (0.01, 0.5, 0.1, FINE),
        (0.2, 0.5, -0.99, SENSITIVE),
        (0.2, 0.5, -1.0, CONFLICT),
        (0.2, 0.01, 3.0, STRONG),
        (0.01, 0.02, 0.0, WEAK),
    ],
)
def test_what_is_said(prior, likelihood, moved, said):
    assert diagnosed(np.array([prior]), np.array([likelihood]), np.array([moved])).tolist() == [said]


def test_a_tree_without_draws_is_refused(sampled: xr.DataTree):
    with pytest.raises(gp.InputError, match="the tree has no posterior, log_prior"):
        sensitivity(sampled.filter(lambda node: node.name not in ("posterior", "log_prior")))


@pytest.mark.parametrize("scale", [0.1, 3.0, 60.0])
def test_the_shift_is_that_of_the_exact_posterior(scale):
    """Of a variance whose posterior is InvGamma(a, b), its prior's (2, ψ / 2) for dσ² / σ²: a power doubles both."""
    rows, squares = 40, 40.0
    powers = 2.0 ** np.array([-1e-4, 0, 1e-4])
    exact = [stats.invgamma(2 * power + rows / 2, scale=(power * scale + squares) / 2) for power in powers]
    draws = exact[1].rvs((4, 5000), random_state=0)
    density = stats.invgamma.logpdf(draws, 2, scale=scale / 2) + np.log(draws)
    flat = xr.DataTree.from_dict(
        {
            "/posterior": xr.Dataset({"draws": ((*SAMPLE, "parameter"), draws[..., None])}),
            "/log_prior": xr.Dataset({"log_prior": (SAMPLE, density)}),
        }
    )
    wanted = (exact[2].mean() - exact[0].mean()) / 2e-4 / exact[1].std()
    assert shift(flat).item() == pytest.approx(wanted, abs=5 * density.std() / np.sqrt(draws.size))


@pytest.mark.filterwarnings("ignore:EM. The prior, not the rows:gmm_ppl.FitWarning")
@pytest.mark.parametrize(("precision", "said"), [(0.01, FINE), (50.0, CONFLICT)])
def test_a_prior_as_strong_as_the_data(precision, said):
    """A mean's prior that counts for 50 rows, far from 60 of them, against one that counts for a hundredth of a row."""
    x = np.random.default_rng(1).normal(3, 1, (60, 1))
    prior = {"kind": "conjugate", "mean": 0.0, "mean_precision": precision, "degrees_of_freedom": 4.0, "scale": 2.0}
    tree = gp.to_datatree(gp.sample(gp.Mixture(1, "full", prior), x, seed=1), x, prior_draws=0, predictive_draws=0)
    found = sensitivity(tree).sel(parameter="means[0, x0]")
    assert found["diagnosis"].item() == said
    assert found["likelihood"].item() > 0.05
    # The posterior mean is n x̄ / (n + κ), and κ doubles.
    rows = len(x)
    moved = -np.log(2) * precision * rows * x.mean() / (rows + precision) ** 2
    sd = tree["posterior"].dataset["means"].std().item()
    assert found["shift"].item() == pytest.approx(moved / sd, rel=0.1, abs=0.05)
