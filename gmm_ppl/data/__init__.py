"""Where rows come from: files, objects in memory and bundled data sets, all made into one checked `Table`."""

from gmm_ppl.data.tables import Table, as_table, check_enough_rows, fingerprint

__all__ = ["Table", "as_table", "check_enough_rows", "fingerprint"]
