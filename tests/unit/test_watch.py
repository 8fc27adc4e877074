"""What time alone changes, with a clock that the test moves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from probes.base import Status
from supervisor.domain.calendar import Calendar, Version
from supervisor.domain.maintenance import Maintenance
from supervisor.domain.promise import Promise, Promises
from supervisor.domain.rule import Rule
from supervisor.domain.state import Change, Segment
from supervisor.service_metrics import ServiceExposition
from supervisor.store import windows
from supervisor.store.batch import Coverage
from supervisor.store.recorder import Recorder
from supervisor.store.store import Store
from supervisor.watch import Watch

START = 1_770_000_000
SONDE = "a/e/s"
ALWAYS = Version(start=None, timezone="Europe/Paris", holidays=None, week=(((0, 1440),),) * 7, closed=(), opened=())
PROMISES = Promises(
    zone=ZoneInfo("Europe/Paris"),
    target=Fraction(96, 100),
    gti_s=1000,
    period="year",
    exclude=("force_majeure",),
    services={
        ("a", "web"): Promise(
            key=("a", "web"),
            name="Web",
            rule=Rule.ALL,
            calendar=Calendar([ALWAYS]),
            calendar_name="always",
            bounds=[(0, 1 << 40)],
            own=(SONDE,),
            uses=(),
            unreachable_is_down=False,
        )
    },
    collectivites={"a": "Commune a"},
    operators=frozenset(),
    sondes={SONDE: "web"},
    warned=frozenset(),
)


class World:
    """A database, a clock, and the watch."""

    def __init__(self, path: Path) -> None:
        self.now = float(START)
        self.store = Store.open(path, version="1")
        self.recorder = Recorder(self.store, now=lambda: self.now)
        self.recorder.promises = PROMISES
        self.services = ServiceExposition(lambda: PROMISES, lambda: int(self.now))
        self.watch = Watch(self.store, self.recorder, lambda: PROMISES, self.services, lambda: self.now)

    async def show(self, status: Status) -> None:
        """The sonde shows that from now on, confirmed."""
        at, trouble = int(self.now), status is Status.CRITICAL
        change = Change(SONDE, at, at, (Segment(at, status),), Status.UNKNOWN, status, "", trouble)
        self.recorder.note_changes([change])
        await self.recorder.flush()
        await self.store.write(
            lambda connection: connection.execute(
                "insert or replace into coverage select key, ?, ? from sonde", Coverage(at, at + 10**6)
            )
        )

    async def look_at(self, second: int) -> float:
        """Move the clock and look, as the daemon would."""
        self.now = START + second
        wait_s = await self.watch.look()
        await self.recorder.flush()
        return wait_s

    async def notes(self) -> list[tuple[str, int]]:
        """The journal: kind and second."""
        rows = await self.store.read(lambda c: c.execute("select kind, t from journal order by t, id").fetchall())
        return [(kind, t - START) for kind, t in rows]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A world that is closed at the end."""
    made = World(tmp_path / "vigie.db")
    yield made
    await made.store.close()


async def test_milestones_are_noted_when_their_instant_comes(world: World) -> None:
    """Target 1,000 s: 50 % at 500, 75 % at 750, 90 % at 900, exceeded at 1,001."""
    await world.show(Status.CRITICAL)
    assert await world.look_at(0) == 30  # at the latest
    assert await world.look_at(490) == 10  # the first milestone is 10 s away
    assert await world.notes() == [("opened", 0)]
    await world.look_at(500)
    assert await world.notes() == [("opened", 0), ("gti-50", 500)]
    await world.look_at(1000)
    assert [kind for kind, _ in await world.notes()] == ["opened", "gti-50", "gti-75", "gti-90"]
    await world.look_at(1001)
    assert (await world.notes())[-1] == ("gti-100", 1001)


async def test_what_was_missed_is_noted_late_with_its_own_instant_and_once(world: World) -> None:
    await world.show(Status.CRITICAL)
    await world.look_at(2000)
    await world.look_at(2001)
    assert await world.notes() == [("opened", 0), ("gti-50", 500), ("gti-75", 750), ("gti-90", 900), ("gti-100", 1001)]


async def test_trouble_that_outlasts_maintenance_opens_at_its_end(world: World) -> None:
    entry = Maintenance(
        collectivite="a",
        services=("web",),
        start=START + 10,
        end=START + 100,
        nature="Mise à jour",
        author="Op",
        announced_at=START,
    )
    await world.store.write(lambda connection: windows.plan(connection, entry))
    world.now = START + 20
    await world.show(Status.CRITICAL)
    assert await world.look_at(95) == 5
    assert await world.notes() == []
    await world.look_at(100)
    assert await world.notes() == [("opened", 100)]


async def test_an_incident_that_is_over_reaches_no_milestone(world: World) -> None:
    await world.show(Status.CRITICAL)
    await world.look_at(0)
    world.now = START + 400
    await world.show(Status.OK)
    await world.look_at(2000)
    assert await world.notes() == [("opened", 0), ("recovered", 400)]


async def test_what_is_left_of_a_clock_that_runs(world: World) -> None:
    await world.show(Status.CRITICAL)
    await world.look_at(300)
    page = b"".join(world.services.render()).decode()
    assert (
        'vigie_gti_remaining_seconds{collectivite="a",service="web",sonde="a/e/s",incident="INC-2026-000001"} 700'
        in page
    )
    world.now = START + 1300
    assert b"".join(world.services.render()).decode().rstrip().endswith(" -300")


async def test_the_figures_of_the_month_and_the_year(world: World) -> None:
    """Down from second 0 to 1,000, up from then to 4,000: 75 %; unknown before the first result."""
    await world.show(Status.CRITICAL)
    world.now = START + 1000
    await world.show(Status.OK)
    world.now = START + 4000
    world.services.keep(await world.watch.figures())
    page = b"".join(world.services.render()).decode()
    for period in ("month", "year"):
        assert f'vigie_service_availability_ratio{{collectivite="a",service="web",period="{period}"}} 0.75' in page
    assert "vigie_service_budget_left_seconds" in page
