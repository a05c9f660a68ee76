"""Estimators for scikit-learn over the same EM: `GaussianMixture` (maximum likelihood) and `BayesianGaussianMixture` (MAP).

They need scikit-learn 1.6 or later, which is an extra: `pip install "gmm_ppl[sklearn]"`.
"""

try:
    from gmm_ppl.sklearn.bayesian import BayesianGaussianMixture
    from gmm_ppl.sklearn.gaussian import GaussianMixture
except ModuleNotFoundError as error:
    if (error.name or "").split(".")[0] != "sklearn":
        raise
    raise ModuleNotFoundError(
        'gmm_ppl.sklearn needs scikit-learn, which is not installed: pip install "gmm_ppl[sklearn]".', name="sklearn"
    ) from error

__all__ = ["BayesianGaussianMixture", "GaussianMixture"]
