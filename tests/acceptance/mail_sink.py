"""A mail relay on loopback that remembers what it took, and tells at which step of a delivery it is."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import NamedTuple

from tests.acceptance.targets import Targets

# The steps of a delivery, as the relay sees them; "taken": it has the mail and has not said so, "answered": it has.
STEPS = ("connected", "MAIL", "RCPT", "DATA", "taken", "answered")


class Taken(NamedTuple):
    """One mail, as far as a mailbox tells two apart."""

    key: str  # of its Message-ID
    to: str
    subject: str
    text: str
    html: str


class MailSink:
    """Takes every mail, or is down."""

    def __init__(self, world: Targets) -> None:
        self._lock = threading.Lock()
        self._mails: list[Taken] = []
        self._watched: tuple[str, Callable[[], None]] | None = None
        self._others = 0
        self.reached: str | None = None  # the step at which that was done
        self.down = False
        self.port = world.serve(self._serve)

    @property
    def mails(self) -> list[Taken]:
        """What it took so far, in order."""
        with self._lock:
            return list(self._mails)

    def when(self, step: str | None, act: Callable[[], None], after: int = 0) -> None:
        """Do that once, when a delivery comes to this step after so many others did; None: never."""
        with self._lock:
            self._others = after
            self._watched = None if step is None else (step, act)
            self.reached = None

    def _reach(self, step: str) -> None:
        with self._lock:
            if self._watched is None or self._watched[0] != step:
                return
            self._others -= 1
            if self._others >= 0:
                return
            self.reached, act = self._watched
            self._watched = None
        act()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(line: str) -> None:
            writer.write(f"{line}\r\n".encode())
            await writer.drain()

        if self.down:
            await say("421 4.3.2 closing")
            return
        self._reach("connected")
        await say("220 relais.test ESMTP")
        while line := (await reader.readline()).decode().strip():
            verb = line[:4].upper()
            if verb == "QUIT":
                await say("221 2.0.0 Bye")
                return
            if self.down:
                await say("421 4.3.2 closing")
                return
            self._reach(verb)
            if verb != "DATA":
                await say("250 2.0.0 Ok")
                continue
            await say("354 go on")
            mail = await reader.readuntil(b"\r\n.\r\n")
            with self._lock:
                self._mails.append(_taken(mail))
            self._reach("taken")
            await say("250 2.0.0 Ok: queued as 4Rk7zQ")
            self._reach("answered")


def _taken(mail: bytes) -> Taken:
    message = message_from_bytes(mail, policy=policy.default)
    assert isinstance(message, EmailMessage)
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    return Taken(
        key=str(message["Message-ID"]).strip("<>").partition("@")[0],
        to=str(message["To"]),
        subject=str(message["Subject"]),
        text=text.get_content() if text is not None else "",
        html=html.get_content() if html is not None else "",
    )
