"""The resolvers of this machine, for a check that names none."""

from __future__ import annotations

import asyncio
import socket
import time
from pathlib import Path
from typing import Self

from probes.names import Address, literal

_KEEP_S = 60.0  # the file is read again after this: a VPN or a DHCP lease may have changed it
_AT_MOST = 3  # as many as the C library asks


class SystemResolvers:
    """The `nameserver` lines of /etc/resolv.conf."""

    def __init__(self, path: Path = Path("/etc/resolv.conf")) -> None:
        self._path = path
        self._addresses: list[Address] = []
        self._expires_s = float("-inf")

    @classmethod
    def open(cls) -> Self:
        """The file is read when first asked for."""
        return cls()

    async def close(self) -> None:
        """Nothing is held."""

    async def addresses(self) -> list[Address]:
        """In the order of the file; 127.0.0.1 when it names none, which is what resolv.conf(5) says."""
        if time.monotonic() >= self._expires_s:
            text = await asyncio.to_thread(self._read)  # a file may be on a disk that hangs
            lines = (line.split() for line in text.splitlines())
            named = [literal(words[1]) for words in lines if len(words) > 1 and words[0] == "nameserver"]
            self._addresses = [address for address in named if address is not None][:_AT_MOST]
            self._expires_s = time.monotonic() + _KEEP_S
        return self._addresses or [Address(socket.AF_INET, "127.0.0.1")]

    def _read(self) -> str:
        try:
            return self._path.read_text(errors="replace")
        except OSError:
            return ""
