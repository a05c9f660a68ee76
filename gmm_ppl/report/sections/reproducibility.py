"""What it takes to get these numbers again."""

import json
from collections.abc import Iterator, Mapping

from gmm_ppl.report.findings import Findings
from gmm_ppl.report.page import Block, CodeBlock, Facts, Fold, Section, paragraph

_SHOWN_ELSEWHERE = frozenset({"prior", "prior_formulae", "left_out"})


def reproducibility_section(found: Findings) -> Section:
    """Seeds, versions, hashes and commands: the file's own attributes, and the run's manifest where there is one."""
    attrs = {str(name): value for name, value in found.tree.attrs.items() if name not in _SHOWN_ELSEWHERE}
    blocks: list[Block] = [paragraph("Every number and figure here is worked out from the result file alone.")]
    blocks += [CodeBlock("gmm-ppl report DIRECTORY")]
    blocks += [Facts(tuple(_flat(attrs)))]
    if found.manifest:
        blocks.append(Fold("The run's manifest", (Facts(tuple(_flat(found.manifest))),)))
    return Section("reproducibility", "Reproducibility", (*blocks, *_left_out(found)))


def _left_out(found: Findings) -> list[Block]:
    sentences = json.loads(str(found.tree.attrs.get("left_out", "[]")))
    return [paragraph(f"Left out of the file: {sentence}") for sentence in sentences]


def _flat(values: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested mappings as dotted names, lists as one line."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value if isinstance(value, str) else json.dumps(value, default=str)
