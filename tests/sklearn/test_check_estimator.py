"""scikit-learn's own checks of estimators, every one of them, for both classes."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from gmm_ppl.sklearn import BayesianGaussianMixture, GaussianMixture


@pytest.mark.filterwarnings("default")
@parametrize_with_checks([GaussianMixture(), BayesianGaussianMixture()])
def test_check_estimator(estimator, check):
    check(estimator)
