"""Regular expressions of the config, searched in what a target sends, for no longer than the daemon can spare.

A pattern that backtracks (`(a+)+$`, or `A.*B` in a page full of A) takes minutes on a text made for it, and keeps the
interpreter's lock meanwhile: one hostile page would stop every check of every commune.
"""

from __future__ import annotations

import re
import signal
import threading
import time
from types import FrameType
from typing import NoReturn

from probes.excerpt import excerpt
from probes.units import say_duration

_MOST_S = 0.2  # of processor; an honest search of a page of 1 MiB takes a few milliseconds
# The matcher hears the timer between its steps only, and one step of `.*` may read all there is: so a long text is
# searched in pieces that overlap, and a match may span no more than they do.
_PIECE, _OVERLAP = 32 * 1024, 16 * 1024
_LEAST_S = 0.001  # less is nothing: a timer of nothing never rings


class SearchTooLongError(Exception):
    """The search was given up; says so in French."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.message = f"motif « {excerpt(pattern.pattern)} » trop coûteux : abandonné après {say_duration(_MOST_S)}"
        super().__init__(self.message)


class _LateError(Exception):
    """The timer rang. Raised out of the search itself: the matcher looks for signals every few thousand steps."""


class Patience:
    """The processor time of one check for all its searches: a target may send a thousand texts, each just bearable."""

    def __init__(self) -> None:
        self._left_s = _MOST_S

    def found(self, pattern: re.Pattern[str], text: str) -> bool:
        """Whether the pattern is found anywhere in the text; raises SearchTooLongError.

        Only the main thread hears signals, and all checks run there; elsewhere the search is not bounded.
        """
        if threading.current_thread() is not threading.main_thread():
            return _anywhere(pattern, text)
        if self._left_s < _LEAST_S:
            raise SearchTooLongError(pattern)
        began_s = time.thread_time()
        try:
            try:
                signal.signal(signal.SIGVTALRM, _ring)
                signal.setitimer(signal.ITIMER_VIRTUAL, self._left_s)
                return _anywhere(pattern, text)
            finally:
                signal.setitimer(signal.ITIMER_VIRTUAL, 0)
                _deafen()
                # Not what the timer says is left: the kernel rounds that up, each time by a tick.
                self._left_s -= time.thread_time() - began_s
        except _LateError:
            # Heard anywhere above, even while it was being disarmed: it rings once, so nothing can follow.
            self._left_s = 0.0
            _deafen()
            raise SearchTooLongError(pattern) from None


def found(pattern: re.Pattern[str], text: str) -> bool:
    """Whether the pattern is found anywhere in the text, when it is all that a check searches for."""
    return Patience().found(pattern, text)


def _anywhere(pattern: re.Pattern[str], text: str) -> bool:
    """Whether the pattern is found in any piece of the text.

    What ends where a piece does may have been cut there, or be an end (`$`) that is none: that is looked at again.
    """
    for start in range(0, max(len(text) - _OVERLAP, 1), _PIECE - _OVERLAP):
        end = min(start + _PIECE, len(text))
        match = pattern.search(text, start, end)
        if match is not None and (match.end() < end or end == len(text) or pattern.match(text, match.start())):
            return True
    return False


def _deafen() -> None:
    # Not what was there before: to the system's default a signal still on its way would be the end of the process.
    signal.signal(signal.SIGVTALRM, signal.SIG_IGN)


def _ring(_number: int, _frame: FrameType | None) -> NoReturn:
    raise _LateError
