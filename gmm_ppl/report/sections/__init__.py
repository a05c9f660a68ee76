"""The sections of a report, in the order of the page.

To add one, write a file beside these with a function `(findings) -> Section | None` (None: nothing to say for this
result) and add it to the registry.
"""

from collections.abc import Callable

from gmm_ppl.report.findings import Findings
from gmm_ppl.report.page import Section
from gmm_ppl.report.sections.agreement import agreement_section
from gmm_ppl.report.sections.assignments import assignments_section
from gmm_ppl.report.sections.data import data_section
from gmm_ppl.report.sections.em import em_section
from gmm_ppl.report.sections.fit_checks import fit_checks_section
from gmm_ppl.report.sections.model import model_section
from gmm_ppl.report.sections.reproducibility import reproducibility_section
from gmm_ppl.report.sections.result import result_section
from gmm_ppl.report.sections.sampler import sampler_section
from gmm_ppl.report.sections.sensitivity import sensitivity_section
from gmm_ppl.report.sections.uncertainty import uncertainty_section
from gmm_ppl.report.sections.verdict import verdict_section

SECTIONS: tuple[Callable[[Findings], Section | None], ...] = (
    verdict_section,
    result_section,
    data_section,
    model_section,
    em_section,
    sampler_section,
    agreement_section,
    uncertainty_section,
    sensitivity_section,
    fit_checks_section,
    assignments_section,
    reproducibility_section,
)

__all__ = ["SECTIONS"]
