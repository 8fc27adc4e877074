"""What the system, CPython and glibc must be told of a process that builds a lot once, then runs for months."""

from __future__ import annotations

import ctypes
import gc
import resource

# The default (700, 10, 10) walks every live object each 70,000 allocations: at 20,000 sondes that is a pause of
# 100 ms several times a minute. The young are looked at often enough for the cycles that an HTTP exchange leaves not
# to weigh (at 50,000 they took 15 MiB), the old hardly ever.
_YOUNG, _MIDDLE, _OLD = 5_000, 20, 200

# mallopt(3). One heap for all threads, and large pieces given back as soon as they are free: without it, 5,000 sondes
# keep 8 MiB more after each scrape.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_KEEP_BYTES = 128 * 1024


def prepare() -> None:
    """Before the first thread is started: how glibc is to keep memory, and how many sockets may be open.

    The soft limit of 1,024 descriptors is meant for programs that use select(2); a hundred pools may check 2,500
    things at once.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, _KEEP_BYTES)
        mallopt(_M_TRIM_THRESHOLD, _KEEP_BYTES)


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
