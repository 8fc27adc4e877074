"""Version 3 over one socket for all agents; of each agent its identity, its clock and the keys shared with it are kept.

An agent is believed without proof when it says who it is (RFC 3414, 4), and what it refuses; for a user with a password
whatever else it says must be signed.
"""

from __future__ import annotations

import secrets
import time
from typing import NamedTuple

from probes.base import Status
from probes.snmp import usm
from probes.snmp.access import SnmpAccess
from probes.snmp.datagrams import Datagrams
from probes.snmp.usm import Keys, Message, Stamp
from probes.snmp.wire import GET, GET_BULK, RESPONSE, Pdu, WireError, encode_pdu
from probes.snmp.words import Binding, ErrorStatusError, Oid, Peer, SnmpFailureError, read_oid

_STATISTICS = read_oid("1.3.6.1.6.3.15.1.1")  # usmStats: what a report counts says what is wrong
_NO_CONTEXT = read_oid("1.3.6.1.6.3.12.1.5")  # snmpUnknownContexts
_NOT_IN_TIME, _UNKNOWN_ENGINE, _CONTEXT = 2, 4, 100
_REFUSALS = {
    1: "niveau de sécurité SNMP refusé par l'agent",
    _NOT_IN_TIME: "horloge SNMP de l'agent incohérente (démarrages répétés ?)",
    3: "utilisateur SNMP inconnu de l'agent",
    _UNKNOWN_ENGINE: "identité SNMP de l'agent incohérente",
    5: "mot de passe ou procédé d'authentification SNMP refusé",
    6: "mot de passe ou procédé de chiffrement SNMP refusé",
    _CONTEXT: "contexte SNMP inconnu de l'agent",
}
_ROUNDS = 3  # of one request: its identity was new, its clock had moved
_KNOWN = 50_000  # agents remembered
_NOBODY = Keys("sha256", b"", b"")


class _Known(NamedTuple):
    """What is kept of an agent: a new one whenever something is learnt."""

    stamp: Stamp  # its latest
    at_s: float  # when it was said, by the monotonic clock
    keys: Keys

    def now(self) -> Stamp:
        """What its clock must show."""
        return self.stamp._replace(time=min(self.stamp.time + int(time.monotonic() - self.at_s), (1 << 31) - 1))


class _Heard(NamedTuple):
    """An answer that is believed as far as `signed` says."""

    pdu: Pdu
    stamp: Stamp
    signed: bool


class UserBackend:
    """Requests in the name of a user."""

    def __init__(self) -> None:
        self._datagrams: Datagrams[Message, _Heard] = Datagrams(usm.read)
        self._masters: dict[SnmpAccess, Keys] = {}
        self._agents: dict[Peer, _Known] = {}
        self._oids: dict[bytes, Oid] = {}
        self._salt = secrets.randbelow(usm.SALTS)

    async def close(self) -> None:
        """Close the sockets."""
        self._datagrams.close()

    async def get(self, peer: Peer, oids: tuple[Oid, ...], timeout_s: float) -> list[Binding]:
        """One GET."""
        return await self._ask(GET, peer, oids, 0, timeout_s)

    async def next(self, peer: Peer, oids: tuple[Oid, ...], repetitions: int, timeout_s: float) -> list[Binding]:
        """One GETBULK."""
        return await self._ask(GET_BULK, peer, oids, repetitions, timeout_s)

    async def _ask(
        self, kind: int, peer: Peer, oids: tuple[Oid, ...], repetitions: int, timeout_s: float
    ) -> list[Binding]:
        trouble = 0
        for _ in range(_ROUNDS):
            known = self._agents.get(peer)
            if known is None:
                timeout_s /= 2  # its silence must be told before the time is over, whichever request it leaves
                known = await self._meet(peer, timeout_s)
            try:
                heard = await self._exchange(kind, peer, known, oids, repetitions, timeout_s)
            except SnmpFailureError:
                self._agents.pop(peer, None)  # whatever took its place is asked who it is
                raise
            if heard.pdu.kind == RESPONSE:
                if heard.pdu.status:
                    raise ErrorStatusError(heard.pdu.status, heard.pdu.place)
                return heard.pdu.bindings
            trouble = _trouble(heard.pdu)
            if trouble == _UNKNOWN_ENGINE or (trouble == _NOT_IN_TIME and not heard.signed):
                self._agents.pop(peer, None)  # another machine took its place, or it forgot who it was
            elif trouble != _NOT_IN_TIME:
                break  # a clock that moved was learnt when it was heard
        self._agents.pop(peer, None)
        raise SnmpFailureError(Status.CRITICAL, _REFUSALS.get(trouble, "échange SNMP refusé par l'agent"))

    async def _meet(self, peer: Peer, timeout_s: float) -> _Known:
        """Ask an agent who it is (RFC 3414, 4): nobody asks for nothing, and its refusal says it."""
        number = self._datagrams.number()
        question = usm.write(number, Stamp(b"", 0, 0), b"", _NOBODY, b"", encode_pdu(GET, number, (), 0), 0)

        def take(message: Message) -> _Heard | None:
            if message.signed or message.encrypted or not usm.is_identity(message.stamp):
                return None
            pdu = usm.open_pdu(message, _NOBODY, self._oids)
            return _Heard(pdu, message.stamp, signed=False) if pdu.kind == usm.REPORT else None

        heard = await self._datagrams.ask(peer, number, question, timeout_s, take)
        master = self._masters.get(peer.access)
        if master is None:
            master = self._masters[peer.access] = usm.passwords(peer.access)
        if len(self._agents) >= _KNOWN:
            self._agents.clear()  # years of reloads leave agents that nobody asks any more
        keys = usm.keys_for(master, peer.access, heard.stamp.engine)
        known = self._agents[peer] = _Known(heard.stamp, time.monotonic(), keys)
        return known

    async def _exchange(
        self, kind: int, peer: Peer, known: _Known, oids: tuple[Oid, ...], repetitions: int, timeout_s: float
    ) -> _Heard:
        number = self._datagrams.number()
        self._salt = (self._salt + 1) % usm.SALTS
        user, context = peer.access.user.encode(), peer.access.context.encode()
        pdu = encode_pdu(kind, number, oids, repetitions)
        message = usm.write(number, known.now(), user, known.keys, context, pdu, self._salt)

        def take(message: Message) -> _Heard | None:
            return self._believe(message, number, peer, known)

        return await self._datagrams.ask(peer, number, message, timeout_s, take)

    def _believe(self, message: Message, number: int, peer: Peer, known: _Known) -> _Heard | None:
        """What a message that bears the number of a request says; None when it is not to be believed.

        1. A response is signed and encrypted as its request was, by the agent that was asked.
        2. What is signed shows the agent's clock, whatever we thought of it: the number, drawn anew for each request
           and signed with the rest, says that it is no recording. So an agent that cannot count its starts is heard.
        3. A report may come unsigned: an agent that knows us not can sign nothing.
        """
        keys, theirs = known.keys, message.stamp.engine == known.stamp.engine
        signed = theirs and message.signed and bool(keys.signing)
        if signed:
            if not usm.is_signed_with(keys, message):
                raise WireError("signed by somebody else")
            if usm.is_identity(message.stamp) and peer in self._agents:
                self._agents[peer] = _Known(message.stamp, time.monotonic(), keys)
        pdu = usm.open_pdu(message, keys, self._oids)
        if pdu.kind == usm.REPORT:
            return _Heard(pdu, message.stamp, signed)
        right = (pdu.kind, pdu.request, message.user) == (RESPONSE, number, peer.access.user.encode())
        as_asked = (signed, message.encrypted) == (bool(keys.signing), bool(keys.ciphering))
        return _Heard(pdu, message.stamp, signed) if right and as_asked and theirs else None


def _trouble(report: Pdu) -> int:
    """Which of the agent's counters a report tells; 0 for none that we know."""
    for oid, _ in report.bindings:
        if oid[:-2] == _STATISTICS:
            return oid[-2]
        if oid[:-1] == _NO_CONTEXT:
            return _CONTEXT
    return 0
