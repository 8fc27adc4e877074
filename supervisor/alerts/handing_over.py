"""A turn on call ends and another begins: who is told, and what goes with it. docs/adr/0011."""

from __future__ import annotations

from typing import Any

from supervisor.alerts.escalating import channels, notice, why_not
from supervisor.alerts.look import Look
from supervisor.domain.alerting import Channel, Subject, Told, Topic
from supervisor.domain.contact import Contact
from supervisor.domain.oncall import Turn
from supervisor.proof import desk
from supervisor.proof.desk import Sheet
from supervisor.store import contacts, incidents, notices, steps, topics
from supervisor.store.apart import apart
from supervisor.store.oncall import OnCall

BEGUN, OVER = "begun", "over"
NAMED = 10  # incidents that are named to who takes over
PASSED_ON = "la personne d'astreinte n'est plus la même"


def hand_over(look: Look) -> int | None:
    """Tell whose turn it is by now, where that is another one than was told last; gives when the next turn begins.

    What was told last is in the database: a turn that changed while nothing ran, or just before a crash, is told then.
    """
    connection, promises, now = look.connection, look.promises, look.now
    on_call = OnCall(connection, promises.duty)
    told = topics.latest(connection, Subject.TURN)
    ends: list[int] = []
    for name in dict.fromkeys([*promises.duty.rotas, *told]):
        turn = on_call.turn(name, now)
        if turn is not None:
            ends.append(turn.until)
        former = told[name].facts["contact"] if name in told else None
        if former != (None if turn is None else turn.contact):
            with apart(connection, "a change of turns"):
                _Change(look).make(name, former, turn)
    return min(ends, default=None)


class _Change:
    """From one to another."""

    def __init__(self, look: Look) -> None:
        self._look = look

    def make(self, name: str, former: int | None, turn: Turn | None) -> None:
        """Both are told, and what the former has not been told yet goes to the other."""
        outgoing = None if former is None else contacts.numbered(self._look.connection, former)
        self._announce(name, OVER, outgoing, turn, {})
        if turn is None:
            return
        incoming = contacts.numbered(self._look.connection, turn.contact)
        self._announce(name, BEGUN, incoming, turn, self._lasting())
        if outgoing is not None and incoming is not None:
            self._pass_on(name, outgoing, incoming)

    def _announce(self, name: str, word: str, to: Contact | None, turn: Turn | None, facts: dict[str, Any]) -> None:
        # Ids, not names: what is kept of somebody who is erased is a number that is nobody's.
        holder = None if turn is None else turn.contact
        topic = Topic(
            subject=Subject.TURN,
            name=name,
            word=word,
            at=self._look.now,
            urgent=True,  # whatever the hours of a contact: it is for those of the rota
            facts={"contact": holder, "until": None if turn is None else turn.until, **facts},
        )
        by = [] if to is None else [channel for channel in Channel if self._look.reaches(to, channel)]
        told = [] if to is None else [Told(to.id, channel, self._look.now) for channel in by]
        topics.announce(self._look.connection, self._look.promises, topic, told, alone=True)

    def _lasting(self) -> dict[str, Any]:
        """The incidents that last, the most urgent first."""
        found = incidents.unrestored(self._look.connection)
        known = self._look.sheets.of(one.id for one in found)
        lasting = desk.order(known[one.id] for one in found if known[one.id].story is not None)
        return {"count": len(lasting), "incidents": [self._line(sheet) for sheet in lasting[:NAMED]]}

    def _line(self, sheet: Sheet) -> dict[str, Any]:
        dial = sheet.urgent
        names = [
            promise.name
            for line in (dial.line for dial in sheet.latest)
            if (promise := self._look.promises.services.get(line.service)) is not None
        ]
        owner = sheet.incident.collectivite
        return {
            "number": sheet.incident.number,
            "services": names[:3],
            "place": self._look.promises.collectivites.get(owner, owner),
            "since": sheet.incident.opened_at if sheet.story is None else sheet.story.openings[-1].at,
            "deadline": None if dial is None or not dial.applicable else dial.clock.deadline,
        }

    def _pass_on(self, rota: str, outgoing: Contact, incoming: Contact) -> None:
        """What was due to the one for having the turn, and has not left; a message on its way may still arrive."""
        unsent = notices.unsent(self._look.connection, outgoing.id, rota)
        for step in dict.fromkeys(one.step for one in unsent if one.step is not None):
            row = steps.numbered(self._look.connection, step)
            if row is not None and not why_not(row, self._look.sheets.of([row.incident])[row.incident]):
                by = channels(row, incoming, self._look.reaches)
                notices.add(self._look.connection, [notice(row, incoming, channel, self._look.now) for channel in by])
        notices.give_up(self._look.connection, unsent, PASSED_ON)
