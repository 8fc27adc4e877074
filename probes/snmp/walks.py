"""Tables and values read from agents: one walk a host, shared by all its sondes within an interval."""

from __future__ import annotations

import asyncio
import time
from itertools import chain
from typing import NamedTuple, Self

from probes.base import Run, Status, Target
from probes.names import Address, Family, Names, literal
from probes.readings import SHARE, Readings
from probes.snmp.access import SnmpAccess
from probes.snmp.community_backend import CommunityBackend
from probes.snmp.words import Backend, Binding, ErrorStatusError, Oid, Peer, SnmpFailureError, Value, say_oid, silence

_FIRST_ROWS = 10  # rows asked at once of an agent whose table nobody has seen yet
_MOST_AT_ONCE = 25  # rows; more does not fit a datagram
_MOST_ROWS = 2000  # of a table: beyond, an agent makes them up
_TOO_BIG, _NO_SUCH_NAME = 1, 2  # error-status of RFC 3416

Rows = dict[Oid, tuple[Value, ...]]


class Table(NamedTuple):
    """Some columns of a table, as one walk found them."""

    at_s: float  # monotonic instant at which the walk ended
    rows: Rows  # by index, in the table's order; a value per column asked, None where the agent has none
    scalars: tuple[Value, ...]  # asked beside it


_Key = tuple[Peer, tuple[Oid, ...], tuple[Oid, ...]]


class Walks:
    """Everything that is asked of agents goes through here."""

    def __init__(self, community: Backend | None = None, users: Backend | None = None) -> None:
        self._community = community  # of versions 1 and 2c; pysnmp's does them too
        self._users = users  # of version 3
        self._old_users: Backend | None = None  # of version 3 with a cipher that only pysnmp knows
        self._sizes: dict[_Key, int] = {}
        self._readings: Readings[_Key, Table] = Readings(lambda key: self._sizes.pop(key, None))

    @classmethod
    def open(cls) -> Self:
        """Nothing is imported nor opened until an agent is asked."""
        return cls()

    async def close(self) -> None:
        """End what is in progress, and the sockets."""
        await self._readings.close()
        for backend in (self._community, self._users, self._old_users):
            if backend is not None:
                await backend.close()

    async def table(
        self, peer: Peer, columns: tuple[Oid, ...], run: Run, sonde: str, scalars: tuple[Oid, ...] = ()
    ) -> Table:
        """These columns, from a walk of this interval that the sonde has not seen, or from a new one."""
        key = (peer, columns, scalars)
        table = await self._readings.get(key, run, sonde, lambda: self._walk(key, run.timeout_s * SHARE))
        run.note(f"{len(table.rows)} rows")
        return table

    async def values(self, peer: Peer, oids: tuple[Oid, ...], timeout_s: float) -> tuple[Value, ...]:
        """The values of these OIDs, in their order; None for one that the agent does not have."""
        patience_s = timeout_s * SHARE
        try:
            async with asyncio.timeout(patience_s):
                return await self._get(peer, oids, patience_s)
        except TimeoutError:
            raise silence(peer) from None

    async def _walk(self, key: _Key, timeout_s: float) -> Table:
        peer, columns, scalars = key
        try:
            async with asyncio.timeout(timeout_s):
                found = await self._get(peer, scalars, timeout_s) if scalars else ()
                rows = await self._columns(key, columns, timeout_s)
        except TimeoutError:
            raise silence(peer) from None
        self._sizes[key] = len(rows)
        return Table(time.monotonic(), rows, found)

    async def _columns(self, key: _Key, columns: tuple[Oid, ...], timeout_s: float) -> Rows:
        reader = _Reader(columns)
        # One row more than last time: the usual table takes one request, and the row after it proves that it is over.
        repetitions = min(self._sizes.get(key, _FIRST_ROWS - 1) + 1, _MOST_AT_ONCE)
        while reader.open:
            asked = list(reader.open)
            oids = tuple(reader.last[column] for column in asked)
            try:
                bindings = await self._ask(key[0]).next(key[0], oids, repetitions, timeout_s)
            except ErrorStatusError as error:
                if error.code == _TOO_BIG and repetitions > 1:
                    repetitions //= 2
                elif error.code == _NO_SUCH_NAME and 0 < error.index <= len(asked):
                    reader.open.remove(asked[error.index - 1])  # how version 1 says that a column is over
                else:
                    raise _refused(error) from None
                continue
            reader.take(asked, bindings)
        return reader.rows()

    async def _get(self, peer: Peer, oids: tuple[Oid, ...], timeout_s: float) -> tuple[Value, ...]:
        asked = list(dict.fromkeys(oids))
        found: dict[Oid, Value] = {}
        while asked:
            try:
                bindings = await self._ask(peer).get(peer, tuple(asked), timeout_s)
            except ErrorStatusError as error:
                if error.code != _NO_SUCH_NAME or not 0 < error.index <= len(asked):
                    raise _refused(error) from None
                del asked[error.index - 1]  # version 1 refuses the whole request for one that does not exist
                continue
            found.update(binding for binding in bindings if binding[0] in asked)
            break
        return tuple(found.get(oid) for oid in oids)

    def _ask(self, peer: Peer) -> Backend:
        """What speaks the agent's version."""
        if peer.access.version != 3:
            if self._community is None:
                self._community = CommunityBackend()
            return self._community
        if peer.access.ciphers_with_des:
            if self._old_users is None:
                # Imported here: a daemon without DES does not pay its 12 MB.
                from probes.snmp.pysnmp_backend import PysnmpBackend

                self._old_users = PysnmpBackend()
            return self._old_users
        if self._users is None:
            from probes.snmp.user_backend import UserBackend  # likewise: its ciphers

            self._users = UserBackend()
        return self._users


class _Reader:
    """Puts together the columns of a table from answers that may stop anywhere."""

    def __init__(self, columns: tuple[Oid, ...]) -> None:
        self._columns = columns
        self._values: dict[Oid, dict[Oid, Value]] = {column: {} for column in columns}
        self.open = list(dict.fromkeys(columns))  # columns that are not over
        self.last = {column: column for column in columns}  # the OID that each goes on from

    def take(self, asked: list[Oid], bindings: list[Binding]) -> None:
        """An answer: interleaved, one binding a column asked, cut where the agent chose."""
        if not bindings:
            raise SnmpFailureError(Status.CRITICAL, "réponse SNMP vide")
        for position, column in enumerate(asked):
            self._continue(column, bindings[position :: len(asked)])

    def _continue(self, column: Oid, bindings: list[Binding]) -> None:
        """What follows in one column, up to its end if that is among it."""
        values, last, depth = self._values[column], self.last[column], len(column)
        for oid, value in bindings:
            if value is None or oid[:depth] != column:
                self.open.remove(column)
                break
            if oid <= last:
                raise SnmpFailureError(
                    Status.CRITICAL, f"agent SNMP incohérent : il tourne en rond après {say_oid(last)}"
                )
            values[oid[depth:]] = value
            last = oid
        self.last[column] = last
        if len(values) > _MOST_ROWS:
            raise SnmpFailureError(Status.CRITICAL, f"table SNMP de plus de {_MOST_ROWS} lignes")

    def rows(self) -> Rows:
        """The rows, those that only some columns have included."""
        columns = [self._values[column] for column in self._columns]
        indexes = dict.fromkeys(chain.from_iterable(columns))
        return {index: tuple([values.get(index) for values in columns]) for index in indexes}


def _refused(error: ErrorStatusError) -> SnmpFailureError:
    return SnmpFailureError(Status.CRITICAL, f"lecture refusée par l'agent SNMP (erreur {error.code})")


async def find_peer(target: Target, access: SnmpAccess, family: Family, run: Run) -> Peer:
    """The agent of the target; raises NameFailureError when its name leads nowhere."""
    run.stage = "réponse SNMP"
    address: Address | None = literal(target.address)
    if address is None or family != "any":
        run.stage = f"résolution du nom {target.address}"
        address = (await run.shared.use(Names).find(target.address, family, run.timeout_s))[0]
        run.stage = "réponse SNMP"
    return Peer(address, access)
