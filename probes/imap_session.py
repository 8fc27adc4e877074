"""A session with an IMAP server, as a client that trusts nothing of it. RFC 3501, 2595 (STARTTLS), 4315 (UIDPLUS)."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence

from probes.base import Measurement, Status
from probes.imap_answer import (
    Answer,
    Line,
    announced,
    mailbox_name,
    read_status,
    refused_login,
    refused_mailbox,
)
from probes.mail_session import MailSession
from probes.threshold import Below

_PORTS = {"starttls": 143, "none": 143, "tls": 993}
_MAX_LINES = 500  # of one answer
_MAX_LITERALS = 256 * 1024  # bytes of one answer
_EXISTS = re.compile(rb"([0-9]{1,10}) EXISTS", re.IGNORECASE)


class Literal(bytes):
    """An argument that is sent as counted bytes: whatever it holds, it cannot be taken for a command."""


class ImapSession(MailSession):
    """From the greeting to LOGOUT; a step that fails raises GivenUpError, having said why."""

    _tag = 0
    _offered: frozenset[bytes] = frozenset()  # words of CAPABILITY, upper case

    @property
    def port(self) -> int:
        """Where it is spoken to."""
        return self.access.port or _PORTS[self.access.security]

    async def open(self, expiry: Below[float] | None = None) -> None:
        """Connect, greet, secure, log in: as far as the settings say."""
        await self.connect(self.port, expiry)
        greeting = await self._greeting()
        if greeting.status == "BYE":
            raise self._refused("le serveur ne prend pas de session pour l'instant", greeting)
        self.greeted()
        if self.access.security == "starttls":
            answer = await self.command("STARTTLS")
            if answer.status != "OK":
                raise self._refused("STARTTLS refusé", answer)
            await self.secure(expiry)
        # Asked again after STARTTLS: what was offered in clear is nobody's word.
        await self._learn()
        if self.access.login is not None:
            if greeting.status == "PREAUTH":
                raise self.give_up(Status.CRITICAL, "le serveur ouvre la session sans demander qui se présente")
            await self._log_in()

    async def select(self, name: str, *, change: bool) -> int:
        """Open a mailbox, to change it or only to look; how many messages it holds."""
        self.begin()
        answer = await self.command("SELECT" if change else "EXAMINE", Literal(mailbox_name(name)))
        if answer.status != "OK":
            raise self._refused(refused_mailbox(answer, name), answer)
        counts = [int(match[1]) for line in answer.untagged if (match := _EXISTS.fullmatch(line.text))]
        if not counts:
            raise self.give_up(
                Status.CRITICAL, f"boîte « {name} » ouverte sans que le serveur dise ce qu'elle contient"
            )
        self.timed("mailbox_seconds")
        self.measurements.append(Measurement("messages_count", counts[-1]))
        return counts[-1]

    def offers(self, capability: bytes) -> bool:
        """Is this word in the server's CAPABILITY?"""
        return capability in self._offered

    async def close(self) -> None:
        """Take leave."""
        await self.farewell(b"bye LOGOUT\r\n")

    async def command(self, name: str, *arguments: bytes, stage: str = "") -> Answer:
        """Send a command; its answer, whatever it is. `name` may hold arguments that are words of ours."""
        self.run.stage = stage or f"réponse IMAP à {name.split()[0]}"
        self.run.note(f"IMAP {name}")
        self._tag += 1
        tag = f"v{self._tag}".encode()
        line = tag + b" " + name.encode()
        untagged: list[Line] = []
        for argument in arguments:
            if not isinstance(argument, Literal):
                line += b" " + argument
                continue
            self.channel.say(line + b" {%d}\r\n" % len(argument))
            early = await self._until_ready(tag, untagged)
            if early is not None:
                return early
            line = bytes(argument)
        self.channel.say(line + b"\r\n")
        return await self._until_done(tag, untagged)

    async def _until_ready(self, tag: bytes, untagged: list[Line]) -> Answer | None:
        """Until the server wants the rest (None), or ends the command before."""
        while True:
            line = await self._line(untagged)
            if line.text.startswith(b"+"):
                return None
            done = self._sort(line, tag, untagged)
            if done is not None:
                return done

    async def _until_done(self, tag: bytes, untagged: list[Line]) -> Answer:
        while True:
            done = self._sort(await self._line(untagged), tag, untagged)
            if done is not None:
                return done

    def _sort(self, line: Line, tag: bytes, untagged: list[Line]) -> Answer | None:
        """The end of the command when this line is it; an untagged answer is kept."""
        first, _, rest = line.parts[0].partition(b" ")
        try:
            if first == tag:
                return read_status(rest, tuple(untagged))
            if first == b"*":
                if rest.upper().startswith(b"BYE"):
                    raise self._refused("le serveur met fin à la session", read_status(rest))
                untagged.append(Line((rest, *line.parts[1:])))
                return None
        except ValueError:
            pass
        raise self._nonsense(line.parts[0])

    async def _line(self, before: Sequence[Line]) -> Line:
        """One line with its literals; bounded together with those before it."""
        parts: list[bytes] = [await self.channel.line()]
        self.heard(parts[0])
        spent = sum(len(literal) for line in before for literal in line.literals)
        while (size := announced(parts[-1])) is not None:
            spent += size
            if spent > _MAX_LITERALS or len(before) + len(parts) > _MAX_LINES:
                break
            parts.append(await self.channel.exactly(size))
            parts.append(await self.channel.line())
        if spent > _MAX_LITERALS or len(before) + len(parts) > _MAX_LINES:
            raise self.give_up(Status.CRITICAL, f"réponse trop longue ({self.run.stage})")
        return Line(tuple(parts))

    async def _greeting(self) -> Answer:
        self.run.stage = "accueil IMAP"
        line = await self._line(())
        star, _, rest = line.parts[0].partition(b" ")
        try:
            if star == b"*":
                greeting = read_status(rest)
                if greeting.status in ("OK", "PREAUTH", "BYE"):
                    return greeting
        except ValueError:
            pass
        raise self._nonsense(line.parts[0])

    async def _learn(self) -> None:
        answer = await self.command("CAPABILITY")
        if answer.status != "OK":
            raise self._refused("CAPABILITY refusé", answer)
        self._offered = frozenset(answer.words(b"CAPABILITY"))

    async def _log_in(self) -> None:
        self.begin()
        user, password = self.login.user.encode(), self.login.password.reveal().encode()
        if self.offers(b"AUTH=PLAIN"):
            answer = await self._authenticate_plain(user, password)
        elif self.offers(b"LOGINDISABLED"):
            raise self.give_up(Status.CRITICAL, "authentification impossible : LOGIN interdit, PLAIN absent")
        else:
            answer = await self.command("LOGIN", Literal(user), Literal(password))
        if answer.status != "OK":
            raise self._refused(refused_login(answer), answer)
        self.timed("login_seconds")
        await self._learn()  # UIDPLUS may be for those who logged in

    async def _authenticate_plain(self, user: bytes, password: bytes) -> Answer:
        self.run.stage = "réponse IMAP à AUTHENTICATE"
        self.run.note("IMAP AUTHENTICATE PLAIN")
        self._tag += 1
        tag = f"v{self._tag}".encode()
        untagged: list[Line] = []
        self.channel.say(tag + b" AUTHENTICATE PLAIN\r\n")
        early = await self._until_ready(tag, untagged)
        if early is not None:
            return early
        self.channel.say(b64encode(b"\0" + user + b"\0" + password) + b"\r\n")
        return await self._until_done(tag, untagged)

    def _nonsense(self, line: bytes) -> Exception:
        return self.give_up(Status.CRITICAL, f"ce n'est pas de l'IMAP ({self.run.stage}) : {self.quote(line)}")

    def _refused(self, why: str, answer: Answer) -> Exception:
        return self.give_up(Status.CRITICAL, f"{why}, réponse {answer.said()} {self.quote(answer.text)}")
