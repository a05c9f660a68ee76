"""What both estimators share: scikit-learn's methods over a `PointFit`."""

import warnings
from abc import abstractmethod
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, DensityMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from gmm_ppl.data.weights import checked_row_weights
from gmm_ppl.errors import FitWarning, InputError
from gmm_ppl.inference.arguments import check_count
from gmm_ppl.inference.base import PointFit, Status
from gmm_ppl.inference.prepared import Prepared
from gmm_ppl.mixture.density import density_and_responsibilities
from gmm_ppl.mixture.operations import drawn
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.mixture.scale import DataScale, scale_of
from gmm_ppl.model.specification import Mixture
from gmm_ppl.priors import AbstractConjugatePrior
from gmm_ppl.records import map_arrays
from gmm_ppl.sklearn.begin import begin, check_arguments
from gmm_ppl.sklearn.engine import best_point, has_settled, objectives
from gmm_ppl.sklearn.shapes import FAMILY_NAMES, inverse_factors, inverses
from gmm_ppl.sklearn.verbose import lines

RESIDUALS = 2**20
"""Rows × components × features that are looked at together: 8 MB."""


class AbstractMixtureEstimator(ClassNamePrefixFeaturesOutMixin, TransformerMixin, DensityMixin, BaseEstimator):
    """A mixture in scikit-learn's terms. A member says which prior its arguments make; the rest is here.

    `fit` leaves `point_`, the library's own `PointFit`, from which all other attributes are read.
    """

    n_components: int
    covariance_type: str
    init_params: str
    tol: float
    reg_covar: float
    max_iter: int
    random_state: Any
    warm_start: bool
    verbose: int
    verbose_interval: int
    point_: PointFit
    weights_: np.ndarray
    unchecked: ClassVar[dict] = {}

    @abstractmethod
    def _prior(self, shape: MixtureShape, data: DataScale, count: float) -> AbstractConjugatePrior:
        """The prior with all its numbers, from the estimator's arguments and rows that count for `count`."""

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Find the parameters by EM from `n_init` starts; with `warm_start`, go on from the last ones.

        Args:
            X: rows (n_samples, n_features): an array or a data frame.
            y: not used; there because scikit-learn passes it.
            sample_weight: (n_samples,), finite and from 0: how often each row counts. Whole numbers are rows that are repeated.

        Raises:
            ValueError: data or arguments that cannot be used, or a start whose covariance is singular (`reg_covar` 0).

        Warns:
            ConvergenceWarning: the best start did not converge within `max_iter` steps, or a component collapsed.
            FitWarning: a component was left without rows.
        """
        check_arguments(self)
        x = np.asarray(validate_data(self, X, dtype=np.float64, ensure_min_samples=2))
        self._check_enough(len(x))
        weights = None
        if sample_weight is not None:
            weights = checked_row_weights(sample_weight, len(x), self.n_components, "sample_weight")
        self._climb(self._prepared(x, weights))
        return self

    def _check_enough(self, rows: int) -> None:
        if rows < self.n_components:
            raise InputError(f"n_components={self.n_components} is more than n_samples={rows}: take at most as many.")

    def _prepared(self, x: np.ndarray, weights: np.ndarray | None) -> Prepared:
        """Rows and the mixture with its prior; features may be constant, since a ridge gives them a variance."""
        counted = slice(None) if weights is None else weights > 0
        scale = scale_of(x[counted], None if weights is None else weights[counted])
        mixture, features = Mixture(self.n_components, FAMILY_NAMES[self.covariance_type]), x.shape[1]
        prior = self._prior(mixture.shape(features), scale, float(len(x) if weights is None else weights.sum()))
        # A variance has collapsed where it is nothing beside what the data and the ridge give each feature.
        floor = DataScale(scale.centre, scale.covariance + self.reg_covar * np.eye(features))
        return Prepared(replace(mixture, prior=prior), x, floor, weights)

    def _climb(self, prepared: Prepared) -> None:
        warm = self.warm_start and hasattr(self, "point_")
        starts = self._last(prepared.shape) if warm else begin(self, prepared, check_random_state(self.random_state))
        progress = lines(self.verbose, self.verbose_interval)
        kind = "warm_start" if warm else self.init_params
        found = best_point(prepared, starts, kind, tolerance=self.tol, max_steps=self.max_iter, progress=progress)
        self._keep(found, float(prepared.rows.total), self._reached if warm else np.empty(0))
        self._announce(found)

    def _last(self, shape: MixtureShape) -> MixtureParameters:
        """The last fit's parameters as the one start."""
        held = self.point_.parameters
        if held.shape != shape:
            raise InputError(
                "warm_start: the last fit had another number of components or features, or another covariance_type. Fit a new "
                "estimator (sklearn.base.clone), or set warm_start=False."
            )
        return map_arrays(lambda leaf: leaf[None], held)

    def _keep(self, found: PointFit, count: float, before: np.ndarray) -> None:
        """Attributes from a fit of rows that count for `count`, which went on from a fit with objectives `before`, if any."""
        trace = objectives(found)
        # The same rows again, one step or a few at a time: gains on both sides of the break say whether it has settled.
        same = len(before) and np.isclose(trace[0], before[-1], rtol=1e-13, atol=0)
        self._reached = np.concatenate([before[:-1] if same else before[:0], trace])[-3:]
        self.point_ = found
        settled = found.status is Status.STEP_LIMIT and has_settled(self._reached, self.tol, count)
        self.converged_ = found.status is Status.CONVERGED or settled
        self.n_iter_ = found.iterations
        self.lower_bounds_ = (trace[1:] / count).tolist()
        self.lower_bound_ = float(trace[-1] / count)
        self._name_parameters(found.parameters)

    def _name_parameters(self, parameters: MixtureParameters) -> None:
        (part,) = parameters.covariance.parts
        self.weights_, self.means_, self.covariances_ = parameters.sites.values()
        self.precisions_cholesky_ = inverse_factors(self.covariances_, part)
        self.precisions_ = inverses(self.precisions_cholesky_, part)

    def _announce(self, found: PointFit) -> None:
        """Warn of what a user of the fit must know."""
        if not self.converged_ and self.max_iter > 0:
            warnings.warn(f"EM did not converge: {self._reason(found.status)}", ConvergenceWarning, stacklevel=4)
        if found.empty:
            named = ", ".join(map(str, found.empty))
            warnings.warn(
                f"EM: no rows are left to component {named}, counting from 0: take fewer components.", FitWarning, stacklevel=4
            )

    def _reason(self, status: Status) -> str:
        if status is Status.STEP_LIMIT:
            return (
                f"after {self.max_iter} steps there is more than tol={self.tol:g} nats a row to gain, as far as the last steps "
                "tell. Raise max_iter, or loosen tol."
            )
        if status is Status.COLLAPSED:
            return (
                "a component emptied or its covariance became singular, where the likelihood has no maximum; the parameters of "
                "the step before were kept. Raise reg_covar, or take fewer components or a simpler covariance_type."
            )
        return status.value

    def fit_predict(self, X: Any, y: Any = None, sample_weight: Any = None) -> np.ndarray:
        """`fit`, then the most probable component of each of the same rows, (n_samples,)."""
        return self.fit(X, y, sample_weight=sample_weight).predict(X)

    def score_samples(self, X: Any) -> np.ndarray:
        """Log P(x) in nats for each row, (n_samples,)."""
        return self._evaluate(X)[0]

    def score(self, X: Any, y: Any = None) -> float:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The mean of log P(x) over rows, in nats a row; larger is better."""
        return float(self.score_samples(X).mean())

    def predict_proba(self, X: Any) -> np.ndarray:
        """Responsibilities: the probability of each component for each row, (n_samples, n_components)."""
        return self._evaluate(X)[1]

    def transform(self, X: Any) -> np.ndarray:
        """`predict_proba`, as features for what follows in a pipeline; `set_output` makes a data frame of it."""
        return self.predict_proba(X)

    def predict(self, X: Any) -> np.ndarray:
        """The most probable component of each row, (n_samples,) of 0 … n_components − 1."""
        return self.predict_proba(X).argmax(axis=1)

    def _evaluate(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        check_is_fitted(self)
        x = np.asarray(validate_data(self, X, dtype=np.float64, reset=False))
        parameters = self.point_.parameters
        together = max(1, RESIDUALS // parameters.means.size)
        blocks = [density_and_responsibilities(x[at : at + together], parameters) for at in range(0, len(x), together)]
        density, memberships = zip(*blocks, strict=True)
        return np.concatenate(density), np.concatenate(memberships)

    def sample(self, n_samples: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Independent draws from P(x), (n_samples, n_features), and the component of each, (n_samples,).

        In the order in which they were drawn: scikit-learn sorts them by component. An int as `random_state` gives the same
        draws every time.
        """
        check_is_fitted(self)
        check_count("n_samples", n_samples)
        return drawn(self.point_.parameters, n_samples, check_random_state(self.random_state))

    def bic(self, X: Any) -> float:
        """−2 log L + p log N of rows X (log L = Σ log P(x_i), p free parameters), smaller better; each row counts once."""
        density = self.score_samples(X)
        return float(-2 * density.sum() + self._n_parameters() * np.log(len(density)))

    def aic(self, X: Any) -> float:
        """−2 log L + 2 p of rows X, smaller better; see `bic`."""
        return float(-2 * self.score_samples(X).sum() + 2 * self._n_parameters())

    def _n_parameters(self) -> int:
        return self.point_.parameters.shape.n_parameters

    def to_datatree(self, X: Any, **settings: Any) -> Any:
        """The fit as one labelled tree (`gmm_ppl.to_datatree`), for its tables, figures and reports.

        Args:
            X: the rows that it was fitted to, without weights.
            settings: as in `gmm_ppl.to_datatree`.
        """
        from gmm_ppl.results.datatree import to_datatree

        check_is_fitted(self)
        return to_datatree(self.point_, X, **settings)

    @property
    def _n_features_out(self) -> int:
        return len(self.weights_)
