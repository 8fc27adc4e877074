"""What Prometheus reads of billing, with a clock that the test moves."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from supervisor.billing_metrics import HELP, BillingExposition
from supervisor.billing_watch import AGAIN_AFTER_S, LOOK_EVERY_S, BillingWatch
from supervisor.domain.account import Engagement
from supervisor.domain.ledger import Event
from supervisor.store.store import Store
from tests.unit.billing.ledgers import Ledger, at, engagement, named

DOC = Path(__file__).parents[2] / "docs" / "metrics.md"


class World:
    """A database, a clock, and the watch."""

    def __init__(self, path: Path) -> None:
        self.now = 0.0
        self.store = Store.open(path, version="1")
        self.exposition = BillingExposition()
        self.watch = BillingWatch(self.store, self.exposition, lambda: self.now)

    def write(self, *lines: tuple[str, Event, list[str]]) -> None:
        """Sondes come and go."""

        def written(connection: sqlite3.Connection) -> None:
            for when, event, sondes in lines:
                Ledger(connection).write(when, event, sondes)

        self.store.write_now(written)

    def know(self, when: str, *engagements: Engagement, collectivite: str = "a", operator: bool = False) -> None:
        """Contracts."""
        self.store.write_now(
            lambda connection: Ledger(connection).know(
                when, engagements=engagements, collectivite=collectivite, operator=operator
            )
        )

    async def look_at(self, when: str) -> dict[str, float]:
        """Move the clock and look; gives the series of `a`."""
        self.now = at(when)
        await self.watch.look()
        return self.series("a")

    def series(self, collectivite: str) -> dict[str, float]:
        """What the page has of one of them."""
        page = b"".join(self.exposition.render()).decode()
        return {
            sample.name.removeprefix("vigie_"): sample.value
            for family in text_string_to_metric_families(page)
            for sample in family.samples
            if sample.labels == {"collectivite": collectivite}
        }


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path / "vigie.db")
    yield made
    await made.store.close()


async def test_the_figures_of_now(world: World) -> None:
    """113 at most in March, 96 now: 150 are billed of the month, 4 places are left of the 100 subscribed."""
    world.know("2026-01-01", engagement())
    world.write(("2026-03-02", Event.ADDED, named(0, 113)), ("2026-03-10", Event.REMOVED, named(96, 113)))
    assert await world.look_at("2026-03-15") == {
        "billable_sondes": 96,
        "subscribed_sondes": 100,
        "billed_sondes": 150,
        "billing_free_sondes": 4,
    }


async def test_the_second_that_has_begun_counts(world: World) -> None:
    """A reload is looked at within the second in which it takes effect."""
    world.know("2026-01-01", engagement())
    world.write(("2026-03-15", Event.ADDED, named(0, 101)))
    assert (await world.look_at("2026-03-15"))["billed_sondes"] == 150


async def test_the_operator_and_places_that_nobody_bills_have_no_series(world: World) -> None:
    world.know("2026-01-01")
    world.know("2026-01-01", engagement(), collectivite="syndicat", operator=True)
    world.write(("2026-03-02", Event.ADDED, [*named(0, 7), "syndicat/e/s"]))
    assert await world.look_at("2026-03-15") == {"billable_sondes": 7, "subscribed_sondes": 0, "billed_sondes": 0}
    assert world.series("syndicat") == {}


async def test_time_alone_changes_them(world: World) -> None:
    """The contract starts on 20 March, subscribes more from the 25th on; April is another month."""
    start, more = date(2026, 3, 20), date(2026, 3, 25)
    world.know("2026-01-01", Engagement(start=start, sondes=((start, 100), (more, 150))))
    world.write(("2026-03-02", Event.ADDED, named(0, 113)), ("2026-03-26", Event.REMOVED, named(96, 113)))
    found = []
    for day in ("03-15", "03-20", "03-25", "03-31T23:59:59", "04-01"):
        shown = await world.look_at(f"2026-{day}")
        found.append((shown["subscribed_sondes"], shown["billed_sondes"], shown.get("billing_free_sondes")))
    # On 15 March it is known already that the contract will run in the month: the minimum is billed.
    assert found == [(0, 100, None), (100, 150, 37), (150, 150, 37), (150, 150, 54), (150, 100, 54)]


async def test_the_next_look_comes_when_they_change(world: World) -> None:
    assert world.watch.wait_s() == AGAIN_AFTER_S  # nothing was read yet
    world.know("2026-01-01", engagement("2026-03-20"))
    for when, wait_s in (("2026-03-15", LOOK_EVERY_S), ("2026-03-19T23:59:50", 10), ("2026-03-31T23:59:00", 60)):
        await world.look_at(when)
        assert world.watch.wait_s() == wait_s


async def test_who_becomes_nearly_full_is_said_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.know("2026-01-01", engagement())
    world.write(("2026-03-02", Event.ADDED, named(0, 95)))
    world.write(("2026-03-03", Event.ADDED, named(95, 97)), ("2026-03-04", Event.ADDED, named(97, 101)))
    world.write(("2026-03-05", Event.REMOVED, named(50, 101)), ("2026-03-06", Event.ADDED, named(50, 96)))
    said = []
    with caplog.at_level(logging.WARNING, "supervisor.billing_watch"):
        for day in range(1, 7):
            caplog.clear()
            await world.look_at(f"2026-03-0{day}")
            said.append([record.getMessage() for record in caplog.records])
    assert said == [
        [],
        ["a: the last pool is nearly full: 95 sondes are counted, 5 places left"],
        [],
        ["a: avenant à signer: 101 sondes are counted (150 billed), 100 subscribed"],
        [],
        ["a: the last pool is nearly full: 96 sondes are counted, 4 places left"],
    ]


async def test_a_ledger_that_cannot_be_read_keeps_the_figures(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.know("2026-01-01", engagement())
    before = await world.look_at("2026-03-15")
    await world.store.close()
    with caplog.at_level(logging.WARNING, "supervisor.billing_watch"):
        assert await world.look_at("2026-03-16") == before
    assert "what is billed cannot be read" in caplog.text


def test_every_metric_of_billing_is_documented() -> None:
    documented = DOC.read_text()
    assert [name for name in HELP if f"`{name}`" not in documented] == []
