"""Second derivatives in one pass: what EM's statistics say, less what rows leave open of where they came from."""

from collections.abc import Callable

import equinox as eqx
import jax

from gmm_ppl.mixture.density import expected_log_likelihood
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.rows import Rows
from gmm_ppl.mixture.scores import scores
from gmm_ppl.types import Array, Float

Stated = Callable[[Float[Array, " C"]], tuple[Float[Array, ""], MixtureParameters]]
"""Log prior density (nats) and parameters at coordinates."""


class Expansion(eqx.Module):
    """A log density at coordinates, in nats: its value, gradient and Hessian, and Σ_i w_i s_i s_iᵀ of the rows' scores."""

    value: Float[Array, ""]
    gradient: Float[Array, " C"]
    hessian: Float[Array, "C C"]
    products: Float[Array, "C C"]


def expansion(rows: Rows, stated: Stated, position: Float[Array, " C"]) -> Expansion:
    """Of Σ_i w_i log P(x_i) + log prior, both at the coordinates of which `stated` gives the log prior and the parameters.

    The gradient is Fisher's identity, and the Hessian that of Louis (1982, doi:10.1111/j.2517-6161.1982.tb01203.x): that of the
    expected log-likelihood, which is a function of the statistics alone, plus Σ_i w_i Cov_k(s_ik), the covariance over
    responsibilities of each row's complete-data score s_ik = ∂ log π_k N(x_i | μ_k, Σ_k) / ∂c. That takes one pass and two
    matrix products, where a Hessian by columns takes a pass for each coordinate and N × K × C numbers.
    """
    found = scores(rows, lambda each: stated(each)[1], position)

    def without_rows(each: Float[Array, " C"]) -> tuple[Array, Array]:
        said, parameters = stated(each)
        return said + expected_log_likelihood(found.statistics, parameters), said

    def gradient(each: Float[Array, " C"]) -> tuple[Array, tuple[Array, Array]]:
        (_, said), slope = jax.value_and_grad(without_rows, has_aux=True)(each)
        return slope, (said, slope)

    hessian, (said, slope) = jax.jacfwd(gradient, has_aux=True)(position)
    return Expansion(found.log_likelihood + said, slope, hessian + found.left_open, found.products)


def derivatives(function: Callable[[Array], Array], position: Float[Array, " C"]) -> tuple[Array, Array, Array]:
    """Value, gradient and Hessian by columns, from one trace of the function."""

    def gradient(each: Array) -> tuple[Array, tuple[Array, Array]]:
        value, slope = jax.value_and_grad(function)(each)
        return slope, (value, slope)

    hessian, (value, slope) = jax.jacfwd(gradient, has_aux=True)(position)
    return value, slope, hessian
