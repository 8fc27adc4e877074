"""The book that checks read is filled from the store, and kept up to date."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from probes import registry
from probes.base import Status, Target
from supervisor.domain.sonde import Sonde
from supervisor.filling_watch import LOOK_EVERY_S, FillingWatch
from supervisor.store.store import Store
from tests.volume_past import DAY, Used, record_past, roll_up

PROBE = registry.load()["disk"]
NOW = 1_800_000_000 // DAY * DAY + 7 * 3600
SIZE = 1000.0


def sonde(name: str, **written: Any) -> Sonde:
    return Sonde(
        id=f"a/nas/{name}",
        type="disk" if name != "lien" else "link",
        target=Target(sonde=f"a/nas/{name}", address="127.0.0.1"),
        settings=TypeAdapter(PROBE.settings).validate_python(written),
        interval_s=60.0,
        timeout_s=10.0,
        attempts=1,
        retry_every_s=60.0,
        stale_after_s=180,
        parent=None,
        service=None,
        billable=True,
        paused=False,
    )


def growing(per_day: float, used: float = 900.0) -> Used:
    """Use that is `used` now."""
    return lambda t: used + per_day * (t - NOW) / DAY


class World:
    """A database, a clock, and the watch."""

    def __init__(self, path: Path) -> None:
        self.now = float(NOW)
        self.sondes: dict[str, Sonde] = {}
        self.store = Store.open(path, version="1")
        self.watch = self.restarted()

    def restarted(self) -> FillingWatch:
        """The watch of another process."""
        return FillingWatch(self.store, lambda: self.sondes, lambda: self.now)

    def have(self, *names: str, **written: Any) -> None:
        """These are the sondes of the config."""
        self.sondes = {one.id: one for one in (sonde(name, **written) for name in names)}

    async def past(self, days: int = 40, **used: Used) -> None:
        """What each sonde measured of its volume /srv."""
        await record_past(self.store, NOW, days, {f"a/nas/{name}": {"/srv": (SIZE, it)} for name, it in used.items()})

    def left(self, name: str) -> float | None:
        """Days until /srv of a sonde is full, on its line."""
        pace = self.watch.book.paces(f"a/nas/{name}").get("/srv")
        return None if pace is None else (SIZE - pace.level_bytes) / pace.per_s / DAY


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path / "vigie.db")
    yield made
    await made.store.close()


async def test_every_disk_is_worked_out_once_a_day(world: World) -> None:
    world.have("un", "deux", "trois", "lien")
    await world.past(un=growing(10.0), deux=growing(0.0), lien=growing(10.0))
    assert world.left("un") is None
    assert await world.watch.look() == 3
    assert world.left("un") == pytest.approx(10.0, rel=1e-3)
    assert world.left("deux") is world.left("trois") is world.left("lien") is None
    assert await world.watch.look() == 0
    world.now += DAY
    assert await world.watch.look() == 0  # that day is not rolled up yet
    await record_past(world.store, NOW + DAY, 1, {"a/nas/un": {"/srv": (SIZE, growing(10.0))}})
    assert await world.watch.look() == 3
    assert world.left("un") == pytest.approx(9.0, rel=1e-3)


async def test_sondes_that_come_and_go(world: World) -> None:
    world.have("un")
    await world.past(un=growing(10.0), deux=growing(20.0))
    await world.watch.look()
    world.have("deux")
    assert await world.watch.look() == 1
    assert world.left("un") is None
    assert world.left("deux") == pytest.approx(5.0, rel=1e-3)
    world.have("un", "deux")
    assert await world.watch.look() == 1
    assert world.left("un") == pytest.approx(10.0, rel=1e-3)


async def test_a_trend_that_ends_leaves_the_book(world: World) -> None:
    world.have("un")
    await world.past(un=growing(10.0))
    await world.watch.look()
    world.now += 5 * DAY
    await world.store.write(
        lambda connection: roll_up(connection, int(world.now))
    )  # days without anything are rolled up as well
    assert await world.watch.look() == 1
    assert world.left("un") is None


async def test_only_alarms_are_taken_up_before_the_first_check(world: World) -> None:
    world.have("un", "deux", "trois", full_within="14d")
    world.sondes["a/nas/quatre"] = sonde("quatre")
    await world.past(un=growing(10.0), deux=growing(10.0), trois=growing(10.0), quatre=growing(10.0))
    before = {"a/nas/un": Status.CRITICAL, "a/nas/deux": Status.OK, "a/nas/trois": None, "a/nas/quatre": Status.WARNING}
    await world.watch.take_up(before)
    assert world.left("un") is not None
    assert world.left("deux") is world.left("trois") is world.left("quatre") is None
    assert world.watch.book.resumed("a/nas/un")
    assert not world.watch.book.resumed("a/nas/deux")
    assert await world.watch.look() == 3


async def test_the_start_does_not_wait_for_ever(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.have("un", full_within="14d")
    await world.past(un=growing(10.0))
    with pytest.MonkeyPatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr("supervisor.filling_watch.TAKE_UP_S", -1.0)
        await world.watch.take_up({"a/nas/un": Status.CRITICAL})
    assert "not all are worked out" in caplog.text
    assert world.left("un") is None
    assert world.watch.book.resumed("a/nas/un")  # whenever it is worked out, its alarm does not end early
    assert await world.watch.look() == 1


async def test_the_start_survives_a_fault(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.have("un", full_within="14d")
    await world.store.close()
    await world.watch.take_up({"a/nas/un": Status.CRITICAL})
    assert "cannot be worked out" in caplog.text


async def test_many_sondes_in_slices(world: World) -> None:
    names = [f"d{index}" for index in range(23)]
    world.have(*names)
    await world.past(20, **{name: growing(10.0) for name in names})
    assert await world.watch.look() == 23
    assert all(world.left(name) == pytest.approx(10.0, rel=1e-3) for name in names)


async def test_it_goes_on_after_a_fault(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.have("un")
    world.sondes["broken"] = None  # type: ignore[assignment]  # whatever a bug may leave
    slept: list[float] = []

    class Rest(Exception):
        pass

    async def rest(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 2:
            raise Rest
        await world.store.close()

    with pytest.MonkeyPatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr("supervisor.filling_watch.asyncio.sleep", rest)
        with pytest.raises(Rest):
            await world.watch.run()
    assert slept == [LOOK_EVERY_S, LOOK_EVERY_S]
    assert "cannot be worked out" in caplog.text
