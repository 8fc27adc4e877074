"""Closing a month: its figures, and all that they are made of, written down once and for all. SPEC 5.

What is frozen suffices to compute the figures again without the config and without any other table: `frozen` does,
for statements of any part of the month, and `verifying` compares.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from supervisor.domain.interval import clip
from supervisor.domain.period import Period, local_day, month_of, parse_month
from supervisor.domain.promise import Promise, Promises
from supervisor.domain.rule import Member
from supervisor.domain.state import NO_DATA, SondeState
from supervisor.errors import VigieError
from supervisor.proof import clocks, frozen, reading
from supervisor.proof.clocks import GtiLine
from supervisor.proof.reading import Seconds
from supervisor.proof.seal import canonical, chained, digest
from supervisor.proof.statement import stamp
from supervisor.store import closings, states
from supervisor.store.closings import Closing, Part
from supervisor.store.text import storable

# A month is closed once nothing is dated back into it any more: a result is recorded seconds after its check, and
# confirmed troubles are dated back by minutes.
SETTLED_AFTER_S = 86_400

_FORMAT = 1  # of the JSON: to be raised when its meaning changes


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What a person asks for."""

    month: str
    author: str
    reason: str | None = None  # given: a correction of what is closed already


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What was written."""

    closing: Closing
    services: int
    lines: int
    running: tuple[GtiLine, ...]  # closed as they are
    earlier: tuple[str, ...]  # months before it that are open


def close(connection: sqlite3.Connection, promises: Promises, wish: Wish, now: int) -> Outcome:
    """Freeze a month, in the transaction of the caller: all of it is written, or nothing and VigieError.

    1. Refused: what is not a month, is not settled, is closed already (or, for a correction, is not).
    2. Everything is read and computed, one collectivité at a time; its part is sealed by a digest.
    3. The head lists the digests of the parts; the closing is sealed by the digest of all of it, and of the one
       before it.
    """
    month = parse_month(wish.month)
    start, end = _settled(connection, promises, month, now)
    former = _former(connection, promises, wish)
    if former is not None:
        promises = _with_departed(connection, promises, former)
    lines = clocks.lines(connection, promises, start, end, now)
    sealed = list(_parts(connection, promises, start, end, lines))
    closing = Closing(
        month=wish.month,
        version=former.version + 1 if former is not None else 1,
        closed_at=now,
        author=storable(wish.author),
        reason=storable(wish.reason or ""),
        head=canonical(_head(promises, month, sealed, lines, now)),
        previous=_previous(connection),
        digest="",
    )
    closing = replace(closing, digest=chained(closing))
    number = closings.add(connection, closing, sealed)
    return Outcome(
        closing=replace(closing, id=number),
        services=len(promises.services),
        lines=len(lines),
        running=tuple(line for line in lines if line.stopped is None),
        earlier=tuple(_open_before(connection, promises, month)),
    )


# --- what is refused


def _settled(connection: sqlite3.Connection, promises: Promises, month: Period, now: int) -> tuple[int, int]:
    start, end = month.span(promises.zone)
    if now < end:
        raise VigieError(f"month: {month.name} is not over; it ends {stamp(end, promises.zone)}")
    if now < end + SETTLED_AFTER_S:
        raise VigieError(
            f"month: {month.name} has just ended, and results may still be dated back into it; "
            f"close it from {stamp(end + SETTLED_AFTER_S, promises.zone)} on"
        )
    unsettled = sorted(
        sonde
        for sonde, (state, _) in states.load(connection).items()
        # Beyond the validity of its last result nothing is confirmed: the count starts again.
        if state.until >= now and any(since < end for since in _unconfirmed(state))
    )
    if unsettled:
        raise VigieError(
            f"month: a trouble that began in {month.name} is not confirmed yet and may still be dated back into it: "
            f"{', '.join(unsettled)}; close the month once the next results are there"
        )
    return start, end


def _unconfirmed(state: SondeState) -> Iterator[int]:
    if state.warning_count and not state.warning_confirmed:
        yield state.warning_since
    if state.critical_pending:
        yield state.critical_since


def _former(connection: sqlite3.Connection, promises: Promises, wish: Wish) -> Closing | None:
    """The version to be corrected; None for a month that is open."""
    versions = closings.every(connection, wish.month)
    if versions and wish.reason is None:
        last = versions[-1]
        raise VigieError(
            f"month: {wish.month} is closed already (version {last.version}, {stamp(last.closed_at, promises.zone)}, "
            f"by {last.author}); what is wrong with it is put right by a correction, with its reason"
        )
    if wish.reason is not None and not wish.reason.strip():
        raise VigieError("reason: a correction needs one; it stays on the record")
    if wish.reason is not None and not versions:
        raise VigieError(f"month: {wish.month} is not closed; there is nothing to correct")
    return versions[-1] if versions else None


def _previous(connection: sqlite3.Connection) -> str:
    last = closings.before(connection)
    return last.digest if last is not None else ""


def _with_departed(connection: sqlite3.Connection, promises: Promises, former: Closing) -> Promises:
    """The promises, with those of the former version that the config no longer has.

    A commune that left in June was there in March: correcting March in July must not lose it.
    """
    month = frozen.month(former)
    then = month.promises(frozen.parts(connection, month))
    calendars = {promise.calendar_name: promise.calendar for promise in promises.services.values()}
    departed = {
        key: replace(promise, calendar=calendars.get(promise.calendar_name, promise.calendar))
        for key, promise in then.services.items()
        if key not in promises.services
    }
    return replace(
        promises,
        services={**promises.services, **departed},
        collectivites={**promises.collectivites, **then.collectivites, **promises.collectivites},
        sondes={**then.sondes, **promises.sondes},
        warned=promises.warned | (then.warned - promises.sondes.keys()),
    )


def _open_before(connection: sqlite3.Connection, promises: Promises, month: Period) -> Iterator[str]:
    """The months before it that something is known of and that are open."""
    closed = {name for name, _, _ in closings.closed_months(connection, promises.zone)}
    first = closings.first_known(connection)
    if first is None:
        return
    earlier = month_of(local_day(first, promises.zone))
    while earlier.first < month.first:
        if earlier.name not in closed:
            yield earlier.name
        earlier = month_of(earlier.end)


# --- what is written


def _parts(
    connection: sqlite3.Connection, promises: Promises, start: int, end: int, lines: Iterable[GtiLine]
) -> Iterator[Part]:
    own_lines: dict[str, list[GtiLine]] = defaultdict(list)
    for line in lines:
        own_lines[line.service[0]].append(line)
    sondes: dict[str, dict[str, str | None]] = defaultdict(dict)
    for sonde, service in promises.sondes.items():
        sondes[sonde.partition("/")[0]][sonde] = service
    services: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for seconds in reading.read(connection, promises, start, end):
        services[seconds.promise.key[0]].append(_service(seconds, promises))
    for collectivite, name in promises.collectivites.items():
        body = canonical(
            {
                "collectivite": collectivite,
                "name": name,
                "services": services.pop(collectivite, []),
                "gti": [asdict(line) for line in own_lines[collectivite]],
                "sondes": sondes[collectivite],
                "warned": sorted(sonde for sonde in sondes[collectivite] if sonde in promises.warned),
            }
        )
        yield Part(collectivite, body, digest(body))


def _service(seconds: Seconds, promises: Promises) -> dict[str, Any]:
    promise = seconds.promise
    return {
        "service": promise.key[1],
        "name": promise.name,
        "need": promise.rule.need,
        "calendar": promise.calendar_name,
        "bounds": clip(promise.bounds, seconds.start, seconds.end),
        "uses": promise.uses,
        "unreachable_is_down": promise.unreachable_is_down,
        "members": [_member(member, seconds) for member in seconds.members],
        "windows": [
            {
                "id": window.id,
                "kind": window.kind,
                "start": window.start,
                "end": window.end,
                "text": window.text,
                "author": window.author,
                "entered_at": window.entered_at,
            }
            for window in seconds.windows
        ],
        "figures": asdict(seconds.figures(promises.exclude)),
    }


def _member(member: Member, seconds: Seconds) -> dict[str, Any]:
    shown = member.shown(seconds.start, seconds.end)
    return {
        "sonde": member.sonde,
        "spans": member.spans,
        "pieces": [piece for piece in shown if piece.cause != NO_DATA],
    }


def _head(
    promises: Promises, month: Period, parts: Iterable[Part], lines: Iterable[GtiLine], now: int
) -> dict[str, Any]:
    start, end = month.span(promises.zone)
    reach = _reach(promises, lines, end, now)
    calendars: Mapping[str, Promise] = {promise.calendar_name: promise for promise in promises.services.values()}
    return {
        "format": _FORMAT,
        "start": start,
        "end": end,
        "zone": str(promises.zone),
        "target": None if promises.target is None else str(promises.target),
        "gti_s": promises.gti_s,
        "period": promises.period,
        "exclude": promises.exclude,
        "calendars": {
            name: promise.calendar.openings(start, reach.get(name, end)) for name, promise in calendars.items()
        },
        "parts": [(part.collectivite, part.digest) for part in parts],
    }


def _reach(promises: Promises, lines: Iterable[GtiLine], end: int, now: int) -> dict[str, int]:
    """How far the openings of each calendar are needed: beyond the month, for a GTI that goes on into the next."""
    reach: dict[str, int] = {}
    for line in lines:
        name = promises.services[line.service].calendar_name
        stop = line.stopped if line.stopped is not None else now
        reach[name] = max(reach.get(name, end), stop, line.deadline or end)
    return reach
