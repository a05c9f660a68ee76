"""The contract of a prior: a density of its sites, a NumPyro program that samples them, and nothing said twice."""

from abc import abstractmethod
from typing import ClassVar, Self

from gmm_ppl.mixture.covariance import Part
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape, from_sites
from gmm_ppl.namespace import namespace
from gmm_ppl.priors.kernel import AbstractKernel, ConjugateKernel
from gmm_ppl.records import Record
from gmm_ppl.types import Array, Float

Sites = dict[str, Array]


class AbstractPrior(Record):
    """A prior with all its numbers filled in, for a mixture of known shape.

    `proper` says whether it can be sampled and so have a posterior; `kind` is its name in a config. Densities are in nats, with
    respect to the measures that `mixture.supports` names: Lebesgue's on weights, means and covariance matrices.
    """

    kind: ClassVar[str]
    proper: ClassVar[bool]

    @abstractmethod
    def sample_parameters(self, shape: MixtureShape) -> MixtureParameters:
        """The NumPyro program: samples sites and returns the parameters that they make."""

    @abstractmethod
    def log_density(self, shape: MixtureShape, sites: Sites) -> tuple[Float[Array, "..."], MixtureParameters]:
        """Log density at `sites`, and the parameters that they make."""

    @abstractmethod
    def real_shapes(self, shape: MixtureShape) -> dict[str, tuple[int, ...]]:
        """Shape of the coordinates on the real line of every site, by name."""

    @abstractmethod
    def constrain(self, shape: MixtureShape, real: Sites) -> Sites:
        """Sites at coordinates, by the bijections that NumPyro takes."""

    @abstractmethod
    def unconstrain(self, shape: MixtureShape, sites: Sites) -> Sites:
        """The inverse of `constrain`."""

    @abstractmethod
    def log_density_of_real(self, shape: MixtureShape, real: Sites) -> tuple[Float[Array, "..."], MixtureParameters]:
        """Log density of coordinates, their Jacobian included, and the parameters there."""

    @abstractmethod
    def bounded(self) -> bool:
        """Whether the density stays finite at the edge of the simplex, so that a mode can be looked for."""

    @abstractmethod
    def with_mode(self) -> "AbstractPrior":
        """The prior itself where it is `bounded`, else the nearest that is: samplers begin at its mode."""

    @abstractmethod
    def numbers(self) -> dict[str, object]:
        """The hyperparameters as plain lists and floats, for files."""

    @abstractmethod
    def formulae(self, shape: MixtureShape) -> tuple[str, ...]:
        """The prior in LaTeX, a line for each law, with its numbers where they are few."""

    @abstractmethod
    def shifted(self, offset: Float[Array, " D"]) -> Self | None:
        """The same prior of a mixture of x − offset; None where a prior cannot be moved."""


class AbstractDirectPrior(AbstractPrior):
    """A prior whose sites are the parameters: weights, means and the parts of the family's covariances."""

    @abstractmethod
    def log_density_at(self, parameters: MixtureParameters) -> Float[Array, "..."]:
        """Log density at parameters; several have leading axes."""

    @abstractmethod
    def kernel(self, shape: MixtureShape) -> AbstractKernel:
        """What EM asks of the prior."""

    def log_density(self, shape: MixtureShape, sites: Sites) -> tuple[Float[Array, "..."], MixtureParameters]:
        parameters = from_sites(sites, shape.family)
        return self.log_density_at(parameters), parameters

    def real_shapes(self, shape: MixtureShape) -> dict[str, tuple[int, ...]]:
        return shape.real_shapes

    def constrain(self, shape: MixtureShape, real: Sites) -> Sites:
        return {part.name: part.support.from_real(real[part.name]) for part in shape.parts}

    def unconstrain(self, shape: MixtureShape, sites: Sites) -> Sites:
        return {part.name: part.support.to_real(sites[part.name]) for part in shape.parts}

    def log_density_of_real(self, shape: MixtureShape, real: Sites) -> tuple[Float[Array, "..."], MixtureParameters]:
        parameters = parameters_at(shape, real)
        jacobians = (log_jacobian(part, real[part.name]) for part in shape.parts)
        return sum(jacobians, start=self.log_density_at(parameters)), parameters


def log_jacobian(part: Part, real: Array) -> Float[Array, "..."]:
    """Log of the measure that a unit of volume of a part's coordinates has there; those of several mixtures have leading axes."""
    each = part.support.log_jacobian(real)
    return namespace(each).sum(each, axis=tuple(range(part.support.axes - len(part.dims), 0)))


def parameters_at(shape: MixtureShape, real: Sites) -> MixtureParameters:
    """The mixture at coordinates of its parts."""
    return MixtureParameters(shape.parts[0].support.from_real(real["weights"]), real["means"], shape.family.from_real(real))


class AbstractConjugatePrior(AbstractDirectPrior):
    """A prior that is conjugate: given a component for each row, its posterior is of its own kind.

    Everything of it but draws follows from its `kernel`: the M-step, the density, and the M-step's slope.
    """

    @abstractmethod
    def kernel(self, shape: MixtureShape) -> ConjugateKernel:
        """What the prior says, as counts and scatter."""

    def log_density_at(self, parameters: MixtureParameters) -> Float[Array, "..."]:
        return self.kernel(parameters.shape).log_density(parameters)


def event_dims(*names: str) -> dict[str, list[str]]:
    """The `infer` entry by which ArviZ names a site's dimensions; feature matrices end in `feature_bis`."""
    return {"event_dims": list(names)}
