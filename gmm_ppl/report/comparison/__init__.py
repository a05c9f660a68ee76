"""The page of a comparison: which model is preferred by what, every number, parameters side by side."""

from gmm_ppl.report.comparison.page import comparison_page, write_comparison

__all__ = ["comparison_page", "write_comparison"]
