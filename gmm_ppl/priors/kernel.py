"""A conjugate prior, or posterior, as what it adds to the data: counts, means and scatter, whose mode is the M-step."""

from abc import abstractmethod
from typing import ClassVar, Self

from gmm_ppl.mixture.density import log_weights
from gmm_ppl.mixture.moments import Moment
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.mixture.statistics import Statistics
from gmm_ppl.namespace import namespace
from gmm_ppl.records import Record, static
from gmm_ppl.types import Array, Float


class AbstractKernel(Record):
    """The density of a prior whose M-step is in closed form, with everything about it that is the same at each step.

    `exact` says whether that M-step arrives at the mode, or raises the density by steps.
    """

    exact: ClassVar[bool]

    @abstractmethod
    def log_density(self, parameters: MixtureParameters) -> Float[Array, "..."]:
        """Log p at parameters, in nats."""

    @abstractmethod
    def given(self, statistics: Statistics) -> "AbstractPosterior":
        """What the prior and the rows of known components, fractions of rows among them, say together."""


class AbstractPosterior(Record):
    """Log p of parameters given the statistics of rows, not normalised: what the M-step raises."""

    @abstractmethod
    def raised(self, position: MixtureParameters) -> MixtureParameters:
        """Parameters at which it is no lower, and higher unless `position` is a mode."""

    @abstractmethod
    def slope(self, parameters: MixtureParameters) -> dict[str, Array]:
        """∂ log p / ∂ coordinates: of `weights` their logarithms (with π = softmax), of means themselves, of covariances those of
        their parts.
        """


class ConjugateKernel(AbstractKernel, AbstractPosterior):
    """log p = c + Σ_k [(α_k − 1) log π_k − ½ (n_k log |Σ_k| + tr(W_k Σ_k⁻¹) + κ_k (μ_k − m_k)ᵀ Σ_k⁻¹ (μ_k − m_k))].

    α is `concentration`, κ `mean_precision` (rows), m `mean` (units of x), n `count` (rows) and W `scatter` (squared units of x,
    as the `moment` has second moments); each has an axis of K components. With rows of known components it
    stays of this kind (`given`), so that one formula serves prior and posterior. `constant` is c, in nats.
    Maximum likelihood is α = 1 and zeros.
    """

    concentration: Float[Array, "... K"]
    mean: Float[Array, "... K D"]
    mean_precision: Float[Array, "... K"]
    count: Float[Array, "... K"]
    scatter: Array
    constant: Float[Array, "..."]
    moment: Moment = static()
    exact: ClassVar[bool] = True

    def given(self, statistics: Statistics) -> Self:
        """The posterior's kernel, the density of rows given components not normalised."""
        xp, moment = namespace(statistics.count), self.moment
        offset, rows = statistics.offset, statistics.count
        sample_means = statistics.centre + offset
        total = self.mean_precision + rows
        shrinkage = self.mean_precision / xp.where(total > 0, total, 1)
        between = moment.square(sample_means - self.mean) * moment.expand(rows * shrinkage)
        return type(self)(
            self.concentration + rows,
            sample_means + shrinkage[..., None] * (self.mean - sample_means),
            total,
            self.count + rows,
            statistics.about(offset) + between + self.scatter,
            self.constant,
            moment,
        )

    def mode(self, shape: MixtureShape) -> MixtureParameters:
        """Where the density is highest: of a posterior's kernel the M-step."""
        weights = self.concentration - 1
        covariance = shape.family.fitted(self.count, self.scatter)
        return MixtureParameters(weights / weights.sum(axis=-1, keepdims=True), self.mean, covariance)

    def raised(self, position: MixtureParameters) -> MixtureParameters:
        return self.mode(position.shape)

    def log_density(self, parameters: MixtureParameters) -> Float[Array, "..."]:
        xp, covariance = namespace(parameters.weights), parameters.covariance
        distances = (covariance.whiten(parameters.means - self.mean) ** 2).sum(axis=-1)
        determinants = covariance.log_determinant(parameters.means.shape[-1])
        # Where nothing is counted nothing is asked: 0 · ∞ of a weight of 0, or of a covariance that has collapsed, is no number.
        power = self.concentration - 1
        weights = power * log_weights(xp.where(power == 0, 1, parameters.weights))
        spread = self.count * determinants + covariance.trace_precision(self.scatter) + self.mean_precision * distances
        return self.constant + (weights - spread / 2).sum(axis=-1)

    def slope(self, parameters: MixtureParameters) -> dict[str, Array]:
        covariance, moment = parameters.covariance, self.moment
        away = parameters.means - self.mean
        power = self.concentration - 1
        precision = covariance.precision() * moment.expand(self.mean_precision)
        about = self.scatter + moment.square(away) * moment.expand(self.mean_precision)
        return {
            "weights": power - parameters.weights * power.sum(axis=-1, keepdims=True),
            "means": -moment.linear(precision, away),
            **covariance.gradient(self.count + 0 * parameters.weights, about),
        }
