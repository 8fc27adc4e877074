"""Versions 1 and 2c over one socket for all agents: nothing is kept of an agent between two requests."""

from __future__ import annotations

from probes.snmp.datagrams import Datagrams
from probes.snmp.wire import GET, GET_BULK, GET_NEXT, Answer, decode, encode
from probes.snmp.words import Binding, ErrorStatusError, Oid, Peer


class CommunityBackend:
    """Requests that say a community; an answer must say the same."""

    def __init__(self) -> None:
        self._datagrams: Datagrams[Answer, Answer] = Datagrams(self._read)
        self._known: dict[bytes, Oid] = {}

    async def close(self) -> None:
        """Close the sockets."""
        self._datagrams.close()

    async def get(self, peer: Peer, oids: tuple[Oid, ...], timeout_s: float) -> list[Binding]:
        """One GET."""
        return await self._ask(GET, peer, oids, 0, timeout_s)

    async def next(self, peer: Peer, oids: tuple[Oid, ...], repetitions: int, timeout_s: float) -> list[Binding]:
        """One GETBULK; a GETNEXT for version 1, which has no other."""
        return await self._ask(GET_NEXT if peer.access.version == 1 else GET_BULK, peer, oids, repetitions, timeout_s)

    async def _ask(
        self, kind: int, peer: Peer, oids: tuple[Oid, ...], repetitions: int, timeout_s: float
    ) -> list[Binding]:
        version = 0 if peer.access.version == 1 else 1
        community = peer.access.community_text.encode()

        def take(answer: Answer) -> Answer | None:
            return answer if (answer.version, answer.community) == (version, community) else None

        number = self._datagrams.number()
        message = encode(kind, version, community, number, oids, repetitions)
        answer = await self._datagrams.ask(peer, number, message, timeout_s, take)
        if answer.status:
            raise ErrorStatusError(answer.status, answer.place)
        return answer.bindings

    def _read(self, data: bytes) -> tuple[int, Answer]:
        answer = decode(data, self._known)
        return answer.request, answer
