"""`fit_range`: the best EM fit for each of several numbers of components."""

import warnings
from collections.abc import Iterable

from gmm_ppl.data.tables import as_table, check_enough_rows
from gmm_ppl.errors import FitError, FitWarning, InputError
from gmm_ppl.inference.arguments import check_count
from gmm_ppl.inference.base import PointFit
from gmm_ppl.inference.em.fit import check_arguments, fit_prepared
from gmm_ppl.inference.em.restarts import announced
from gmm_ppl.inference.prepared import check_mixture, check_mode, prepare
from gmm_ppl.model.specification import Mixture
from gmm_ppl.progress import Progress, watched


def fit_range(
    mixture: Mixture,
    data: object,
    components: Iterable[int],
    *,
    seed: int = 0,
    starts: int = 20,
    start: str = "several",
    tolerance: float = 1e-10,
    max_steps: int = 1000,
    acceleration: str | None = "quasi_newton",
    data_pass: str | None = None,
    progress: Progress | None = None,
) -> dict[int, PointFit]:
    """`fit` for each number of components; rows are read, checked and scaled once.

    Each number has the prior that `mixture` would have with it, scaled to the data.

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
    check_arguments(starts, tolerance, max_steps, seed)
    check_mixture(mixture)
    numbers = checked_numbers(components)
    if not isinstance(start, str):
        raise InputError(f"start: a range of components needs the name of a start; given {type(start).__name__}.")
    options = {"tolerance": tolerance, "max_steps": max_steps, "acceleration": acceleration, "data_pass": data_pass}
    table = as_table(data)
    first = prepare(with_components(mixture, numbers[0]), table)
    check_enough_rows(table, max(numbers))
    every = [first.of(with_components(mixture, number)) for number in sorted(numbers)]
    for each in every:
        check_mode(each.mixture)
    found = []
    with watched(progress) as watching:
        for each in every:
            found.append(fit_prepared(each, start=start, starts=starts, seed=seed, options=options, progress=watching))
    return announced_range(found)


def with_components(mixture: Mixture, components: int) -> Mixture:
    """The same specification for another number of components."""
    return Mixture(components, mixture.covariance, mixture.prior)


def checked_numbers(components: Iterable[int]) -> list[int]:
    """The numbers of components as a list; InputError where there is none, or one that cannot be."""
    if not isinstance(components, Iterable):
        raise InputError(f"components: give several whole numbers, such as range(1, 10); given {components!r}.")
    numbers = list(components)
    for number in numbers:
        check_count("components", number)
    if not numbers or len(set(numbers)) < len(numbers):
        raise InputError(f"components: give different whole numbers, such as range(1, 10); given {numbers}.")
    return [int(number) for number in numbers]


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
        warnings.warn(f"Left out: {error}", FitWarning, stacklevel=3)
    return usable
