"""The other TCP servers of the demo: mail with STARTTLS, a banner, or a port that just takes connections."""

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


async def smtp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext) -> None:
    """Enough of SMTP for a greeting, STARTTLS and a farewell."""
    secure = False
    writer.write(b"220 mx.val-de-brume.example ESMTP\r\n")
    while command := (await reader.readline()).strip().upper():
        if command.startswith((b"EHLO", b"HELO")):
            writer.write(b"250-mx.val-de-brume.example\r\n" + (b"" if secure else b"250-STARTTLS\r\n"))
            writer.write(b"250 SIZE 26214400\r\n")
        elif command == b"STARTTLS" and not secure:
            writer.write(b"220 Ready to start TLS\r\n")
            await writer.drain()
            await writer.start_tls(context)
            secure = True
        elif command == b"QUIT":
            writer.write(b"221 Bye\r\n")
            return
        else:
            writer.write(b"502 Not played by the demo\r\n")


async def imap(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext) -> None:
    """Enough of IMAP for a greeting, STARTTLS and a farewell."""
    writer.write(b"* OK [CAPABILITY IMAP4rev1 STARTTLS] IMAP4 ready\r\n")
    while line := (await reader.readline()).strip():
        tag, _, command = line.partition(b" ")
        command = command.upper()
        if command == b"STARTTLS":
            writer.write(tag + b" OK Begin TLS negotiation now\r\n")
            await writer.drain()
            await writer.start_tls(context)
        elif command == b"CAPABILITY":
            writer.write(b"* CAPABILITY IMAP4rev1 STARTTLS\r\n" + tag + b" OK CAPABILITY completed\r\n")
        elif command == b"LOGOUT":
            writer.write(b"* BYE\r\n" + tag + b" OK LOGOUT completed\r\n")
            return
        else:
            writer.write(tag + b" NO Not played by the demo\r\n")


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
    """To a request for TLS, which is how a session begins, it says no."""
    await reader.readexactly(8)
    writer.write(b"N")
    await reader.read(1)


async def mariadb(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: ssl.SSLContext) -> None:
    """The greeting: length, packet number, protocol 10, version."""
    greeting = b"\x0a10.11.6-MariaDB\0"
    writer.write(len(greeting).to_bytes(3, "little") + b"\0" + greeting)
    await reader.read(1)


async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter, __: ssl.SSLContext) -> None:
    """A machine whose protocol does not begin with the server's words: a printer, a telephone exchange, a base."""
    await reader.read(1)
