"""Whether draws are right: simulation-based calibration of an engine under a prior, and tests of the ranks that it leaves."""
