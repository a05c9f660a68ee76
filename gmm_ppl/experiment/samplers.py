"""The samplers that a config can name, each a section of its own; one more is a section and a line here and in `engines`."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from gmm_ppl.experiment.fields import OneOf, Section, by_tag
from gmm_ppl.experiment.registries import RELABELLINGS

Relabelling = Annotated[str, OneOf("relabelling", RELABELLINGS)]


class Draws(Section):
    """What every sampler is asked for."""

    chains: int = Field(default=4, ge=1, le=10_000, description="How many chains; R-hat needs at least 2.")
    draws: int = Field(default=1000, ge=4, description="Draws kept from each chain.")
    relabelling: Relabelling | None = Field(
        default=None,
        description="How labels are settled after sampling; by default `pivot`, against the EM point, or `none` under a prior "
        "that tells components apart.",
    )


class NutsConfig(Draws):
    """The no-U-turn sampler, started from the EM point."""

    sampler: Literal["nuts"] = Field(default="nuts", description="The sampler: nuts, laplace or tempered.")
    warmup: int | None = Field(
        default=None,
        ge=0,
        description="Steps of each chain that adapt the sampler, not kept. By default 75, for the step size alone, where the "
        "normal approximation at the mode is good, else 500 that measure the metric too, or 150 where assignments are moved "
        "between; the report says which, and why.",
    )
    target_acceptance: float = Field(
        default=0.8,
        gt=0,
        lt=1,
        description="The acceptance probability that the step size is adapted to; more means smaller steps.",
    )
    max_tree_depth: int = Field(default=10, ge=1, le=20, description="A draw takes at most 2 to this power leapfrog steps.")
    max_thinning: int = Field(
        default=8,
        ge=1,
        description="A kept draw takes at most so many transitions: doubled from 1 until chains agree. 1 keeps all.",
    )


class LaplaceConfig(Draws):
    """A normal approximation at the posterior's mode, with its evidence and Pareto k̂: no chains, independent draws."""

    sampler: Literal["laplace"] = Field(description="A normal approximation at the mode.")


class TemperedConfig(Draws):
    """Tempered sequential Monte Carlo from the prior to the posterior: divides draws between modes, gives the evidence."""

    sampler: Literal["tempered"] = Field(description="Tempered sequential Monte Carlo.")
    draws: int = Field(default=1000, ge=10, description="Particles of each run; a chain is an independent run.")
    moves: int = Field(
        default=4,
        ge=1,
        description="Hamiltonian moves of each particle in a row, repeated at each temperature until particles have moved.",
    )
    target_ess: float = Field(
        default=0.5,
        gt=0,
        lt=1,
        description="Effective share of the particles after each weighting; more means more temperatures.",
    )


SAMPLERS = {"nuts": NutsConfig, "laplace": LaplaceConfig, "tempered": TemperedConfig}

Mcmc = Annotated[
    Annotated[NutsConfig, Tag("nuts")] | Annotated[LaplaceConfig, Tag("laplace")] | Annotated[TemperedConfig, Tag("tempered")],
    Discriminator(by_tag("sampler", "nuts")),
]
