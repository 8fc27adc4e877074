"""The interfaces of an agent (IF-MIB): found by name once, read one by one, and the rates between two readings."""

from __future__ import annotations

import time
from typing import NamedTuple, Self

from probes.base import Run
from probes.snmp.walks import Walks
from probes.snmp.words import Oid, Peer, Value, read_oid

_TABLE, _MORE = read_oid("1.3.6.1.2.1.2.2.1"), read_oid("1.3.6.1.2.1.31.1.1.1")  # ifEntry, ifXEntry
_DESCR, _NAME, _ALIAS = (*_TABLE, 2), (*_MORE, 1), (*_MORE, 18)
_NAMES = (_NAME, _DESCR, _ALIAS)  # in the order in which a name is looked for
_UPTIME = read_oid("1.3.6.1.2.1.1.3.0")
_ADMIN, _OPER, _SPEED, _HIGH_SPEED = (*_TABLE, 7), (*_TABLE, 8), (*_TABLE, 5), (*_MORE, 15)
_IN, _OUT, _HC_IN, _HC_OUT = (*_TABLE, 10), (*_TABLE, 16), (*_MORE, 6), (*_MORE, 10)
_IN_ERRORS, _OUT_ERRORS, _DISCONTINUITY = (*_TABLE, 14), (*_TABLE, 20), (*_MORE, 19)
_IN_DISCARDS, _OUT_DISCARDS = (*_TABLE, 13), (*_TABLE, 19)
_DUPLEX = read_oid("1.3.6.1.2.1.10.7.2.1.19")  # dot3StatsDuplexStatus (EtherLike-MIB): 1 unknown, 2 half, 3 full
_READ = (*_NAMES, _ADMIN, _OPER, _SPEED, _HIGH_SPEED, _IN, _OUT, _HC_IN, _HC_OUT, _IN_ERRORS, _OUT_ERRORS)
_SPEED_LIMIT = 0xFFFFFFFF  # ifSpeed beyond 4.3 Gbit/s says only "more"
_CLOCK_SLACK_S = 5.0  # agents count time in hundredths, and answer when they can
_CLOCK_SLACK = 0.1
_ABSURD = 2.0  # times the speed: more did not pass, a counter was set back without a word
_KNOWN = 50_000  # places remembered, and readings


class Reading(NamedTuple):
    """What an agent says of one interface at one time."""

    at_s: float  # monotonic
    uptime: int | None  # hundredths of a second since the agent started
    place: Oid  # its number, which the agent may change at a restart
    admin: int
    oper: int
    speed_bps: float  # 0 when unknown
    wide: bool  # whether the counters of octets have 64 bits
    octets: tuple[int, int] | None  # received, sent
    errors: tuple[int, int] | None  # received, sent; 32 bits each
    discontinuity: int | None
    discards: tuple[int, int] | None = None  # received, sent; 32 bits each; read when asked for, like the next
    duplex: int | None = None


class Rates(NamedTuple):
    """What passed between two readings, per second."""

    in_bytes: float
    out_bytes: float
    errors: float | None
    discards: float | None = None


class Ports:
    """Where interfaces are by name, and the last reading of each for each sonde."""

    def __init__(self) -> None:
        self._places: dict[tuple[Peer, str], Oid] = {}
        self._last: dict[tuple[str, str], Reading] = {}

    @classmethod
    def open(cls) -> Self:
        """Nothing is known yet."""
        return cls()

    async def close(self) -> None:
        """Nothing is held."""

    async def read(
        self, walks: Walks, peer: Peer, names: tuple[str, ...], sonde: str, run: Run, *, details: bool = False
    ) -> dict[str, Reading | None]:
        """The interfaces of these names; None for one that the agent does not have. With their discards and duplex.

        Their numbers are remembered and hold as long as their names do: one walk finds all those that are not known.
        """
        readings = {name: await self._reread(walks, peer, name, run, details) for name in names}
        lost = [name for name, reading in readings.items() if reading is None]
        if lost:
            table = await walks.table(peer, _NAMES, run, sonde)
            for name in lost:
                place = _find(name, table.rows)
                if place is not None:
                    _make_room(self._places)
                    self._places[peer, name] = place
                    readings[name] = await self._reread(walks, peer, name, run, details)
        return readings

    async def _reread(self, walks: Walks, peer: Peer, name: str, run: Run, details: bool) -> Reading | None:
        place = self._places.get((peer, name))
        reading = None if place is None else await _read(walks, peer, place, name, run, details)
        if reading is None:
            self._places.pop((peer, name), None)
        return reading

    def rates(self, sonde: str, name: str, reading: Reading) -> Rates | None:
        """What passed since the sonde's last reading; None for the first, and when nothing says that they compare."""
        _make_room(self._last)
        before = self._last.get((sonde, name))
        self._last[sonde, name] = reading
        return None if before is None else rates(before, reading)


def rates(before: Reading, after: Reading) -> Rates | None:
    """The rates between two readings, unless the agent restarted or set its counters back in between."""
    elapsed_s = _elapsed(before, after)
    if elapsed_s is None or before.octets is None or after.octets is None:
        return None
    if (before.place, before.wide, before.discontinuity) != (after.place, after.wide, after.discontinuity):
        return None
    modulus = 1 << (64 if after.wide else 32)
    received, sent = ((new - old) % modulus / elapsed_s for old, new in zip(before.octets, after.octets, strict=True))
    if after.speed_bps and max(received, sent) * 8 > _ABSURD * after.speed_bps:
        return None
    if after.wide and max(received, sent) * elapsed_s >= modulus / 2:
        return None  # no wire carries that: the counter went back
    errors = _both(before.errors, after.errors, elapsed_s)
    return Rates(received, sent, errors, _both(before.discards, after.discards, elapsed_s))


def _both(before: tuple[int, int] | None, after: tuple[int, int] | None, elapsed_s: float) -> float | None:
    """The rate of a counter of 32 bits, both directions together."""
    if before is None or after is None:
        return None
    counts = [(new - old) % (1 << 32) for old, new in zip(before, after, strict=True)]
    # Half of what the counter holds within an interval: it was set back.
    return None if max(counts) >= 1 << 31 else sum(counts) / elapsed_s


def _elapsed(before: Reading, after: Reading) -> float | None:
    """Seconds between two readings by the agent's clock, when it agrees with ours; None once it restarted."""
    ours_s = after.at_s - before.at_s
    if before.uptime is None or after.uptime is None:
        return None
    theirs_s = (after.uptime - before.uptime) % (1 << 32) / 100  # it wraps after 497 days
    if theirs_s <= 0 or abs(theirs_s - ours_s) > _CLOCK_SLACK_S + _CLOCK_SLACK * ours_s:
        return None
    return theirs_s


def _find(name: str, rows: dict[Oid, tuple[Value, ...]]) -> Oid | None:
    for position in range(len(_NAMES)):
        for index, row in rows.items():
            if _is(name, row[position]):
                return index
    if name.isascii() and name.isdigit() and (int(name),) in rows:
        return (int(name),)
    return None


def _is(name: str, value: Value) -> bool:
    return isinstance(value, bytes) and value.decode("utf-8", "replace").strip("\0 ") == name


async def _read(walks: Walks, peer: Peer, place: Oid, name: str, run: Run, details: bool) -> Reading | None:
    """The interface at that place, if it still bears that name."""
    more = (_IN_DISCARDS, _OUT_DISCARDS, _DUPLEX)
    oids = tuple((*column, *place) for column in (*_READ, _DISCONTINUITY, *(more if details else ())))
    found = await walks.values(peer, (_UPTIME, *oids), run.timeout_s)
    uptime, *names = found[:4]
    numbers = [value if isinstance(value, int) else None for value in found[4:]]
    admin, oper, speed, high, narrow_in, narrow_out, wide_in, wide_out, in_errors, out_errors, discontinuity = numbers[
        :11
    ]
    in_discards, out_discards, duplex = numbers[11:] if details else (None, None, None)
    if oper is None or not (any(_is(name, value) for value in names) or name == ".".join(map(str, place))):
        return None
    wide = wide_in is not None and wide_out is not None
    received, sent = (wide_in, wide_out) if wide else (narrow_in, narrow_out)
    return Reading(
        at_s=time.monotonic(),
        uptime=uptime if isinstance(uptime, int) else None,
        place=place,
        admin=admin or 0,
        oper=oper,
        speed_bps=high * 1e6 if high else float(speed if speed and speed < _SPEED_LIMIT else 0),
        wide=wide,
        octets=None if received is None or sent is None else (received, sent),
        errors=None if in_errors is None or out_errors is None else (in_errors, out_errors),
        discontinuity=discontinuity,
        discards=None if in_discards is None or out_discards is None else (in_discards, out_discards),
        duplex=duplex,
    )


def _make_room(known: dict[tuple[Peer, str], Oid] | dict[tuple[str, str], Reading]) -> None:
    # Years of reloads leave interfaces that nobody asks for any more.
    if len(known) >= _KNOWN:
        known.clear()
