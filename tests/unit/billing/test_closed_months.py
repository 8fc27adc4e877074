"""Closing the counts of a month, and correcting them: what is written, and for whom. SPEC 8."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from supervisor.billing.counts import left_out
from supervisor.billing.verifying import verify
from supervisor.domain.period import parse_month
from supervisor.errors import VigieError
from tests.unit.acts.stage import iso
from tests.unit.billing.town_hall import TownHall, account, town_hall


@pytest.fixture
def hall() -> Iterator[TownHall]:
    with town_hall() as made:
        yield made.when("04-10 09:00")


def test_a_closed_month_has_a_document_for_each_collectivite_but_the_operator(hall: TownHall) -> None:
    before = hall.counts()
    answer = hall.close_month()
    assert [bill.number for bill in hall.bills] == ["2026-03/exemple/1", "2026-03/voisine/1"]
    assert answer["closing"]["counts"] == {"documents": 2, "digest": hall.bills[-1].digest}
    assert hall.counts() == before
    assert [(line.collectivite, line.peak, line.billed) for line in before] == [
        ("exemple", 3, 100),
        ("voisine", 0, 100),
    ]


def test_a_closed_count_is_what_it_was_whatever_becomes_known(hall: TownHall) -> None:
    """An edited contract, another SIRET, sondes that history adds beneath, files that are gone."""
    before = hall.counts()
    hall.close_month()
    hall.know(account("exemple", ("01-01", 300), siret=None, operator=True))
    hall.add("exemple", 200, "02-10 00:00", "b")
    hall.add("nouvelle", 1, "02-10 00:00")
    hall.forget("exemple", "voisine")
    assert hall.counts() == before
    assert {line.collectivite for line in hall.counts("2026-02")} == {"exemple", "nouvelle", "voisine"}


def test_nothing_is_written_where_one_row_cannot_be(hall: TownHall) -> None:
    """A crash, or a full disk, between two documents."""
    hall.desk.connection.execute(
        "create temp trigger full before insert on bill when new.collectivite = 'voisine' "
        "begin select raise(abort, 'disk full'); end"
    )
    before = hall.desk.dump()
    with pytest.raises(sqlite3.IntegrityError, match="disk full"):
        hall.close_month()
    assert hall.desk.dump() == before


def test_a_month_is_closed_once(hall: TownHall) -> None:
    hall.close_month()
    with pytest.raises(VigieError, match="2026-03 is closed already"):
        hall.close_month()
    assert len(hall.bills) == 2


def test_a_correction_is_a_document_beside_the_old_one_for_whom_it_changes(hall: TownHall) -> None:
    hall.add("exemple", 99, "02-10 00:00", "b")
    hall.close_month()
    assert hall.counts()[0].billed == 150
    hall.desk.now += 60
    hall.correct("exemple/a/0", iso("01-01 00:00"), iso("04-10 09:00"), correction=True)
    hall.correct("exemple/a/1", iso("03-01 00:00"), iso("04-10 09:00"), correction=True)
    assert (hall.counts()[0].peak, hall.counts()[0].billed) == (102, 150)
    answer = hall.close_month(correct=True, reason="doublons")
    assert (hall.counts()[0].peak, hall.counts()[0].billed) == (100, 100)
    first, _, last = hall.bills
    assert (last.number, last.corrects, last.reason) == ("2026-03/exemple/2", first.number, "doublons")
    (said,) = [remark for remark in answer["remarks"] if remark.startswith(last.number)]
    assert said == (
        "2026-03/exemple/2: in the place of 2026-03/exemple/1: peak 102 → 100, first 102 → 100, last 102 → 100, "
        "mean 102 → 100, distinct 102 → 100, billed 150 → 100"
    )


def test_a_correction_that_changes_no_count_writes_none(hall: TownHall) -> None:
    """A contract edited from August on is nothing to March."""
    hall.close_month()
    hall.desk.now += 60
    hall.know(account("exemple", ("01-01", 100), ("08-01", 150)))
    answer = hall.close_month(correct=True, reason="clés")
    assert answer["closing"]["counts"] == {"documents": 0, "digest": None}
    assert len(hall.bills) == 2


def test_other_sondes_with_the_same_figures_are_a_correction_too(hall: TownHall) -> None:
    hall.close_month()
    hall.desk.now += 60
    hall.correct("exemple/a/0", iso("01-01 00:00"), iso("04-01 00:00"), correction=True)
    hall.add("exemple", 1, "01-01 00:00", "b")
    answer = hall.close_month(correct=True, reason="sondes échangées")
    assert [remark for remark in answer["remarks"] if "exemple" in remark] == [
        "2026-03/exemple/2: in the place of 2026-03/exemple/1: the same figures, of other sondes"
    ]


def test_who_turns_up_later_gets_a_first_document_and_who_is_gone_keeps_its_own(hall: TownHall) -> None:
    hall.close_month()
    hall.desk.now += 60
    hall.add("nouvelle", 1, "02-10 00:00")
    hall.forget("voisine")
    hall.close_month(correct=True, reason="oubli")
    assert [bill.number for bill in hall.bills[2:]] == ["2026-03/nouvelle/1"]
    assert [line.collectivite for line in hall.counts()] == ["exemple", "nouvelle", "voisine"]


def test_a_month_that_was_closed_before_there_were_documents(hall: TownHall) -> None:
    before = hall.counts()
    hall.close_month()
    hall.alter("delete from bill")
    assert hall.counts() == before
    assert list(verify(hall.desk.connection, hall.books)) == []
    hall.close_month(correct=True, reason="premiers décomptes")
    assert [(bill.number, bill.corrects) for bill in hall.bills] == [
        ("2026-03/exemple/1", None),
        ("2026-03/voisine/1", None),
    ]


def test_who_comes_to_a_closed_month_is_named(hall: TownHall) -> None:
    """It stays as it was closed; whoever asks is told what it lacks."""
    hall.when("04-10 09:00").close_month()
    march = parse_month("2026-03")
    assert list(left_out(hall.desk.connection, hall.books, march)) == []
    hall.know(account("nouvelle"), account("sans", engagements=()))
    (said,) = left_out(hall.desk.connection, hall.books, march)
    assert said.startswith("nouvelle: was not known when 2026-03 was closed, and is not counted (100 billed)")
    assert list(left_out(hall.desk.connection, hall.books, march, "exemple")) == []
    assert list(left_out(hall.desk.connection, hall.books, parse_month("2026-02"))) == []
    hall.close_month(correct=True, reason="arrivée tardive")
    assert list(left_out(hall.desk.connection, hall.books, march)) == []


def test_a_month_that_was_closed_without_counts_is_named(hall: TownHall) -> None:
    """By a version that did not count: the figures are those of today."""
    hall.when("04-10 09:00").close_month()
    hall.alter("delete from bill")
    (said,) = left_out(hall.desk.connection, hall.books, parse_month("2026-03"))
    assert said.startswith("2026-03 was closed by a version that froze no counts")
