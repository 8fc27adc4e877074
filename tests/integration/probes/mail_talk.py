"""Mail servers that say what a test wants, however wrong; in clear unless the test gives TLS."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext

from tests.integration.probes.authority import leaf, root
from tests.integration.probes.hostile import Handler

_EHLO = b"250-essai\r\n250-AUTH PLAIN LOGIN\r\n250 SIZE 1000\r\n"


def tls_server(directory: Path, *names: str) -> tuple[SSLContext, str]:
    """TLS for 127.0.0.1, and the file of the authority to trust."""
    authority = root()
    ca = directory / "authority.pem"
    ca.write_bytes(authority.pem)
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*leaf(authority, *(names or ("127.0.0.1",))).write(directory, "mail"))
    return context, str(ca)


def smtp_saying(
    heard: list[bytes], banner: bytes = b"220 essai ESMTP\r\n", more: Sequence[bytes] = (), **replies: bytes | None
) -> Handler:
    """Answers each command by its verb, 250 where nothing is given, and nothing at all to one whose reply is None.

    `body` is the answer to the message, `more` those to lines that begin with no verb (AUTH LOGIN's), in turn.
    """

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said: dict[str, bytes | None] = {"EHLO": _EHLO, "DATA": b"354 go on\r\n", **replies}
        others = iter(more)
        writer.write(banner)
        in_message = False
        while line := await reader.readline():
            heard.append(line)
            if in_message and line != b".\r\n":
                continue
            verb = "body" if in_message else line.split()[0].decode().upper()
            in_message = verb == "DATA" and (said["DATA"] or b"").startswith(b"354")
            reply = said.get(verb, b"250 ok\r\n") if verb in _VERBS else next(others)
            if reply is None:
                await reader.read()  # until the probe has left
                return
            writer.write(reply)
            if not reply or verb == "QUIT":
                writer.write_eof()
                return

    return handler


_VERBS = ("body", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "RSET", "DATA", "QUIT")

Says = bytes | Callable[[bytes], bytes] | None


def imap_saying(
    heard: list[bytes], greeting: bytes = b"* OK essai\r\n", replies: Mapping[str, Says] | None = None
) -> Handler:
    """Answers each command by its name, OK where nothing is given; `TAG` stands for the command's own in a reply."""
    said: dict[str, Says] = {
        "CAPABILITY": b"* CAPABILITY IMAP4rev1\r\nTAG OK done\r\n",
        "SELECT": b"* 3 EXISTS\r\nTAG OK [READ-WRITE] done\r\n",
        "EXAMINE": b"* 3 EXISTS\r\nTAG OK [READ-ONLY] done\r\n",
        "UID SEARCH": b"* SEARCH\r\nTAG OK done\r\n",
        **(replies or {}),
    }

    async def command(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        line = await reader.readline()
        while match := re.search(rb"\{(\d+)\}\r\n$", line):
            writer.write(b"+ go on\r\n")
            line += await reader.readexactly(int(match[1])) + await reader.readline()
        return line

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        while line := await command(reader, writer):
            heard.append(line)
            tag, name, *others = line.split()
            verb = name.decode().upper()
            if verb == "UID":
                verb += f" {others[0].decode().upper()}"
            reply = said.get(verb, b"TAG OK done\r\n")
            if callable(reply):
                reply = reply(line)
            if reply is None:
                await reader.read()
                return
            writer.write(reply.replace(b"TAG", tag))
            if not reply or verb == "LOGOUT":
                writer.write_eof()
                return

    return handler
