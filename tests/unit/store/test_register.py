"""The register keeps in step with the facts, by adding to the journal alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from probes.base import Status
from supervisor.domain.calendar import Calendar
from supervisor.domain.state import Change, Segment
from supervisor.store import incidents
from supervisor.store.batch import Batch
from supervisor.store.register import tell_untold
from supervisor.store.store import Store
from tests.unit.test_watch import PROMISES, SONDE, START


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A database."""
    with Store.open(tmp_path / "vigie.db", version="1") as opened:
        yield opened


def show(store: Store, second: int, status: Status, *, undone: bool = False, promised: bool = True) -> None:
    """The sonde shows that from then on; or what was said from then on is taken back."""
    at = START + second
    change = Change(SONDE, at, at, (Segment(at, status),), status, status, "", status is Status.CRITICAL, undone)
    store.record_now(Batch(at=at, changes=[change], promises=PROMISES if promised else None))


def journal(store: Store) -> list[tuple[str, int, str]]:
    """Kind, second and text, in the order in which they were noted."""

    def read(connection: sqlite3.Connection) -> list[tuple[str, int, str]]:
        return connection.execute(f"select kind, t - {START}, text from journal order by id").fetchall()

    return store.read_now(read)


def lives(store: Store) -> list[str]:
    """Where every incident stands."""
    return [incident.life for incident in store.read_now(incidents.read)]


def test_an_incident_is_opened_and_restored_with_its_spell(store: Store) -> None:
    show(store, 0, Status.CRITICAL)
    assert (journal(store), lives(store)) == ([("opened", 0, "")], ["open"])
    show(store, 100, Status.OK)
    assert (journal(store)[1:], lives(store)) == ([("recovered", 100, "")], ["restored"])


def test_failing_again_soon_reopens_it_and_later_is_another(store: Store) -> None:
    for second, status in ((0, "critical"), (100, "ok"), (200, "critical"), (300, "ok"), (2101, "critical")):
        show(store, second, Status(status))
    assert [kind for kind, _, _ in journal(store)] == ["opened", "recovered", "reopened", "recovered", "opened"]
    numbers = [incident.number for incident in store.read_now(incidents.read)]
    assert numbers == ["INC-2026-000001", "INC-2026-000002"]


def test_what_turns_out_never_to_have_been_is_void_and_its_number_is_not_given_again(store: Store) -> None:
    show(store, 50, Status.CRITICAL)
    show(store, 50, Status.UNKNOWN, undone=True)
    assert lives(store) == ["void"]
    assert [kind for kind, _, _ in journal(store)] == ["opened", "withdrawn"]
    show(store, 500, Status.CRITICAL)
    assert [(i.number, i.life) for i in store.read_now(incidents.read)] == [
        ("INC-2026-000001", "void"),
        ("INC-2026-000002", "open"),
    ]


def test_a_recovery_that_was_none_is_withdrawn_and_can_be_noted_again(store: Store) -> None:
    show(store, 0, Status.CRITICAL)
    for _ in range(2):
        show(store, 100, Status.OK)
        show(store, 100, Status.CRITICAL, undone=True)
    show(store, 100, Status.OK)
    kinds = [kind for kind, _, _ in journal(store)]
    assert kinds == ["opened", "recovered", "withdrawn", "recovered", "withdrawn", "recovered"]
    assert lives(store) == ["restored"]


def test_telling_again_changes_nothing(store: Store) -> None:
    show(store, 0, Status.CRITICAL)
    show(store, 100, Status.OK)
    before = journal(store), store.read_now(incidents.read)
    for since in (0, START, START + 1000):
        store.record_now(Batch(at=START + 5000, due={SONDE: since}, promises=PROMISES))
    assert (journal(store), store.read_now(incidents.read)) == before


def test_the_journal_can_neither_be_changed_nor_cut(store: Store) -> None:
    show(store, 0, Status.CRITICAL)
    for statement in ("update journal set t = 1", "delete from journal"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            store.write_now(lambda connection, text=statement: connection.execute(text))


def test_without_promises_the_telling_waits(store: Store) -> None:
    show(store, 0, Status.CRITICAL, promised=False)
    assert journal(store) == []
    assert store.read_now(lambda c: c.execute("select count(*) from untold").fetchall()) == [(1,)]


class Broken(Calendar):
    """A calendar with a bug."""

    def open_seconds(self, start: int, end: int) -> int:
        raise ZeroDivisionError

    def after(self, start: int, seconds: int) -> int | None:
        raise ZeroDivisionError


def test_a_bug_in_the_telling_costs_no_state_and_is_made_good(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    web = PROMISES.services["a", "web"]
    broken = replace(PROMISES, services={("a", "web"): replace(web, calendar=Broken([]))})
    change = Change(SONDE, START, START, (Segment(START, Status.CRITICAL),), Status.OK, Status.CRITICAL, "", True)
    store.record_now(Batch(at=START + 10, changes=[change], promises=broken))
    assert "could not be told" in caplog.text
    assert journal(store) == []
    assert store.read_now(lambda c: c.execute("select status from interval").fetchall()) == [("critical",)]
    store.write_now(lambda connection: tell_untold(connection, PROMISES, START + 10))
    assert [kind for kind, _, _ in journal(store)] == ["opened"]
