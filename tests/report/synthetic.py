"""Labelled results made with numpy alone, in the schema of the files that a run writes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.stats import multivariate_normal

CHAINS, DRAWS, STARTS, STEPS = 4, 250, 6, 40


@dataclass(frozen=True)
class Truth:
    """A mixture to draw rows from and to report as if it had been fitted."""

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray
    family: str

    @property
    def parts(self) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
        """Dimensions and values of the variables that the family stores its covariances in."""
        variances = np.diagonal(self.covariances, axis1=1, axis2=2)
        volumes = np.prod(variances, axis=1) ** (1 / variances.shape[1])
        return {
            "full": {"covariances": (("component", "feature", "feature_bis"), self.covariances)},
            "tied": {"covariance": (("feature", "feature_bis"), self.covariances[0])},
            "diagonal": {"variances": (("component", "feature"), variances)},
            "spherical": {"variances": (("component",), variances[:, 0])},
            "diagonal_tied_shape": {
                "volumes": (("component",), volumes),
                "shape": (("feature",), variances[0] / volumes[0]),
            },
        }[self.family]


FAITHFUL = Truth(
    np.array([0.644127, 0.355873]),
    np.array([[4.289662, 79.968115], [2.036388, 54.478516]]),
    np.array([[[0.169968, 0.940609], [0.940609, 36.046210]], [[0.069168, 0.435168], [0.435168, 33.697282]]]),
    "full",
)
GALAXIES = Truth(np.array([0.08, 0.86, 0.06]), np.array([[9.7], [21.4], [33.0]]), np.array([[[0.2]], [[4.9]], [[0.9]]]), "full")
FLOWERS = Truth(
    np.array([0.33, 0.33, 0.34]),
    np.array([[5.0, 3.4, 1.5, 0.25], [5.9, 2.8, 4.3, 1.3], [6.6, 3.0, 5.5, 2.0]]),
    np.array([np.diag([0.12, 0.14, 0.03, 0.01]), np.diag([0.27, 0.1, 0.22, 0.04]), np.diag([0.4, 0.1, 0.3, 0.07])]),
    "diagonal",
)
TIED = Truth(FAITHFUL.weights, FAITHFUL.means, np.stack([FAITHFUL.covariances[0]] * 2), "tied")
SHAPED = Truth(
    FLOWERS.weights,
    FLOWERS.means,
    np.array([0.05, 0.1, 0.2])[:, None, None] * np.diag(np.array([4.0, 3.0, 0.5, 0.25]) / 1.5**0.25),
    "diagonal_tied_shape",
)
EIGHT = Truth(
    np.full(8, 1 / 8),
    np.stack([np.cos(np.arange(8) * np.pi / 4), np.sin(np.arange(8) * np.pi / 4), np.arange(8) % 3], axis=1) * 3,
    np.stack([np.diag([0.3, 0.4, 0.5]) + 0.1 * (k % 2) for k in range(8)]),
    "full",
)
SPHERICAL = Truth(np.array([1.0]), np.array([[0.0, 1.0]]), np.eye(2)[None] * 0.5, "spherical")


def rows(truth: Truth, number: int, seed: int) -> np.ndarray:
    """`number` rows from the mixture."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(truth.weights.size, number, p=truth.weights)
    lower = np.linalg.cholesky(truth.covariances)
    noise = rng.standard_normal((number, truth.means.shape[1]))
    return truth.means[labels] + np.einsum("nij,nj->ni", lower[labels], noise)


def em_only(
    truth: Truth = FAITHFUL,
    *,
    number: int = 150,
    names: tuple[str, ...] = ("eruptions", "waiting"),
    seed: int = 0,
    status: str = "CONVERGED",
    labels: Mapping[str, np.ndarray] | None = None,
) -> xr.DataTree:
    """A tree with a point and its starts, and nothing drawn."""
    x = rows(truth, number, seed)
    groups = {
        "observed_data": _labelled({"x": (("obs", "feature"), x)}, truth, names),
        "constant_data": _labelled({key: (("obs",), value) for key, value in (labels or {}).items()}, truth, names, number),
        "em_fit": _em_fit(truth, x, names, status),
        **_starts(float(_log_joint(truth, x)[1].sum()), seed),
    }
    tree = xr.DataTree.from_dict({f"/{name}": dataset for name, dataset in groups.items()})
    tree.attrs = {
        "name": "synthetic",
        "gmm_ppl_version": "0.1.0",
        "created_at": "2026-01-01T00:00:00+00:00",
        "source": "synthetic rows",
        "components": int(truth.weights.size),
        "covariance": truth.family,
        "left_out": json.dumps([]),
        "prior": json.dumps({"kind": "weak"}),
        "prior_formulae": json.dumps([r"\mathbf{w} \sim \mathrm{Dirichlet}(1, \dots, 1)", r"\mu_k \sim \mathcal{N}(m, B)"]),
    }
    return tree


def sampled(truth: Truth = FAITHFUL, *, bad: bool = False, seed: int = 0, **options: object) -> xr.DataTree:
    """A tree with draws; `bad` sets chains apart and adds divergences and full-depth trees."""
    names = options.get("names", ("eruptions", "waiting"))
    tree = em_only(truth, seed=seed, status="STEP_LIMIT" if bad else "CONVERGED", **options)  # type: ignore[arg-type]
    x = tree["observed_data"].dataset["x"].values
    rng = np.random.default_rng(seed + 1)
    posterior = _posterior(truth, x.shape[0], rng, shift=1.5 if bad else 0.0)
    loglik = _log_likelihood(truth, x, posterior)
    responsibility = np.exp(_log_joint(truth, x)[0])
    replicated = np.stack([[rows(truth, x.shape[0], 99 + 10 * c + d) for d in range(10)] for c in range(CHAINS)])
    spread = 0.1 * responsibility * (1 - responsibility)
    pareto = rng.uniform(0, 0.4, x.shape[0]) + (0.5 if bad else 0.0)
    sample = ("chain", "draw")
    more = {
        "posterior": posterior,
        "sample_stats": _sample_stats(truth, rng, bad=bad),
        "log_likelihood": {"x": ((*sample, "obs"), loglik)},
        "log_prior": {"log_prior": (sample, rng.normal(-5, 1, (CHAINS, DRAWS)))},
        "loo": {"elpd_i": (("obs",), loglik.mean((0, 1)) - 0.02), "pareto_k": (("obs",), pareto)},
        "posterior_predictive": {"x": ((*sample, "obs", "feature"), replicated)},
        "assignments": {
            "responsibilities": (("obs", "component"), responsibility),
            "responsibilities_sd": (("obs", "component"), spread),
            "assignment": (("obs",), responsibility.argmax(1)),
            "entropy": (("obs",), -(responsibility * np.log(responsibility + 1e-300)).sum(1)),
        },
    }
    for name, variables in more.items():
        tree[name] = xr.DataTree(_labelled(variables, truth, names, x.shape[0]))  # type: ignore[arg-type]
    tree["sample_stats"].attrs["label_switches"] = 37 if bad else 0
    return tree


def _em_fit(truth: Truth, x: np.ndarray, names: tuple[str, ...], status: str) -> xr.Dataset:
    joint, density = _log_joint(truth, x)
    responsibility = np.exp(joint)
    total = float(density.sum())
    dataset = _labelled(
        {
            "weights": (("component",), truth.weights.copy()),
            "means": (("component", "feature"), truth.means.copy()),
            **{name: (dims, values.copy()) for name, (dims, values) in truth.parts.items()},
            "responsibilities": (("obs", "component"), responsibility),
            "assignment": (("obs",), responsibility.argmax(1)),
            "log_density": (("obs",), density),
            "objective": ((), total - 12.5),
            "log_likelihood": ((), total),
            "log_prior": ((), -12.5),
            "log_posterior": ((), total - 12.5),
        },
        truth,
        names,
        x.shape[0],
    )
    message = {"CONVERGED": "Converged.", "STEP_LIMIT": "Stopped at the step limit: raise max_steps."}[status]
    dataset.attrs = {
        "status": status,
        "message": message,
        "iterations": 23,
        "converged": int(status == "CONVERGED"),
        "starts": STARTS,
        "distinct_optima": 2,
        "n_parameters": 11,
    }
    return dataset


def _starts(best: float, seed: int) -> dict[str, xr.Dataset]:
    rng = np.random.default_rng(seed + 7)
    optimum = np.array([0, 0, 0, 1, 0, 1])
    final = best - 12.5 - 8.0 * optimum
    rate = rng.uniform(0.3, 0.6, STARTS)
    trace = final[:, None] - (60.0 + np.arange(STARTS))[:, None] * rate[:, None] ** np.arange(STEPS)
    trace[np.arange(STEPS) > (25 + 2 * np.arange(STARTS))[:, None]] = np.nan
    start = {"start": np.arange(STARTS)}
    restarts = xr.Dataset(
        {
            "objective": ("start", final),
            "log_likelihood": ("start", final + 12.5),
            "iterations": ("start", 25 + 2 * np.arange(STARTS)),
            "status": ("start", np.array(["CONVERGED"] * STARTS)),
            "optimum": ("start", optimum),
            "kind": ("start", np.array(["kmeans", "random", "kmeans", "nearest", "unions", "random"])),
        },
        coords=start,
        attrs={"best": 0},
    )
    return {
        "em_trace": xr.Dataset({"objective": (("start", "iteration"), trace)}, coords={**start, "iteration": np.arange(STEPS)}),
        "em_restarts": restarts,
    }


def _posterior(truth: Truth, number: int, rng: np.random.Generator, *, shift: float) -> dict[str, tuple]:
    shape = (CHAINS, DRAWS)
    apart = shift * np.arange(CHAINS).reshape(-1, 1, 1, 1) / CHAINS
    counts = number * truth.weights
    noise = rng.standard_normal((*shape, *truth.means.shape))
    deviations = np.sqrt(np.diagonal(truth.covariances, axis1=1, axis2=2) / counts[:, None])
    means = truth.means + deviations * (noise + 4 * apart)
    weights = rng.dirichlet(counts + 1, shape)
    scale = rng.gamma(number / 4, 4 / number, shape)
    return {
        "weights": (("chain", "draw", "component"), weights),
        "means": (("chain", "draw", "component", "feature"), means),
        **{name: (("chain", "draw", *dims), drawn(name, values, scale)) for name, (dims, values) in truth.parts.items()},
    }


def drawn(name: str, values: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Draws of a part: sizes vary, shapes do not."""
    return values * (np.ones_like(scale) if name == "shape" else scale).reshape(*scale.shape, *([1] * values.ndim))


def _sample_stats(truth: Truth, rng: np.random.Generator, *, bad: bool) -> dict[str, tuple]:
    sample, shape = ("chain", "draw"), (CHAINS, DRAWS)
    diverging = np.zeros(shape, dtype=np.int8)
    depth = rng.integers(2, 4, shape)
    if bad:
        diverging[0, :7], depth[1, :30] = 1, 10
    order = np.broadcast_to(np.arange(truth.weights.size), (*shape, truth.weights.size))
    return {
        "diverging": (sample, diverging),
        "tree_depth": (sample, depth),
        "n_steps": (sample, 2**depth - 1),
        "acceptance_rate": (sample, rng.uniform(0.8, 1.0, shape)),
        "energy": (sample, rng.normal(1140, 3, shape)),
        "lp": (sample, rng.normal(-1140, 3, shape)),
        "step_size": (sample, np.full(shape, 0.6)),
        "permutation": ((*sample, "component"), order),
    }


def _log_likelihood(truth: Truth, x: np.ndarray, posterior: dict[str, tuple]) -> np.ndarray:
    density = _log_joint(truth, x)[1]
    rng = np.random.default_rng(3)
    return density + 0.05 * rng.standard_normal((CHAINS, DRAWS, x.shape[0]))


def _log_joint(truth: Truth, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log responsibilities (N, K) and log density (N,) by scipy."""
    columns = [
        np.log(weight) + multivariate_normal(mean, covariance).logpdf(x)
        for weight, mean, covariance in zip(truth.weights, truth.means, truth.covariances, strict=True)
    ]
    joint = np.stack(columns, axis=-1).reshape(x.shape[0], -1)
    density = np.logaddexp.reduce(joint, axis=1)
    return joint - density[:, None], density


def _labelled(variables: dict, truth: Truth, names: tuple[str, ...], number: int | None = None) -> xr.Dataset:
    dataset = xr.Dataset(variables)
    every = {"component": np.arange(truth.weights.size), "feature": list(names), "feature_bis": list(names)}
    known = {dim: every.get(str(dim), np.arange(size)) for dim, size in dataset.sizes.items()}
    return dataset.assign_coords(known)
