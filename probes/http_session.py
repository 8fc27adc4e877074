"""The aiohttp session that every HTTP check of the process shares, with the bounds a hostile server needs.

What a check costs is mostly aiohttp's: about 0.2 ms of CPU for a new connection, 0.9 ms with TLS, of which OpenSSL
half. Trace configurations would say when each phase begins, and cost a tenth more; the two hooks below say it for
the price of two calls.
"""

from __future__ import annotations

import functools
import socket
from contextvars import ContextVar
from typing import Any, Self, cast

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection

from probes.base import Run
from probes.names import FAMILIES, Family, Names

MAX_HEADERS = 128  # aiohttp's own default, and the sizes below: a visitor's browser allows 256 KiB in all
MAX_HEADER_BYTES = 8190
MAX_INTERIM = 16  # answers 1xx before the real one; a server sends one or two


class Interrupted(aiohttp.ClientError):
    """The connection broke before the answer. Neither an OSError nor ServerDisconnectedError: aiohttp quietly sends
    such requests a second time, which is right for a browser and hides every second failure from a monitor."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class TooManyInterim(aiohttp.ClientError):
    """The server answers 1xx without end."""


class Exchange:
    """One request in progress: what is known of its connection before aiohttp lets go of it."""

    __slots__ = ("certificate", "run")

    def __init__(self, run: Run) -> None:
        self.run = run
        self.certificate: bytes | None = None  # of the server, DER


# Which exchange the running task is in: aiohttp has no other way to hand something to the response it builds.
EXCHANGE: ContextVar[Exchange] = ContextVar("EXCHANGE")


class _Response(aiohttp.ClientResponse):
    """Looks at the connection when it is ready: a short answer is read, and its connection gone, before the caller
    of `request` is woken."""

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        exchange = EXCHANGE.get()
        exchange.run.stage = "attente de la réponse HTTP"
        transport = connection.transport
        tls = transport.get_extra_info("ssl_object") if transport is not None else None
        if tls is not None:
            exchange.certificate = tls.getpeercert(True)
        try:
            return await super().start(connection)
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
            raise Interrupted(error) from error


class _Handler(ResponseHandler):
    """A connection that bounds what it accepts and does not linger."""

    _answers = 0

    def close(self) -> None:
        """End at once. After the polite end of TLS asyncio waits up to 30 s for the server's, and a hostile one has
        time; a polite one saw `Connection: close`."""
        self.abort()

    def feed_data(self, data: Any, size: int = 0) -> None:
        # aiohttp reads 1xx answers for as long as they come, thousands of them a read.
        self._answers += 1
        if self._answers <= MAX_INTERIM:
            super().feed_data(data, size)
        elif self.transport is not None and not self.transport.is_closing():
            self.set_exception(TooManyInterim())
            self.transport.abort()


class _Connector(aiohttp.TCPConnector):
    """A connector that makes our handlers; the name of the attribute is aiohttp's, and a test watches it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._factory = cast("functools.partial[ResponseHandler]", functools.partial(_Handler, loop=self._loop))


class _Resolver(AbstractResolver):
    """aiohttp's view of the resolver that all techniques share."""

    def __init__(self, names: Names) -> None:
        self._names = names

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        wanted: Family = "any" if family == socket.AF_UNSPEC else "ipv6" if family == socket.AF_INET6 else "ipv4"
        exchange = EXCHANGE.get()
        exchange.run.stage = f"résolution du nom {host}"
        addresses = await self._names.find(host, wanted, exchange.run.timeout_s)
        exchange.run.stage = f"connexion à {host}:{port}"
        return [
            ResolveResult(hostname=host, host=_scoped(a.host, a.scope), port=port, family=a.family, proto=0, flags=0)
            for a in addresses
        ]

    async def close(self) -> None:
        """The names belong to the process, not to this session."""


def _scoped(host: str, scope: int) -> str:
    return f"{host}%{scope}" if scope else host


class HttpSessions:
    """One aiohttp session for each address family asked for; TLS contexts are given with each request."""

    def __init__(self) -> None:
        self._sessions: dict[Family, aiohttp.ClientSession] = {}

    @classmethod
    def open(cls) -> Self:
        """Nothing is held until a session is asked for."""
        return cls()

    async def close(self) -> None:
        """Close the sessions, and with them what connections a cancelled run may have left."""
        while self._sessions:
            _, session = self._sessions.popitem()
            await session.close()

    def session(self, family: Family, names: Names) -> aiohttp.ClientSession:
        """The session for this family. Every request gets a connection of its own: what a new visitor gets."""
        session = self._sessions.get(family)
        if session is None:
            session = self._sessions[family] = _session(family, names)
        return session


def _session(family: Family, names: Names) -> aiohttp.ClientSession:
    connector = _Connector(
        force_close=True,
        limit=0,  # the engine bounds how many checks run at once; a queue here would count as the target's slowness
        family=FAMILIES[family],
        resolver=_Resolver(names),
        use_dns_cache=False,  # `names` has one
    )
    return aiohttp.ClientSession(
        connector=connector,
        response_class=_Response,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(),  # none: the runner holds the deadline
        auto_decompress=False,  # http_body does it, and stops at the bound
        trust_env=False,
        max_line_size=MAX_HEADER_BYTES,
        max_field_size=MAX_HEADER_BYTES,
        max_headers=MAX_HEADERS,
        headers={"User-Agent": "Vigie", "Accept": "*/*", "Accept-Encoding": "gzip, deflate"},
    )
