"""Whom rotas and steps call: every name in them is held against what there is (SPEC 7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from probes.units import duration
from supervisor.config.alerting import NO_SENDER
from supervisor.config.duty import misordered, twice
from supervisor.config.forms import Place
from supervisor.config.written import Known, items, known, text, texts
from supervisor.domain.contact import same_person

_BY = ("mail", "sms")  # channels that a step may name


class _Timed(NamedTuple):
    after: float | None
    time: str


class Calls:
    """The rotas and steps of the section `alerts` as it is written at `place`."""

    def __init__(self, alerts: Any, place: Place, people: Mapping[str, Known] | None) -> None:
        self._alerts = alerts
        self._place = place
        self._people = people  # contacts of the operator, by its id; None: who the operator is cannot be told
        self._rotas = known(alerts, "on_call", "name")

    def check(self, no_calendar: Callable[[str], str | None]) -> None:
        """Note every contact, rota, channel and calendar that does not exist, and what does not fit together."""
        self._check_lists()
        for index, (rota, _) in enumerate(items(self._alerts, "on_call", self._place)):
            at = self._place.key("on_call").item(index, {"id": text(rota, "name")})
            for member, there in texts(rota, "members", at):
                self._check_contact(member, there)
            for key in ("during", "outside"):
                calendar = text(rota, key)
                wrong = None if calendar is None else no_calendar(calendar)
                if wrong is not None:
                    at.key(key).wrong(wrong)
        for step, at in items(self._alerts, "escalation", self._place):
            for target, there in texts(step, "tell", at):
                self._check_target(target, there)
            for channel, there in texts(step, "by", at):
                if channel in _BY and self._alerts.get(channel) is None:
                    there.wrong(f"there is no alerts.{channel}, add it or leave it out")

    def _check_lists(self) -> None:
        """What a whole list has wrong, though an item of it is too: in the words in which it is told of a right one."""
        for key, what in (("on_call", "rota"), ("webhooks", "name"), ("watchdogs", "name")):
            wrong = twice(known(self._alerts, key, "name").names, what)
            if wrong is not None:
                self._place.key(key).wrong(wrong)
        wrong = misordered(self._timed())
        if wrong is not None:
            self._place.key("escalation").wrong(wrong)
        if isinstance(self._alerts, dict) and self._alerts.get("mail") is not None and "from" not in self._alerts:
            self._place.wrong(NO_SENDER)

    def _timed(self) -> Iterator[_Timed]:
        for step, _ in items(self._alerts, "escalation", self._place):
            after, time = (step.get(key) for key in ("after", "time")) if isinstance(step, dict) else (None, None)
            if text(step, "at") == "breach" and after is None:
                yield _Timed(None, "wall")
            elif isinstance(after, str) and time in (None, "wall", "business"):
                with suppress(ValueError):
                    yield _Timed(duration(after), time or "wall")

    def _check_target(self, target: str, place: Place) -> None:
        if "/" in target:
            self._check_contact(target, place)
        elif self._rotas.lacks(target):
            what = f"there is no rota '{target}', {self._rotas.near(target)}; a contact is written syndicat/Alice"
            place.wrong(what)

    def _check_contact(self, written: str, place: Place) -> None:
        owner, slash, name = written.partition("/")
        people = self._people
        if people is None or not slash or not owner or not name.strip():
            return  # the last are not contacts at all, which is said where a rota is read
        if owner not in people:
            there = f"the operator is {', '.join(people)}" if people else "no collectivité has operator: true"
            place.wrong(f"'{owner}' is not the operator, who alone is called by rotas and steps: {there}")
        elif people[owner].whole and same_person(name) not in map(same_person, people[owner].names):
            place.wrong(f"'{owner}' has no contact '{name.strip()}' in its file, {people[owner].near(name)}")
