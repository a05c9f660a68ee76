"""From a config file and `--set` values to a validated experiment, or to every problem at once."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from gmm_ppl.errors import InputError
from gmm_ppl.experiment.config import ExperimentConfig
from gmm_ppl.experiment.explain import explain, problem_at
from gmm_ppl.experiment.fields import Section
from gmm_ppl.experiment.overrides import apply
from gmm_ppl.experiment.paths import data_file
from gmm_ppl.experiment.source import KeyPath, Problem, Source
from gmm_ppl.experiment.yaml_file import read


@dataclass(frozen=True)
class Experiment:
    """A validated config together with the file that it came from."""

    config: ExperimentConfig
    source: Source

    def __reduce__(self) -> "tuple[Callable[..., Experiment], tuple[dict[str, Any], Source]]":
        """For other processes: sections are classes made from registries, which pickle cannot find by name."""
        return _read_back, (resolved(self.config), self.source)

    def error_at(self, path: KeyPath, message: object) -> InputError:
        """An error about the value at `path`, with its place in the file."""
        return InputError(str(problem_at(path, self.source, str(message))))


def load(path: Path, settings: Sequence[str] = ()) -> Experiment:
    """Read, override and validate the config of one experiment.

    Arguments:
        path: the YAML file.
        settings: `key.path=value`, laid over the file's values in order.

    Raises:
        InputError: a line for every problem, `file:line:column: key: message`; or the config is a sweep.
    """
    return single(apply(read(path), settings), path)


def single(source: Source, path: Path) -> Experiment:
    """`validated`, of a source that is no sweep.

    Raises:
        InputError: a line for every problem, or the config is a sweep.
    """
    experiment = validated(source, path)
    if experiment.config.sweep is not None:
        message = "a sweep makes many experiments, which `run`, `check` and `compare` take; this needs one"
        raise experiment.error_at(("sweep",), message)
    return experiment


def validated(source: Source, path: Path) -> Experiment:
    """The experiment that a file's values describe.

    Raises:
        InputError: a line for every problem.
    """
    problems = list(source.problems)
    try:
        config = ExperimentConfig.model_validate(source.values)
    except ValidationError as error:
        raise _refusal([*problems, *explain(error, source)], source.name) from None
    problems += _contradictions(config, source)
    if problems:
        raise _refusal(problems, source.name)
    return Experiment(config.model_copy(update={"data": _found(config, path)}), source)


def _read_back(values: dict[str, Any], source: Source) -> Experiment:
    return Experiment(ExperimentConfig.model_validate(values), source)


def resolved(config: ExperimentConfig) -> dict[str, Any]:
    """Every key with its value, defaults included, as plain JSON values; keys that hold nothing, as by default, are left out.

    Read back it gives the same config. `mcmc: null` and `acceleration: null` stay: there it means something.
    """
    return _without_nothing(config, config.model_dump(mode="json"))


def to_yaml(values: dict[str, Any]) -> str:
    """Plain values as YAML, in the given order."""
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=120)


def _without_nothing(section: Section, values: dict[str, Any]) -> dict[str, Any]:
    known, fields = dict(section), type(section).model_fields
    kept: dict[str, Any] = {key: value for key, value in values.items() if value is not None or fields[key].default is not None}
    inner = {key: _without_nothing(known[key], kept[key]) for key in kept if isinstance(known[key], Section)}
    return {**kept, **inner}


def _contradictions(config: ExperimentConfig, source: Source) -> list[Problem]:
    if config.model.prior.kind == "flat" and config.mcmc is not None:
        message = (
            "the posterior of a mixture under a flat prior is improper and cannot be sampled; "
            "set `mcmc: null` (maximum likelihood by EM alone) or choose `prior: weak`"
        )
        return [problem_at(("model", "prior"), source, message)]
    return []


def _found(config: ExperimentConfig, path: Path) -> Any:
    """The data section with its path made absolute."""
    if config.data.path is None:
        return config.data
    return config.data.model_copy(update={"path": str(data_file(config.data.path, path))})


def _refusal(problems: list[Problem], name: str) -> InputError:
    lines = [str(problem) for problem in sorted(problems, key=_place_in_file)]
    return InputError("\n".join(lines if len(lines) == 1 else [f"{name}: {len(lines)} problems", *lines]))


def _place_in_file(problem: Problem) -> list[int]:
    return [int(number) for number in re.findall(r":(\d+)", problem.place)]
