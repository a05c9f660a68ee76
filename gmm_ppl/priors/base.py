"""The contract of a prior: one NumPyro program that samples a mixture's parameters, and nothing said twice."""

from abc import abstractmethod
from typing import ClassVar

import equinox as eqx
from numpyro.distributions import constraints
from numpyro.distributions.constraints import Constraint

from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.mixture.statistics import Statistics

Supports = dict[str, tuple[tuple[int, ...], Constraint]]


class AbstractPrior(eqx.Module):
    """A prior with all its numbers filled in, for a mixture of known shape.

    `proper` says whether it can be sampled and so have a posterior; `kind` is its name in a config.
    """

    kind: ClassVar[str]
    proper: ClassVar[bool]

    @abstractmethod
    def sample_parameters(self, shape: MixtureShape) -> MixtureParameters:
        """The NumPyro program: samples sites and returns the parameters that they make."""

    @abstractmethod
    def supports(self, shape: MixtureShape) -> Supports:
        """Shape and support of every site that the program samples, by name."""

    @abstractmethod
    def bounded(self) -> bool:
        """Whether the density stays finite at the edge of the simplex, so that a mode can be looked for."""

    @abstractmethod
    def numbers(self) -> dict[str, object]:
        """The hyperparameters as plain lists and floats, for files."""

    @abstractmethod
    def formulae(self, shape: MixtureShape) -> tuple[str, ...]:
        """The prior in LaTeX, a line for each law, with its numbers where they are few."""


class AbstractConjugatePrior(AbstractPrior):
    """A prior whose M-step has a closed form."""

    @abstractmethod
    def maximise(self, statistics: Statistics, shape: MixtureShape) -> MixtureParameters:
        """Argmax over parameters of expected log-likelihood + log prior density, with respect to Lebesgue measure on
        weights, means and covariance matrices (variances, for families of variances).
        """


def direct_supports(shape: MixtureShape) -> Supports:
    """Sites of a program that samples weights, means and the family's covariance values themselves."""
    values = shape.family.value_shape(shape.components, shape.features)
    return {
        "weights": ((shape.components,), constraints.simplex),
        "means": ((shape.components, shape.features), constraints.real),
        shape.family.site: (values, constraints.positive_definite if shape.family.matrix else constraints.positive),
    }


def event_dims(*names: str) -> dict[str, list[str]]:
    """The `infer` entry by which ArviZ names a site's dimensions; feature matrices end in `feature_bis`."""
    return {"event_dims": list(names)}
