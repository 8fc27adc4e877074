"""The words of RTSP 1.0 on an open connection, and the media that come between them; everything has its bound."""

from __future__ import annotations

import re
from typing import NamedTuple

from probes.base import Run, Status
from probes.channel import Channel, ChannelError

_STATUS = re.compile(rb"RTSP/\d\.\d +(\d{3})(?: |$)")
_MOST_HEADERS = 64
_MOST_BODY = 64 * 1024
_MOST_STRAYS = 64  # messages that answer nothing we asked
_MOST_BYTES = 48 * 1024 * 1024  # of media in a session: the whole group of pictures of a 4K camera, twice
_MOST_PACKETS = 65536  # a packet of full size has 1,400 bytes; of one byte each they would only burn time


class Answer(NamedTuple):
    """What the camera answered."""

    status: int
    headers: dict[str, list[str]]  # names in lower case
    body: bytes

    def header(self, name: str) -> str:
        """The first of that name, "" without."""
        return self.headers.get(name, [""])[0]


class Packet(NamedTuple):
    """One frame of media, interleaved with the words."""

    channel: int
    data: bytes


class Dialogue:
    """Questions, answers and media on one connection; raises ChannelError."""

    def __init__(self, channel: Channel, run: Run) -> None:
        self._channel = channel
        self._run = run
        self._number = 0
        self._bytes = 0
        self._packets = 0
        self._strays = 0

    async def ask(self, method: str, uri: str, headers: dict[str, str]) -> Answer:
        """Say it, and wait for its answer; media that come first are thrown away."""
        self._run.stage = f"attente de la réponse à {method}"
        self.tell(method, uri, headers)
        while True:
            heard = await self._next()
            # A camera that numbers no answer gives them in order, like any other.
            if isinstance(heard, Answer) and heard.header("cseq") in ("", str(self._number)):
                self._run.note(f"{method}: {heard.status}")
                return heard
            if not isinstance(heard, Packet):
                self._stray()

    def tell(self, method: str, uri: str, headers: dict[str, str]) -> None:
        """Say it, and wait for nothing."""
        self._number += 1
        lines = [f"{method} {uri} RTSP/1.0", f"CSeq: {self._number}", "User-Agent: Vigie"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._channel.say("\r\n".join([*lines, "", ""]).encode())

    async def media(self) -> Packet:
        """The next frame of media; words that come first are not listened to."""
        while True:
            heard = await self._next()
            if isinstance(heard, Packet):
                return heard
            self._stray()

    def _stray(self) -> None:
        self._strays += 1
        if self._strays > _MOST_STRAYS:
            raise ChannelError(Status.CRITICAL, f"messages RTSP sans fin ({self._run.stage})")

    async def _next(self) -> Answer | Packet | None:
        """What comes next; None for an empty line, or what is no answer, like a request of the camera's."""
        first = await self._channel.exactly(1)
        if first == b"$":
            head = await self._channel.exactly(3)
            size = int.from_bytes(head[1:], "big")
            self._bytes += size + 4
            self._packets += 1
            if self._bytes > _MOST_BYTES or self._packets > _MOST_PACKETS:
                raise ChannelError(Status.CRITICAL, f"flux sans fin ({self._run.stage})")
            return Packet(head[0], await self._channel.exactly(size))
        line = first if first == b"\n" else first + await self._channel.line()
        if not line.strip():
            return None
        headers = await self._headers()
        body = await self._body(headers)
        match = _STATUS.match(line)
        if match is not None:
            return Answer(int(match[1]), headers, body)
        if line.startswith(b"HTTP/"):
            raise ChannelError(Status.CRITICAL, "réponse HTTP au lieu de RTSP : vérifier le port")
        if not line.endswith((b"RTSP/1.0", b"RTSP/2.0")):
            raise ChannelError(Status.CRITICAL, "réponse qui n'est pas du RTSP : vérifier le port")
        return None

    async def _headers(self) -> dict[str, list[str]]:
        headers: dict[str, list[str]] = {}
        for _ in range(_MOST_HEADERS):
            line = await self._channel.line()
            if not line:
                return headers
            name, colon, value = line.decode("utf-8", "replace").partition(":")
            if colon:
                headers.setdefault(name.strip().lower(), []).append(value.strip())
        raise ChannelError(Status.CRITICAL, f"en-têtes sans fin ({self._run.stage})")

    async def _body(self, headers: dict[str, list[str]]) -> bytes:
        said = headers.get("content-length", ["0"])[0]
        if not said.isascii() or not said.isdigit() or len(said) > 9 or int(said) > _MOST_BODY:
            raise ChannelError(Status.CRITICAL, f"réponse trop longue ou mal formée ({self._run.stage})")
        return await self._channel.exactly(int(said)) if int(said) else b""
