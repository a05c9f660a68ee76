"""What a config can name, from the registries: kind, name, meaning."""

from typing import Any

from gmm_ppl.calibration.engines import ENGINES
from gmm_ppl.data import datasets
from gmm_ppl.experiment.formats import FORMATS
from gmm_ppl.experiment.prior import SECTIONS
from gmm_ppl.experiment.registries import ACCELERATIONS, DATASETS, FAMILIES, PASSES, RELABELLINGS, STARTS
from gmm_ppl.experiment.samplers import SAMPLERS
from gmm_ppl.experiment.words import first_sentence

type Row = tuple[str, str, str]


def catalogue() -> list[Row]:
    """One row for every name that may stand in a config."""
    return [
        *(("dataset", name, datasets.describe(name).title) for name in DATASETS),
        *(("covariance", name, first_sentence(family)) for name, family in FAMILIES.items()),
        *(("prior", kind, _first_line(section)) for kind, section in SECTIONS.items()),
        *(("start", name, meaning) for name, meaning in STARTS.items()),
        *(("acceleration", name, _first_line(each)) for name, each in ACCELERATIONS.items()),
        *(("data pass", name, _first_line(each)) for name, each in PASSES.items()),
        *(("sampler", name, _first_line(section)) for name, section in SAMPLERS.items()),
        *(("relabelling", name, _first_line(each.order)) for name, each in RELABELLINGS.items()),
        *(("calibration", name, _first_line(engine)) for name, engine in ENGINES.items()),
        *(("format", name, f"report.{name}") for name in FORMATS),
    ]


def _first_line(thing: Any) -> str:
    return (thing.__doc__ or "").strip().partition("\n")[0]
