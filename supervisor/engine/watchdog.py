"""Notices when the event loop stops turning, and says which code holds it.

The techniques of Vigie itself run in the loop and never block; this finds the one that does all the same. It cannot
stop it: nothing stops a thread of Python from outside. When the loop does not come back, the service manager
restarts the daemon (WatchdogSec), which the application feeds from the loop.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
import traceback
from collections import deque
from types import FrameType
from typing import Self

_LOG = logging.getLogger(__name__)
# What every technique runs through, and which is never the culprit.
_PLUMBING = ("probes.runner", "probes.base")


class LoopWatchdog:
    """Watches the loop it is entered in, from a thread: `with LoopWatchdog(): ...`.

    A callback of the loop keeps the time of its last beat; the thread compares. Blind to code that keeps the
    interpreter's lock (compiled code that never lets go): the thread sleeps as well then, and such a stall is
    counted when it ends, without a stack.
    """

    def __init__(self, *, threshold_s: float = 1.0) -> None:
        self.stalls = 0  # times the loop stood still for longer than the threshold
        self.last_culprit = ""  # "file:line function" of the technique (or else the code) that held it last
        self._threshold_s = threshold_s
        self._every_s = threshold_s / 4
        self._beat_at = time.monotonic()
        self._late: deque[float] = deque()  # stalls that ended, by their length; written by the loop only
        self._reported = False  # the stall in progress has been told; the thread's own
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="loop watchdog", daemon=True)

    def __enter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._beat_at = time.monotonic()
        self._timer = self._loop.call_later(self._every_s, self._beat)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._stop.set()
        self._thread.join()

    @property
    def stalled_for_s(self) -> float:
        """How long the loop has been standing still; 0 when it turns. To be read from another thread."""
        silent_s = time.monotonic() - self._beat_at
        return silent_s if silent_s > self._threshold_s else 0.0

    def _beat(self) -> None:
        now = time.monotonic()
        if now - self._beat_at > self._threshold_s:
            self._late.append(now - self._beat_at)
        self._beat_at = now
        self._timer = self._loop.call_later(self._every_s, self._beat)

    def _watch(self) -> None:
        while not self._stop.wait(self._every_s):
            self._look()

    def _look(self) -> None:
        while self._late:
            self._ended(self._late.popleft())
        stalled_s = self.stalled_for_s
        if stalled_s and not self._reported:
            self._reported = True
            self._found(stalled_s, sys._current_frames().get(self._loop_thread))  # noqa: SLF001  the documented way

    def _found(self, stalled_s: float, frame: FrameType | None) -> None:
        self.stalls += 1
        self.last_culprit = culprit(frame)
        stack = "".join(traceback.format_stack(frame)) if frame is not None else ""
        _LOG.error(
            "the event loop has been held for %.1f s by %s; its stack:\n%s",
            stalled_s,
            self.last_culprit,
            stack,
            extra={"culprit": self.last_culprit},
        )

    def _ended(self, lasted_s: float) -> None:
        if self._reported:
            self._reported = False
            _LOG.warning("the event loop turns again after %.1f s", lasted_s, extra={"culprit": self.last_culprit})
            return
        self.stalls += 1
        self.last_culprit = "code that kept the interpreter's lock, or a process that was stopped"
        _LOG.error("the event loop stood still for %.1f s, held by %s", lasted_s, self.last_culprit)


def culprit(frame: FrameType | None) -> str:
    """The innermost frame inside a technique, else inside Vigie, else the innermost of all."""
    stack: list[FrameType] = []
    while frame is not None:
        stack.append(frame)
        frame = frame.f_back
    for package in ("probes", "supervisor"):
        for candidate in stack:
            module = str(candidate.f_globals.get("__name__", ""))
            if module.partition(".")[0] == package and module not in _PLUMBING:
                return _where(candidate)
    return _where(stack[0]) if stack else "unknown code"


def _where(frame: FrameType) -> str:
    code = frame.f_code
    return f"{code.co_filename.rpartition('/')[2]}:{frame.f_lineno} {code.co_qualname}"
