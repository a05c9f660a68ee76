"""Every key of a config in a Markdown table, made from the config's own descriptions: `configs/README.md`."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from gmm_ppl.experiment.config import ExperimentConfig
from gmm_ppl.experiment.explain import as_number
from gmm_ppl.experiment.prior import SECTIONS
from gmm_ppl.experiment.registries import FAMILIES, STARTS
from gmm_ppl.experiment.samplers import SAMPLERS, NutsConfig
from gmm_ppl.experiment.schema import sections_in
from gmm_ppl.experiment.words import first_sentence

OPENING = """# Configs

One YAML file is one experiment. It holds what differs from the defaults; `gmm-ppl check FILE` says what it would do,
and `gmm-ppl run FILE` does it. `--set key.path=value` overrides a key for one run. Unknown keys, duplicate keys and
wrong types are errors that name the line. `gmm-ppl schema` prints a JSON Schema with which an editor completes and
checks keys; `gmm-ppl list` prints the names that may stand for data sets, covariance families, priors and starts.

Numbers with an exponent need a point and a sign, `1.0e-10`: YAML reads `1e-10` as text.

This page is made by `gmm-ppl schema --markdown`.

## Keys

"""
PRIORS_OPENING = """
## Priors

`model.prior` is the name of a kind (`prior: weak`), or a mapping with the kind and its numbers
(`prior: {kind: conjugate, mean_precision: 0.1}`). Where the default is empty the number is scaled to the data. A number
may be given once for all components or features, or as a list; a matrix is a list of rows.
"""


SAMPLERS_OPENING = """
## Samplers

`mcmc.sampler` names one of these; the other keys of `mcmc` are its own. Without a name it is nuts.
"""
TITLES = ("key", "default", "meaning")
BY_NAME = {"prior": "kind", "mcmc": "sampler"}
"""Sections with tables of their own, and the key that tells which."""


def reference() -> str:
    """The page as Markdown."""
    keys = _table(_rows(ExperimentConfig, ""), *TITLES)
    families = _table(
        ((f"`{name}`", first_sentence(family).replace("|", "\\|")) for name, family in FAMILIES.items()), "family", "meaning"
    )
    starts = _table(((f"`{name}`", meaning) for name, meaning in STARTS.items()), "start", "meaning")
    return (
        f"{OPENING}{keys}\n## Covariance families\n\n{families}\n## Starts\n\n{starts}"
        f"{PRIORS_OPENING}{_kinds(SECTIONS)}{SAMPLERS_OPENING}{_kinds(SAMPLERS)}"
    )


def _kinds(sections: Mapping[str, type[BaseModel]]) -> str:
    return "".join(f"\n### {kind}\n\n{section.__doc__}\n{_keys(section)}" for kind, section in sections.items())


def _keys(section: type[BaseModel]) -> str:
    rows = [row for row in _rows(section, "") if row[0].strip("`") not in BY_NAME.values()]
    return f"\n{_table(iter(rows), *TITLES)}" if rows else ""


def _rows(section: type[BaseModel], prefix: str) -> Iterator[tuple[str, str, str]]:
    for name, field in section.model_fields.items():
        inner = [] if name in BY_NAME else list(sections_in(field.annotation))
        yield f"`{prefix}{name}`", _default(field, holds_keys=bool(inner)), field.description or ""
        for each in inner:
            yield from _rows(each, f"{prefix}{name}.")


def _table(rows: Iterator[tuple[str, ...]], *titles: str) -> str:
    lines = [f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)]) + "\n"


def _default(field: FieldInfo, *, holds_keys: bool) -> str:
    if field.default is PydanticUndefined:
        return "**required**"
    value: Any = field.default
    if value is None or holds_keys:
        return ""
    if isinstance(value, dict):
        return f"`{value['kind']}`" if value else ""
    if isinstance(value, NutsConfig):
        return f"`{value.sampler}`"
    shown = value if isinstance(value, str) else json.dumps(value)
    return f"`{as_number(shown) if 'e-' in shown else shown}`"
