"""Keeps the register of incidents in step with the facts, in the transaction that changes them.

Telling again is idempotent: a story that is told as it was leaves everything as it is. So after a crash, or when a fact
comes late, the incidents concerned are simply told again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from supervisor.domain.gti import milestones
from supervisor.domain.incident import Line, Story
from supervisor.domain.interval import FOREVER
from supervisor.domain.period import local_day
from supervisor.domain.promise import Promises
from supervisor.store import incidents, spells
from supervisor.store.facts import Facts
from supervisor.store.incidents import Entry, Incident


class Register:
    """One telling, of one transaction."""

    def __init__(self, connection: sqlite3.Connection, promises: Promises, now: int, source: str = "live") -> None:
        self._connection = connection
        self._promises = promises
        self._now = now
        self._source = source
        self._facts = Facts(connection, promises, now)

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
        incidents.note(connection, self._notes(number, story, detected=True))

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
                self._agree(incident, [])
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
        self._agree(incident, self._notes(incident.id, story, detected=incident.sonde is not None))

    def _agree(self, incident: Incident, true: Iterable[Entry]) -> None:
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
        incidents.note(self._connection, sorted(new, key=lambda entry: entry.t))

    def _notes(self, incident: int, story: Story, *, detected: bool) -> Iterator[Entry]:
        """What the journal says of this story by itself; of a report, people say when it began and ended."""
        for index, opening in enumerate(story.openings):
            if detected:
                yield self._auto(incident, opening.at, incidents.REOPENED if index else incidents.OPENED)
            for line in opening.lines:
                yield from self._milestones(incident, line)
            if detected and opening.spell.end is not None:
                yield self._auto(incident, opening.spell.end, incidents.RECOVERED)

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
