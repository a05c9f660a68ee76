"""Dirichlet weights with normal–inverse-Wishart components, and the same kernel for every other family."""

from dataclasses import replace
from typing import ClassVar, Self

import numpy as np

from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.priors.base import AbstractConjugatePrior
from gmm_ppl.priors.kernel import ConjugateKernel
from gmm_ppl.priors.latex import show_number, show_value
from gmm_ppl.priors.normalisers import log_normaliser
from gmm_ppl.types import Array, Float


class ConjugatePrior(AbstractConjugatePrior):
    """weights ~ Dirichlet(α);  Σ ~ InverseWishart(ν, Ψ)  or  σ² ~ InverseGamma(ν/2, ψ/2);  μ_k | Σ_k ~ N(m, Σ_k / κ).

    One Σ or σ² for each that the family has: K matrices (full), one (tied), K·D variances (diagonal), K (spherical). The tied
    prior thus uses one Σ in the law of every mean. (Gelman et al., Bayesian Data Analysis, 3rd ed., §3.6; Fraley & Raftery 2007,
    doi:10.1007/s00357-007-0004-5, for the mixtures.) Families whose covariances are made of several parts (volumes and shapes)
    have the density of the full, or the diagonal, prior as a function of their Σ_k, not normalised, with respect to
    d(log volume) · d(shape), the measures of `mixture.supports`.
    """

    concentration: Float[Array, " K"]
    mean: Float[Array, " D"]
    mean_precision: Float[Array, ""]
    degrees_of_freedom: Float[Array, ""]
    scale: Array
    kind: ClassVar[str] = "conjugate"
    proper: ClassVar[bool] = True

    def sample_parameters(self, shape: MixtureShape) -> MixtureParameters:
        from gmm_ppl.priors.programs import conjugate_program

        return conjugate_program(self, shape)

    def kernel(self, shape: MixtureShape) -> ConjugateKernel:
        family, features = shape.family, shape.features
        shared = family.sharing(shape.components, features)
        # One for the law of each mean, N(m, Σ_k / κ), and what the measure of the covariances takes.
        count = 1 + (self.degrees_of_freedom + family.moment.measure(features)) / shared
        ones = np.ones(shape.components)
        scatter = np.ones((shape.components, *family.moment.shape(features))) * self.scale / shared
        means = ones[:, None] * self.mean
        precision = self.mean_precision * ones
        kernel = ConjugateKernel(self.concentration, means, precision, count * ones, scatter, np.zeros(()), family.moment)
        return replace(kernel, constant=log_normaliser(kernel, shape))

    def bounded(self) -> bool:
        return bool((self.concentration >= 1).all())

    def with_mode(self) -> Self:
        return replace(self, concentration=np.maximum(self.concentration, 1))

    def numbers(self) -> dict[str, object]:
        return {name: np.asarray(getattr(self, name)).tolist() for name in NUMBERS}

    def formulae(self, shape: MixtureShape) -> tuple[str, ...]:
        degrees = float(self.degrees_of_freedom)
        return (
            rf"\pi \sim \operatorname{{Dirichlet}}{show_value(self.concentration)}",
            shape.family.moment.law(shape.family.formula, show_number(degrees), show_number(degrees / 2), show_value(self.scale)),
            rf"\mu_k \mid \Sigma_k \sim \mathcal N\left(m = {show_value(self.mean)},\; "
            rf"\Sigma_k / \kappa,\; \kappa = {show_number(float(self.mean_precision))}\right)",
        )

    def shifted(self, offset: Float[Array, " D"]) -> Self:
        return replace(self, mean=self.mean - offset)


NUMBERS = ("concentration", "mean", "mean_precision", "degrees_of_freedom", "scale")
