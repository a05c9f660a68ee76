"""What a separated prior and the statistics of rows say together: a step up in closed form, and the slope."""

from typing import ClassVar, cast

from gmm_ppl.mixture.covariance import AbstractCovariance
from gmm_ppl.mixture.covariance.dense import AbstractMatrices
from gmm_ppl.mixture.moments import Moment
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.statistics import Statistics
from gmm_ppl.mixture.triangular import below_diagonal, diagonal, inverse_triangle, mirrored
from gmm_ppl.namespace import namespace
from gmm_ppl.priors.kernel import AbstractKernel, AbstractPosterior
from gmm_ppl.priors.quadratic import quadratic_root
from gmm_ppl.priors.separated import SeparatedPrior
from gmm_ppl.types import Array, Float


class SeparatedKernel(AbstractKernel):
    """The density of a separated prior."""

    prior: SeparatedPrior
    exact: ClassVar[bool] = False

    def log_density(self, parameters: MixtureParameters) -> Float[Array, "..."]:
        return self.prior.log_density_at(parameters)

    def given(self, statistics: Statistics) -> "SeparatedPosterior":
        return SeparatedPosterior(self.prior, statistics)


class SeparatedPosterior(AbstractPosterior):
    """Q + log p, where Q are the statistics' nats and p is the density of a separated prior.

    With C the rows and W the scatter that belong to a matrix Σ, its terms are, but for constants,

        −½ [c log |Σ| + tr(W Σ⁻¹) + Σ_j (Σ_jj / τ_j² + b log Σ_jj)],  c = C − 2 (η − 1),  b = D + 2 (η − 1),

    and for a variance −½ [(C + 1) log v + W / v + v / τ²]. Neither has a mode together with the means in closed form, but
    each is maximised given the others (ECM, Meng & Rubin 1993, doi:10.1093/biomet/80.2.267).
    """

    prior: SeparatedPrior
    statistics: Statistics

    def raised(self, position: MixtureParameters) -> MixtureParameters:
        """Weights, then means given covariances, then covariances given means, each where the density is highest."""
        weights = self.power
        means = self.means(position.covariance)
        covariance = self.covariance(means, position.covariance)
        return MixtureParameters(weights / weights.sum(axis=-1, keepdims=True), means, covariance)

    def slope(self, parameters: MixtureParameters) -> dict[str, Array]:
        covariance, prior, away = parameters.covariance, self.prior, parameters.means - self.statistics.means
        precision = covariance.precision() * self.moment.expand(self.statistics.count)
        count = self.statistics.count + self.extra(covariance, *parameters.means.shape[-2:])
        (slope,) = covariance.gradient(count, self.about(parameters.means)).values()
        return {
            "weights": self.power - parameters.weights * self.power.sum(axis=-1, keepdims=True),
            "means": -self.moment.linear(precision, away) - (parameters.means - prior.mean) / prior.mean_scale**2,
            covariance.parts[0].name: slope + self.slope_of_diagonal(covariance),
        }

    @property
    def moment(self) -> Moment:
        """Which second moments the family needs."""
        return self.statistics.moment

    @property
    def power(self) -> Float[Array, "... K"]:
        """Of each weight."""
        return self.statistics.count + self.prior.concentration - 1

    def means(self, covariance: AbstractCovariance) -> Float[Array, "... K D"]:
        """argmax over μ: x̄ + Σ (C S² + Σ)⁻¹ (m − x̄) for S = diag(s), in units of s."""
        prior, moment, sample = self.prior, self.moment, self.statistics.means
        spread = moment.from_matrix(covariance.dense(*sample.shape[-2:])) / moment.square(prior.mean_scale)
        rows = moment.from_diagonal(namespace(sample).ones_like(sample)) * moment.expand(self.statistics.count)
        away = moment.solved(rows + spread, (prior.mean - sample) / prior.mean_scale)
        return sample + prior.mean_scale * moment.linear(spread, away)

    def about(self, means: Float[Array, "... K D"]) -> Array:
        """Scatter about means."""
        between = self.moment.square(means - self.statistics.means) * self.moment.expand(self.statistics.count)
        return self.statistics.scatter + between

    def covariance(self, means: Float[Array, "... K D"], last: AbstractCovariance) -> AbstractCovariance:
        """argmax over the covariances; of matrices a step towards it from the last ones."""
        family, prior, (part,) = type(last), self.prior, last.parts
        count, scatter = family.pooled(self.statistics.count + self.extra(last, *means.shape[-2:]), self.about(means))
        xp = namespace(scatter)
        if not part.support.axes:
            half = count / 2
            return family.from_sites({part.name: scatter / (half + xp.sqrt(half**2 + scatter / prior.scale**2))})
        # −log is convex, so that its tangent at the last Σ_jj bounds it from below, and what is left is
        # c log |Σ| + tr(W Σ⁻¹) + tr(A Σ), highest where Σ A Σ + c Σ = W.
        root = xp.sqrt(self.pull(diagonal(getattr(last, part.name))))
        outer = root[..., :, None] * root[..., None, :]
        return family.from_sites({part.name: mirrored(quadratic_root(scatter * outer, count) / outer)}).rooted()

    def extra(self, covariance: AbstractCovariance, components: int, features: int) -> float | Array:
        """What the prior adds to a component's count of rows: that of a law is divided among those that share it."""
        each = 1 if self.of_variances(covariance) else -2 * (self.prior.correlation_concentration - 1)
        return each / covariance.sharing(components, features)

    def of_variances(self, covariance: AbstractCovariance) -> bool:
        """Whether there are no correlations: of variances, or of matrices of one feature."""
        return not covariance.parts[0].support.axes or self.prior.mean.shape[-1] == 1

    def pull(self, variances: Float[Array, "... D"]) -> Float[Array, "... D"]:
        """1/τ_j² + b/Σ_jj of matrices; twice the slope by which each Σ_jj is held down."""
        features, eta = variances.shape[-1], self.prior.correlation_concentration
        power = features + 2 * (eta - 1) if features > 1 else 0
        return 1 / self.prior.scale**2 + power / variances

    def slope_of_diagonal(self, covariance: AbstractCovariance) -> Array:
        """∂/∂ coordinates of what the prior says of single Σ_jj, or variances, beside their determinant."""
        (part,) = covariance.parts
        values = getattr(covariance, part.name)
        if not part.support.axes:
            return -values / self.prior.scale**2 / 2
        factor = inverse_triangle(cast("AbstractMatrices", covariance).own_root)
        slope = -self.pull(diagonal(values))[..., None] * factor
        return namespace(slope).concatenate([below_diagonal(slope), diagonal(slope) * diagonal(factor)], axis=-1)
