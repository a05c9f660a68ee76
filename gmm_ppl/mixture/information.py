"""The Hessian of the log-likelihood in one pass: what EM's statistics say, less what rows leave open of where they came from."""

from collections.abc import Callable

import jax

from gmm_ppl.mixture.density import expected_log_likelihood
from gmm_ppl.mixture.rows import Rows
from gmm_ppl.mixture.scores import Parametrisation, scores
from gmm_ppl.types import Array, Float


def log_likelihood_hessian(rows: Rows, parameters_at: Parametrisation, position: Float[Array, " C"]) -> Float[Array, "C C"]:
    """∂² Σ_i w_i log P(x_i) / ∂c ∂cᵀ at `position`, in nats a squared unit of the coordinates.

    By Louis (1982, doi:10.1111/j.2517-6161.1982.tb01203.x): the Hessian of the expected log-likelihood, which is a function of
    the statistics alone, plus Σ_i w_i Cov_k(s_ik), the covariance over responsibilities of each row's complete-data score
    s_ik = ∂ log π_k N(x_i | μ_k, Σ_k) / ∂c. That takes one pass and two matrix products, where a Hessian by columns takes
    a pass for each coordinate and N × K × C numbers.
    """
    found = scores(rows, parameters_at, position)
    return derivatives(lambda each: expected_log_likelihood(found.statistics, parameters_at(each)), position)[2] + found.left_open


def derivatives(function: Callable[[Array], Array], position: Float[Array, " C"]) -> tuple[Array, Array, Array]:
    """Value, gradient and Hessian by columns, from one trace of the function."""

    def gradient(each: Array) -> tuple[Array, tuple[Array, Array]]:
        value, slope = jax.value_and_grad(function)(each)
        return slope, (value, slope)

    hessian, (value, slope) = jax.jacfwd(gradient, has_aux=True)(position)
    return value, slope, hessian
