"""The Hessian of the log-likelihood in one pass: what EM's statistics say, less what rows leave open of where they came from."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from gmm_ppl.mixture.blocks import sum_over_blocks
from gmm_ppl.mixture.data_pass import expected_statistics, loses
from gmm_ppl.mixture.density import component_log_densities, expected_log_likelihood, exponentials
from gmm_ppl.mixture.expanded import about_centre
from gmm_ppl.mixture.features import coefficients, features
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.rows import Rows
from gmm_ppl.types import Array, Float

NUMBERS_A_BLOCK = 2**19
"""Rows × K × P: products this large run at full speed and stay near a core's second-level cache."""

Parametrisation = Callable[[Float[Array, " C"]], MixtureParameters]
"""Parameters at coordinates."""


def log_likelihood_hessian(rows: Rows, parameters_at: Parametrisation, position: Float[Array, " C"]) -> Float[Array, "C C"]:
    """∂² Σ_i w_i log P(x_i) / ∂c ∂cᵀ at `position`, in nats a squared unit of the coordinates.

    By Louis (1982, doi:10.1111/j.2517-6161.1982.tb01203.x): the Hessian of the expected log-likelihood, which is a function of
    the statistics alone, plus Σ_i w_i Cov_k(s_ik), the covariance over responsibilities of each row's complete-data score
    s_ik = ∂ log π_k N(x_i | μ_k, Σ_k) / ∂c. That takes one more pass and a matrix product, where a Hessian by columns takes
    a pass for each coordinate and N × K × C numbers.
    """
    parameters = parameters_at(position)
    statistics = expected_statistics(rows, parameters)[1]
    expected = jax.jacfwd(jax.grad(lambda each: expected_log_likelihood(statistics, parameters_at(each))))(position)
    left_open = jax.lax.cond(
        loses(rows, parameters),
        lambda: residual_score_covariance(rows, parameters_at, position),
        lambda: expanded_score_covariance(rows, parameters_at, position),
    )
    return expected + left_open


def expanded_score_covariance(rows: Rows, parameters_at: Parametrisation, position: Float[Array, " C"]) -> Float[Array, "C C"]:
    """Σ_i w_i Cov_k(s_ik) by features: Jᵀ M J with J = ∂θ / ∂c and M the same sum for scores in θ.

    In units of the rows' reach, since M is of fourth order in them.
    """
    units, matrix = jnp.where(rows.reach > 0, rows.reach, 1), parameters_at(position).covariance.matrix
    powers = features(units[:, None], matrix=matrix)[:, 0]

    def scaled(each: Float[Array, " C"]) -> Float[Array, "K P"]:
        return coefficients(parameters_at(each), rows.origin + rows.centre) * powers

    theta, jacobian = scaled(position), jax.jacfwd(lambda each: jnp.ravel(scaled(each)))(position)
    return jacobian.T @ feature_score_covariance(rows, theta.astype(rows.columns.dtype), units, matrix=matrix) @ jacobian


def feature_score_covariance(rows: Rows, theta: Float[Array, "K P"], units: Array, *, matrix: bool) -> Float[Array, "KP KP"]:
    """Σ_i w_i r_ik (δ_kl − r_il) φ_i φ_iᵀ, component by component, with φ of rows about their centre in given units."""
    components, size = theta.shape

    def block(columns: Array, weights: Array) -> tuple[Array, Array]:
        phi = features(about_centre(columns, rows) / units.astype(columns.dtype)[:, None], matrix=matrix)
        _, each, total = exponentials(theta @ phi)
        shares = ((each / total)[:, None, :] * phi).reshape(components * size, -1)
        weighted = shares * weights
        return (weighted @ phi.T).astype(float), (weighted @ shares.T).astype(float)

    sums = sum_over_blocks(block, rows.columns, rows.weights, max(128, NUMBERS_A_BLOCK // (components * size)))
    own = jax.scipy.linalg.block_diag(*sums[0].reshape(components, size, size))
    return own - sums[1]


def residual_score_covariance(rows: Rows, parameters_at: Parametrisation, position: Float[Array, " C"]) -> Float[Array, "C C"]:
    """Σ_i w_i Cov_k(s_ik) by the scores themselves: no digits are lost, however narrow components are and far apart."""
    components = parameters_at(position).means.shape[0]

    def block(columns: Array, weights: Array) -> Array:
        x = rows.origin + columns.T
        joint = component_log_densities(x, parameters_at(position))
        shares = jax.nn.softmax(joint, axis=1)
        scores = jax.jacfwd(lambda each: component_log_densities(x, parameters_at(each)))(position)
        # A component of weight 0 has no score, and no share that would need one.
        scores = jnp.where(shares[:, :, None] > 0, scores, 0)
        centred = scores - jnp.einsum("nk,nkc->nc", shares, scores)[:, None, :]
        return jnp.einsum("nk,nkc,nkd->cd", shares * weights[:, None], centred, centred)

    return sum_over_blocks(block, rows.columns, rows.weights, max(16, NUMBERS_A_BLOCK // (components * position.size)))
