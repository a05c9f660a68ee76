"""What an experiment is: every key of a config with its type, its default and its meaning.

The descriptions are the documentation: the JSON schema and the table in `configs/README.md` are made from them.
"""

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from gmm_ppl.experiment.fields import Lists, OneOf, Section, list_of, name_or_position, refusal
from gmm_ppl.experiment.formats import FORMATS
from gmm_ppl.experiment.prior import Prior
from gmm_ppl.experiment.registries import ACCELERATIONS, DATASETS, FAMILIES, PASSES, STARTS
from gmm_ppl.experiment.samplers import Mcmc, NutsConfig

Column = Annotated[str | int, BeforeValidator(name_or_position)]
Columns = Annotated[tuple[Column, ...], Field(min_length=1), list_of("column names")]
Formats = Annotated[tuple[Annotated[str, OneOf("report format", FORMATS)], ...], list_of("report formats")]


class DataConfig(Section):
    """Where the rows come from: a bundled data set by name, or a file. Exactly one of the two."""

    dataset: Annotated[str, OneOf("data set", DATASETS)] | None = Field(default=None, description="A bundled data set, by name.")
    path: str | None = Field(
        default=None,
        min_length=1,
        description="A file: CSV, TSV, npy, npz, netCDF or Parquet. A relative path is looked for beside the config, "
        "then in the working directory.",
    )
    columns: Columns | None = Field(
        default=None,
        description="The columns to fit, by name (by position from 0 where the data have no names), in this "
        "order; without it, every column of numbers.",
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.dataset is None) == (self.path is None):
            given = "neither is there" if self.dataset is None else "both are there"
            raise refusal(f"give either `dataset` (a bundled data set) or `path` (a file); {given}")
        return self


class ModelConfig(Section):
    """The mixture: how many components, which covariance family, which prior."""

    components: int = Field(ge=1, description="The number of components, K.")
    covariance: Annotated[str, OneOf("covariance family", FAMILIES)] = Field(
        default="full",
        description="The covariance family: what covariances may be, and what of them components share.",
    )
    prior: Prior = Field(
        default={"kind": "weak"},
        validate_default=True,
        description="What is believed before the data: the name of a prior, or a mapping with its `kind` and numbers. "
        "`flat` is maximum likelihood, and needs `mcmc: null`.",
    )


class EmConfig(Section):
    """Expectation–maximisation: the point fit, and where the sampler starts from."""

    starts: int = Field(
        default=20, ge=1, le=100_000, description="How many starts are followed to their ends; the best optimum is kept."
    )
    start: Annotated[str, OneOf("start", STARTS)] = Field(
        default="several",
        description="Where starts begin: one kind, or several in turn, of which the best of many short runs are followed and "
        "improved by splits and merges.",
    )
    tolerance: float = Field(
        default=1e-10,
        gt=0,
        lt=1,
        description="A start has converged when what EM would still gain is below this, in nats a row.",
    )
    max_steps: int = Field(default=1000, ge=1, description="The most iterations a start may take.")
    bootstrap: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        description="Replicates of the weighted-likelihood bootstrap, from which the EM point gets standard errors and "
        "intervals that assume no normal law; 0 leaves it out.",
    )
    acceleration: Annotated[str, OneOf("acceleration", ACCELERATIONS)] | None = Field(
        default="quasi_newton",
        description="How EM is made faster: quasi_newton takes fewer steps, many times fewer where components overlap; null is "
        "plain EM.",
    )
    data_pass: Annotated[str, OneOf("data pass", PASSES)] | None = Field(
        default=None,
        description="Where sums over rows run: numpy, or jax, whose program is compiled first; null takes the one that should be "
        "done first.",
    )


class ReportConfig(Section):
    """The report."""

    formats: Formats = Field(default=FORMATS, min_length=1, description="Which files to write: report.html, report.md.")


class SweepConfig(Section):
    """Many runs from one config, each in a directory of its own; what is not swept is the same in all."""

    product: Lists = Field(
        default={},
        description="Dotted keys, each with a list: every combination is a run, as in "
        "`{model.components: [1, 2, 3], model.covariance: [full, tied]}`, which makes six.",
    )
    zip: Lists = Field(
        default={},
        description="Dotted keys whose lists, equally long, go together: the first of each, the second of each, and so on. "
        "Beside `product`, every such row with every combination there.",
    )

    @model_validator(mode="after")
    def _makes_runs(self) -> Self:
        lengths = {len(values) for values in self.zip.values()}
        if len(lengths) > 1:
            given = ", ".join(f"{key} has {len(values)}" for key, values in self.zip.items())
            raise refusal(f"lists below `zip` go together and must be equally long; {given}")
        twice = sorted(set(self.product) & set(self.zip))
        if twice:
            raise refusal(f"{twice[0]} stands below `product` and below `zip`; keep one of them")
        if not self.product and not self.zip:
            raise refusal("nothing is swept; give `product` or `zip` a key with a list, such as `model.components: [1, 2, 3]`")
        return self


class ExperimentConfig(Section):
    """One experiment: data, a mixture, EM, a sampler started from it, a report."""

    name: str = Field(
        pattern=r"^\w[\w.-]*$",
        max_length=100,
        description="The run directory's name: letters, digits, `.`, `_` and `-`.",
    )
    seed: int = Field(
        default=0,
        ge=0,
        le=2**31 - 3,
        description="Makes the run repeatable: EM draws its starts from it, the sampler from seed + 1.",
    )
    data: DataConfig = Field(description="Where the rows come from.")
    model: ModelConfig = Field(description="The mixture and its prior.")
    em: EmConfig = Field(default=EmConfig(), description="The point fit.")
    mcmc: Mcmc | None = Field(default=NutsConfig(), description="The sampler; `mcmc: null` leaves it out.")
    report: ReportConfig = Field(default=ReportConfig(), description="The report.")
    sweep: SweepConfig | None = Field(default=None, description="Makes one run for each of several settings.")
