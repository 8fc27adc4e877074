"""What the people of the demo receive: each mail and SMS is a file that whoever plays can open."""

from __future__ import annotations

import email.policy
import re
from collections.abc import Callable
from email.parser import BytesHeaderParser

DIRECTORY = "courrier"
_KEPT = 500  # the oldest go first
_PLAIN = re.compile(r"[^a-z0-9@.+-]")


class Letters:
    """The letter box of everybody. `write` puts one file into the demo's directory, `remove` takes one away."""

    def __init__(self, write: Callable[[str, bytes], None], remove: Callable[[str], None]) -> None:
        self._write = write
        self._remove = remove
        self._names: list[str] = []
        self._last = 0

    def mail(self, raw: bytes) -> None:
        """One mail, as the server took it."""
        header = BytesHeaderParser(policy=email.policy.default).parsebytes(raw)
        self._keep(str(header["To"] or "inconnu"), "eml", raw.removesuffix(b".\r\n"))

    def sms(self, to: str, text: str) -> None:
        """One SMS."""
        self._keep(to, "sms.txt", f"{text}\n".encode())

    def _keep(self, to: str, kind: str, content: bytes) -> None:
        self._last += 1
        name = f"{DIRECTORY}/{self._last:04d}-{_PLAIN.sub('_', to.lower())[:60]}.{kind}"
        self._write(name, content)
        self._names.append(name)
        if len(self._names) > _KEPT:
            self._remove(self._names.pop(0))
