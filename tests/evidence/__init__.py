"""Evidence that draws are right, as a page: `python -m tests.evidence` writes `reports/evidence.md`."""
