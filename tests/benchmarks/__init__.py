"""Benchmarks against other libraries: never collected by pytest, run by hand on a quiet machine.

    uv run --group bench python -m tests.benchmarks [em|gradient|search|sample|memory|cold] … [--quick] [--only TEXT] [--out DIR]

Without a name all are run. Every row gives ours and its peers the same data and the same start, compares their answers first,
and times those that agree in alternation; a peer whose answer differs is named and gets no ratio, and one that is not
installed is said to be missing. Each name leaves `<name>.json` and `<name>.md` in `reports/benchmarks/`, with the machine
described. `--quick` takes tiny sizes, whose numbers mean nothing; `--only` takes the rows whose name contains a text.

Peers: scikit-learn and gmmx come with the group `bench`, NumPyro with the library; R's mclust (Debian: `r-cran-mclust`) is used
where `Rscript` finds it, and timed inside R.

A benchmark is a module with `rows(quick)` and a line in `registry.py`; a peer is a module in `peers/`; `ours.py` alone calls us.
"""
