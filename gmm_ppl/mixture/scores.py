"""Scores of rows in one pass: what is left open of where rows came from, and what a covariance robust to a wrong model needs."""

from collections.abc import Callable

from gmm_ppl.mixture.blocks import sum_over_blocks
from gmm_ppl.mixture.density import density_and_responsibilities
from gmm_ppl.mixture.derivatives import jacobian
from gmm_ppl.mixture.expanded import coefficients
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.rows import Rows
from gmm_ppl.mixture.statistics import Statistics
from gmm_ppl.namespace import constant, namespace
from gmm_ppl.records import Record
from gmm_ppl.types import Array, Float

NUMBERS_A_BLOCK = 2**19
"""Rows × K × P: products this large run at full speed and stay near a core's second-level cache."""

Parametrisation = Callable[[Float[Array, " C"]], MixtureParameters]
"""Parameters at coordinates; of several positions, which have leading axes, where those are NumPy's."""


class Scores(Record):
    """Of complete-data scores s_ik = ∂ log π_k N(x_i | μ_k, Σ_k) / ∂c, in nats² a squared unit of the C coordinates.

    `left_open` is Σ_i w_i Cov_k(s_ik), the covariance over responsibilities, and `products` is Σ_i w_i s_i s_iᵀ with
    s_i = ∂ log P(x_i) / ∂c = Σ_k γ_ik s_ik (Fisher's identity). `log_likelihood` (nats) and `statistics`, about the components'
    means, are those of the E-step.
    """

    log_likelihood: Float[Array, ""]
    statistics: Statistics
    left_open: Float[Array, "C C"]
    products: Float[Array, "C C"]


def scores(rows: Rows, parameters_at: Parametrisation, position: Float[Array, " C"]) -> Scores:
    """`Scores` at `position`: s_ik = J_kᵀ φ_ik, with φ_ik the features of x_i − μ_k and J = ∂θ / ∂c.

    One form, where `data_pass` has two: rows counted from each component's own mean lose no digits however far apart
    components are, and half as much is to be compiled. No more than a block's features are kept. They are taken in units of
    the rows' reach, since sums are of fourth order in them.
    """
    xp = namespace(position)
    units = xp.where(rows.reach > 0, rows.reach, 1)

    def about_means(each: Float[Array, "... C"]) -> tuple[Array, tuple[MixtureParameters, Array]]:
        found = parameters_at(each)
        powers = found.covariance.moment.features(units[:, None])[:, 0]
        moved = MixtureParameters(found.weights, found.means - constant(found.means), found.covariance)
        return coefficients(moved, 0 * units) * powers, (found, powers)

    slopes, (parameters, powers) = jacobian(about_means, position)
    log_likelihood, sums, own, cross = feature_sums(rows, parameters, units)
    flat = slopes.reshape(-1, position.size)
    products = flat.T @ cross @ flat
    left_open = (slopes.swapaxes(-1, -2) @ (own @ slopes)).sum(axis=0) - products
    moment = parameters.covariance.moment
    count, first, second = moment.unpacked(sums * powers)
    return Scores(log_likelihood, Statistics(count, first, second, parameters.means, moment), left_open, products)


def feature_sums(rows: Rows, parameters: MixtureParameters, units: Float[Array, " D"]) -> tuple[Array, Array, Array, Array]:
    """Σ_i w_i log P(x_i), Σ_i w_i γ_ik φ_ik (K, P), Σ_i w_i γ_ik φ_ik φ_ikᵀ (K, P, P), and
    Σ_i w_i (γ_ik φ_ik) (γ_il φ_il)ᵀ (K P, K P), with φ of rows in `units`.
    """
    moment = parameters.covariance.moment

    def block(columns: Array, weights: Array) -> tuple[Array, Array, Array, Array]:
        x = rows.origin[:, None] + columns
        phi = moment.features((x - parameters.means[:, :, None]) / units[:, None])
        density, memberships = density_and_responsibilities(x.T, parameters)
        held = memberships.T[:, None, :] * phi
        weighted = held * weights
        flat = held.reshape(-1, x.shape[1])
        own = weighted @ phi.swapaxes(-1, -2)
        return weights @ density, weighted.sum(axis=-1), own, (flat * weights) @ flat.T

    size = coefficients(parameters, rows.origin).size
    return sum_over_blocks(block, rows.columns, rows.weights, max(128, NUMBERS_A_BLOCK // size))
