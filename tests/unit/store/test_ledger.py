"""The ledger: append-only, in order of effect, imported events known by their content."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from supervisor.domain.ledger import Correction, Event, LedgerEvent
from supervisor.store import ledger
from supervisor.store.batch import Batch
from tests.unit.store.database import memory

ADDED = LedgerEvent(t=100, event=Event.ADDED, sonde="a/r/x", type="tcp", service="internet", source="config")


@pytest.mark.parametrize(
    "statement",
    [
        "update ledger set billable = 0",
        "delete from ledger",
        "insert or replace into ledger select 1, t, event, 'b/r/x', 'b', type, billable, paused, service, source, "
        "author, reason, digest from ledger",
        "replace into ledger select id + 1, t, event, sonde, collectivite, type, 0, paused, service, source, author, "
        "reason, digest from ledger",
    ],
)
def test_no_line_is_ever_changed_or_removed(statement: str) -> None:
    with memory() as database:
        database.apply(Batch(ledger=[replace(ADDED, digest="d1")]))
        before = database.rows("select * from ledger")
        with pytest.raises(sqlite3.IntegrityError, match="the ledger is append-only"):
            database.connection.execute(statement)
        assert database.rows("select * from ledger") == before


def test_lines_come_back_as_they_were_written() -> None:
    full = LedgerEvent(
        t=50,
        event=Event.CHANGED,
        sonde="b/r/y",
        type="http",
        billable=False,
        paused=True,
        service=None,
        source="import",
        author="Élodie",
        reason="erreur de saisie",
        digest="abc",
    )
    with memory() as database:
        database.apply(Batch(ledger=[ADDED, full]))
        assert list(ledger.events(database.connection)) == [full, ADDED]  # by instant, not by line
        assert database.rows("select collectivite from ledger order by id") == [("a",), ("b",)]


def test_the_same_import_twice_changes_nothing() -> None:
    event = replace(ADDED, source="import", digest="d1")
    with memory() as database:
        database.apply(Batch(ledger=[event, event]), Batch(ledger=[event, replace(event, digest="d2")]))
        assert [line.digest for line in ledger.events(database.connection)] == ["d1", "d2"]


def test_lines_without_a_digest_are_all_kept() -> None:
    with memory() as database:
        database.apply(Batch(ledger=[ADDED, ADDED]))
        assert len(list(ledger.events(database.connection))) == 2


def test_who_is_in_at_an_instant() -> None:
    other = replace(ADDED, sonde="a/r/y", t=150)
    with memory() as database:
        database.apply(
            Batch(
                ledger=[
                    other,
                    ADDED,
                    replace(ADDED, t=200, event=Event.CHANGED, billable=False),
                    replace(ADDED, t=300, event=Event.REMOVED),
                    # A rename: out and in at one instant, both taking effect together.
                    replace(other, t=400, event=Event.REMOVED),
                    replace(other, t=400, sonde="a/r/z"),
                ]
            )
        )

        def present(at: int) -> dict[str, bool]:
            standing = ledger.standing(database.connection, at)
            return {sonde: presence.billable for sonde, presence in standing.items() if presence.present}

        assert present(99) == {}
        assert present(100) == {"a/r/x": True}
        assert present(199) == {"a/r/x": True, "a/r/y": True}
        assert present(200) == {"a/r/x": False, "a/r/y": True}
        assert present(300) == {"a/r/y": True}
        assert present(400) == {"a/r/z": True}
        assert ledger.standing(database.connection)["a/r/x"].since == 300


def test_a_hostile_reason_is_kept() -> None:
    with memory() as database:
        database.apply(Batch(ledger=[replace(ADDED, reason="\udfff", author="\ud800")]))
        assert [(line.author, line.reason) for line in ledger.events(database.connection)] == [("?", "?")]


def test_a_compensating_line_imported_twice_is_one_and_has_no_second_number() -> None:
    line = Correction(t=90, sonde="a/r/y", start=10, end=20, author="É", reason="doublon", source="import", digest="d1")
    with memory() as database:
        numbers = [ledger.correct(database.connection, each) for each in (line, line, replace(line, digest="d2"))]
        assert [each.id for each in ledger.corrections(database.connection)] == [numbers[0], numbers[2]]
        assert numbers[1] == 0
