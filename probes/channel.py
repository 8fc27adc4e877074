"""One TCP connection to a server that begins in clear, or under TLS at once, and may turn from one to the other.

TLS runs on buffers of our own. asyncio's would throw the certificates away with a failed handshake, when they are
wanted most; here one connection gives both the refusal and the chain that was refused, and goes on when all is well.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from time import perf_counter
from typing import Any, NamedTuple

from probes.base import Run, Status
from probes.names import Address, Family, Names
from probes.starttls import LINE_LIMIT
from probes.trouble import connection_trouble
from probes.trust import refusal

_MAX_HANDSHAKE = 256 * 1024  # bytes from the server; OpenSSL itself stops at 100 KiB of certificates
_READ = 16384
_DER = 2  # _ssl.ENCODING_DER


class Handshake(NamedTuple):
    """How it went, and what the server showed."""

    error: ssl.SSLError | None
    chain: tuple[bytes, ...]  # DER, the server's own certificate first
    version: str
    duration_s: float


class ChannelError(Exception):
    """The connection gives nothing more; `status` and `message` (in French) say why."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Channel:
    """An open connection; `reader` and `writer` are for those who speak on it before TLS."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, run: Run) -> None:
        self.reader = reader
        self.writer = writer
        self._port = port
        self._run = run
        self._heard = bytearray()  # read and not yet taken, decrypted
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls: ssl.SSLObject | None = None

    async def handshake(self, context: ssl.SSLContext, name: str) -> Handshake:
        """Go over to TLS; a refused certificate is in the answer, anything worse raises ChannelError."""
        if self._heard:  # what was said in clear must never be taken for something said under TLS
            raise ChannelError(Status.CRITICAL, "le serveur parle en clair au lieu de négocier TLS")
        self._run.stage = "négociation TLS"
        tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        started = perf_counter()
        error = await self._negotiate(tls)
        duration_s = perf_counter() - started
        chain = served_chain(tls)
        if error is not None and not chain:
            raise ChannelError(Status.CRITICAL, refusal(error, name))
        self._tls = tls
        return Handshake(error, chain, tls.version() or "", duration_s)

    async def _negotiate(self, tls: ssl.SSLObject) -> ssl.SSLError | None:
        received = 0
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                self._flush()
            except ssl.SSLError as error:
                return error
            else:
                self._flush()
                return None
            data = await self._receive()
            received += len(data)
            if not data:
                raise ChannelError(Status.CRITICAL, "connexion fermée pendant la négociation TLS")
            if received > _MAX_HANDSHAKE:
                raise ChannelError(Status.CRITICAL, "négociation TLS sans fin")
            self._incoming.write(data)

    def say(self, data: bytes) -> None:
        """Send; what the server does not read yet waits here."""
        if self._tls is None:
            self.writer.write(data)
            return
        try:
            self._tls.write(data)
        except ssl.SSLError:
            raise ChannelError(Status.CRITICAL, f"liaison TLS rompue ({self._run.stage})") from None
        self._flush()

    async def line(self) -> bytes:
        """The next line, without its end; raises ChannelError when there is none, or an endless one."""
        searched = 0
        while (end := self._heard.find(b"\n", searched)) < 0:
            searched = len(self._heard)
            if searched > LINE_LIMIT:
                break
            await self._more()
        if end < 0 or end > LINE_LIMIT:
            raise ChannelError(Status.CRITICAL, f"ligne trop longue ({self._run.stage})")
        return self._take(end + 1).rstrip(b"\r\n")

    async def exactly(self, size: int) -> bytes:
        """The next `size` bytes; the caller bounds them."""
        while len(self._heard) < size:
            await self._more()
        return self._take(size)

    def leave(self) -> None:
        """End at once: the polite end of TLS would wait for the server's."""
        self.writer.transport.abort()

    def _take(self, size: int) -> bytes:
        taken = bytes(self._heard[:size])
        del self._heard[:size]
        return taken

    def _flush(self) -> None:
        if data := self._outgoing.read():
            self.writer.write(data)

    async def _more(self) -> None:
        """At least one more byte in `_heard`."""
        while True:
            chunk = self._decrypted()
            if chunk is None:
                chunk = await self._receive()
                if chunk and self._tls is not None:
                    self._incoming.write(chunk)
                    continue
            if not chunk:
                raise ChannelError(Status.CRITICAL, f"connexion fermée par le serveur ({self._run.stage})")
            self._heard += chunk
            return

    def _decrypted(self) -> bytes | None:
        """What TLS holds: b"" at its end, None when it needs more from the network."""
        if self._tls is None:
            return None
        try:
            return self._tls.read(_READ)
        except ssl.SSLWantReadError:
            self._flush()  # a renegotiation or a change of keys may have something to say
            return None
        except ssl.SSLZeroReturnError:
            return b""
        except ssl.SSLError:
            raise ChannelError(Status.CRITICAL, f"liaison TLS rompue ({self._run.stage})") from None

    async def _receive(self) -> bytes:
        try:
            return await self.reader.read(_READ)
        except OSError as error:
            raise ChannelError(*connection_trouble(error, self._port)) from None


def served_chain(tls: ssl.SSLObject) -> tuple[bytes, ...]:
    """The certificates as the server sent them, DER, also after a handshake that refused them."""
    public: Any = getattr(tls, "get_unverified_chain", None)
    if public is not None:  # Python 3.13
        return tuple(public())
    inner: Any = tls._sslobj  # type: ignore[attr-defined]  # noqa: SLF001  the same method, before it had a public name
    return tuple(certificate.public_bytes(_DER) for certificate in inner.get_unverified_chain() or ())


async def open_channel(host: str, port: int, family: Family, run: Run) -> Channel:
    """Connect; raises NameFailureError or ChannelError."""
    run.stage = f"résolution du nom {host}"
    addresses = await run.shared.use(Names).find(host, family, run.timeout_s)
    run.stage = f"connexion au port {port}"
    try:
        reader, writer = await _connect(addresses, port, run)
    except OSError as error:
        raise ChannelError(*connection_trouble(error, port)) from None
    return Channel(reader, writer, port, run)


async def _connect(
    addresses: Sequence[Address], port: int, run: Run
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The first address that answers, in the system's order; each has its share of half the run's time."""
    *others, last = addresses
    for address in others:
        try:
            async with asyncio.timeout(run.timeout_s / 2 / len(addresses)):
                return await _connect_to(address, port)
        except OSError as error:  # TimeoutError is one
            run.note(f"{address.host}: {error.strerror or 'no answer'}, trying the next address")
    return await _connect_to(last, port)


async def _connect_to(address: Address, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host = f"{address.host}%{address.scope}" if address.scope else address.host
    return await asyncio.open_connection(host, port, limit=LINE_LIMIT)
