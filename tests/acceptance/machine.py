"""What the machine does to everybody: for figures that would blame the daemon for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_EVERY_S = 0.02


class Machine:
    """The longest that it did not let a process of its own run, which wanted to fifty times a second."""

    def __init__(self) -> None:
        self.worst_s = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="machine")

    def _watch(self) -> None:
        before = time.monotonic()
        while not self._over.wait(_EVERY_S):
            now = time.monotonic()
            self.worst_s = max(self.worst_s, now - before - _EVERY_S)
            before = now

    def start(self) -> None:
        """Watch."""
        self._thread.start()

    def close(self) -> None:
        """No more."""
        self._over.set()
        self._thread.join()


@contextmanager
def watched() -> Iterator[Machine]:
    """The machine as it is from now on."""
    made = Machine()
    made.start()
    try:
        yield made
    finally:
        made.close()
