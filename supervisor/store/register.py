"""Keeps the register of incidents in step with the facts, in the transaction that changes them.

Telling again is idempotent: a story that is told as it was leaves everything as it is. So after a crash, or when a fact
comes late, the incidents concerned are simply told again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from supervisor.domain.alerting import Kind
from supervisor.domain.gti import milestones
from supervisor.domain.incident import Line, Opening, Story
from supervisor.domain.interval import FOREVER
from supervisor.domain.period import local_day
from supervisor.domain.promise import Promises
from supervisor.store import incidents, spells
from supervisor.store.alerting import Alerts, Said
from supervisor.store.facts import Facts
from supervisor.store.incidents import Entry, Incident

LIVE = "live"


class Register:
    """One telling, of one transaction."""

    def __init__(self, connection: sqlite3.Connection, promises: Promises, now: int, source: str = LIVE) -> None:
        self._connection = connection
        self._promises = promises
        self._now = now
        self._source = source
        self._facts = Facts(connection, promises, now)
        self._alerts = Alerts(connection, promises, now) if source == LIVE else None

    def tell(self, sondes: Mapping[str, int]) -> None:
        """The spells, steps or maintenance of these changed, from that instant on."""
        new: list[tuple[str, Story]] = []
        for sonde, since in sondes.items():
            known = {i.spell: i for i in incidents.of_sonde(self._connection, sonde)}
            anchor = max(
                (i.spell for i in known.values() if i.spell is not None and i.void_at is None and i.opened_at < since),
                default=-FOREVER,
            )
            told = {story.key: story for story in self._facts.stories(sonde, anchor)}
            for spell, incident in known.items():
                if spell is not None and spell >= anchor:
                    self._retell(incident, told.pop(spell, None))
            new.extend((sonde, story) for story in told.values())
        for sonde, story in sorted(new, key=lambda pair: (pair[1].opened_at, pair[0])):
            self._open(sonde, story)

    def tell_reported(self, found: Iterable[Incident]) -> None:
        """Steps were taken on these, or time has passed."""
        for incident in found:
            self._retell(incident, self._facts.reported(incident))

    def hear(self, incident: Incident, kind: str, at: int) -> None:
        """A person said live that what they report began, or is over: whoever is to be told of it is due to be.

        The journal has their own line of it, which Vigie never withdraws.
        """
        if self._alerts is not None:
            line = self._note(incident.id, at, kind, f"person:{incident.id}:{kind}:{at}")
            self._alerts.react(incident, self._facts.reported(incident), [line])

    def joined(self, report: Incident, other: Incident) -> None:
        """A report was merged into what is over already: whoever was told of it learns that it is over."""
        if self._alerts is not None and other.restored_at is not None:
            digest = f"merged:{report.id}:{other.id}"
            entry = self._note(report.id, other.restored_at, incidents.RECOVERED, digest)
            self._alerts.end_with(report, Said(entry, Kind.RECOVERED, entry.t, report.opened_at))

    def _open(self, sonde: str, story: Story) -> None:
        connection = self._connection
        opened = Incident(
            id=0,
            number=incidents.next_number(connection, local_day(story.opened_at, self._promises.zone).year),
            sonde=sonde,
            spell=story.key,
            ref=None,
            collectivite=sonde.partition("/")[0],
            services=None,
            message=self._message(sonde, story.opened_at),
            author="",
            source=self._source,
            opened_at=story.opened_at,
            restored_at=story.restored_at,
            closed_at=story.closed_at,
            cause=story.cause,
            merged_into=None,
            void_at=None,
        )
        number = incidents.add(connection, opened, self._now)
        known = replace(opened, id=number)
        self._note_all(known, story, self._notes(known, story))

    def _message(self, sonde: str, at: int) -> str:
        """What the check said when it opened."""
        row = self._connection.execute(
            "select i.message from interval i join sonde s on s.key = i.sonde where s.id = ? and i.start <= ? "
            "order by i.start desc limit 1",
            (sonde, at),
        ).fetchone()
        return str(row[0]) if row else ""

    def _retell(self, incident: Incident, story: Story | None) -> None:
        connection = self._connection
        if story is None:  # it never was: the facts say so now
            if incident.void_at is None:
                incidents.update(connection, replace(incident, void_at=self._now))
                self._agree(incident, None, [])
            return
        now_told = replace(
            incident,
            opened_at=story.opened_at,
            restored_at=story.restored_at,
            closed_at=story.closed_at,
            cause=story.cause,
            void_at=None,
        )
        if now_told != incident:
            incidents.update(connection, now_told)
        self._agree(incident, story, self._notes(incident, story))

    def _note_all(self, incident: Incident, story: Story | None, entries: Iterable[Entry]) -> None:
        """Into the journal; and whoever is to be told of it is due to be, unless it is history that is imported."""
        entries = sorted(entries, key=lambda entry: entry.t)
        incidents.note(self._connection, entries)
        if self._alerts is not None:
            self._alerts.react(incident, story, entries)

    def _agree(self, incident: Incident, story: Story | None, true: Iterable[Entry]) -> None:
        """Bring the journal in step, by adding to it alone.

        What is true and not noted is noted; what Vigie noted and turns out not to be so is withdrawn (digest + "!");
        what had been withdrawn and is so after all is noted once more (digest + "#2").
        """
        rows = self._connection.execute(
            "select digest from journal where incident = ? and digest like 'auto:%' order by id", [incident.id]
        )
        seen = dict.fromkeys(str(digest) for (digest,) in rows)  # in the order in which they were noted
        entries = {str(entry.digest): entry for entry in true}
        new = []
        noted = (digest.partition("#")[0] for digest in seen if not digest.endswith("!"))
        for base in dict.fromkeys([*noted, *entries]):
            times = 1
            while f"{base}#{times + 1}" in seen:
                times += 1
            latest = base if times == 1 else f"{base}#{times}"
            stands = latest in seen and f"{latest}!" not in seen
            if base in entries and not stands:
                new.append(replace(entries[base], digest=f"{base}#{times + 1}" if latest in seen else base))
            elif base not in entries and stands:
                new.append(self._note(incident.id, self._now, incidents.WITHDRAWN, f"{latest}!", text=base))
        self._note_all(incident, story, new)

    def _notes(self, incident: Incident, story: Story) -> Iterator[Entry]:
        """What the journal says of this story by itself; of a report, people say when it began and ended."""
        detected = incident.sonde is not None
        for index, opening in enumerate(story.openings):
            if detected:
                yield self._auto(incident.id, opening.at, incidents.REOPENED if index else incidents.OPENED)
            if incident.sonde in self._promises.warned:
                yield from self._worsened(incident, opening)
            for line in opening.lines:
                yield from self._milestones(incident.id, line)
            if detected and opening.spell.end is not None:
                yield self._auto(incident.id, opening.spell.end, incidents.RECOVERED)

    def _worsened(self, incident: Incident, opening: Opening) -> Iterator[Entry]:
        """When what opened at a warning became critical.

        That may be dated before the opening: warning, critical, critical open at a warning, one more makes it critical
        from the second on. What was a warning before says which it was.
        """
        spell = opening.spell
        after = opening.at if opening.at > spell.start else -FOREVER
        row = self._connection.execute(
            "select i.start, (select p.status from interval p where p.sonde = i.sonde and p.start < i.start "
            "and p.status in ('ok', 'warning') order by p.start desc limit 1) "
            "from interval i join sonde s on s.key = i.sonde where s.id = ? and i.status = 'critical' "
            "and i.start > ? and ifnull(i.end, ?) > ? and i.start < ? order by i.start limit 1",
            (incident.sonde, after, FOREVER, opening.at, FOREVER if spell.end is None else spell.end),
        ).fetchone()
        if row is not None and row[1] == "warning":
            yield self._auto(incident.id, max(row[0], opening.at), incidents.WORSENED)

    def _milestones(self, incident: int, line: Line) -> Iterator[Entry]:
        promise = self._promises.services.get(line.service)
        if promise is None or self._promises.gti_s is None:
            return
        for percent, at in milestones(line, promise.calendar, self._promises.gti_s, self._now):
            yield self._auto(incident, at, f"{incidents.MILESTONE}{percent}", "/".join(line.service))

    def _auto(self, incident: int, t: int, kind: str, service: str = "") -> Entry:
        return self._note(incident, t, kind, f"auto:{incident}:{kind}:{t}:{service}", service=service)

    def _note(self, incident: int, t: int, kind: str, digest: str, text: str = "", service: str = "") -> Entry:
        return Entry(
            incident=incident,
            t=t,
            kind=kind,
            text=text,
            service=service,
            source=self._source,
            entered_at=self._now,
            digest=digest,
        )


TOLD_AT_ONCE = 500  # sondes, in one transaction


def tell_untold(connection: sqlite3.Connection, promises: Promises, now: int) -> int:
    """Tell the incidents of some of the sondes that an import touched; how many there were."""
    sondes = spells.untold(connection, TOLD_AT_ONCE)
    Register(connection, promises, now, "import").tell(dict.fromkeys(sondes, -FOREVER))
    spells.told(connection, sondes)
    return len(sondes)
