"""`BayesianGaussianMixture`: the posterior's mode under scikit-learn's names for the prior's numbers."""

from typing import Any

import numpy as np

from gmm_ppl.errors import InputError
from gmm_ppl.inference.arguments import check_between
from gmm_ppl.inference.base import PointFit
from gmm_ppl.mixture.parameters import MixtureShape
from gmm_ppl.mixture.scale import DataScale
from gmm_ppl.priors import AbstractConjugatePrior
from gmm_ppl.priors.builders import conjugate_prior
from gmm_ppl.sklearn.base import AbstractMixtureEstimator
from gmm_ppl.sklearn.shapes import given_array


class BayesianGaussianMixture(AbstractMixtureEstimator):
    """A Gaussian mixture at the mode of its posterior, with the arguments of scikit-learn's class of that name.

    **MAP, not variational.** scikit-learn answers with the means of an approximate posterior; here EM climbs to the mode of
    the exact one (with respect to Lebesgue measure on weights, means and covariance matrices), as `gmm_ppl.fit` does. For
    posterior means, intervals and the evidence sample with `gmm_ppl.sample`. The laws, with the same numbers and defaults:

        weights ~ Dirichlet(1 + γ),  Σ ~ InverseWishart(ν, Ψ)  or  σ² ~ InverseGamma(ν / 2, ψ / 2),  μ_k | Σ_k ~ N(m, Σ_k / κ)

    With N_k rows in component k the mode's weights are (N_k + γ) / (N + K γ) and its means (N_k x̄_k + κ m) / (N_k + κ), which
    are scikit-learn's own formulae; covariances are (scatter + Ψ) / (N_k + ν + D + 2) where scikit-learn divides by N_k + ν.
    Weights of components that are not needed shrink to γ / (N + K γ), and not beyond: no number of components is found here.

    Args:
        n_components: K.
        covariance_type: full, tied, diag or spherical.
        tol: stop when no more than this is left to gain, in nats a row; see `GaussianMixture`.
        reg_covar: λ₀: adds λ₀ N / K to the diagonal of Ψ, as in `GaussianMixture`.
        max_iter: EM steps a start at most; 0 leaves the best start as it is.
        n_init: starts, of which the best is kept.
        init_params: kmeans, k-means++, random or random_from_data.
        weight_concentration_prior_type: dirichlet_distribution; there is no Dirichlet process here.
        weight_concentration_prior: γ > 0, rows that each component is credited with; 1 / K.
        mean_precision_prior: κ > 0, rows that the prior mean counts for; 1.
        mean_prior: m (D,), units of x; the rows' mean.
        degrees_of_freedom_prior: ν, above D − 1 for matrices and above 0 for variances; D.
        covariance_prior: Ψ, in the shape of one covariance, squared units of x; the rows' covariance (divided by N − 1), its
            diagonal, or the mean of that.
        random_state: of starts and of `sample`.
        warm_start: go on from the last fit's parameters.
        verbose: 1 for a line a fit on standard output, 2 for more of them.
        verbose_interval: iterations between two lines.

    Attributes:
        weight_concentration_prior_: γ, and so on for `mean_precision_prior_`, `mean_prior_`, `degrees_of_freedom_prior_` and
            `covariance_prior_`: the numbers used.
        weight_concentration_: γ + N_k (K,), and `mean_precision_` κ + N_k, `degrees_of_freedom_` ν + N_k, with the N_k that the
            weights returned were made of.
        lower_bound_: log-likelihood + log prior, nats a row.

    The others are those of `GaussianMixture`.
    """

    def __init__(
        self,
        *,
        n_components: int = 1,
        covariance_type: str = "full",
        tol: float = 1e-3,
        reg_covar: float = 1e-6,
        max_iter: int = 100,
        n_init: int = 1,
        init_params: str = "kmeans",
        weight_concentration_prior_type: str = "dirichlet_distribution",
        weight_concentration_prior: float | None = None,
        mean_precision_prior: float | None = None,
        mean_prior: Any = None,
        degrees_of_freedom_prior: float | None = None,
        covariance_prior: Any = None,
        random_state: Any = None,
        warm_start: bool = False,
        verbose: int = 0,
        verbose_interval: int = 10,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.tol = tol
        self.reg_covar = reg_covar
        self.max_iter = max_iter
        self.n_init = n_init
        self.init_params = init_params
        self.weight_concentration_prior_type = weight_concentration_prior_type
        self.weight_concentration_prior = weight_concentration_prior
        self.mean_precision_prior = mean_precision_prior
        self.mean_prior = mean_prior
        self.degrees_of_freedom_prior = degrees_of_freedom_prior
        self.covariance_prior = covariance_prior
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose
        self.verbose_interval = verbose_interval

    def _prior(self, shape: MixtureShape, data: DataScale, count: float) -> AbstractConjugatePrior:
        if self.weight_concentration_prior_type != "dirichlet_distribution":
            raise InputError(
                "weight_concentration_prior_type: only 'dirichlet_distribution' is there; given "
                f"{self.weight_concentration_prior_type!r}."
            )
        family, features, moment = shape.family, shape.features, shape.family.moment
        self.weight_concentration_prior_ = self._number("weight_concentration_prior", 1 / self.n_components)
        self.mean_precision_prior_ = self._number("mean_precision_prior", 1.0)
        self.degrees_of_freedom_prior_ = self._number("degrees_of_freedom_prior", features, moment.least_degrees(features))
        self.mean_prior_ = self._array("mean_prior", data.centre)
        unbiased = data.covariance * (count / max(count - 1, 1))
        self.covariance_prior_ = self._array("covariance_prior", family.scale_of(moment.from_matrix(unbiased)))
        ridge = np.full(features, self.reg_covar * count / self.n_components)
        return conjugate_prior(
            shape,
            data,
            concentration=1 + self.weight_concentration_prior_,
            mean=self.mean_prior_,
            mean_precision=self.mean_precision_prior_,
            degrees_of_freedom=self.degrees_of_freedom_prior_,
            scale=self.covariance_prior_ + family.scale_of(moment.from_diagonal(ridge)),
        )

    def _number(self, name: str, default: float, low: float = 0) -> float:
        """A number of the prior as given, or scikit-learn's default."""
        value = getattr(self, name)
        if value is None:
            return default
        check_between(name, value, low, np.inf)
        return value

    def _array(self, name: str, default: np.ndarray) -> np.ndarray:
        """Numbers of the prior as given, or scikit-learn's default, which has their shape."""
        value = getattr(self, name)
        return default if value is None else given_array(name, value, default.shape)

    def _keep(self, found: PointFit, count: float, before: np.ndarray) -> None:
        super()._keep(found, count, before)
        credited = self.weight_concentration_prior_
        self.weight_concentration_ = self.weights_ * (count + self.n_components * credited)
        rows = self.weight_concentration_ - credited
        self.mean_precision_ = self.mean_precision_prior_ + rows
        self.degrees_of_freedom_ = self.degrees_of_freedom_prior_ + rows
