"""The mail servers of the demo: what is handed to one by SMTP is found in the other by IMAP."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Callable

from supervisor.demo.letters import Letters

_KEPT = 50  # mails; the oldest go first
_OFFERED = b"IMAP4rev1 STARTTLS AUTH=PLAIN UIDPLUS"
_SONDE = re.compile(rb'HEADER X-Vigie-Sonde "([^"]*)"', re.IGNORECASE)
_LITERAL = re.compile(rb"\{(\d{1,4})\}\r\n$")


class Post:
    """One mailbox for the whole département, open to every account: nobody real writes to it."""

    def __init__(self, letters: Letters) -> None:
        self._letters = letters
        self._mails: dict[int, bytes] = {}
        self._last = 0

    # --- SMTP

    async def smtp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext) -> None:
        """Enough of SMTP to take a mail."""
        secure = False
        writer.write(b"220 mx.val-de-brume.example ESMTP\r\n")
        while verb := (await reader.readline())[:8].strip().upper().partition(b" ")[0]:
            if verb in (b"EHLO", b"HELO"):
                offered = b"250-AUTH PLAIN\r\n" if secure else b"250-STARTTLS\r\n"
                writer.write(b"250-mx.val-de-brume.example\r\n" + offered + b"250 SIZE 26214400\r\n")
            elif verb == b"STARTTLS" and not secure:
                writer.write(b"220 Ready to start TLS\r\n")
                await writer.drain()
                await writer.start_tls(context)
                secure = True
            elif verb == b"DATA":
                writer.write(b"354 Go on\r\n")
                self._keep(await reader.readuntil(b"\r\n.\r\n"))
                writer.write(b"250 2.0.0 Kept\r\n")
            elif verb == b"QUIT":
                writer.write(b"221 Bye\r\n")
                return
            else:
                writer.write(_SMTP.get(verb, b"502 Not played by the demo\r\n"))

    def _keep(self, mail: bytes) -> None:
        if b"X-Vigie-Sonde: " not in mail:  # no test of the way that mails take: somebody is to read it
            self._letters.mail(mail)
            return
        self._last += 1
        self._mails[self._last] = mail
        if len(self._mails) > _KEPT:
            del self._mails[min(self._mails)]

    # --- IMAP

    async def imap(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext) -> None:
        """Enough of IMAP to find a mail again and to delete it."""
        answers: dict[bytes, Callable[[bytes], bytes]] = {
            b"CAPABILITY": lambda _: b"* CAPABILITY " + _OFFERED + b"\r\n",
            b"SELECT": self._box,
            b"EXAMINE": self._box,
            b"NOOP": self._box,
            b"UID SEARCH": self._search,
            b"UID FETCH": self._fetch,
            b"UID STORE": lambda _: b"",
            b"UID EXPUNGE": self._expunge,
        }
        writer.write(b"* OK [CAPABILITY " + _OFFERED + b"] IMAP4 ready\r\n")
        while command := await _command(reader, writer):
            tag, _, rest = command.strip().partition(b" ")
            name = b" ".join(rest.upper().split()[: 2 if rest.upper().startswith(b"UID ") else 1])
            if name == b"STARTTLS":
                writer.write(tag + b" OK Begin TLS negotiation now\r\n")
                await writer.drain()
                await writer.start_tls(context)
            elif name == b"AUTHENTICATE":
                writer.write(b"+ \r\n")
                await reader.readline()
                writer.write(tag + b" OK Welcome\r\n")
            elif name == b"LOGOUT":
                writer.write(b"* BYE\r\n" + tag + b" OK Bye\r\n")
                return
            elif name in answers:
                writer.write(answers[name](rest) + tag + b" OK Done\r\n")
            else:
                writer.write(tag + b" NO Not played by the demo\r\n")

    def _box(self, _: bytes) -> bytes:
        return b"* %d EXISTS\r\n" % len(self._mails)

    def _search(self, command: bytes) -> bytes:
        wanted = _SONDE.search(command)
        line = b"X-Vigie-Sonde: %b\r\n" % wanted[1] if wanted else b""
        return b"* SEARCH" + b"".join(b" %d" % uid for uid, mail in self._mails.items() if line in mail) + b"\r\n"

    def _fetch(self, command: bytes) -> bytes:
        found = []
        for uid in self._named(command):
            header = b"".join(line for line in self._mails[uid].splitlines(True) if line.startswith(b"X-Vigie-"))
            found.append(b"* 1 FETCH (UID %d BODY[HEADER.FIELDS (X)] {%d}\r\n%b)\r\n" % (uid, len(header), header))
        return b"".join(found)

    def _expunge(self, command: bytes) -> bytes:
        for uid in self._named(command):
            del self._mails[uid]
        return b""

    def _named(self, command: bytes) -> list[int]:
        """The mails that a UID command names, of those that are there."""
        return [uid for uid in map(int, command.split()[2].split(b",")) if uid in self._mails]


async def _command(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    command = await reader.readline()
    while literal := _LITERAL.search(command):
        writer.write(b"+ Go on\r\n")
        command += await reader.readexactly(int(literal[1])) + await reader.readline()
    return command


_SMTP = {
    b"AUTH": b"235 2.7.0 Welcome\r\n",
    b"MAIL": b"250 2.1.0 Ok\r\n",
    b"RCPT": b"250 2.1.5 Ok\r\n",
    b"RSET": b"250 2.0.0 Ok\r\n",
}
