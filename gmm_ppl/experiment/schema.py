"""The config's shape, read off its pydantic models: which section is where, and the JSON schema."""

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel

from gmm_ppl.experiment.config import ExperimentConfig
from gmm_ppl.experiment.source import KeyPath


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a config, for editors."""
    schema = ExperimentConfig.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "gmm-ppl experiment"}


def section_at(location: KeyPath, model: type[BaseModel] = ExperimentConfig) -> type[BaseModel]:
    """The section at a location as pydantic reports it, where a union's member is named by its tag."""
    candidates = [model]
    for part in location:
        tagged = [section for section in candidates if part in _tags(section)]
        candidates = tagged or [
            inner
            for section in candidates
            if part in section.model_fields
            for inner in sections_in(section.model_fields[str(part)].annotation)
        ]
    return candidates[0]


def sections_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every section that a field of this type may hold."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from sections_in(inner)


def _tags(section: type[BaseModel]) -> list[Any]:
    """The names by which a union knows a section: the literal values of its `kind` or `sampler`."""
    fields = [section.model_fields[key] for key in ("kind", "sampler") if key in section.model_fields]
    return [name for field in fields for name in get_args(field.annotation)]
