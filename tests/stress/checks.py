"""One case fitted and checked: how it ended, and everything about the answer that is not true.

The fit goes through the pass that the case names; of some cases both passes are held to the same numbers.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from numpyro.infer.util import log_density

import gmm_ppl as gp
from gmm_ppl.inference.base import EMPTY, PointFit, Status
from gmm_ppl.mixture.parameters import MixtureShape
from gmm_ppl.mixture.passes import PASSES
from gmm_ppl.mixture.rows import centred, rows
from gmm_ppl.priors import AbstractPrior
from gmm_ppl.progress import silent
from gmm_ppl.records import map_arrays
from tests.stress.cases import Case
from tests.stress.oracle import EPS, Model, em_step, log_likelihood, memberships, model, own_scatters, thinnest
from tests.stress.oracle import log_prior as textbook_log_prior

TOLERANCE = 1e-10
"""`fit`'s own, nats a row."""

MAX_STEPS = 300

NEARLY_SINGULAR = 1e-11
"""Eigenvalue of the data's correlation matrix below which parts of the data may be singular in double precision."""

LEFT = 1e-9
"""Nats a row that a fit said to have converged may still gain in its basin."""


@dataclass(frozen=True)
class Outcome:
    """How a case ended, what is wrong with it, and how close checks came to their bounds (1 is the bound)."""

    case: Case
    status: str
    detail: str
    violations: tuple[str, ...]
    closeness: dict[str, float]


def outcome(case: Case, *, long: bool = False) -> Outcome:
    """Fit and check; `long` holds both passes to the answer, and runs on from a converged point as well."""
    try:
        found = fitted(case)
    except gp.InputError as refusal:
        wrong = () if refusable(case) else (f"refused: {refusal}",)
        return Outcome(case, "InputError", str(refusal), wrong, {})
    except gp.FitError as error:
        return Outcome(case, "FitError", str(error), () if case.mixture.prior == "flat" else (f"FitError: {error}",), {})
    except Exception as error:
        return Outcome(case, "crash", repr(error)[:300], (f"crash: {error!r}"[:300],), {})
    close: dict[str, float] = {}
    try:
        wrong = tuple(violations(case, found, close, long=long))
    except np.linalg.LinAlgError as error:
        wrong = (f"the oracle finds a matrix that is none: {error}",)
    return Outcome(case, found.status.name, "", wrong, close)


def fitted(case: Case, **changes: Any) -> PointFit:
    """The fit of a case, or one that differs by `changes`; any warning but the fit's own is an error."""
    group = case.group
    settings = {
        "start": case.start, "seed": case.seed, "starts": group.starts, "max_steps": MAX_STEPS, "tolerance": TOLERANCE,
        "acceleration": group.acceleration, "data_pass": case.data_pass, "progress": silent,
    }  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", gp.FitWarning)
        return gp.fit(case.mixture, case.x, **{**settings, **changes})


def refusable(case: Case) -> bool:
    """Whether there is a reason to refuse the data: a constant feature, or features (nearly) linear in others."""
    spread = np.ptp(case.x, axis=0)
    if (spread == 0).any():
        return True
    if case.x.shape[1] == 1:
        return False
    residuals = (case.x - case.x[0]) / spread
    residuals = residuals - residuals.mean(axis=0)
    residuals = residuals / residuals.std(axis=0)
    return bool(np.linalg.svd(residuals, compute_uv=False)[-1] < 1e-5 * np.sqrt(len(case.x)) or len(case.x) <= case.x.shape[1])


def violations(case: Case, found: PointFit, close: dict[str, float], *, long: bool) -> Iterator[str]:
    """Everything untrue about a fit."""
    status = found.status
    if status in (Status.DECREASED, Status.INTERRUPTED, Status.NON_FINITE):
        yield f"ended {status.name}"
    yield from restart_violations(case, found)
    if status is Status.COLLAPSED:
        yield from collapse_violations(case, found)
        return
    wrong = list(parameter_violations(case, found))
    yield from wrong
    if not wrong:
        yield from value_violations(case, found, close)
        if long:
            yield from pass_violations(case, found, close)
        if long and status is Status.CONVERGED:
            yield from long_violations(case, found, close)


def restart_violations(case: Case, found: PointFit) -> Iterator[str]:
    """What became of the starts must fit together. Where no prior holds covariances, spikes come after lower optima."""
    restarts = found.restarts
    usable = np.array([each.usable for each in restarts.status])
    higher = usable & (restarts.objective > found.objective)
    if found.status.usable and (restarts.optimum[higher] == 0).any():
        yield "not the best start of its optimum"
    if found.status.usable and higher.any() and case.prior in ("weak", "conjugate"):
        yield "not the best start"
    if found.status.usable != usable.any():
        yield "a start that failed was kept beside one that did not"
    if found.status is Status.STEP_LIMIT and found.iterations != MAX_STEPS:
        yield f"step limit after {found.iterations} steps"
    for index, (trace, steps) in enumerate(zip(restarts.trace, restarts.iterations, strict=True)):
        if usable[index] and not (np.isfinite(trace[: steps + 1]).all() and trace[steps] == restarts.objective[index]):
            yield f"trace of start {index} does not end in its objective"


def collapse_violations(case: Case, found: PointFit) -> Iterator[str]:
    """A collapse is true where the start, or the step after the last good point, has a component with no width or no rows.

    A conjugate prior keeps widths above 0, so that data themselves must be all but singular. Half-normal laws of standard
    deviations do not: a component at one row has no maximum there either.
    """
    if case.prior in ("weak", "conjugate") and thinnest_direction(case.x) > NEARLY_SINGULAR:
        yield "ended COLLAPSED under a conjugate prior"
    if case.prior != "flat":
        return
    own = model(case.group.family, found.parameters)
    with np.errstate(all="ignore"):
        try:
            after = em_step(own, case.x, {})
            # Families that share a volume or a shape divide it by that of a component with no width: 0 / 0.
            thin = min(np.min(thinnest(own, case.x)), np.min(np.nan_to_num(thinnest(after, case.x))))
            if own.family == "full_tied_volume":
                thin = min(thin, np.min(thinnest(own_scatters(own, case.x), case.x)))
        except np.linalg.LinAlgError:
            return
    if thin > 1e-13 and min(own.weights.min(), after.weights.min()) > EMPTY:
        yield f"collapsed at a variance of {thin:.2g} of the data's"


def thinnest_direction(x: np.ndarray) -> float:
    """Smallest eigenvalue of the data's correlation matrix."""
    residuals = x - x[0]
    residuals = (residuals - residuals.mean(axis=0)) / residuals.std(axis=0)
    return float(np.linalg.svd(residuals, compute_uv=False)[-1] ** 2 / len(x)) if len(x) > x.shape[1] else 0.0


def parameter_violations(case: Case, found: PointFit) -> Iterator[str]:
    """Finite, on the simplex, positive definite."""
    leaves = jax.tree.leaves((found.parameters, found.sites, found.log_likelihood, found.log_prior))
    if not all(np.isfinite(leaf).all() for leaf in leaves):
        yield "not finite"
        return
    weights = found.parameters.weights
    if (weights < 0).any() or abs(weights.sum() - 1) > 1e-12:
        yield f"weights {weights.tolist()} are not on the simplex"
    for part in found.parameters.shape.parts:
        try:
            part.support.check(np.asarray(found.parameters.sites[part.name]), part.name)
        except gp.InputError as error:
            yield f"outside its support: {error}"
    own = model(case.group.family, found.parameters)
    diagonal = np.diagonal(own.values, axis1=1, axis2=2) if own.matrix else own.values
    if not (diagonal > 0).all() or not (thinnest(own, case.x) > 0).all() or condition(own) == np.inf:
        yield "a covariance is not positive definite"
        return
    if own.matrix and not np.allclose(correlations(own), np.swapaxes(correlations(own), 1, 2), rtol=0, atol=1e-12):
        yield "a covariance is not symmetric"


def value_violations(case: Case, found: PointFit, close: dict[str, float]) -> Iterator[str]:
    """The value is that of the parameters, the way there went up, and from the end there is no more to be gained."""
    own, numbers = model(case.group.family, found.parameters), prior_numbers(case, found)
    rounding = rounding_of(own, case.x, found.objective)
    prior = program_log_prior(case, found) if case.prior == "separated" else textbook_log_prior(own, numbers)
    here = log_likelihood(own, case.x)
    # A mean is rounded where it is stored, which moves each density by its slope there.
    of_data, of_prior = slope_of_data(own, case.x), slope_of_prior(case, found, own)
    blurred = 4 * EPS * np.abs(own.means)
    for what, value, wanted, slope in (
        ("log-likelihood", found.log_likelihood, here, of_data),
        ("log prior", found.log_prior, prior, of_prior),
        ("objective", found.objective, here + prior, of_data + of_prior),
    ):
        moved = (np.abs(slope) * blurred).sum() + 1e-12 * abs(prior)
        yield from within(what, abs(value - wanted), rounding + moved, close)
    trace = found.restarts.trace[found.restarts.best]
    yield from within("drop", -np.nanmin(np.diff(trace), initial=0), rounding, close)
    if found.status is Status.CONVERGED and case.prior != "separated":
        after = em_step(own, case.x, numbers)
        gain = log_likelihood(after, case.x) + textbook_log_prior(after, numbers) - here - prior
        yield from within("one more step gains", gain, TOLERANCE * len(case.x) + rounding, close)


def pass_violations(case: Case, found: PointFit, close: dict[str, float]) -> Iterator[str]:
    """Both passes, at the parameters that were found: the log-likelihood, and how many rows each component has."""
    own = model(case.group.family, found.parameters)
    wanted, counts = log_likelihood(own, case.x), memberships(own, case.x).sum(axis=0)
    rounding = rounding_of(own, case.x, found.objective)
    held = centred(rows(case.x))
    one = map_arrays(lambda leaf: np.asarray(leaf)[None], found.parameters)
    for name, kind in PASSES.items():
        summed = kind(held)
        with summed.session(), np.errstate(all="ignore"):
            value, statistics = summed(one)
        yield from within(f"{name} pass", abs(value[0] - wanted), rounding, close)
        yield from within(f"counts of the {name} pass", np.abs(statistics.count[0] - counts).max(), rounding, close)


def long_violations(case: Case, found: PointFit, close: dict[str, float]) -> Iterator[str]:
    """On from there by plain EM to a far smaller tolerance."""
    last = found
    for _ in range(6):
        last = fitted(case, start=last, starts=1, tolerance=1e-14, acceleration=None)
        if last.status is not Status.STEP_LIMIT:
            break
    rounding = rounding_of(model(case.group.family, found.parameters), case.x, found.objective)
    yield from within("a longer run gains", last.objective - found.objective, LEFT * len(case.x) + rounding, close)
    if last.status not in (Status.CONVERGED, Status.STEP_LIMIT):
        yield f"a longer run ended {last.status.name}"


def within(what: str, value: float, bound: float, close: dict[str, float]) -> Iterator[str]:
    """A violation where a value is over its bound or NaN; how close it came in any case."""
    close[what] = float(value / bound)
    if not value <= bound:
        yield f"{what}: {value:.3g} > {bound:.3g}"


def rounding_of(own: Model, x: np.ndarray, objective: float) -> float:
    """Nats that float64 cannot answer for, in the code and here together.

    ε on sums; ε · condition on the squared distances, which sum to about N·D; a mean is known to ε|μ| only; and 2·10⁻¹¹ a
    row that the fast form of the pass may lose.
    """
    rows, features = x.shape
    sums = 64 * EPS * (abs(objective) + rows * (1 + abs(np.log(x.std(axis=0))).sum()))
    blurred = (EPS * np.abs(own.means).max(axis=0) / np.sqrt(narrowest(own))) ** 2
    return float(sums + rows * features * (16 * EPS * condition(own) + blurred.max()) + 4e-11 * rows)


def slope_of_data(own: Model, x: np.ndarray) -> np.ndarray:
    """∂ log-likelihood / ∂ means, (K, D)."""
    away = [column @ (x - mean) for column, mean in zip(memberships(own, x).T, own.means, strict=True)]
    return by_precision(own, np.array(away))


def slope_of_prior(case: Case, found: PointFit, own: Model) -> np.ndarray:
    """∂ log prior / ∂ means, (K, D)."""
    prior = found.mixture.prior
    if case.prior == "flat":
        return np.zeros_like(own.means)
    assert isinstance(prior, AbstractPrior)
    numbers = prior.numbers()
    away = np.asarray(numbers["mean"]) - own.means
    if case.prior == "separated":
        return away / np.asarray(numbers["mean_scale"]) ** 2
    return float(numbers["mean_precision"]) * by_precision(own, away)


def by_precision(own: Model, vectors: np.ndarray) -> np.ndarray:
    """Σ_k⁻¹ v_k, (K, D)."""
    if not own.matrix:
        return vectors / own.values
    units = np.sqrt(np.diagonal(own.values, axis1=1, axis2=2))
    return np.linalg.solve(correlations(own), (vectors / units)[..., None])[..., 0] / units


def narrowest(own: Model) -> np.ndarray:
    """Smallest conditional variance of each feature, (D,)."""
    if not own.matrix:
        return own.values.min(axis=0)
    units = np.sqrt(np.diagonal(own.values, axis1=1, axis2=2))
    return (units**2 * np.linalg.eigvalsh(correlations(own))[:, :1]).min(axis=0)


def correlations(own: Model) -> np.ndarray:
    """Covariances in units of their own deviations."""
    units = np.sqrt(np.diagonal(own.values, axis1=1, axis2=2))
    return own.values / units[:, :, None] / units[:, None, :]


def condition(own: Model) -> float:
    """Of the worst correlation matrix: what Cholesky's factor loses."""
    if not own.matrix:
        return 1.0
    smallest = np.linalg.eigvalsh(correlations(own)).min()
    return float(own.means.shape[1] / smallest) if smallest > 0 else np.inf


def prior_numbers(case: Case, found: PointFit) -> dict[str, Any]:
    """Hyperparameters of a conjugate prior as the fit reports them."""
    prior = found.mixture.prior
    assert isinstance(prior, AbstractPrior)
    return {} if case.prior in ("flat", "separated") else prior.numbers()


def program_log_prior(case: Case, found: PointFit) -> float:
    """Log density of the prior's own program, not by way of the fit."""
    shape = replace(found.parameters.shape)
    with jax.enable_x64(new_val=True):
        prior, sites = jax.tree.map(jnp.asarray, (found.mixture.prior, found.sites))
        return float(program_density(prior, shape, sites))


@eqx.filter_jit
def program_density(prior: AbstractPrior, shape: MixtureShape, sites: dict) -> jax.Array:
    """NumPyro's own, of the sites that the program samples."""
    return log_density(prior.sample_parameters, (shape,), {}, sites)[0]
