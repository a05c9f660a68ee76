"""Where rows are many, EM's information, the normal law at the mode and NUTS must tell the same deviations."""

from collections.abc import Iterator

import numpy as np

import gmm_ppl as gp
from gmm_ppl.progress import silent

WEIGHTS = np.array([0.5, 0.3, 0.2])
MEANS = np.array([[0.0, 0.0], [4.0, 1.0], [-1.0, 5.0]])
SIZES = (500, 5000, 50_000)


def drawn(count: int) -> np.ndarray:
    """Rows of three separate components of two features."""
    rng = np.random.default_rng(count)
    return MEANS[rng.choice(3, count, p=WEIGHTS)] + rng.normal(size=(count, 2))


def rows() -> Iterator[tuple[str, ...]]:
    """For each number of rows the largest disagreement of the three, over all parameters."""
    for count in SIZES:
        x = drawn(count)
        point = gp.fit(gp.Mixture(3), x, progress=silent)
        information = flat(gp.standard_errors(point, x).errors)
        nuts = gp.sample(gp.Mixture(3), x, start=point, draws=1000, progress=silent)
        laplace = gp.laplace(gp.Mixture(3), x, start=point, draws=1000, progress=silent)
        of_nuts, of_laplace = (flat_of_draws(each, x[:500]) for each in (nuts, laplace))
        centre = flat({name: np.asarray(value) for name, value in point.parameters.sites.items()})
        away = np.abs(of_nuts.mean(axis=0) - centre) / of_nuts.std(axis=0)
        yield (
            f"{count:,}",
            worst(of_laplace.std(axis=0), of_nuts.std(axis=0)),
            worst(information, of_nuts.std(axis=0)),
            f"{away.max():.2f}",
            f"{laplace.pareto_k:.2f}",
        )


def flat(sites: dict[str, np.ndarray]) -> np.ndarray:
    """Weights, means and lower triangles of covariances."""
    triangle = np.tril_indices(2)
    return np.concatenate([sites["weights"], sites["means"].ravel(), sites["covariances"][:, *triangle].ravel()])


def flat_of_draws(fit: gp.DrawsFit, x: np.ndarray) -> np.ndarray:
    """The same of every draw, labels settled by the rows x."""
    settled = gp.relabel(fit, x).parameters
    sites = {"weights": settled.weights, "means": settled.means, "covariances": settled.covariances}
    draws = {name: value.reshape(-1, *value.shape[2:]) for name, value in sites.items()}
    return np.stack([flat({name: value[place] for name, value in draws.items()}) for place in range(len(draws["weights"]))])


def worst(one: np.ndarray, other: np.ndarray) -> str:
    """The largest relative difference."""
    return f"{100 * np.abs(one / other - 1).max():.1f} %"
