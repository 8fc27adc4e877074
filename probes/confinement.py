"""What a process of ours imposes on itself before it does anything that may go wrong."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def confine(parent: int, memory_bytes: int) -> None:
    """End with the parent, use no more memory than that, leave no core, and give way to the daemon."""
    # A daemon that is killed cannot stop its workers: the kernel does. The signal is lost if the parent died before
    # this line, hence the check after it.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the daemon is gone")
    lower(resource.RLIMIT_AS, memory_bytes)
    lower(resource.RLIMIT_CORE, 0)  # a core file would hold secrets
    with contextlib.suppress(OSError):  # a container may refuse either; nothing depends on them
        os.nice(5)  # a technique that spins gives way to the daemon
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")  # and goes first when memory is short


def lower(what: int, soft: int) -> None:
    """Lower a limit of this process; never raise one."""
    hard = resource.getrlimit(what)[1]
    resource.setrlimit(what, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))
