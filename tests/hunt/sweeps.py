"""Gibbs sweeps over the assignments of many particles side by side, compiled."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import gammaln

from tests.hunt.clusters import Numbers, multigammaln_of

Entries = list[jax.Array]
"""Sums of a component's rows: one array (K, C) a feature, or one a pair of features (the lower triangle, row by row)."""


class Sweeps:
    """Sweeps over rows that are counted from the prior's mean in units of its scale, so that Ψ is the identity."""

    def __init__(self, x: np.ndarray, numbers: Numbers) -> None:
        factor = np.linalg.cholesky(numbers.scale)
        self.rows = np.linalg.solve(factor, (x - numbers.mean).T).T
        self.concentration = np.asarray(numbers.concentration, dtype=float)
        self.unit = len(x) * float(np.log(np.diagonal(factor)).sum())
        self.constants = tables(len(x), x.shape[1], numbers)

    def drawn(self, rng: np.random.Generator, many: int) -> np.ndarray:
        """Assignments from their prior, (many, N)."""
        weights = rng.dirichlet(self.concentration, many)
        return (rng.random((many, len(self.rows), 1)) > np.cumsum(weights, axis=1)[:, None, :-1]).sum(axis=-1)

    def moved(self, labels: np.ndarray, power: float, sweeps: int, rng: np.random.Generator) -> np.ndarray:
        """Assignments (C, N) after so many sweeps at a power of p(x | z)."""
        with jax.enable_x64(True):
            key = jax.random.key(int(rng.integers(2**31)))
            ends = swept(self.rows, self.concentration, self.constants, labels.T.astype(np.int32), power, key, sweeps)
            return np.asarray(ends).T

    def log_likelihood(self, labels: np.ndarray) -> np.ndarray:
        """Log p(x | z), nats, (C,)."""
        with jax.enable_x64(True):
            return np.asarray(heights(self.rows, self.concentration, self.constants, labels.T.astype(np.int32))) - self.unit


def tables(rows: int, features: int, numbers: Numbers) -> dict[str, np.ndarray]:
    """What depends on a component's number of rows alone, 0 … N."""
    count = np.arange(rows + 1.0)
    precision, degrees = numbers.mean_precision + count, numbers.degrees_of_freedom + count
    ratio = precision / (precision + 1)
    gammas = gammaln((degrees + 1) / 2) - gammaln((degrees + 1 - features) / 2)
    of_all = multigammaln_of(degrees / 2, features) - multigammaln_of(degrees[:1] / 2, features)
    return {
        "precision": precision,
        "degrees": degrees,
        "ratio": ratio,
        "predictive": gammas + features / 2 * np.log(ratio / np.pi),
        "marginal": of_all + features / 2 * (np.log(precision[0] / precision) - count * np.log(np.pi)),
    }


def factor_of(precision: jax.Array, total: Entries, square: Entries) -> tuple[list[Entries], Entries]:
    """Cholesky factors, by rows, of I + Σ z zᵀ − m_n m_nᵀ κ_n, and the means m_n."""
    features = len(total)
    means = [each / precision for each in total]
    factor: list[Entries] = []
    for i in range(features):
        row: Entries = []
        for j in range(i + 1):
            entry = square[i * (i + 1) // 2 + j] - total[i] * means[j] + (i == j)
            entry = entry - sum((row[k] * (factor[j] if j < i else row)[k] for k in range(j)), jnp.zeros(()))
            row.append(jnp.sqrt(entry) if i == j else entry / factor[j][j])
        factor.append(row)
    return factor, means


def log_determinant(factor: list[Entries]) -> jax.Array:
    """Of the matrix, twice that of its factor."""
    return 2 * sum((jnp.log(row[-1]) for row in factor), jnp.zeros(()))


def log_predictive(constants: dict, count: jax.Array, total: Entries, square: Entries, z: Entries) -> jax.Array:
    """Student's t of one row given each component's, (K, C)."""
    precision, degrees, ratio, constant = (constants[name][count] for name in ("precision", "degrees", "ratio", "predictive"))
    factor, means = factor_of(precision, total, square)
    inner: Entries = []
    for i, row in enumerate(factor):
        away = z[i] - means[i] - sum((row[k] * inner[k] for k in range(i)), jnp.zeros(()))
        inner.append(away / row[i])
    distance = ratio * sum((each**2 for each in inner), jnp.zeros(()))
    return constant - log_determinant(factor) / 2 - (degrees + 1) / 2 * jnp.log1p(distance)


def sums(rows: jax.Array, labels: jax.Array, components: int) -> tuple[jax.Array, Entries, Entries]:
    """Counts, sums and sums of products of each component's rows, of labels (N, C)."""
    member = (labels == jnp.arange(components)[:, None, None]).astype(float)
    total = [jnp.einsum("n,knc->kc", rows[:, i], member) for i in range(rows.shape[1])]
    square = [jnp.einsum("n,knc->kc", rows[:, i] * rows[:, j], member) for i in range(rows.shape[1]) for j in range(i + 1)]
    return member.sum(axis=1).astype(jnp.int32), total, square


@jax.jit
def heights(rows: jax.Array, concentration: jax.Array, constants: dict, labels: jax.Array) -> jax.Array:
    """Log density of all rows given z, (C,)."""
    count, total, square = sums(rows, labels, concentration.size)
    factor, _ = factor_of(constants["precision"][count], total, square)
    each = constants["marginal"][count] - constants["degrees"][count] / 2 * log_determinant(factor)
    return each.sum(axis=0)


@partial(jax.jit, static_argnames="sweeps")
def swept(
    rows: jax.Array, concentration: jax.Array, constants: dict, labels: jax.Array, power: jax.Array, key: jax.Array, sweeps: int
) -> jax.Array:
    """Labels (N, C) after sweeps over all rows, one row after another."""
    components, many = concentration.size, rows.shape[0]
    names = jnp.arange(components)[:, None]

    def one(step: jax.Array, state: tuple) -> tuple:
        labels, count, total, square = state
        row = step % many
        z = [rows[row, i] for i in range(rows.shape[1])]
        products = [z[i] * z[j] for i in range(len(z)) for j in range(i + 1)]
        out = names == labels[row]
        count = count - out
        total = [each - out * value for each, value in zip(total, z, strict=True)]
        square = [each - out * value for each, value in zip(square, products, strict=True)]
        logits = power * log_predictive(constants, count, total, square, z) + jnp.log(count + concentration[:, None])
        chosen = jnp.argmax(logits + jax.random.gumbel(jax.random.fold_in(key, step), logits.shape), axis=0)
        back = names == chosen
        total = [each + back * value for each, value in zip(total, z, strict=True)]
        square = [each + back * value for each, value in zip(square, products, strict=True)]
        return labels.at[row].set(chosen.astype(labels.dtype)), count + back, total, square

    def sweep(turn: jax.Array, labels: jax.Array) -> jax.Array:
        # Sums are made anew each time, so that no rounding is left of the last.
        return jax.lax.fori_loop(turn * many, (turn + 1) * many, one, (labels, *sums(rows, labels, components)))[0]

    return jax.lax.fori_loop(0, sweeps, sweep, labels)
