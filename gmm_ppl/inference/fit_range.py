"""`fit_range`: the best EM fit for each of several numbers of components, all in one program."""

import warnings
from collections.abc import Iterable
from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gmm_ppl.data.tables import Table, as_table, check_enough_rows
from gmm_ppl.errors import FitError, FitWarning, InputError
from gmm_ppl.inference.accelerate import accelerated
from gmm_ppl.inference.arguments import check_count
from gmm_ppl.inference.base import PointFit
from gmm_ppl.inference.em import EMPoint, em
from gmm_ppl.inference.fit import check_arguments, check_mode, climb, fit
from gmm_ppl.inference.loop import Progression
from gmm_ppl.inference.restarts import announced, best_fit
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.rows import rows
from gmm_ppl.mixture.scale import data_scale
from gmm_ppl.model.posterior import Posterior
from gmm_ppl.model.specification import Mixture, as_jax, resolved_prior
from gmm_ppl.priors import AbstractConjugatePrior
from gmm_ppl.priors.padded import PaddedPrior, padded_prior
from gmm_ppl.progress import Progress
from gmm_ppl.starts import starting_parameters
from gmm_ppl.types import in_float64


@in_float64
def fit_range(
    mixture: Mixture,
    data: object,
    components: Iterable[int],
    *,
    seed: int = 0,
    starts: int = 20,
    start: str = "kmeans",
    tolerance: float = 1e-10,
    max_steps: int = 1000,
    acceleration: str | None = "quasi_newton",
    progress: Progress | None = None,
) -> dict[int, PointFit]:
    """`fit` for each number of components: the same answers, from one program compiled once.

    Every start of every number is a lane of that program, which has room for the largest; a smaller mixture's missing
    components have weight 0 and no part in its prior. Each number has the prior that `mixture` would have with it, scaled to
    the data. Priors without a closed M-step have no such room: their fits are made one by one.

    Args:
        mixture: the specification; its own number of components is not used.
        data: as in `fit`.
        components: the numbers K ≥ 1 to fit.
        seed: as in `fit`, and as are all other arguments; `start` must be a name.

    Returns:
        The fit of each number, the smallest first. Compare them by `log_likelihood` with a penalty (`gmm_ppl.criteria`), not by
        `objective`: log priors of different numbers of components are densities on different spaces.

    Raises:
        InputError: as `fit`, or a number of components that is none or comes twice.
        FitError: no start of any number gave finite parameters.

    Warns:
        FitWarning: as `fit`, for each number; one without a finite fit is left out.
    """
    check_arguments(starts, tolerance, max_steps)
    table, numbers = as_table(data), checked_numbers(components)
    if not isinstance(start, str):
        raise InputError(f"start: a range of components needs the name of a start; given {type(start).__name__}.")
    check_enough_rows(table, max(numbers))
    resolved = [replace(mixture, components=number).resolve(table.values) for number in numbers]
    for each in resolved:
        check_mode(each)
    how = {"tolerance": tolerance, "max_steps": max_steps, "progress": progress}
    drawn = {"start": start, "starts": starts, "seed": seed}
    priors = [resolved_prior(each) for each in resolved]
    conjugate = [each for each in priors if isinstance(each, AbstractConjugatePrior)]
    if len(conjugate) == len(priors):
        states = climb_together(resolved, conjugate, table, drawn, acceleration, how)
        return announced_range([best_fit(*each) for each in zip(resolved, by_number(states, numbers, starts), strict=True)])
    return {each.components: fit(each, table, **drawn, acceleration=acceleration, **how) for each in resolved}


def checked_numbers(components: Iterable[int]) -> list[int]:
    """The numbers of components as a list; InputError where there is none, or one that cannot be."""
    numbers = list(components)
    for number in numbers:
        check_count("components", number)
    if not numbers or len(set(numbers)) < len(numbers):
        raise InputError(f"components: give different whole numbers, such as range(1, 10); given {numbers}.")
    return [int(number) for number in numbers]


def climb_together(
    resolved: list[Mixture],
    priors: list[AbstractConjugatePrior],
    table: Table,
    drawn: dict,
    acceleration: str | None,
    how: dict,
) -> Progression[EMPoint]:
    """All starts of all numbers, lane after lane."""
    numbers = [each.components for each in resolved]
    shape, data = max(resolved, key=lambda each: each.components).shape(table.values.shape[1]), data_scale(table.values)
    padded = [padded_prior(prior, number, shape.components, data) for prior, number in zip(priors, numbers, strict=True)]
    stacked = jax.tree.map(lambda *leaves: np.repeat(np.stack(leaves), drawn["starts"], axis=0), *padded)
    target = Posterior(rows(table.values), as_jax(stacked), shape)
    parameters = starting_parameters(target, **drawn, components=numbers)
    method = accelerated(em(target, jnp.asarray(data.deviations)), acceleration)
    own, shared = eqx.partition(method, jax.tree.map(is_prior, method, is_leaf=is_prior))
    return climb(shared, parameters, own=own, **how)


def is_prior(each: object) -> bool:
    """Whether a part of a method is the prior, which each lane has of its own."""
    return isinstance(each, PaddedPrior)


def by_number(states: Progression[EMPoint], numbers: list[int], starts: int) -> list[Progression[EMPoint]]:
    """The lanes of each number, without the room for more components."""
    lanes = [jax.tree.map(lambda leaf, at=at: leaf[at * starts : (at + 1) * starts], states) for at in range(len(numbers))]
    return [trimmed(each, number) for each, number in zip(lanes, numbers, strict=True)]


def trimmed(states: Progression[EMPoint], components: int) -> Progression[EMPoint]:
    """States of the first components alone."""
    held = states.point.parameters
    covariance = held.covariance
    values = covariance.values[:, :components] if "component" in covariance.dims else covariance.values
    parameters = MixtureParameters(held.weights[:, :components], held.means[:, :components], type(covariance)(values))
    return eqx.tree_at(lambda each: (each.point.parameters, each.point.sites), states, (parameters, parameters.sites))


def announced_range(found: list[PointFit]) -> dict[int, PointFit]:
    """The fits that can be used, by number, after the warnings that they call for."""
    usable, errors = {}, []
    for each in found:
        try:
            usable[each.mixture.components] = announced(each, f"EM with {each.mixture.components} components")
        except FitError as error:
            errors.append(error)
    if not usable:
        raise errors[0]
    for error in errors:
        warnings.warn(f"Left out: {error}", FitWarning, stacklevel=4)
    return usable
