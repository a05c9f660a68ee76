"""`GaussianMixture`: maximum likelihood under scikit-learn's names."""

from typing import Any

import numpy as np

from gmm_ppl.mixture.parameters import MixtureShape
from gmm_ppl.mixture.scale import DataScale
from gmm_ppl.priors.ridge import RidgePrior
from gmm_ppl.sklearn.base import AbstractMixtureEstimator


class GaussianMixture(AbstractMixtureEstimator):
    """A Gaussian mixture by maximum likelihood, with the arguments and attributes of scikit-learn's class of that name.

    The EM is that of `gmm_ppl.fit`, and begins where scikit-learn begins for the same `random_state`. It differs thus:

    - `tol` (nats a row) bounds what EM would still gain, estimated from its last steps, where scikit-learn looks at the last
      gain alone and stops short of the maximum wherever components overlap. Quasi-Newton steps make up for it.
    - `reg_covar` (λ₀, squared units of x) is a penalty that belongs to the objective,
      Σ_i w_i log P(x_i) − ½ λ₀ (N / K) Σ_k tr Σ_k⁻¹, whose M-step adds λ₀ N / (K N_k) to the variances of a component with N_k
      rows, and λ₀ where one covariance is shared. scikit-learn adds λ₀ to each, which is the M-step of no objective: there the
      likelihood may fall. Both agree for components of equal weight, for tied covariances, and where λ₀ is small beside the
      variances. At 0 this is plain maximum likelihood, and a component that collapses is said.
    - `lower_bound_` (nats a row) is the objective at the parameters returned; scikit-learn's is a step behind.
    - `fit` takes `sample_weight`, and `transform` gives the responsibilities.
    - Answers are in double precision whatever the type of X; the array API and sparse matrices are not supported.

    Args:
        n_components: K.
        covariance_type: full, tied, diag or spherical.
        tol: see above.
        reg_covar: see above.
        max_iter: EM steps a start at most; 0 leaves the best start as it is.
        n_init: starts, of which the best is kept.
        init_params: kmeans, k-means++, random (responsibilities) or random_from_data (rows as means).
        weights_init: (K,), what every start has in the place of its own; as are the next two.
        means_init: (K, D), units of x.
        precisions_init: inverse covariances in the shape of `covariances_`.
        random_state: of starts and of `sample`.
        warm_start: go on from the last fit's parameters.
        verbose: 1 for a line a fit on standard output, 2 for more of them.
        verbose_interval: iterations between two lines.

    Attributes:
        weights_: (K,).
        means_: (K, D), units of x.
        covariances_: full (K, D, D), tied (D, D), diag (K, D), spherical (K,); squared units of x.
        precisions_: their inverses.
        precisions_cholesky_: P with P Pᵀ = Σ⁻¹: upper triangular, or 1 / σ for variances.
        converged_: whether no more than `tol` is left to gain.
        n_iter_: EM steps of the best start.
        lower_bound_: the objective, nats a row.
        lower_bounds_: the same after each step.
        n_features_in_: D.
        feature_names_in_: names of the columns, where X had them.
        point_: the `PointFit`, with the status of every start, for the rest of the library.
    """

    def __init__(
        self,
        n_components: int = 1,
        *,
        covariance_type: str = "full",
        tol: float = 1e-3,
        reg_covar: float = 1e-6,
        max_iter: int = 100,
        n_init: int = 1,
        init_params: str = "kmeans",
        weights_init: Any = None,
        means_init: Any = None,
        precisions_init: Any = None,
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
        self.weights_init = weights_init
        self.means_init = means_init
        self.precisions_init = precisions_init
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose
        self.verbose_interval = verbose_interval

    def _prior(self, shape: MixtureShape, data: DataScale, count: float) -> RidgePrior:
        return RidgePrior(np.asarray(self.reg_covar * count / self.n_components))
