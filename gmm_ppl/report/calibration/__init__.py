"""The page of a calibration: the verdict, a figure of every quantity's ranks, both tests, what was assumed."""

from gmm_ppl.report.calibration.page import calibration_page, write_calibration

__all__ = ["calibration_page", "write_calibration"]
