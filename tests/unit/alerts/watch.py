"""Rotas and escalations for tests: two who take turns, their chief, and what leaves by when."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

from probes.base import Status
from supervisor.domain.alerting import Channel
from supervisor.domain.calendar import Calendar
from supervisor.domain.contact import Seed
from supervisor.domain.escalation import Delay, Duty, Step
from supervisor.domain.oncall import Rota, Who
from supervisor.store.batch import Batch
from tests.unit.acts.stage import LINK, PARIS, SITE, Stage, stage
from tests.unit.alerts.wires import looked

ALICE = Seed("syndicat", "Alice", "alice@syndicat.fr", "+33600000001")
BRUNO = Seed("syndicat", "Bruno", "bruno@syndicat.fr", "+33600000002")
CHIEF = Seed("syndicat", "Chef", "chef@syndicat.fr", "+33600000003")
MAYOR = Seed("exemple", "Mairie", "mairie@exemple.fr", None, "critical", None)
INC = "INC-2026-000001"


def rota(*members: str, calendar: Calendar | None = None, days: int = 7) -> Rota:
    """From Monday 2 March, 9:00, on."""
    return Rota(
        name="astreinte",
        members=tuple(Who("syndicat", name) for name in members or ("Alice", "Bruno")),
        first=date(2026, 3, 2),
        days=days,
        minutes=540,
        zone=PARIS,
        calendar=calendar,
        outside=calendar is not None,
    )


def step(
    after_s: int | None, *tell: str, by: str = "mail", since: Status = Status.CRITICAL, business: bool = False
) -> Step:
    """By mail alone, unless said."""
    return Step(
        delay=Delay(after_s=after_s, business=business),
        tell=tell,
        by=tuple(Channel(name) for name in by.split()),
        since=since,
    )


STEPS = (step(0, "astreinte"), step(900, "syndicat/Chef"))


@contextmanager
def watch(
    *steps: Step,
    on_call: Rota | None = None,
    people: tuple[Seed, ...] = (ALICE, BRUNO, CHIEF),
    gti_s: int | None = None,
) -> Iterator[Stage]:
    """Whoever has the turn was told so before."""
    with stage(gti_s=gti_s) as desk:
        made = on_call or rota()
        desk.promises = replace(desk.promises, duty=Duty(rotas={made.name: made}, steps=steps or STEPS))
        desk.database.apply(Batch(at=desk.now, contacts=list(people)))
        for name in (LINK, SITE):
            desk.result("03-06 08:00", name, "ok")
        looked(desk, "03-06 08:00")
        yield desk


def by_mail(desk: Stage, wall: str) -> list[tuple[str, str]]:
    """Who reads what by then, of what leaves by mail."""
    return [(to.removeprefix("mail "), said) for to, said in looked(desk, wall) if to.startswith("mail ")]


def stands(desk: Stage) -> list[tuple[str, str, str]]:
    """Each step, and what became of it."""
    return desk.database.rows("select target, state, why from step order by opening, number, id")
