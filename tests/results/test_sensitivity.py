"""Power-scaling sensitivity: ArviZ's numbers, and what is said of strong priors."""

import arviz_stats
import numpy as np
import pytest
import xarray as xr

import gmm_ppl as gp
from gmm_ppl.results.sensitivity import CONFLICT, FINE, STRONG, WEAK, diagnosed, sensitivity


def test_the_numbers_are_arvizs_own(sampled: xr.DataTree):
    found = sensitivity(sampled)
    for group in ("prior", "likelihood"):
        wanted = arviz_stats.psense(sampled, var_names=["weights", "means"], group=group)
        values = np.concatenate([wanted["weights"].values, wanted["means"].values.ravel()])
        np.testing.assert_allclose(found[group].values[: values.size], values, rtol=1e-10)
    labels = found["parameter"].values.tolist()
    assert len(labels) == len(set(labels))


@pytest.mark.parametrize(
    ("prior", "likelihood", "said"), [(0.01, 0.5, FINE), (0.2, 0.5, CONFLICT), (0.2, 0.01, STRONG), (0.01, 0.02, WEAK)]
)
def test_what_is_said(prior, likelihood, said):
    assert diagnosed(np.array([prior]), np.array([likelihood])).tolist() == [said]


def test_a_tree_without_draws_is_refused(sampled: xr.DataTree):
    with pytest.raises(gp.InputError, match="the tree has no posterior, log_prior"):
        sensitivity(sampled.filter(lambda node: node.name not in ("posterior", "log_prior")))


@pytest.mark.parametrize(("precision", "sensitive"), [(0.01, False), (50.0, True)])
def test_a_prior_as_strong_as_the_data(precision, sensitive):
    """A mean's prior that counts for 50 rows, far from 60 of them, against one that counts for a hundredth of a row."""
    x = np.random.default_rng(1).normal(3, 1, (60, 1))
    prior = {"kind": "conjugate", "mean": 0.0, "mean_precision": precision, "degrees_of_freedom": 4.0, "scale": 2.0}
    draws = gp.sample(gp.Mixture(1, "full", prior), x, seed=1)
    found = sensitivity(gp.to_datatree(draws, x, prior_draws=0, predictive_draws=0)).sel(parameter="means[0, x0]")
    assert (found["prior"].item() > 0.05) is sensitive
    assert found["likelihood"].item() > 0.05
