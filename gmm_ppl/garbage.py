"""How often Python looks for garbage in a process that is ours alone."""

import atexit
import gc

OBJECTS = 50_000
"""New objects after which garbage is looked for; Python's own number is 700."""


def collect_rarely() -> None:
    """Look through the objects of imported libraries seldom, and not at all once the process ends.

    There are a million of them and they live as long as the process; looking through them again and again takes a quarter of
    a short command's time. For commands and workers: a library does not change this for the program that imports it.
    """
    gc.set_threshold(OBJECTS)
    atexit.register(gc.freeze)
