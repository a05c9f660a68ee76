"""Posteriors of conjugate mixtures in closed form: the sum over all Kᴺ assignments of one feature's rows."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.special import digamma, gammaln, logsumexp
from scipy.stats import t


@dataclass(frozen=True)
class Numbers:
    """Dirichlet(α) weights; σ² ~ InverseWishart(ν, Ψ) of one dimension; μ | σ² ~ N(m, σ² / κ)."""

    concentration: float
    mean: float
    precision: float
    degrees: float
    scale: float

    def statement(self):
        """As a user states it."""
        return {
            "kind": "conjugate",
            "concentration": self.concentration,
            "mean": self.mean,
            "mean_precision": self.precision,
            "degrees_of_freedom": self.degrees,
            "scale": self.scale,
        }

    def given(self, rows):
        """The same law given rows of one component, and the log of their marginal density."""
        count, total = len(rows), self.precision + len(rows)
        centre = rows.mean() if count else 0.0
        scatter = ((rows - centre) ** 2).sum() + self.precision * count / total * (centre - self.mean) ** 2
        mean = (self.precision * self.mean + count * centre) / total
        after = Numbers(self.concentration, mean, total, self.degrees + count, self.scale + scatter)
        return after, after.log_constant() - self.log_constant() - count / 2 * np.log(np.pi)

    def log_constant(self):
        """Log Γ(ν/2) − (ν/2) log Ψ − ½ log κ."""
        return gammaln(self.degrees / 2) - self.degrees / 2 * np.log(self.scale) - np.log(self.precision) / 2

    def predictive(self, points):
        """Density of a new row, a Student t."""
        spread = np.sqrt(self.scale * (self.precision + 1) / (self.precision * self.degrees))
        return t.pdf(points, self.degrees, self.mean, spread)


POINTS = np.array([-3.0, -1.0, 0.0, 0.5, 2.0, 4.0])


def expectations(x, prior, components=2):
    """Posterior means of label-invariant quantities, by name, and the co-assignment probabilities (N, N)."""
    logs, values, together = [], [], []
    for assignment in product(range(components), repeat=len(x)):
        labels = np.array(assignment)
        counts = prior.concentration + np.bincount(labels, minlength=components)
        laws, marginals = zip(*(prior.given(x[labels == k]) for k in range(components)), strict=True)
        logs.append(gammaln(counts).sum() + sum(marginals))
        values.append(invariants(counts / counts.sum(), counts, laws))
        together.append(labels[:, None] == labels)
    weights = np.exp(np.array(logs) - logsumexp(logs))
    means = {name: sum(w * each[name] for w, each in zip(weights, values, strict=True)) for name in values[0]}
    return means, np.tensordot(weights, np.array(together, float), axes=1)


def invariants(shares, counts, laws):
    """Expectations given an assignment, where the weights are Dirichlet and the components independent."""
    means = np.array([law.mean for law in laws])
    variances = np.array([law.scale / (law.degrees - 2) for law in laws])
    mean_variances = variances / [law.precision for law in laws]
    total = counts.sum()
    return {
        "mean of a row": shares @ means,
        "sum of means": means.sum(),
        "squared distance of means": (means[0] - means[1]) ** 2 + mean_variances.sum(),
        "sum of squared weights": (counts * (counts + 1)).sum() / (total * (total + 1)),
        "variance within": shares @ variances,
        "log variances": sum(np.log(law.scale / 2) - digamma(law.degrees / 2) for law in laws),
        "density": sum(share * law.predictive(POINTS) for share, law in zip(shares, laws, strict=True)),
    }


def invariants_of_draws(draws):
    """The same quantities for every draw, (chain, draw) or (chain, draw, point)."""
    weights, means = draws.parameters.weights, draws.parameters.means[..., 0]
    variances = draws.parameters.covariance.values[..., 0, 0]
    return {
        "mean of a row": (weights * means).sum(-1),
        "sum of means": means.sum(-1),
        "squared distance of means": (means[..., 0] - means[..., 1]) ** 2,
        "sum of squared weights": (weights**2).sum(-1),
        "variance within": (weights * variances).sum(-1),
        "log variances": np.log(variances).sum(-1),
        "density": component_densities(draws, POINTS).sum(-1),
    }


def co_assignment_of_draws(draws, x):
    """P(z_i = z_j | θ, x) for every draw: (chain, draw, N, N)."""
    joint = component_densities(draws, x)
    shares = joint / joint.sum(-1, keepdims=True)
    together = shares @ np.swapaxes(shares, -1, -2)
    together[..., np.arange(len(x)), np.arange(len(x))] = 1
    return together


def component_densities(draws, points):
    """π_k N(x | μ_k, σ²_k), (chain, draw, points, K)."""
    weights, means = draws.parameters.weights[..., None, :], draws.parameters.means[..., 0][..., None, :]
    variances = draws.parameters.covariance.values[..., 0, 0][..., None, :]
    return weights * np.exp(-((points[:, None] - means) ** 2) / variances / 2) / np.sqrt(2 * np.pi * variances)
