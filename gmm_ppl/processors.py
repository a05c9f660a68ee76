"""How many processors this process may use."""

import os


def cores() -> int:
    """Processors that this process may use: as `NPROC` says, which XLA heeds too, or all that the system lets it have."""
    stated = os.environ.get("NPROC", "")
    if stated.isdecimal() and int(stated) > 0:
        return int(stated)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
