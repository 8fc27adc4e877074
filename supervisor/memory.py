"""What CPython and glibc must be told of a process that builds a lot once, then runs for months."""

from __future__ import annotations

import ctypes
import gc

# The default (700, 10, 10) walks every live object each 70,000 allocations: at 20,000 sondes that is a pause of
# 100 ms several times a minute. The young are looked at often enough for the cycles that an HTTP exchange leaves not
# to weigh (at 50,000 they took 15 MiB), the old hardly ever.
_YOUNG, _MIDDLE, _OLD = 5_000, 20, 200


def settle() -> None:
    """After a configuration was loaded: give its scaffolding back, and never walk what stays again.

    Parsing 20,000 sondes of YAML takes 100 MB for some seconds; glibc would keep them for ever.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc only
    if trim is not None:
        trim(0)
