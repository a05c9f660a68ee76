"""Partitions of rows and what they say of each component, parameters integrated out, under the normal-inverse-Wishart prior."""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, multigammaln


@dataclass(frozen=True)
class Numbers:
    """Dirichlet(α) weights, μ | Σ ~ N(m, Σ / κ), Σ ~ InverseWishart(ν, Ψ)."""

    concentration: np.ndarray
    mean: np.ndarray
    mean_precision: float
    degrees_of_freedom: float
    scale: np.ndarray


class Clusters:
    """Counts, sums and sums of squares of C chains' components, (C, K, …), of rows counted from the prior's mean."""

    def __init__(self, x: np.ndarray, numbers: Numbers, labels: np.ndarray) -> None:
        """`labels` is (C, N)."""
        self.numbers, self.x, self.z = numbers, x, x - numbers.mean
        components = numbers.concentration.size
        member = labels[..., None] == np.arange(components)
        self.labels, self.chains = labels.copy(), np.arange(len(labels))
        self.count = member.sum(axis=1).astype(float)
        self.sum = np.einsum("cnk,nd->ckd", member.astype(float), self.z)
        self.square = np.einsum("cnk,nd,ne->ckde", member.astype(float), self.z, self.z)

    def put(self, row: int, sign: float) -> None:
        """Take a row out of its component in each chain (−1), or put it back (1)."""
        z, at = self.z[row], (self.chains, self.labels[:, row])
        self.count[at] += sign
        self.sum[at] += sign * z
        self.square[at] += sign * np.outer(z, z)

    def log_predictive(self, points: np.ndarray) -> np.ndarray:
        """Log density of further rows (P, D) given each component's, (C, K, P)."""
        return log_predictive(self.numbers, self.count, self.sum, self.square, points)

    def log_likelihood(self) -> np.ndarray:
        """Log p(x | z), (C,)."""
        numbers, features = self.numbers, self.z.shape[1]
        determinant = factors(numbers, self.count, self.sum, self.square)[1]
        degrees = numbers.degrees_of_freedom + self.count
        own = numbers.degrees_of_freedom / 2 * np.linalg.slogdet(numbers.scale)[1]
        each = (
            -self.count * features / 2 * np.log(np.pi)
            + multigammaln_of(degrees / 2, features)
            - multigammaln(numbers.degrees_of_freedom / 2, features)
            + own
            - degrees / 2 * determinant
            + features / 2 * np.log(numbers.mean_precision / (numbers.mean_precision + self.count))
        )
        return each.sum(axis=-1)

    def log_prior(self) -> np.ndarray:
        """Log p(z), the weights integrated out, (C,)."""
        alpha = self.numbers.concentration
        rows = self.count.sum(axis=-1)
        ends = gammaln(alpha.sum()) - gammaln(alpha.sum() + rows)
        return ends + (gammaln(alpha + self.count) - gammaln(alpha)).sum(axis=-1)

    def log_joint(self) -> np.ndarray:
        """Log p(x, z), (C,)."""
        return self.log_likelihood() + self.log_prior()


def factors(numbers: Numbers, count: np.ndarray, total: np.ndarray, square: np.ndarray) -> tuple[np.ndarray, ...]:
    """(Cholesky factors of Ψ_n (…, D, D), their log determinants, means m_n (…, D)) given sums of rows from the prior's mean."""
    means = total / (numbers.mean_precision + count)[..., None]
    factor = np.linalg.cholesky(numbers.scale + square - total[..., :, None] * means[..., None, :])
    return factor, 2 * np.log(np.diagonal(factor, axis1=-2, axis2=-1)).sum(axis=-1), means


def log_predictive(numbers: Numbers, count: np.ndarray, total: np.ndarray, square: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Log density of points (P, D) given the rows of a component, Student's t, (…, P)."""
    factor, determinant, means = factors(numbers, count, total, square)
    features = points.shape[1]
    precision = (numbers.mean_precision + count)[..., None]
    degrees = (numbers.degrees_of_freedom + count)[..., None]
    away = points - numbers.mean - means[..., None, :]
    inner = np.linalg.solve(factor, np.swapaxes(away, -1, -2))
    distance = precision / (precision + 1) * (inner**2).sum(axis=-2)
    gammas = gammaln((degrees + 1) / 2) - gammaln((degrees + 1 - features) / 2)
    shape = features / 2 * np.log(precision / (precision + 1) / np.pi) - determinant[..., None] / 2
    return gammas + shape - (degrees + 1) / 2 * np.log1p(distance)


def multigammaln_of(values: np.ndarray, features: int) -> np.ndarray:
    """`multigammaln` of many values."""
    steps = np.arange(features) / 2
    return features * (features - 1) / 4 * np.log(np.pi) + gammaln(values[..., None] - steps).sum(axis=-1)
