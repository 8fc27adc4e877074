"""What the page of an incident says to whoever has its link.

Its words are those of messages, made from the same facts: a commune reads of itself alone, the team that repairs reads
all of it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator

from supervisor.acts.links import MOVED, NOTED, STEPS
from supervisor.alerts import telling
from supervisor.alerts.hours import hour, lasting
from supervisor.alerts.plain import plain
from supervisor.alerts.standing import Standing, state
from supervisor.alerts.telling import NAME, SAID, Voice
from supervisor.domain.alerting import Kind
from supervisor.domain.incident import StepKind
from supervisor.french import quoted
from supervisor.proof import desk
from supervisor.store import enquiries, incidents
from supervisor.store.incidents import Entry
from supervisor.store.links import Opened
from supervisor.web.incident import Button, Happened, Sheet

CLOCK = "Délai d’intervention (GTI)"
MOST_LINES = 40  # of a journal
_HIDDEN = 4  # sondes behind it that are named
DONE = {NOTED: "", MOVED: "change"}  # what the page is told became of a step, beside the step itself; else too late
LATE = "trop-tard"

_EVENTS = {
    incidents.OPENED: "Incident ouvert",
    incidents.REOPENED: "De nouveau en panne",
    incidents.WORSENED: "Aggravé : en panne",
    incidents.RECOVERED: "Retour à la normale",
    incidents.WITHDRAWN: "Une ligne précédente est annulée",
    StepKind.ACKNOWLEDGE: "Vu",
    StepKind.INTERVENTION: "Intervention commencée",
    StepKind.SUSPEND: "Délai suspendu",
    StepKind.RESUME: "Délai repris",
    StepKind.RESTORED: "Rétabli",
    StepKind.CAUSE: "Cause",
    StepKind.CLOSE: "Incident clos",
    StepKind.COMMENT: "Commentaire",
    StepKind.MERGE: "Rapproché d’un autre incident",
}
_CAUSES = {
    "collectivite": "la collectivité",
    "third_party": "un tiers",
    "force_majeure": "force majeure",
    "operator": "l’exploitant",
}


class Reading:
    """One reading, for one person."""

    def __init__(
        self, connection: sqlite3.Connection, found: desk.Sheet, opened: Opened, standing: Standing, voice: Voice
    ) -> None:
        self._connection = connection
        self._found = found
        self._opened = opened
        self._standing = standing
        self._voice = voice
        self._lasts = found.story is not None and found.incident.life == "open"
        self._began = found.incident.opened_at if found.story is None else found.story.openings[-1].at
        self._entries = desk.journal(connection, found, voice.zone)

    def sheet(self, done: str) -> Sheet:
        """All of it."""
        voice, standing = self._voice, self._standing
        operator = voice.reader.operator
        called = state(standing)
        noted, kept = self._noted(done)
        lines = list(reversed(self._entries)) if operator else []
        first = [telling.first(standing, voice)]
        if not operator:
            first.append(telling.reassured(voice, over=standing.over))
        elif self._lasts and (clock := self._clock()):
            first.append(f"{CLOCK} : {clock}.")
        return Sheet(
            organisation=plain(voice.organisation, NAME),
            at=hour(voice.now, voice.zone),
            level=self._level(),
            sign=called.sign,
            word=called.word,
            title=telling.heading(standing, voice).removeprefix(f"{called.word} : "),
            noted=noted,
            kept=kept,
            paragraphs=tuple(first),
            buttons=tuple(self._buttons()),
            opening=self._began,
            facts=tuple(self._facts() if operator else self._told_to_communes()),
            journal=tuple(self._happened(entry) for entry in lines[:MOST_LINES]),
            left_out=max(len(lines) - MOST_LINES, 0),
        )

    def _level(self) -> str:
        if self._standing.over:
            return "ok" if self._standing.fact.kind is Kind.RECOVERED else "unknown"
        return "critical" if self._standing.down else "warning"

    # --- who did what

    def _taken(self, kind: StepKind) -> list[Entry]:
        """The steps of that kind in the opening that lasts, the first first."""
        return [entry for entry in self._entries if entry.kind == kind and entry.t >= self._began]

    def _own(self, kind: StepKind) -> Entry | None:
        name = self._opened.contact.name
        return next((entry for entry in self._taken(kind) if entry.author == name), None)

    def _noted(self, done: str) -> tuple[str, bool]:
        """What became of a click: only what the journal says too. An address can be written by anybody."""
        if not self._acts:
            return "", False
        if done in STEPS and (own := self._own(STEPS[done][0])) is not None:
            if done == "interviens":
                return f"C’est noté : vous intervenez depuis {self._voice.since(own.t)}.", True
            clock = "" if self._taken(StepKind.INTERVENTION) else " Seul « J’interviens » arrête le délai."
            return f"C’est noté : vous avez vu cet incident {self._voice.on(own.t)}.{clock}", True
        if done == LATE and not self._lasts:
            return "Rien n’a été enregistré : l’incident était déjà terminé.", False
        if done == DONE[MOVED] and self._lasts:
            return "Rien n’a été enregistré : l’incident a recommencé depuis que vous avez lu la page.", False
        return "", False

    @property
    def _acts(self) -> bool:
        return self._opened.acts and self._voice.reader.operator

    def _buttons(self) -> Iterator[Button]:
        if not (self._acts and self._lasts):
            return
        others = self._taken(StepKind.INTERVENTION)
        if not others and self._own(StepKind.ACKNOWLEDGE) is None:
            yield Button(
                step="vu",
                word="Vu",
                means="J’ai lu : inutile d’alerter quelqu’un d’autre. Le délai d’intervention continue.",
            )
        if self._own(StepKind.INTERVENTION) is None:
            word, means = "J’interviens", "Je commence l’intervention. Le délai d’intervention s’arrête."
            if others:
                word, means = "J’interviens aussi", "Noté dans le journal : le délai est déjà arrêté."
            yield Button(step="interviens", word=word, means=means)

    # --- what is to be known at a glance

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "Vu", self._who(StepKind.ACKNOWLEDGE, self._voice.on) or "pas encore"
        yield "Intervention", self._who(StepKind.INTERVENTION, self._on_site) or "pas encore commencée"
        if not self._lasts and (clock := self._clock()):
            yield CLOCK, clock
        yield from self._closed()
        yield from telling.details(self._standing, self._voice)
        hidden = self._hidden()
        if hidden:
            yield "Injoignables derrière", hidden

    def _closed(self) -> Iterator[tuple[str, str]]:
        if self._found.incident.closed_at is not None:
            yield "Clos", self._voice.on(self._found.incident.closed_at)

    def _on_site(self, at: int) -> str:
        return f"depuis {self._voice.since(at)}" if self._lasts else self._voice.on(at)

    def _who(self, kind: StepKind, when: Callable[[int], str]) -> str:
        return ", ".join(
            f"par {plain(name, NAME)}, {when(at)}" if index == 0 else f"puis {plain(name, NAME)}, {self._voice.on(at)}"
            for index, (name, at) in enumerate(self._people(kind).items())
        )

    def _people(self, kind: StepKind) -> dict[str, int]:
        """Each with their first step of that kind."""
        found: dict[str, int] = {}
        for entry in self._taken(kind):
            found.setdefault(entry.author, entry.t)
        return found

    def _clock(self) -> str:
        """The one that says most, of those of this opening."""
        dial, voice = self._found.urgent, self._voice
        if dial is None or dial.state == desk.NO_TARGET:
            return ""
        if dial.state == desk.NOT_APPLICABLE or not dial.applicable:
            return "sans objet : la cause est celle de la collectivité"
        deadline = dial.clock.deadline
        if dial.state == desk.STOPPED:
            kept = "" if dial.clock.met is None else ", tenu" if dial.clock.met else ", dépassé"
            return f"arrêté {voice.on(dial.line.stop)}{kept}" if dial.line.stop is not None else ""
        if dial.state == desk.SUSPENDED:
            return f"suspendu depuis {voice.since(dial.line.suspensions[-1][0])}"
        if dial.state == desk.BREACHED:
            return "dépassé" if deadline is None else f"dépassé depuis {voice.since(deadline)}"
        left = f"il reste {lasting(dial.left_s or 0)} en heures de service"
        return left if deadline is None else f"intervenir avant {voice.since(deadline)} ; {left}"

    def _hidden(self) -> str:
        incident = self._found.incident
        if incident.sonde is None:
            return ""
        end = incident.restored_at if incident.restored_at is not None else self._voice.now
        rows = enquiries.hidden_behind(
            self._connection, incident.sonde, incident.opened_at, max(end, incident.opened_at)
        )
        names = list(dict.fromkeys(plain(name, NAME) for name, _, _ in rows))
        more = len(names) - _HIDDEN
        said = ", ".join(names[:_HIDDEN]) + (f" et {more} de plus" if more > 0 else "")
        return f"{len(names)} sonde{'s' if len(names) > 1 else ''} : {said}" if names else ""

    def _told_to_communes(self) -> Iterator[tuple[str, str]]:
        """That it is taken care of, and since when; not by whom, nor what was promised to whom."""
        begun = self._taken(StepKind.INTERVENTION)
        if begun:
            yield "Intervention", f"commencée {self._voice.on(begun[0].t)}"
        elif self._lasts:
            yield "Intervention", "l’équipe est prévenue"
        yield from self._closed()
        yield from telling.details(self._standing, self._voice)

    # --- the journal

    def _happened(self, entry: Entry) -> Happened:
        return Happened(
            at=_capital(self._voice.on(entry.t)),
            what=_event(entry),
            who=plain(entry.author, NAME),
            text=_text(entry),
        )


def _event(entry: Entry) -> str:
    if entry.kind.startswith(incidents.MILESTONE):
        percent = entry.kind.removeprefix(incidents.MILESTONE)
        said = "dépassé" if percent == "100" else f"écoulé à {percent} %"
        service = plain(entry.service.rpartition("/")[2], NAME)
        return f"Délai d’intervention {said}" + (f" ({service})" if service else "")
    return _EVENTS.get(entry.kind, plain(entry.kind, NAME))


def _text(entry: Entry) -> str:
    if entry.kind == incidents.WITHDRAWN or not entry.text:
        return ""
    if entry.kind == StepKind.CAUSE:
        return _CAUSES.get(entry.text, plain(entry.text, NAME))
    return quoted(plain(entry.text, SAID))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
