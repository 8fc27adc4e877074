"""Maintenance: planned once or again and again, prolonged, cancelled; on the record. SPEC 5 and 6."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from supervisor.acts.scene import (
    Act,
    Answer,
    Arguments,
    Scene,
    author,
    collectivite,
    instant_of,
    known_service,
    row_number,
    window,
)
from supervisor.config.wording import near
from supervisor.domain.interval import Span
from supervisor.domain.maintenance import Maintenance
from supervisor.domain.recurrence import EVERY, occurrences
from supervisor.errors import VigieError
from supervisor.history.values import Wrong, only, show, text_or_none, words
from supervisor.store import enquiries, entering, windows
from supervisor.store.announcing import maintenance as announcing

LATE = "announced late: it mutes alerts and changes nothing else"


def plan(scene: Scene, arguments: Arguments) -> Answer:
    """A maintenance to come, or a series of them. Begun already, it is accepted and said to be late."""
    only(arguments, {"collectivite", "services", "start", "end", "nature", "every", "until", "author"})
    owner = collectivite(scene, arguments)
    spans = _spans(scene, arguments)
    first = Maintenance(
        collectivite=owner,
        services=_services(scene, arguments, owner),
        start=spans[0][0],
        end=spans[0][1],
        nature=words(arguments, "nature", "what is done"),
        author=author(arguments),
        announced_at=scene.now,
        series=enquiries.next_maintenance(scene.connection) if len(spans) > 1 else None,
    )
    entered = [_enter(scene, replace(first, start=start, end=end)) for start, end in spans]
    _retell(scene, entered)
    every = text_or_none(arguments, "every", "how often")
    if every is not None and len(entered) > 1:
        announcing.series(scene.connection, scene.promises, scene.now, entered, every)
    announcing.entered(scene.connection, scene.promises, scene.now, entered)
    return _answer(scene, entered, _lateness(scene, entered))


def prolong(scene: Scene, arguments: Arguments) -> Answer:
    """More time: a maintenance of its own, from the old end on, that holds if it is announced before that."""
    only(arguments, {"id", "until", "author"})
    entry = _entry(scene, arguments)
    until = instant_of(arguments, "until")
    if entry.cancelled_at is not None:
        raise VigieError(
            f"id: maintenance {entry.id} was cancelled, {scene.said(entry.cancelled_at)}; plan another one"
        )
    if until <= entry.end:
        raise VigieError(
            f"until: {scene.said(until)} is not after its end, {scene.said(entry.end)}; cancel shortens it"
        )
    already = [m for m in windows.maintenances(scene.connection) if m.prolongs == entry.id and m.cancelled_at is None]
    if already:
        raise VigieError(f"id: maintenance {entry.id} was prolonged already, by {already[0].id}; prolong that one")
    scene.refuse_closed("until", entry.end, until)
    added = _enter(
        scene,
        Maintenance(
            collectivite=entry.collectivite,
            services=entry.services,
            start=entry.end,
            end=until,
            nature=entry.nature,
            author=author(arguments),
            announced_at=scene.now,
            prolongs=entry.id,
        ),
    )
    _retell(scene, [added])
    announcing.entered(scene.connection, scene.promises, scene.now, [added])
    return _answer(scene, [added], _lateness(scene, [added]))


def cancel(scene: Scene, arguments: Arguments) -> Answer:
    """It does not take place, or is over before its time; with `series`, nor do all that are still to come."""
    only(arguments, {"id", "reason", "series", "author"})
    entry = _entry(scene, arguments)
    reason, who = words(arguments, "reason", "why it is cancelled"), author(arguments)
    whole = arguments.get("series", False)
    if not isinstance(whole, bool):
        raise Wrong("series: true or false is expected")
    every = windows.maintenances(scene.connection)
    chosen = _of_series(scene, entry, every) if whole else [entry]
    if not whole:
        _refuse_over(scene, entry)
    for one in chosen:
        windows.cancel(scene.connection, one.id, scene.now, who, reason)
    cancelled = [numbered(scene, one.id) for one in chosen]
    _retell(scene, cancelled)
    announce = announcing.series_cancelled if whole else announcing.entered
    announce(scene.connection, scene.promises, scene.now, cancelled)
    return _answer(scene, cancelled, list(_after_cancelling(scene, cancelled, every)))


ACTS: dict[str, Act] = {"maintenance.plan": plan, "maintenance.prolong": prolong, "maintenance.cancel": cancel}


# --- what was asked


def _spans(scene: Scene, arguments: Arguments) -> list[Span]:
    span = window(scene, arguments)
    scene.refuse_closed("start", *span)
    every = text_or_none(arguments, "every", f"one of {', '.join(EVERY)}")
    until = text_or_none(arguments, "until", "the last day")
    if (every is None) != (until is None):
        raise Wrong("until: a series has both `every` and `until`, the last day on which one may begin")
    if every is None or until is None:
        return [span]
    if every not in EVERY:
        raise Wrong(f"every: {show(every)} is not one of {', '.join(EVERY)}")
    try:
        last = date.fromisoformat(until)
    except ValueError:
        raise Wrong(f"until: {show(until)} is not a day; write it like 2026-12-31") from None
    return occurrences(span, every, last, scene.promises.zone)


def _services(scene: Scene, arguments: Arguments, owner: str) -> tuple[str, ...] | None:
    named = arguments.get("services")
    if named is None:
        return None
    if not isinstance(named, list) or not named:
        raise Wrong("services: a list of ids is expected; leave it out for all services of the collectivité")
    return tuple(dict.fromkeys(known_service(scene, owner, name) for name in named))


def _entry(scene: Scene, arguments: Arguments) -> Maintenance:
    return numbered(scene, row_number(arguments, "a maintenance"))


def numbered(scene: Scene, number: int) -> Maintenance:
    """The maintenance of that number, which has to exist."""
    known = {entry.id: entry for entry in windows.maintenances(scene.connection)}
    if number not in known:
        raise VigieError(f"id: no maintenance {number}; {near(str(number), map(str, known))}")
    return known[number]


def _refuse_over(scene: Scene, entry: Maintenance) -> None:
    if entry.cancelled_at is not None:
        raise VigieError(f"id: maintenance {entry.id} was cancelled already, {scene.said(entry.cancelled_at)}")
    if entry.end <= scene.now:
        raise VigieError(f"id: maintenance {entry.id} ended, {scene.said(entry.end)}; what is over cannot be cancelled")


def _of_series(scene: Scene, entry: Maintenance, every: Iterable[Maintenance]) -> list[Maintenance]:
    if entry.series is None:
        raise VigieError(f"id: maintenance {entry.id} is not one of a series; leave `series` out")
    left = [m for m in every if m.series == entry.series and m.cancelled_at is None and m.end > scene.now]
    if not left:
        raise VigieError(f"id: nothing is left to cancel of the series of maintenance {entry.id}")
    return left


# --- doing it


def _enter(scene: Scene, entry: Maintenance) -> Maintenance:
    scene.refuse_closed("start", entry.start, entry.end)
    for other in windows.maintenances(scene.connection, entry.start, entry.end):
        held = other.effective
        if held is not None and held[0] < entry.end and entry.start < held[1] and shared(entry, other):
            raise VigieError(
                f"start: maintenance {other.id} of {other.collectivite} ({other.nature}) holds then, "
                f"{scene.said(held[0])} to {scene.said(held[1])}; prolong or cancel it"
            )
    return replace(entry, id=windows.plan(scene.connection, entry))


def shared(one: Maintenance, other: Maintenance) -> bool:
    """Do they name a same service? What uses it elsewhere does not make them one."""
    if one.collectivite != other.collectivite:
        return False
    return one.services is None or other.services is None or bool({*one.services} & {*other.services})


def _retell(scene: Scene, entries: Sequence[Maintenance]) -> None:
    """Trouble that falls into them opens later, not at all, or after all."""
    sondes = {sonde for entry in entries for sonde in entering.in_trouble(scene.connection, scene.promises, entry)}
    scene.tell(sorted(sondes), min(entry.start for entry in entries))


# --- what became of it


def _lateness(scene: Scene, entries: Iterable[Maintenance]) -> list[str]:
    return [f"maintenance {e.id}, {scene.said(e.start)}: {LATE}" for e in entries if e.announced_at >= e.start]


def _after_cancelling(scene: Scene, cancelled: Sequence[Maintenance], every: Iterable[Maintenance]) -> Iterable[str]:
    for one in cancelled:
        held = one.effective
        if held is not None:
            yield f"maintenance {one.id} held from {scene.said(held[0])} to {scene.said(held[1])}"
    numbers = {one.id for one in cancelled}
    for other in every:
        if other.prolongs in numbers and other.cancelled_at is None and other.end > scene.now:
            yield f"maintenance {other.id}, which prolongs {other.prolongs}, stays; cancel it too if it shall not be"


def _answer(scene: Scene, entries: Sequence[Maintenance], remarks: list[str]) -> Answer:
    return {"maintenance": [as_json(scene, entry) for entry in entries], "remarks": remarks}


def as_json(scene: Scene, entry: Maintenance) -> dict[str, Any]:
    """One maintenance."""
    concerned = scene.promises.concerned(entry.collectivite, entry.services)
    return {
        "id": entry.id,
        "state": state(entry, scene.now),
        "collectivite": entry.collectivite,
        "services": None if entry.services is None else list(entry.services),
        "concerned": sorted("/".join(key) for key in concerned),
        "start": scene.stamp(entry.start),
        "end": scene.stamp(entry.end),
        "nature": entry.nature,
        "author": entry.author,
        "announced": scene.stamp(entry.announced_at),
        "late": entry.announced_at >= entry.start,
        "series": entry.series,
        "prolongs": entry.prolongs,
        "cancelled": scene.stamp(entry.cancelled_at),
        "cancelled_by": entry.cancelled_by,
        "cancel_reason": entry.cancel_reason,
    }


def state(entry: Maintenance, now: int) -> str:
    """Where it stands."""
    if entry.cancelled_at is not None:
        return "cancelled"
    if entry.end <= now:
        return "over"
    return "under way" if entry.start <= now else "planned"
