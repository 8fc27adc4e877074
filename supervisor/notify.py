"""Tells the service manager how the daemon is: sd_notify(3) in one socket, nothing when nobody listens."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Mapping
from typing import Self

_LOG = logging.getLogger(__name__)
# How long a message that changes the state of the unit may wait when the manager's queue is full (many services
# start at once at boot). The others are not waited for: they are sent from the event loop, and come again.
_PATIENCE_S = 2.0


class Notifier:
    """The daemon's side of `Type=notify`. Without a service manager every call does nothing."""

    def __init__(self, address: str | None, *, watchdog_s: float | None = None) -> None:
        self.watchdog_s = watchdog_s  # a message is due at least this often; None: nobody asked for any
        self._address = address

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """As the service manager asks: NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID."""
        address = environ.get("NOTIFY_SOCKET", "")
        if not address.startswith(("/", "@")):
            return cls(None)
        # WATCHDOG_PID names the process that is watched; a child that inherited the variables is not.
        watched = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        usec = environ.get("WATCHDOG_USEC", "")
        watchdog_s = int(usec) / 1e6 if watched and usec.isascii() and usec.isdigit() and int(usec) > 0 else None
        return cls(address, watchdog_s=watchdog_s)

    def ready(self, status: str) -> bool:
        """The start, or a reload, is over."""
        return self._send("READY=1", _status(status), patience_s=_PATIENCE_S)

    def reloading(self, status: str) -> bool:
        """The config is being read again; `ready` must follow, whatever became of it."""
        # The manager tells this reload from an earlier one by the instant; required by Type=notify-reload only, but
        # it costs nothing and the unit may move to it where systemd is 253 or later.
        usec = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        return self._send("RELOADING=1", f"MONOTONIC_USEC={usec}", _status(status), patience_s=_PATIENCE_S)

    def stopping(self, status: str) -> bool:
        """The stop has begun."""
        return self._send("STOPPING=1", _status(status), patience_s=_PATIENCE_S)

    def status(self, text: str) -> bool:
        """One line for `systemctl status`."""
        return self._send(_status(text))

    def alive(self) -> bool:
        """Feed the watchdog: to be called only while checks advance."""
        return self._send("WATCHDOG=1")

    def _send(self, *assignments: str, patience_s: float = 0.0) -> bool:
        """Whether it was sent. A manager that cannot be told is no reason to stop supervising."""
        if self._address is None:
            return False
        # "@" stands for the zero byte that begins an abstract address.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
                sock.settimeout(patience_s)
                sock.sendto("\n".join(assignments).encode(), address)
        except OSError as error:
            _LOG.warning("the service manager could not be told %s: %s", assignments[0], error)
            return False
        return True


def _status(text: str) -> str:
    # One line, or the rest of it would be read as further assignments.
    return "STATUS=" + " ".join(text.split())
