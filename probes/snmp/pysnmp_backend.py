"""The pysnmp backend, for DES. The only module that knows pysnmp, imported only where needed: it costs 12 MB.

One engine per credential set: with two passwords for one user name on one engine, a tenth of the answers are refused.
Engines cost 60 ms and 1 MB to build and are kept; each target leaves some 24 kB in its engine, which pysnmp never
frees. An engine's clock runs only while a request waits: idle it would take 0.15 % of a processor for each of them.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from typing import Any

from pysnmp.carrier.asyncio.dgram.udp import UdpAsyncioTransport
from pysnmp.carrier.asyncio.dgram.udp6 import Udp6AsyncioTransport
from pysnmp.error import PySnmpError
from pysnmp.hlapi.v3arch import asyncio as hlapi
from pysnmp.proto import rfc1902

from probes.base import Status
from probes.excerpt import excerpt
from probes.secret import Secret
from probes.snmp.access import SnmpAccess
from probes.snmp.wire import opaque
from probes.snmp.words import Binding, ErrorStatusError, Oid, Peer, SnmpFailureError, Value, silence, unreadable
from probes.trouble import connection_trouble

_SHARE = 0.9  # of the time given to a request: its silence must be told before that time is over
_TRIES = 3  # of each request: a lost datagram is no finding
_TICK_S = 0.1  # how often pysnmp looks whether a request waited enough
_AUTHENTICATION = {
    "md5": hlapi.USM_AUTH_HMAC96_MD5,
    "sha": hlapi.USM_AUTH_HMAC96_SHA,
    "sha224": hlapi.USM_AUTH_HMAC128_SHA224,
    "sha256": hlapi.USM_AUTH_HMAC192_SHA256,
    "sha384": hlapi.USM_AUTH_HMAC256_SHA384,
    "sha512": hlapi.USM_AUTH_HMAC384_SHA512,
}
_PRIVACY = {
    "des": hlapi.USM_PRIV_CBC56_DES,
    "aes128": hlapi.USM_PRIV_CFB128_AES,
    "aes192": hlapi.USM_PRIV_CFB192_AES_BLUMENTHAL,
    "aes256": hlapi.USM_PRIV_CFB256_AES_BLUMENTHAL,
    "aes192-cisco": hlapi.USM_PRIV_CFB192_AES,
    "aes256-cisco": hlapi.USM_PRIV_CFB256_AES,
}
# What the agent, or the engine on reading its answer, has to say of the credentials: by the name of pysnmp's class.
_REFUSALS = {
    "UnknownUserName": "utilisateur SNMP inconnu de l'agent",
    "UnknownSecurityName": "utilisateur SNMP inconnu de l'agent",
    "WrongDigest": "mot de passe ou procédé d'authentification SNMP refusé",
    "AuthenticationFailure": "réponse SNMP mal authentifiée",
    "AuthenticationError": "réponse SNMP mal authentifiée",
    "DecryptionError": "mot de passe ou procédé de chiffrement SNMP refusé",
    "UnsupportedSecurityLevel": "niveau de sécurité SNMP refusé par l'agent",
    "NotInTimeWindow": "horloge SNMP de l'agent incohérente (démarrages répétés ?)",
    "UnknownEngineID": "identité SNMP de l'agent incohérente",
    "EmptyResponse": "réponse SNMP vide",
    "NoSuchContext": "contexte SNMP inconnu de l'agent",
    "UnknownCommunityName": "communauté SNMP refusée",
}
_SILENT = OSError()  # nothing at all came: stands apart from every trouble


class PysnmpBackend:
    """Engines by credential set, in the event loop that asks."""

    def __init__(self) -> None:
        self._engines: dict[SnmpAccess, tuple[Any, Any]] = {}
        self._waiting: Counter[SnmpAccess] = Counter()
        # By host, what came of its last request: an error of sending, or None for some datagram.
        self._troubles: dict[str, OSError | None] = {}

    async def close(self) -> None:
        """Close the sockets of every engine."""
        for engine, _ in self._engines.values():
            engine.close_dispatcher()
        self._engines.clear()

    async def get(self, peer: Peer, oids: tuple[Oid, ...], timeout_s: float) -> list[Binding]:
        """One GET."""
        return await self._ask(hlapi.get_cmd, peer, (), oids, timeout_s)

    async def next(self, peer: Peer, oids: tuple[Oid, ...], repetitions: int, timeout_s: float) -> list[Binding]:
        """One GETBULK; a GETNEXT for version 1, which has no other."""
        if peer.access.version == 1:
            return await self._ask(hlapi.next_cmd, peer, (), oids, timeout_s)
        return await self._ask(hlapi.bulk_cmd, peer, (0, repetitions), oids, timeout_s)

    async def _ask(
        self, command: Any, peer: Peer, numbers: tuple[int, ...], oids: tuple[Oid, ...], timeout_s: float
    ) -> list[Binding]:
        engine, credentials = self._engine(peer.access)
        names = [hlapi.ObjectType(hlapi.ObjectIdentity(oid)) for oid in oids]
        context = hlapi.ContextData(contextName=peer.access.context.encode())
        self._troubles.pop(peer.address.host, None)
        target = await self._target(peer, timeout_s * _SHARE)
        if peer.access.version == 3 and _remembers(engine, target):
            target = await self._target(peer, timeout_s * _SHARE / 2)
        self._waiting[peer.access] += 1
        _wind(engine)
        try:
            answer = await command(engine, credentials, target, context, *numbers, *names, lookupMib=False)
            if answer[0] and peer.access.version == 3 and _forget(engine, target):
                answer = await command(engine, credentials, target, context, *numbers, *names, lookupMib=False)
        except PySnmpError as error:
            # Its text quotes a whole traceback, and the addresses in it.
            raise SnmpFailureError(Status.UNKNOWN, f"envoi SNMP impossible ({type(error).__name__})") from None
        finally:
            self._waiting[peer.access] -= 1
            if not self._waiting[peer.access]:
                _stop(engine)
        trouble, code, index, bindings = answer
        if trouble:
            raise self._failure(trouble, peer)
        if code:
            raise ErrorStatusError(int(code), int(index))
        return [(tuple(oid), _plain(value)) for oid, value in bindings]

    def _engine(self, access: SnmpAccess) -> tuple[Any, Any]:
        known = self._engines.get(access)
        if known is None:
            engine = hlapi.SnmpEngine()
            known = self._engines[access] = engine, _credentials(access)
        return known

    async def _target(self, peer: Peer, timeout_s: float) -> Any:
        kind = _Target6 if peer.address.family == socket.AF_INET6 else _Target4
        place = peer.address.at(peer.access.port)
        each_s = max(_TICK_S, timeout_s / _TRIES - _TICK_S)
        target = await kind.create(place, timeout=each_s, retries=_TRIES - 1)
        target.troubles = self._troubles
        return target

    def _failure(self, trouble: Any, peer: Peer) -> SnmpFailureError:
        kind = type(trouble).__name__
        if kind != "RequestTimedOut":
            return SnmpFailureError(Status.CRITICAL, _REFUSALS.get(kind, f"échange SNMP refusé ({excerpt(kind, 40)})"))
        error = self._troubles.pop(peer.address.host, _SILENT)
        if isinstance(error, OSError) and error is not _SILENT:
            return SnmpFailureError(*connection_trouble(error, peer.access.port))
        # Version 3 answers questions of identity before it judges; the others say nothing or answer.
        if error is _SILENT or peer.access.version == 3:
            return silence(peer)
        return unreadable(peer)


class _Transport:
    """What pysnmp's sockets lack: they log a traceback for each bad datagram, and lose errors of sending."""

    def __init__(self, troubles: dict[str, OSError | None]) -> None:
        super().__init__()
        self._troubles = troubles
        self._to = ""

    def datagram_received(self, datagram: bytes, address: Any) -> None:
        """An answer, or anything that somebody sends us."""
        self._troubles[address[0]] = None  # an answer that is understood ends its request, which forgets this
        try:
            self._callback_function(self, address, datagram)  # type: ignore[attr-defined]  # pysnmp's
        except Exception:  # noqa: BLE001, S110  a hostile datagram may bring pysnmp's decoder to raise anything
            pass

    def send_message(self, message: bytes, address: Any) -> None:
        """Send, remembering to whom."""
        self._to = address[0]
        super().send_message(message, address)  # type: ignore[misc]  # pysnmp's

    def error_received(self, error: OSError) -> None:
        """Our own system refused to send."""
        self._troubles[self._to] = error


class _Transport4(_Transport, UdpAsyncioTransport):  # type: ignore[misc]  # pysnmp is untyped
    """Over IPv4."""


class _Transport6(_Transport, Udp6AsyncioTransport):  # type: ignore[misc]
    """Over IPv6."""


class _Target:
    """An address as it is: pysnmp would look it up in a thread at each request."""

    troubles: dict[str, OSError | None]
    transport: Any

    async def _resolve_address(self, address: Any) -> Any:
        return address


class _Target4(_Target, hlapi.UdpTransportTarget):  # type: ignore[misc]
    """An IPv4 address."""

    def open_client_mode(self) -> Any:
        """The socket of the engine, opened at its first request."""
        self.transport = _Transport4(self.troubles).open_client_mode(None)
        return self.transport


class _Target6(_Target, hlapi.Udp6TransportTarget):  # type: ignore[misc]
    """An IPv6 address."""

    def open_client_mode(self) -> Any:
        """The socket of the engine, opened at its first request."""
        self.transport = _Transport6(self.troubles).open_client_mode(None)
        return self.transport


def _wind(engine: Any) -> None:
    """Let the clock of an engine run; it starts by itself at the first request."""
    dispatcher = engine.transport_dispatcher
    if dispatcher is not None and dispatcher.loopingcall is None:
        dispatcher.loopingcall = asyncio.ensure_future(dispatcher.handle_timeout())


def _stop(engine: Any) -> None:
    """Stop it: nothing waits."""
    dispatcher = engine.transport_dispatcher
    if dispatcher is not None and dispatcher.loopingcall is not None:
        dispatcher.loopingcall.cancel()
        dispatcher.loopingcall = None


def _remembers(engine: Any, target: Any) -> bool:
    """Whether pysnmp knows the identity of this agent of version 3."""
    memory = engine.message_processing_subsystems[3]
    return memory.get_peer_engine_info(target.TRANSPORT_DOMAIN, target.transport_address)[0] is not None


def _forget(engine: Any, target: Any) -> bool:
    """Drop what pysnmp remembers of an agent of version 3; whether there was anything.

    An agent that restarted, or was replaced, refuses requests made with that; pysnmp does not take the refusal and
    would see silence until its memory expires, after five minutes. It offers no way to drop it: these are its privates.
    """
    memory = engine.message_processing_subsystems[3]
    key = (target.TRANSPORT_DOMAIN, target.transport_address)
    known = memory._SnmpV3MessageProcessingModel__engineIdCache.pop(key, None)  # noqa: SLF001
    if known is None:
        return False
    for expiring in memory._SnmpV3MessageProcessingModel__engineIdCacheExpQueue.values():  # noqa: SLF001
        while key in expiring:
            expiring.remove(key)
    security = engine.security_models[3]
    security._SnmpUSMSecurityModel__timeline.pop(known["securityEngineId"], None)  # noqa: SLF001
    return True


def _credentials(access: SnmpAccess) -> Any:
    if access.version != 3:
        return hlapi.CommunityData(access.community_text, mpModel=0 if access.version == 1 else 1)
    authentication, privacy = _octets(access.auth_password), _octets(access.privacy_password)
    return hlapi.UsmUserData(
        access.user,
        authentication,
        privacy,
        authProtocol=_AUTHENTICATION[access.auth] if authentication else hlapi.USM_AUTH_NONE,
        privProtocol=_PRIVACY[access.privacy] if privacy else hlapi.USM_PRIV_NONE,
    )


def _octets(password: Secret | None) -> Any:
    # As UTF-8, which agents are configured in: of a text pysnmp makes Latin-1.
    return None if password is None else rfc1902.OctetString(password.reveal().encode())


def _plain(value: Any) -> Value:
    # First: to pysnmp noSuchObject, noSuchInstance and endOfMibView are kinds of Null, and Null one of octets.
    if isinstance(value, rfc1902.univ.Null):
        return None
    if isinstance(value, rfc1902.IpAddress):
        return ".".join(map(str, bytes(value))).encode()
    if isinstance(value, rfc1902.Opaque):
        return opaque(bytes(value))
    if isinstance(value, rfc1902.univ.OctetString):
        return bytes(value)
    if isinstance(value, rfc1902.univ.ObjectIdentifier):
        return tuple(int(part) for part in value)
    return int(value)
