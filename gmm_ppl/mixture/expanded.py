"""The fast form of the pass: two matrix products and a softmax, with the square (x − μ)ᵀ Σ⁻¹ (x − μ) expanded into features.

Logits = θ φ, statistics = r φᵀ: 4·N·K·P flops in all, half the usual count, since φ holds each product of two features once.
Parameters may have leading axes, of several mixtures.
"""

from gmm_ppl.mixture.blocks import sum_over_blocks
from gmm_ppl.mixture.density import exponentials, log_normalisers
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.rows import Rows
from gmm_ppl.mixture.statistics import Statistics
from gmm_ppl.namespace import namespace
from gmm_ppl.types import Array, Float

FEWEST_ROWS = 256
"""A product over fewer rows spends its time starting."""

MOST_ROWS = 6000
"""With two features and three components 10 000 rows and more a block take half as long again."""


def block_size(lanes: int, parameters: MixtureParameters) -> int:
    """Rows a block, for `lanes` mixtures at once: what measured best on two cores with 1 MB of second-level cache each.

    A block of rows × (P + K) numbers should stay about there; products over more features need more rows to run at full speed.
    """
    components, dimension = parameters.means.shape[-2:]
    numbers = parameters.covariance.moment.count_features(dimension) + lanes * components
    return max(FEWEST_ROWS, min(MOST_ROWS, 1000 + 160_000 // numbers, 500_000 // numbers))


def expanded_log_likelihood(rows: Rows, parameters: MixtureParameters, lanes: int = 1) -> Float[Array, ""]:
    """Σ_i w_i log P(x_i)."""
    theta, moment, xp = theta_of(rows, parameters), parameters.covariance.moment, namespace(rows.columns)

    def block(columns: Array, weights: Array) -> Array:
        logarithm, _, total = exponentials(theta @ moment.features(about_centre(columns, rows)), axis=-2)
        return (weights * (logarithm + xp.log(total))).sum(dtype=float)

    return sum_over_blocks(block, rows.columns, rows.weights, block_size(lanes, parameters))


def expanded_statistics(rows: Rows, parameters: MixtureParameters, lanes: int = 1) -> tuple[Array, Statistics]:
    """Log-likelihood and `Statistics` about the rows' centre."""
    theta, moment = theta_of(rows, parameters), parameters.covariance.moment

    value, sums = sum_over_blocks(
        lambda columns, weights: feature_sums(theta, moment.features(about_centre(columns, rows)), weights),
        rows.columns,
        rows.weights,
        block_size(lanes, parameters),
    )
    return value, as_statistics(sums, rows, parameters)


def feature_sums(theta: Float[Array, "... K P"], phi: Float[Array, "P B"], weights: Array) -> tuple[Array, Array]:
    """Σ_i w_i log P(x_i), and Σ_i w_i r_ik φ_i (…, P, K)."""
    xp = namespace(theta, phi)
    largest, each, total = exponentials(theta @ phi, axis=-2)
    value = (weights * (largest + xp.log(total))).sum(axis=-1, dtype=float)
    # Responsibilities are `each` / `total`: whichever of the two factors is smaller takes the division.
    scale = (weights / total)[..., None, :]
    # (P, K), not (K, P): the longer side first is up to 1.8 times as fast. Not transposed here: XLA would turn the product round.
    if theta.ndim > 2 or phi.shape[0] >= each.shape[-2]:
        return value, (phi @ (each * scale).swapaxes(-1, -2)).astype(float)
    return value, ((phi * scale) @ each.swapaxes(-1, -2)).astype(float)


def as_statistics(sums: Float[Array, "... P K"], rows: Rows, parameters: MixtureParameters) -> Statistics:
    """Σ w r φ as `Statistics` about the rows' centre."""
    moment = parameters.covariance.moment
    return Statistics(*moment.unpacked(sums.swapaxes(-1, -2)), rows.origin + rows.centre + 0 * parameters.means, moment)


def about_centre(columns: Float[Array, "D B"], rows: Rows) -> Float[Array, "D B"]:
    """x − centre, in the rows' precision."""
    return columns - rows.centre.astype(columns.dtype)[:, None]


def theta_of(rows: Rows, parameters: MixtureParameters, precision: Array | None = None) -> Float[Array, "... K P"]:
    """`coefficients` about the rows' centre, in the rows' precision."""
    return coefficients(parameters, rows.origin + rows.centre, precision).astype(rows.columns.dtype)


def coefficients(
    parameters: MixtureParameters, centre: Float[Array, " D"], precision: Array | None = None
) -> Float[Array, "... K P"]:
    """θ_k: log π_k + log N(x | μ_k, Σ_k) = φ(x − centre)·θ_k in nats; `precision` is the covariances' own, if at hand."""
    xp, covariance = namespace(parameters.means, centre), parameters.covariance
    means = parameters.means - centre
    precision = covariance.precision() if precision is None else precision
    linear = covariance.moment.linear(precision, means)
    constant = log_normalisers(parameters) - (linear * means).sum(axis=-1) / 2
    # A component of weight 0: e^−1e30 is 0 as well, and 0 · 1e30, unlike 0 · ∞, is 0.
    return covariance.moment.coefficients(xp.maximum(constant, -1e30), linear, precision)


def expanded_size(
    parameters: MixtureParameters, centre: Float[Array, " D"], reach: Float[Array, " D"], precision: Array | None = None
) -> Float[Array, "... K"]:
    """The largest that a term of φ·θ_k can be for rows within `reach` of `centre`: ε times this is what expanding costs.

    About (distance / σ)²: Σ_de |Σ_k⁻¹|_de m_d m_e with m the reach, or the mean's own distance where that is larger.
    """
    xp, covariance = namespace(parameters.means, centre), parameters.covariance
    size = xp.maximum(reach, xp.abs(parameters.means - centre))
    precision = covariance.precision() if precision is None else precision
    return (covariance.moment.linear(xp.abs(precision), size) * size).sum(axis=-1)
