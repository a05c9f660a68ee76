"""Posteriors of mixtures of one feature as the sum over all Kᴺ assignments of its rows."""

from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from scipy.special import digamma, gammaln, logsumexp
from scipy.stats import halfnorm, norm, t


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

    @property
    def variance(self):
        """E σ²."""
        return self.scale / (self.degrees - 2)

    @property
    def mean_variance(self):
        """Var μ."""
        return self.variance / self.precision

    @property
    def log_variance(self):
        """E log σ²."""
        return np.log(self.scale / 2) - digamma(self.degrees / 2)

    def predictive(self, points):
        """Density of a new row, a Student t."""
        spread = np.sqrt(self.scale * (self.precision + 1) / (self.precision * self.degrees))
        return t.pdf(points, self.degrees, self.mean, spread)


@dataclass(frozen=True)
class Separated:
    """Dirichlet(α) weights; σ ~ HalfNormal(τ); μ ~ N(m, s²): normal given σ, which a grid sums out.

    Expectations are those given that every σ is above `least`.
    """

    concentration: float
    prior_mean: float
    mean_scale: float
    scale: float
    least: float

    def statement(self):
        """As a user states it."""
        return {
            "kind": "separated",
            "concentration": self.concentration,
            "mean": self.prior_mean,
            "mean_scale": self.mean_scale,
            "scale": self.scale,
        }

    def given(self, rows):
        """Its law given rows of one component, and the log of their marginal density."""
        edges = np.linspace(np.log(self.least), np.log(8 * self.scale), 4001)
        step, grid = edges[1] - edges[0], np.exp((edges[1:] + edges[:-1]) / 2)
        precision = 1 / self.mean_scale**2 + len(rows) / grid**2
        mean = (self.prior_mean / self.mean_scale**2 + rows.sum() / grid**2) / precision
        # Bayes' rule at μ = its mean given σ: prior × likelihood / posterior density.
        logs = norm.logpdf(mean, self.prior_mean, self.mean_scale) - norm.logpdf(0, 0, precision**-0.5)
        logs = logs + norm.logpdf(rows[:, None], mean, grid).sum(axis=0)
        logs = logs + halfnorm.logpdf(grid, scale=self.scale) + np.log(grid * step)
        return SeparatedGiven(grid, mean, precision**-0.5, np.exp(logs - logsumexp(logs))), logsumexp(logs)


@dataclass(frozen=True)
class SeparatedGiven:
    """Weights of a grid of σ, and the normal law of μ at each."""

    grid: np.ndarray
    means: np.ndarray
    spreads: np.ndarray
    weights: np.ndarray

    @property
    def mean(self):
        """E μ."""
        return self.weights @ self.means

    @property
    def variance(self):
        """E σ²."""
        return self.weights @ self.grid**2

    @property
    def mean_variance(self):
        """Var μ."""
        return self.weights @ (self.spreads**2 + (self.means - self.mean) ** 2)

    @property
    def log_variance(self):
        """E log σ²."""
        return 2 * self.weights @ np.log(self.grid)

    def predictive(self, points):
        """Density of a new row."""
        return norm.pdf(points[:, None], self.means, np.hypot(self.spreads, self.grid)) @ self.weights


POINTS = np.array([-3.0, -1.0, 0.0, 0.5, 2.0, 4.0])


def log_evidence(x, prior, components):
    """Log p(x) in nats: all assignments, each by the Dirichlet–multinomial law and the marginal density of each component."""
    total, logs = components * prior.concentration, []
    given = cache(lambda chosen: prior.given(x[list(chosen)])[1])
    for assignment in product(range(components), repeat=len(x)):
        counts = prior.concentration + np.bincount(assignment, minlength=components)
        marginals = [given(tuple(np.flatnonzero(np.array(assignment) == k))) for k in range(components)]
        logs.append(gammaln(counts).sum() - components * gammaln(prior.concentration) + sum(marginals))
    return logsumexp(logs) + gammaln(total) - gammaln(total + len(x))


def expectations(x, prior, components=2):
    """Posterior means of label-invariant quantities, by name, and the co-assignment probabilities (N, N)."""
    logs, values, together = [], [], []
    given = cache(lambda chosen: prior.given(x[list(chosen)]))
    for assignment in product(range(components), repeat=len(x)):
        labels = np.array(assignment)
        counts = prior.concentration + np.bincount(labels, minlength=components)
        laws, marginals = zip(*(given(tuple(np.flatnonzero(labels == k))) for k in range(components)), strict=True)
        logs.append(gammaln(counts).sum() + sum(marginals))
        values.append(invariants(counts / counts.sum(), counts, laws))
        together.append(labels[:, None] == labels)
    weights = np.exp(np.array(logs) - logsumexp(logs))
    means = {name: sum(w * each[name] for w, each in zip(weights, values, strict=True)) for name in values[0]}
    return means, np.tensordot(weights, np.array(together, float), axes=1)


def invariants(shares, counts, laws):
    """Expectations given an assignment, where the weights are Dirichlet and the components independent."""
    means = np.array([law.mean for law in laws])
    total = counts.sum()
    return {
        "mean of a row": shares @ means,
        "sum of means": means.sum(),
        "squared distance of means": (means[0] - means[1]) ** 2 + sum(law.mean_variance for law in laws),
        "sum of squared weights": (counts * (counts + 1)).sum() / (total * (total + 1)),
        "variance within": shares @ [law.variance for law in laws],
        "log variances": sum(law.log_variance for law in laws),
        "density": sum(share * law.predictive(POINTS) for share, law in zip(shares, laws, strict=True)),
    }


def invariants_of_draws(draws):
    """The same quantities for every draw, (chain, draw) or (chain, draw, point)."""
    weights, means, variances = draws.parameters.weights, draws.parameters.means[..., 0], variances_of(draws)
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
    variances = variances_of(draws)[..., None, :]
    return weights * np.exp(-((points[:, None] - means) ** 2) / variances / 2) / np.sqrt(2 * np.pi * variances)


def variances_of(draws):
    """σ²_k of one feature, (chain, draw, K), whatever the family."""
    return draws.parameters.covariances[..., 0, 0]
