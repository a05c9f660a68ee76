"""What it takes to get these numbers again."""

import json
from collections.abc import Iterator, Mapping

import numpy as np

from gmm_ppl.report.findings import Findings
from gmm_ppl.report.page import Block, CodeBlock, Facts, Fold, Section, paragraph

_SHOWN_ELSEWHERE = frozenset({"prior", "prior_formulae", "left_out"})


def reproducibility_section(found: Findings) -> Section:
    """Seeds, versions, hashes and commands: the file's own attributes, and the run's manifest where there is one."""
    attrs = {str(name): _opened(value) for name, value in found.tree.attrs.items() if name not in _SHOWN_ELSEWHERE}
    file = Facts(tuple(_flat(attrs)))
    record = [Facts(tuple(_flat(found.manifest))), Fold("Attributes of the result file", (file,))] if found.manifest else [file]
    again = paragraph("Every number and figure here is worked out from the result file alone.")
    blocks: list[Block] = [*_left_out(found), again, CodeBlock(_commands(found)), *record]
    return Section("reproducibility", "Reproducibility", tuple(blocks))


def _commands(found: Findings) -> str:
    """The command that made the results, where it is known, and the one that makes this report of them."""
    return "\n".join([*filter(None, [str(found.manifest.get("command", ""))]), "gmm-ppl report DIRECTORY"])


def _left_out(found: Findings) -> list[Block]:
    sentences = json.loads(str(found.tree.attrs.get("left_out", "[]")))
    return [paragraph(f"Left out of the file: {sentence}") for sentence in sentences]


def _opened(value: object) -> object:
    """An attribute's mapping where it holds one as JSON, else the attribute."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    return value.item() if isinstance(value, np.generic) else value


def _flat(values: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested mappings as dotted names, lists as one line."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value if isinstance(value, str) else json.dumps(value, default=str)
