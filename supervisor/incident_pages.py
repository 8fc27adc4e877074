"""The page of an incident: what its link opens, and what is done through it."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from probes.base import Status
from supervisor.acts.links import STEPS, NoLink
from supervisor.alerts.gathering import Gathering
from supervisor.alerts.standing import standings
from supervisor.alerts.telling import Voice
from supervisor.domain.alerting import TROUBLE, Channel, Kind
from supervisor.domain.promise import Promises
from supervisor.incident_sheet import DONE, LATE, Reading
from supervisor.proof import desk
from supervisor.store import incidents, links
from supervisor.store.alerting import Alerts
from supervisor.store.notices import Notice
from supervisor.store.store import Store
from supervisor.web.incident import Backing, Sheet


class IncidentPages:
    """Answers for the daemon."""

    def __init__(
        self,
        store: Store,
        gathering: Callable[[], Gathering],
        perform: Callable[[dict[str, Any]], Awaitable[dict[str, Any]]],
        organisation: Callable[[], str],
        now: Callable[[], float],
    ) -> None:
        self._store = store
        self._gathering = gathering
        self._perform = perform
        self._organisation = organisation
        self._now = now

    def backing(self) -> Backing:
        """What the server is given."""
        return Backing(organisation=self._organisation, show=self.show, act=self.act)

    async def show(self, token: str, done: str) -> Sheet | None:
        """What a link opens, as it stands now."""
        gathering, organisation, now = self._gathering(), self._organisation(), int(self._now())
        return await self._store.read(lambda connection: sheet(connection, gathering, organisation, now, token, done))

    async def act(self, token: str, step: str, opening: int) -> str | None:
        """Take a step; gives what the page is to say of it."""
        now = int(self._now())
        # A look first: whoever tries tokens does not keep the thread that writes.
        if step not in STEPS or await self._store.read(lambda connection: links.opened(connection, token, now)) is None:
            return None
        try:
            answer = await self._perform({"act": "link.follow", "token": token, "step": step, "opening": opening})
        except NoLink:
            return None
        return DONE.get(answer["became"], LATE) or step


def sheet(
    connection: sqlite3.Connection, gathering: Gathering, organisation: str, now: int, token: str, done: str
) -> Sheet | None:
    """The page that a link opens; None: it opens nothing, or nothing that concerns its bearer any more."""
    opened = links.opened(connection, token, now)
    if opened is None:
        return None
    found = desk.sheet(connection, gathering.promises, now, opened.incident)
    notice = _notice(connection, gathering.promises, found, now)
    fact = gathering.view.fact(opened.contact, notice, found)
    reader = gathering.view.reader(opened.contact)
    if not (reader.operator or fact.services or opened.incident.collectivite == opened.contact.collectivite):
        return None
    voice = Voice(organisation=organisation, zone=gathering.promises.zone, now=now, reader=reader)
    # The clock has a line of its own here, which knows more than a message does.
    (standing,) = standings([replace(fact, deadline=None)], now)
    return Reading(connection, found, opened, standing, voice).sheet(done)


def _notice(connection: sqlite3.Connection, promises: Promises, found: desk.Sheet, now: int) -> Notice:
    """What there is to tell of it now."""
    incident, story = found.incident, found.story
    opening = at = incident.opened_at if story is None else story.openings[-1].at
    kind = Kind.WITHDRAWN if story is None else Kind.OPENED if len(story.openings) == 1 else Kind.REOPENED
    severity = Alerts(connection, promises, now).event(incident, story, kind, now, opening).severity
    if story is not None and story.openings[-1].spell.end is not None:
        kind, at = Kind.RECOVERED, story.openings[-1].spell.end
    elif kind in TROUBLE and severity is Status.CRITICAL:
        worse = [entry.t for entry in incidents.journal(connection, incident) if entry.kind == incidents.WORSENED]
        kind, at = (Kind.WORSENED, worse[-1]) if worse and worse[-1] >= opening else (kind, at)
    return Notice(
        key="",
        contact=0,
        channel=Channel.MAIL,
        kind=kind,
        percent=None,
        severity=severity,
        service="",
        incident=incident.id,
        opening=opening,
        at=at,
        not_before=0,
    )
