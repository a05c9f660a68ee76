"""`verbose` in lines on standard output, which is where scikit-learn's users look for it."""

import re
import sys

from gmm_ppl.progress import Progress, silent


def lines(verbose: int, interval: int) -> Progress:
    """Nothing for 0, the last line of a fit for 1, and a line whenever `interval` more iterations are done for 2.

    Starts go on together, and tell how far they are ten times a second at most: a line may be more than `interval` iterations
    after the one before.
    """
    if not verbose:
        return silent
    shown = [-interval]

    def show(stage: str, done: int, total: int, note: str = "") -> None:
        found = re.match(r"iteration (\d+)", note)
        iteration = int(found[1]) if found else -1
        if done == total or (verbose > 1 and iteration >= shown[0] + interval):
            shown[0] = iteration
            sys.stdout.write(f"{stage}: {done} of {total} starts ended, {note} nats\n")

    return show
