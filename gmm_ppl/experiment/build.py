"""From a validated config to the things it names: the rows, the mixture. Whatever can be refused is refused here."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gmm_ppl.data import Table, as_table, check_enough_rows, datasets
from gmm_ppl.errors import InputError
from gmm_ppl.experiment.loading import Experiment
from gmm_ppl.experiment.source import KeyPath
from gmm_ppl.inference.prepared import check_mode
from gmm_ppl.model.specification import Mixture


@dataclass(frozen=True)
class Task:
    """An experiment with its rows read and its mixture built: ready to run."""

    experiment: Experiment
    table: Table
    mixture: Mixture

    @property
    def name(self) -> str:
        """Of the experiment, and of its directory."""
        return self.experiment.config.name


def build(experiment: Experiment, table: Table | None = None) -> Task:
    """Read the data and build the mixture.

    Arguments:
        experiment: a validated config.
        table: its rows where they have been read already.

    Raises:
        InputError: data that cannot be read or fitted, or impossible hyperparameters, with the place in the config.
    """
    table = read_table(experiment) if table is None else table
    model = experiment.config.model
    mixture = Mixture(model.components, model.covariance, model.prior.model_dump(exclude_none=True))
    with located(experiment, ("model", "components")):
        check_enough_rows(table, model.components)
    with located(experiment, ("model", "prior"), *_numbers(experiment)):
        check_mode(mixture.resolve(table.values))
    return Task(experiment, table, mixture)


@contextmanager
def located(experiment: Experiment, path: KeyPath, *named: tuple[str, KeyPath]) -> Iterator[None]:
    """Add the place in the config to an `InputError` that has none.

    Arguments:
        experiment: the config.
        path: the key that the error is about, as far as it is known beforehand.
        named: words and the keys that the error is about if it says them.
    """
    try:
        yield
    except InputError as error:
        said = [key for word, key in named if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", str(error))]
        raise experiment.error_at(said[0] if said else path, error) from error


def _numbers(experiment: Experiment) -> list[tuple[str, KeyPath]]:
    """The numbers that the config gives its prior."""
    prior = experiment.config.model.prior
    return [(name, ("model", "prior", name)) for name in prior.model_fields_set if name != "kind"]


def read_table(experiment: Experiment) -> Table:
    """The rows that a config names.

    Raises:
        InputError: they cannot be read, with the place in the config.
    """
    data = experiment.config.data
    key = "dataset" if data.path is None else "path"
    columns = [(f"'{name}'", ("data", "columns", place)) for place, name in enumerate(data.columns or ())]
    with located(experiment, ("data", key), *columns):
        source = data.path or datasets.load(str(data.dataset))
        return as_table(source, columns=data.columns)
