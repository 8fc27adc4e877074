"""A session with an SMTP server, as a client that trusts nothing of it. RFC 5321, 3207 (STARTTLS), 4954 (AUTH).

Written here rather than with a library of clients: a sonde times each step, bounds each answer, shows the
certificates of a handshake that failed, and says what each refusal means.
"""

from __future__ import annotations

from base64 import b64encode

from probes import smtp_reply
from probes.base import Status
from probes.mail_access import SmtpAccess
from probes.mail_session import MailSession
from probes.smtp_reply import MAX_LINES, Reply, refused_banner, refused_login, refused_mail
from probes.threshold import Below

_PORTS = {"starttls": 25, "none": 25, "tls": 465}


class SmtpSession(MailSession):
    """From the greeting to QUIT; a step that fails raises GivenUpError, having said why."""

    access: SmtpAccess
    _offered: frozenset[str] = frozenset()  # keywords of EHLO, upper case; AUTH mechanisms as "AUTH PLAIN"

    @property
    def port(self) -> int:
        """Where it is spoken to."""
        return self.access.port or _PORTS[self.access.security]

    async def open(self, expiry: Below[float] | None = None) -> None:
        """Connect, greet, secure, log in: as far as the settings say."""
        await self.connect(self.port, expiry)
        self.run.stage = "accueil SMTP"
        greeting = await self._reply()
        if greeting.code != 220:
            raise self._refused(refused_banner(greeting), greeting)
        self.greeted()
        await self._greet()
        if self.access.security == "starttls":
            if "STARTTLS" not in self._offered:
                raise self.give_up(Status.CRITICAL, "STARTTLS n'est pas proposé")
            reply = await self._ask(b"STARTTLS", "STARTTLS")
            if reply.code != 220:
                late = reply.code < 500
                why = "TLS indisponible pour l'instant" if late else "STARTTLS refusé"
                raise self._refused(why, reply)
            await self.secure(expiry)
            await self._greet()
        if self.access.login is not None:
            await self._log_in()

    async def envelope(self, sender: str, recipient: str) -> bool:
        """Say from whom and to whom; whether both were accepted. A refusal is a finding, not the end."""
        self.begin()
        reply = await self._ask(f"MAIL FROM:<{sender}>".encode(), "MAIL FROM")
        if not reply.good:
            self._put_off(reply, "expéditeur")
            return False
        reply = await self._ask(f"RCPT TO:<{recipient}>".encode(), "RCPT TO")
        if not reply.good:
            self._put_off(reply, "destinataire")
            return False
        self.timed("recipient_seconds")
        return True

    async def forget(self) -> None:
        """Take the envelope back: nothing is sent."""
        reply = await self._ask(b"RSET", "RSET")
        if not reply.good:
            raise self._refused("RSET refusé", reply)

    async def send(self, message: bytes) -> bool:
        """Hand over the message of the envelope; whether the server answers for it now."""
        reply = await self._ask(b"DATA", "DATA")
        if reply.code != 354:
            self._put_off(reply, "message")
            return False
        stuffed = message.replace(b"\r\n.", b"\r\n..")
        reply = await self._ask(stuffed.removesuffix(b"\r\n") + b"\r\n.", "message")
        if not reply.good:
            self._put_off(reply, "message")
        return reply.good

    async def close(self) -> None:
        """Take leave."""
        await self.farewell(b"QUIT\r\n")

    async def _greet(self) -> None:
        reply = await self._ask(f"EHLO {self.access.helo}".encode(), "EHLO")
        if reply.code != 250:
            raise self._refused(f"EHLO {self.access.helo} refusé", reply)
        offered: set[str] = set()
        for text in reply.texts[1:]:
            # `AUTH=PLAIN` is how some servers wrote it for clients that are twenty years old.
            keyword, *parameters = text.upper().replace("=", " ", 1).split() or [""]
            offered |= {f"AUTH {mechanism}" for mechanism in parameters} if keyword == "AUTH" else {keyword}
        self._offered = frozenset(offered)

    async def _log_in(self) -> None:
        self.begin()
        user, password = self.login.user.encode(), self.login.password.reveal().encode()
        if "AUTH PLAIN" in self._offered:
            reply = await self._ask(b"AUTH PLAIN " + b64encode(b"\0" + user + b"\0" + password), "AUTH")
        elif "AUTH LOGIN" in self._offered:
            reply = await self._ask(b"AUTH LOGIN", "AUTH")
            for word in (user, password):
                if reply.code == 334:
                    reply = await self._ask(b64encode(word), "AUTH")
        else:
            raise self.give_up(Status.CRITICAL, "authentification impossible : ni PLAIN ni LOGIN ne sont proposés")
        if reply.code != 235:
            raise self._refused(refused_login(reply), reply)
        self.timed("login_seconds")

    async def _ask(self, command: bytes, name: str) -> Reply:
        self.run.stage = f"réponse SMTP à {name}"
        self.run.note(f"SMTP {name}")
        self.channel.say(command + b"\r\n")
        return await self._reply()

    async def _reply(self) -> Reply:
        lines: list[bytes] = []
        try:
            while not lines or not smtp_reply.is_last(lines[-1]):
                if len(lines) == MAX_LINES:
                    raise self.give_up(Status.CRITICAL, f"réponse trop longue ({self.run.stage})")
                lines.append(await self.channel.line())
                self.heard(lines[-1])
            return smtp_reply.read(lines)
        except ValueError:
            said = self.quote(lines[-1])
            raise self.give_up(Status.CRITICAL, f"ce n'est pas du SMTP ({self.run.stage}) : {said}") from None

    def _put_off(self, reply: Reply, what: str) -> None:
        status, message = refused_mail(reply, what)
        self.find(status, f"{message}, réponse {reply.said()} {self.quote(reply.text())}")

    def _refused(self, why: str, reply: Reply) -> Exception:
        return self.give_up(Status.CRITICAL, f"{why}, réponse {reply.said()} {self.quote(reply.text())}")
