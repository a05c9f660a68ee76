"""The registry of priors: a new kind is one file beside this one, its builder, and one line here."""

import inspect
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from types import MappingProxyType

from gmm_ppl.errors import InputError
from gmm_ppl.mixture.parameters import MixtureShape
from gmm_ppl.mixture.scale import DataScale
from gmm_ppl.priors.base import AbstractConjugatePrior, AbstractPrior
from gmm_ppl.priors.builders import conjugate_prior, flat_prior, program_of, separated_prior, weak_prior

__all__ = ["PRIORS", "AbstractConjugatePrior", "AbstractPrior", "prior_numbers", "resolve_prior", "weak_prior"]

PRIORS: Mapping[str, Callable[..., AbstractPrior]] = MappingProxyType(
    {
        "weak": weak_prior,
        "flat": flat_prior,
        "conjugate": conjugate_prior,
        "separated": separated_prior,
        "program": program_of,
    }
)


def prior_numbers(kind: str) -> tuple[str, ...]:
    """Names of the numbers that a prior of this kind takes."""
    return tuple(inspect.signature(find_kind(kind)).parameters)[2:]


def find_kind(kind: object) -> Callable[..., AbstractPrior]:
    """The builder called `kind`; InputError lists the known ones."""
    if not isinstance(kind, str) or kind not in PRIORS:
        near = get_close_matches(str(kind), PRIORS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise InputError(f"prior: no kind is called {kind!r}.{hint} Choose one of {', '.join(PRIORS)}.")
    return PRIORS[kind]


def resolve_prior(prior: object, shape: MixtureShape, data: DataScale) -> AbstractPrior:
    """Any statement of a prior as one with all its numbers.

    Args:
        prior: a kind's name; a mapping with `kind` and its numbers; a NumPyro program; or a finished prior.
        shape: of the mixture.
        data: what unstated numbers are scaled to.

    Raises:
        InputError: an unknown kind or number, or an impossible one.
    """
    if isinstance(prior, AbstractPrior):
        return prior
    if callable(prior):
        return program_of(shape, data, function=prior)
    numbers = dict(prior) if isinstance(prior, Mapping) else {"kind": prior}
    kind = numbers.pop("kind", None)
    builder = find_kind(kind)
    for name in numbers:
        check_number_name(str(kind), name)
    return builder(shape, data, **numbers)


def check_number_name(kind: str, name: object) -> None:
    """Refuse a number that this kind of prior does not have; the message names the nearest and all of them."""
    known = prior_numbers(kind)
    if name in known:
        return
    near = get_close_matches(str(name), known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise InputError(f"prior {kind}: no number is called {name!r}.{hint} It takes {', '.join(known) or 'none'}.")
