"""Fits of every engine made by hand, and chains that sit in two modes."""

import warnings
from dataclasses import fields

import numpy as np

import gmm_ppl as gp
from gmm_ppl.inference.base import DrawsFit, LaplaceFit, TemperedFit
from gmm_ppl.mixture.covariance.spherical import SphericalCovariance
from gmm_ppl.mixture.parameters import MixtureParameters
from tests.results.fits import draws_fit, fit_of, point_fit


def given(fit: DrawsFit, **changes: object) -> dict:
    """The fields of a plain fit, some of them changed."""
    return {**{each.name: getattr(fit, each.name) for each in fields(DrawsFit) if each.name != "engine"}, **changes}


def laplace_fit(pareto_k: float = 0.31) -> LaplaceFit:
    """A normal approximation with made-up weights."""
    plain = draws_fit(point_fit("full"), chains=2, draws=200)
    lp = plain.sampler_statistics["lp"]
    statistics = {"lp": lp, "log_p": lp, "log_q": lp + 1.0, "log_weight": np.full(lp.shape, -np.log(lp.size))}
    return LaplaceFit(
        **given(plain, sampler_statistics=statistics),
        log_evidence=-210.5,
        log_evidence_error=0.02,
        normal_log_evidence=-210.7,
        pareto_k=pareto_k,
        flattest=0.4,
    )


def tempered_fit() -> TemperedFit:
    """Two runs of 200 particles."""
    plain = draws_fit(point_fit("full"), chains=2, draws=200)
    statistics = {
        "lp": plain.sampler_statistics["lp"],
        "log_evidence": np.array([-210.6, -210.4]),
        "temperatures": np.array([11, 12]),
        "ancestors": np.array([40, 50]),
        "effective_particles": np.array([21.4, 30.2]),
    }
    return TemperedFit(
        **given(plain, sampler_statistics=statistics), log_evidence=-210.5, log_evidence_error=0.1, path={"ess": np.ones((2, 3))}
    )


CLUSTER = np.array([-0.45, -0.15, 0.15, 0.45])
ROWS = np.concatenate([CLUSTER - 12, CLUSTER + 0.2, CLUSTER + 12])
"""Three clusters for two components."""


def two_modes(chains: int = 4, draws: int = 60) -> DrawsFit:
    """Chains that start, and stay, in one mode where their number is even and in the other where it is odd."""
    mixture = gp.Mixture(2, "spherical")
    with warnings.catch_warnings():
        # Three clusters as two components: the prior says most of the variance of the tight one.
        warnings.simplefilter("ignore", gp.FitWarning)
        points = [gp.fit(mixture, ROWS, start=np.repeat(labels, 4)) for labels in ([0, 1, 1], [0, 0, 1])]
    rng = np.random.default_rng(4)
    own = [points[chain % 2].parameters for chain in range(chains)]

    weights = np.stack([rng.dirichlet(400 * each.weights, draws) for each in own])
    means = np.stack([each.means + 0.01 * rng.standard_normal((draws, 2, 1)) for each in own])
    variances = np.stack([each.covariance.variances * rng.gamma(400, 1 / 400, (draws, 2)) for each in own])
    return fit_of(points[0], MixtureParameters(weights, means, SphericalCovariance(variances)))
