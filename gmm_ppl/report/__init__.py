"""Reports: from a labelled result to a page of sections and figures, as HTML and Markdown."""

from gmm_ppl.report.write import build_page, write_report

__all__ = ["build_page", "write_report"]
