"""Garbage collection in a process that does nothing but run searches."""

import gc

YOUNG_OBJECTS = 4_000
"""So many new objects before a collection; Python's own number is 700."""


def collect_rarely() -> None:
    """Let more garbage gather before it is collected.

    Python looks at young objects after 700 of them, and a handful of calls under way makes more: at 64 calls
    at once collecting took 4% of the throughput. For command lines and workers: a library leaves this to its
    host.
    """
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
