"""The other TCP servers of the demo: a banner, an answer, or a port that just takes connections. Mail: post.py."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable

from supervisor.demo.played import Listening, Mode, Played

_LINE_WITHIN_S = 60.0  # a client that says nothing for so long is left
_SLOW_S = 3.0

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter, ssl.SSLContext], Awaitable[None]]


async def open_talker(played: Played, context: ssl.SSLContext, talk: Talk) -> Listening:
    """Listen at the server's place and talk to whoever comes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if played.mode is Mode.SLOW:
                await asyncio.sleep(_SLOW_S)
            async with asyncio.timeout(_LINE_WITHIN_S):
                if played.mode is Mode.MUTE:
                    await reader.read()
                else:
                    await talk(reader, writer, context)
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError):
            pass  # it left, or does not speak this protocol: nobody to tell
        finally:
            writer.close()

    place = played.place
    return await asyncio.start_server(serve, place.address, played.port, reuse_address=True)


async def ssh(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: ssl.SSLContext) -> None:
    """The banner, then whatever the client sends goes nowhere."""
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
    await reader.read(1)


async def sip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: ssl.SSLContext) -> None:
    """Answers any request that all is well."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n")
    await reader.read(1)


async def pgsql(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: ssl.SSLContext) -> None:
    """To the first message of a session, it asks who is there (SCRAM-SHA-256)."""
    await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big") - 4)
    writer.write(b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0")
    await reader.read(1)


async def mariadb(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: ssl.SSLContext) -> None:
    """The greeting: length, packet number, protocol 10, version."""
    greeting = b"\x0a10.11.6-MariaDB\0"
    writer.write(len(greeting).to_bytes(3, "little") + b"\0" + greeting)
    await reader.read(1)


async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter, __: ssl.SSLContext) -> None:
    """A machine whose protocol does not begin with the server's words: a printer, a telephone exchange, a base."""
    await reader.read(1)
