"""Mail servers that say what a test wants at each step, and remember what they were told."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from tests.integration.probes.hostile import Listening, listening

GREETING, EHLO, MAIL, RCPT, DATA, END, RSET = "greeting", "EHLO", "MAIL", "RCPT", "DATA", "end", "RSET"
HANG, CLOSE = "hang", "close"  # instead of an answer
_USUAL = {
    GREETING: "220 relais.test ESMTP",
    EHLO: "250-relais.test\r\n250 8BITMIME",
    DATA: "354 go on",
    END: "250 2.0.0 Ok: queued as 4Rk7zQ",
}


@dataclass
class Relay:
    """One such server."""

    says: Mapping[str, str | list[str]]  # by step; a list is used up, one answer a time, its last one for ever
    listening: Listening | None = None
    mails: list[bytes] = field(default_factory=list)  # accepted
    commands: list[str] = field(default_factory=list)
    hung: asyncio.Event = field(default_factory=asyncio.Event)  # set once it says nothing any more
    seen: dict[str, int] = field(default_factory=dict)

    @property
    def port(self) -> int:
        assert self.listening is not None
        return self.listening.port

    def _answer(self, step: str) -> str:
        answer = self.says.get(step, _USUAL.get(step, "250 2.0.0 Ok"))
        if isinstance(answer, str):
            return answer
        turn = self.seen[step] = self.seen.get(step, 0) + 1
        return answer[min(turn, len(answer)) - 1]

    async def _say(self, step: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        answer = self._answer(step)
        if answer == HANG:
            self.hung.set()
            await reader.read()  # until the other end leaves
            return False
        if answer == CLOSE:
            return False
        writer.write(answer.encode() + b"\r\n")
        await writer.drain()
        return True

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One session."""
        going = await self._say(GREETING, reader, writer)
        while going:
            line = (await reader.readuntil(b"\n")).decode(errors="replace").strip()
            self.commands.append(line)
            step = line[:4].upper()
            if step == "QUIT":
                writer.write(b"221 2.0.0 Bye\r\n")
                return
            going = await self._say(step, reader, writer)
            if going and step == DATA and self._last(DATA).startswith("354"):
                mail = await reader.readuntil(b"\r\n.\r\n")
                going = await self._say(END, reader, writer)
                if going and self._last(END).startswith("250"):
                    self.mails.append(mail)

    def _last(self, step: str) -> str:
        answer = self.says.get(step, _USUAL[step])
        return answer if isinstance(answer, str) else answer[min(self.seen[step], len(answer)) - 1]


def relay(
    says: Mapping[str, str | list[str]] | None = None, tls: ssl.SSLContext | None = None
) -> AbstractAsyncContextManager[Relay]:
    """Run one."""

    @asynccontextmanager
    async def running() -> AsyncIterator[Relay]:
        made = Relay(says or {})
        async with listening(made.serve, tls) as server:
            made.listening = server
            yield made

    return running()
