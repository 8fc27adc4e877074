"""What was due when it was noted, and is not by the time it could leave. docs/adr/0009."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from supervisor.alerts.escalating import why_not
from supervisor.alerts.sheets import Sheets
from supervisor.domain.alerting import OVER, TROUBLE, Kind, opens
from supervisor.domain.calendar import Calendar
from supervisor.domain.escalation import INTERVENES, NEVER_WAS, NOT_OPEN, NOT_OURS
from supervisor.domain.promise import Promises
from supervisor.proof.desk import Dial, Sheet
from supervisor.store import learnt, notices, steps
from supervisor.store.alerting import OVER_UNTOLD, Alerts
from supervisor.store.notices import Notice, Waiting

if TYPE_CHECKING:
    from sqlite3 import Connection

log = logging.getLogger(__name__)

HEARD = "l'a déjà appris par l'escalade"


def hold(connection: Connection, promises: Promises, sheets: Sheets, now: int) -> None:
    """A maintenance that began, or was entered, while something waited mutes it; one that was cancelled no longer."""
    alerts = Alerts(connection, promises, now)
    pairs = notices.mutable(connection, now, maintained=alerts.muting.any)
    try:
        found = sheets.of(incident for incident, _ in pairs)
    except Exception:  # a bug here must not keep anything from leaving: rather one message too many
        log.exception("what is due cannot be held against maintenance")
        return
    for incident, opening in pairs:
        alerts.hold(found[incident].incident, found[incident].story, opening)


def timely(connection: Connection, waiting: Waiting, sheets: Sheets) -> Waiting:
    """Without the reminders of a time to intervene that counts no more."""
    late = [
        (notice, why)
        for notice in waiting.notices
        if (why := _why_late(notice, sheets) or _taken_up(connection, notice, sheets))
    ]
    for notice, why in late:
        notices.give_up(connection, [notice], why)
    gone = {notice.id for notice, _ in late}
    return waiting._replace(notices=[notice for notice in waiting.notices if notice.id not in gone])


def unheard(connection: Connection, waiting: Waiting) -> Waiting:
    """Without what a step of an escalation told the same person meanwhile: it left before their hours began."""
    asked = [one.id for one in waiting.notices if one.step is None and one.kind in TROUBLE | {Kind.BREACH}]
    heard = steps.telling(connection, asked) if asked else set()
    notices.give_up(connection, [notice for notice in waiting.notices if notice.id in heard], HEARD)
    return waiting._replace(notices=[notice for notice in waiting.notices if notice.id not in heard])


def in_hours(connection: Connection, waiting: Waiting, hours: Calendar | None, now: int) -> Waiting:
    """Out of somebody's hours alarms, ends and what is for who is on call leave alone.

    What had no room within them waits for the next. So does what another channel refused meanwhile. A trouble whose end
    is told leaves with it; where neither has been told, both never are.
    """
    opens_at = opens(now, hours)
    if opens_at <= now:
        return waiting
    waiting = _without_what_passed_by(connection, waiting)
    ended = {(notice.incident, notice.opening) for notice in waiting.notices if notice.kind in OVER}
    later = [
        notice
        for notice in waiting.notices
        if notice.kind is not Kind.ALARM and notice.step is None and (notice.incident, notice.opening) not in ended
    ]
    notices.postpone(connection, later, opens_at)
    kept = {notice.id for notice in waiting.notices} - {notice.id for notice in later}
    return waiting._replace(notices=[notice for notice in waiting.notices if notice.id in kept])


def _without_what_passed_by(connection: Connection, waiting: Waiting) -> Waiting:
    """Without what began and ended before there was room for it, of which nobody on call is told."""
    ended = {(notice.incident, notice.opening) for notice in waiting.notices if notice.kind in OVER}
    begun = {(each.incident, each.opening) for each in waiting.notices if each.kind not in OVER and each.step is None}
    called = {(notice.incident, notice.opening) for notice in waiting.notices if notice.step is not None}
    found = (ended & begun) - called
    if found:
        found -= learnt.openings_told(connection, waiting.contact, waiting.channel)
    passed = [notice for notice in waiting.notices if (notice.incident, notice.opening) in found]
    notices.give_up(connection, passed, OVER_UNTOLD)
    return waiting._replace(notices=[notice for notice in waiting.notices if notice not in passed])


def after_its_beginning(connection: Connection, waiting: Waiting) -> Waiting:
    """Without the ends of what they have not been told of yet: a relay that is back takes messages in any order."""
    if not any(notice.kind in OVER for notice in waiting.notices):
        return waiting
    untold = learnt.untold(connection, waiting.contact, waiting.channel)
    return waiting._replace(
        notices=[
            notice
            for notice in waiting.notices
            if notice.kind not in OVER or (notice.incident, notice.opening) not in untold
        ]
    )


def _why_late(notice: Notice, sheets: Sheets) -> str:
    """A breach stays true whoever comes after it; what is over is told as that."""
    if notice.incident is None or notice.kind not in (Kind.GTI, Kind.BREACH):
        return ""
    try:
        dial = _dial(notice, sheets.of([notice.incident])[notice.incident])
    except Exception:
        log.exception("incident %s: its time to intervene cannot be looked at", notice.incident)
        return ""
    if dial is None:
        return ""
    if not dial.applicable:
        return NOT_OURS
    return INTERVENES if notice.kind is Kind.GTI and dial.line.stop is not None else ""


def _taken_up(connection: Connection, notice: Notice, sheets: Sheets) -> str:
    """That nobody has come is not told once somebody has; what is over is told as that."""
    if notice.kind is not Kind.ESCALATED or notice.step is None:
        return ""
    try:
        row = steps.numbered(connection, notice.step)
        why = "" if row is None else why_not(row, sheets.of([row.incident])[row.incident])
        return "" if why in (NOT_OPEN, NEVER_WAS) else why
    except Exception:
        log.exception("incident %s: whether somebody takes it in charge cannot be looked at", notice.incident)
        return ""


def _dial(notice: Notice, sheet: Sheet) -> Dial | None:
    """Its clock, of an opening that lasts."""
    if sheet.story is None:
        return None
    lasting = [
        dials
        for one, dials in zip(sheet.story.openings, sheet.dials, strict=True)
        if one.at == notice.opening and one.spell.end is None
    ]
    return next((dial for dials in lasting for dial in dials if "/".join(dial.line.service) == notice.service), None)
