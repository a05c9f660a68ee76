"""What the mixture package says of rows and parameters, compiled once a shape and shared by the tests beside it."""

import jax
import numpy as np

from gmm_ppl.compiled import compiled
from gmm_ppl.mixture.data_pass import expected_statistics, log_likelihood
from gmm_ppl.mixture.density import (
    component_log_densities,
    density_and_responsibilities,
    expected_log_likelihood,
    log_density,
    responsibilities,
)
from gmm_ppl.mixture.rows import rows

K, D, N = 3, 2, 6


def weighted_log_likelihood(x, row_weights, parameters):
    """The pass as a function of plain arrays."""
    return log_likelihood(rows(x, row_weights), parameters)


@compiled
def _evaluate(x, row_weights, parameters):
    value, statistics = expected_statistics(rows(x, row_weights), parameters)
    likelihood, gradient = jax.value_and_grad(weighted_log_likelihood, argnums=(0, 1, 2))(x, row_weights, parameters)
    parameter_gradient = jax.grad(weighted_log_likelihood, argnums=2)(x, row_weights, parameters)
    return {
        "components": component_log_densities(x, parameters),
        "log_density": log_density(x, parameters),
        "responsibilities": responsibilities(x, parameters),
        "both": density_and_responsibilities(x, parameters),
        "value": value,
        "statistics": statistics,
        "log_likelihood": likelihood,
        "gradient": gradient,
        "parameter_gradient": parameter_gradient,
        "expected": expected_log_likelihood(statistics, parameters),
    }


def evaluate(x, parameters, row_weights=None):
    """Densities, statistics, likelihood and its gradients, as NumPy arrays."""
    weights = np.ones(len(x)) if row_weights is None else row_weights
    return jax.tree.map(np.asarray, _evaluate(x, weights, parameters))
