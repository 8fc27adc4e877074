"""One mail server that takes our mails: its connections, and what its answers mean."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from typing import Literal, NamedTuple

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPConnectResponseError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from probes.excerpt import excerpt
from probes.trouble import connection_trouble
from probes.trust import TlsContexts, Trust, TrustError, refusal
from supervisor.config.alerting import Relay

IDLE_S = 20.0  # an idle connection is kept for the next mail, then ended: relays count them
MOST_MAILS = 50  # over one connection; large providers end it after some tens with a temporary refusal
_QUIT_S = 2.0
_CLOSING, _UNREADABLE = 421, -1
_QUEUED = re.compile(
    r"queued as ([A-Za-z0-9.-]{4,64})|(?:\bid=|\bid |Message accepted ?[:=] ?)([A-Za-z0-9.-]{4,64})", re.I
)
_HOST = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.\d{1,3}\b")


class Verdict(Enum):
    """What a relay's answer leaves to do."""

    TAKEN = "taken"
    ANOTHER = "another"  # this relay does not take it now; another one may
    NOBODY = "nobody"  # the receiver does not exist, or does not want it: another relay would only hear the same
    UNWANTED = "unwanted"  # this relay will never take this mail; another one may
    UNSURE = "unsure"  # it may have taken it: sending it through another relay now would make two of it


class Answer(NamedTuple):
    """What one relay said to one mail."""

    verdict: Verdict
    detail: str  # in French
    receipt: str = ""
    healthy: bool = True  # the relay itself answered as it should
    theirs: bool = False  # what it says now it says of this receiver alone


@dataclass(slots=True)
class _Connection:
    """An open session with the relay."""

    client: SMTP
    mails: int = 0
    timer: asyncio.TimerHandle | None = None  # ends it when nothing more comes


class RelayClient:
    """Hands mails to one relay, over connections that it keeps for a while."""

    def __init__(self, relay: Relay, contexts: TlsContexts, domain: str) -> None:
        self.relay = relay
        self.name = f"[{relay.host}]:{relay.at}" if ":" in relay.host else f"{relay.host}:{relay.at}"
        self._contexts = contexts
        host = socket.gethostname()
        named = host if "." in host else f"{host}.{domain}"  # relays refuse a bare word
        self._helo = named if _HOST.fullmatch(named) else domain
        self._idle: list[_Connection] = []
        self._closing: set[asyncio.Task[None]] = set()

    async def hand(self, sender: str, to: str, mail: bytes) -> Answer:
        """Try once. A kept connection that the relay has ended meanwhile is no failure: a new one is made."""
        while self._idle:
            answer = await self._over(self._take(), sender, to, mail)
            if answer is not None:
                return answer
        try:
            connection = _Connection(await self._connect())
        except TrustError as error:
            return Answer(Verdict.ANOTHER, f"{self.name} : {error.message}", healthy=False)
        except (SMTPException, OSError, ValueError) as error:
            return Answer(Verdict.ANOTHER, f"{self.name} : {self._why_not(error)}", healthy=False)
        answer = await self._over(connection, sender, to, mail)
        return answer or Answer(Verdict.ANOTHER, f"{self.name} : connexion fermée par le relais", healthy=False)

    async def close(self) -> None:
        """End every idle connection as the protocol wants it."""
        for connection in self._idle:
            self._retire(connection)
        self._idle.clear()
        await asyncio.gather(*self._closing, return_exceptions=True)

    # --- connections

    async def _connect(self) -> SMTP:
        relay = self.relay
        context = None
        if relay.security != "none":
            context = self._contexts.context(Trust(verify=relay.verify, ca=relay.ca))
        client = SMTP(
            hostname=relay.host,
            port=relay.at,
            local_hostname=self._helo,
            timeout=relay.timeout,
            use_tls=relay.security == "tls",
            start_tls=False,  # done below, one step at a time: a failure must leave no open connection behind
            tls_context=context,
        )
        await client.connect()
        opened = client.transport
        try:
            if relay.security == "starttls":
                await client.starttls()
            if relay.user is not None and relay.password is not None:
                await client.login(relay.user, relay.password.reveal())
        except BaseException:
            _abort(opened)
            _drop(client)
            raise
        return client

    def _take(self) -> _Connection:
        connection = self._idle.pop()
        if connection.timer is not None:
            connection.timer.cancel()
        return connection

    def _keep(self, connection: _Connection) -> None:
        if connection.mails >= MOST_MAILS or not connection.client.is_connected:
            self._retire(connection)
            return
        self._idle.append(connection)
        connection.timer = asyncio.get_running_loop().call_later(IDLE_S, self._expire, connection)

    def _expire(self, connection: _Connection) -> None:
        if connection in self._idle:
            self._idle.remove(connection)
            self._retire(connection)

    def _retire(self, connection: _Connection) -> None:
        if connection.timer is not None:
            connection.timer.cancel()
        task = asyncio.get_running_loop().create_task(_quit(connection.client))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    # --- one mail

    async def _over(self, connection: _Connection, sender: str, to: str, mail: bytes) -> Answer | None:
        """What came of it; None when a kept connection turned out dead before anything was said."""
        client, kept, handed = connection.client, connection.mails > 0, False
        try:
            await client.mail(sender)
            await client.rcpt(to)
            handed = True
            response = await client.data(mail)
        except SMTPResponseException as error:
            if kept and not handed and error.code == _CLOSING:  # so many mails, or so long, are enough for it
                _drop(client)
                return None
            if error.code != _UNREADABLE:
                await self._after_refusal(connection, error)
                return self._refusal(error)
            return self._broken(client, handed, "réponse illisible")
        except SMTPServerDisconnected:
            if kept and not handed:
                _drop(client)
                return None
            return self._broken(client, handed, "connexion fermée par le relais")
        except (SMTPException, OSError, ValueError) as error:
            return self._broken(client, handed, self._why_not(error))
        except asyncio.CancelledError:
            _drop(client)  # what the relay says next belongs to nobody
            raise
        connection.mails += 1
        self._keep(connection)
        queued = _QUEUED.search(response.message)
        receipt = next(filter(None, queued.groups()), "") if queued else ""
        return Answer(Verdict.TAKEN, f"accepté par {self.name}", receipt)

    def _broken(self, client: SMTP, handed: bool, why: str) -> Answer:
        """The conversation ended before its end; the mail may have been taken if all of it was handed over."""
        _drop(client)
        verdict = Verdict.UNSURE if handed else Verdict.ANOTHER
        return Answer(verdict, f"{self.name} : {why}", healthy=False)

    async def _after_refusal(self, connection: _Connection, error: SMTPResponseException) -> None:
        """Make the connection ready for the next mail, or end it."""
        if error.code == _CLOSING or not connection.client.is_connected:
            _drop(connection.client)
            return
        connection.mails += 1
        try:
            await connection.client.rset()
        except (SMTPException, OSError):
            _drop(connection.client)
        else:
            self._keep(connection)

    def _refusal(self, error: SMTPResponseException) -> Answer:
        said = f"{self.name} répond « {error.code} {excerpt(' '.join(error.message.split()), 120)} »"
        if isinstance(error, SMTPRecipientRefused) and _of_the_receiver(error):
            return Answer(Verdict.NOBODY, f"destinataire refusé : {said}")
        if isinstance(error, SMTPDataError) and 500 <= error.code < 600:
            return Answer(Verdict.UNWANTED, f"message refusé : {said}")
        if 400 <= error.code < 500:
            theirs = isinstance(error, SMTPRecipientRefused) and _of_the_receiver(error, "4", (450,))
            return Answer(Verdict.ANOTHER, f"refus temporaire : {said}", theirs=theirs)
        if isinstance(error, SMTPSenderRefused):
            return Answer(Verdict.ANOTHER, f"expéditeur refusé (section alerts, clé « from ») : {said}")
        return Answer(Verdict.ANOTHER, f"le relais ne nous accepte pas : {said}")

    def _why_not(self, error: Exception) -> str:
        """What broke, in French, with what to do about it where that is known."""
        cause: BaseException = error.__cause__ if isinstance(error.__cause__, OSError) else error
        if isinstance(cause, ssl.SSLError):
            what = refusal(cause, self.relay.host)
            verified = isinstance(cause, ssl.SSLCertVerificationError)
            return f"{what} ; corriger le certificat, ou « ca » du relais" if verified else what
        if isinstance(error, SMTPAuthenticationError):
            said = f"{error.code} {excerpt(' '.join(error.message.split()), 80)}"
            if error.code < 500:
                return f"authentification impossible pour l'instant, réponse « {said} »"
            return f"identifiants refusés (« user » et « password » du relais), réponse « {said} »"
        if isinstance(error, SMTPTimeoutError | TimeoutError):
            return f"pas de réponse en {self.relay.timeout:g} s"
        if isinstance(error, SMTPResponseException):
            what = "le relais n'accueille pas" if isinstance(error, SMTPConnectResponseError) else "refus"
            return f"{what}, réponse « {error.code} {excerpt(' '.join(error.message.split()), 120)} »"
        if isinstance(cause, socket.gaierror):
            return "nom du relais introuvable"
        if isinstance(cause, OSError) and not isinstance(cause, SMTPException):
            return connection_trouble(cause, None)[1]
        if isinstance(error, SMTPServerDisconnected | SMTPConnectError):
            return "connexion fermée par le relais"
        return _missing(str(error))


def _missing(said: str) -> str:
    """What aiosmtplib says in English of what a relay does not have."""
    if "auth" in said.lower():
        return "le relais ne propose aucune authentification utilisable (« user » et « password » du relais)"
    if "STARTTLS" in said:
        return "le relais ne propose pas STARTTLS (« security » du relais : tls, ou none sur un réseau sûr)"
    return excerpt(said, 120)


async def _quit(client: SMTP) -> None:
    transport = client.transport
    with contextlib.suppress(SMTPException, OSError):
        await client.quit(timeout=_QUIT_S)
    _abort(transport)  # which quit() has begun to close, and over TLS would wait for the relay's consent
    _drop(client)


def _drop(client: SMTP) -> None:
    """End the connection here and now: closing TLS properly would wait for a peer that may not answer."""
    transport = client.transport
    client.close()
    _abort(transport)


def _abort(transport: asyncio.BaseTransport | None) -> None:
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()


def _of_the_receiver(
    error: SMTPRecipientRefused, kind: Literal["4", "5"] = "5", codes: Collection[int] = (550, 551, 552, 553)
) -> bool:
    """Is it the receiver that is refused, for ever or for now, and not us?

    Postfix and others wait for RCPT to refuse a client or a sender too: 5.7.x (security, policy) says that it is our
    relaying, our address or our login that is not wanted. 4.7.x is greylisting.
    """
    if str(error.code)[0] != kind or error.code == _CLOSING:
        return False
    enhanced = _ENHANCED.search(error.message)
    if enhanced is not None:
        return enhanced[1] == kind and enhanced[2] in ("1", "2", "4", "5", "6", *("7" if kind == "4" else ""))
    return error.code in codes
