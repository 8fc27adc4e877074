"""`--verify` names whatever was altered by hand in closed documents or under them, and nothing when nothing was."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from supervisor.billing import documents
from supervisor.billing.verifying import VerifiedBill, right, verify
from supervisor.domain.contribution import Basis
from supervisor.proof.seal import canonical
from supervisor.store import bills
from tests.unit.acts.stage import at, iso
from tests.unit.billing.town_hall import TownHall, account, town_hall


@pytest.fixture
def hall() -> Iterator[TownHall]:
    """March is closed, then the calls of 2026 (100 in July; 150 counted from 1 September on), one of which is
    corrected at once: 2026-0003 takes the place of 2026-0002."""
    with town_hall() as made:
        made.when("04-10 09:00").close_month()
        made.know(account("exemple", basis=Basis.MEASURED))
        made.add("exemple", 110, "09-01 00:00", "b")
        made.when("09-02 09:00").close_calls(collectivite="exemple")
        made.desk.now += 60
        made.correct("exemple/b/0", iso("09-01 00:00"), iso("09-02 09:01"))
        made.know(account("exemple", basis=Basis.MEASURED, siret=None))
        made.close_calls(collectivite="exemple", correct=True, reason="SIRET retiré")
        yield made


def found(hall: TownHall, kind: str | None = None, period: str | None = None) -> list[VerifiedBill]:
    """What is found."""
    return list(verify(hall.desk.connection, hall.books, kind, period))


def findings(hall: TownHall) -> list[str]:
    """All that is wrong."""
    return [f"{one.bill.number}: {each.about}: {each.what}" for one in found(hall) for each in one.findings]


def notes(hall: TownHall) -> list[str]:
    """All that is noted."""
    return [f"{one.bill.number}: {each.about}: {each.what}" for one in found(hall) for each in one.notes]


def test_all_is_well(hall: TownHall) -> None:
    assert [one.bill.number for one in found(hall)] == [
        "2026-03/exemple/1",
        "2026-03/voisine/1",
        "2026-0001",
        "2026-0002",
        "2026-0003",
        "2026-0004",
    ]
    assert (findings(hall), right(found(hall))) == ([], True)
    assert [one.bill.number for one in found(hall, bills.MONTH, "2026-03")] == [
        "2026-03/exemple/1",
        "2026-03/voisine/1",
    ]
    assert found(hall, bills.CALL, "2025") == []


def test_what_is_learnt_after_a_closing_is_noted_and_wrong_is_nothing(hall: TownHall) -> None:
    """A contract edited, history imported beneath, a compensating line: each noted where it makes another figure, and
    a correction takes it in."""
    hall.desk.now += 60
    hall.know(account("voisine", engagements=()), account("exemple", ("02-01", 220), siret=None))
    hall.add("exemple", 4, "02-10 00:00", "c")
    hall.correct("exemple/a/0", iso("03-02 00:00"), iso("03-05 00:00"), correction=True)
    assert findings(hall) == []
    march, july, september = notes(hall)[0], notes(hall)[2], notes(hall)[3]
    assert march.startswith("2026-03/exemple/1: exemple: by what is known now: siret None, not 21570001100012, peak 7")
    assert march.endswith("other sondes count; a correction takes it in")
    assert notes(hall)[1].startswith("2026-03/voisine/1: voisine: by what is known now: billed 0, not 100")
    assert july.startswith("2026-0003: exemple: by what is known now: sondes 250, not 100")
    assert september.startswith("2026-0004: exemple: by what is known now: sondes 0, not 50")
    hall.close_month(correct=True, reason="x")
    hall.close_calls(collectivite="exemple", correct=True, reason="x")
    assert (findings(hall), notes(hall)) == ([], [])


def test_a_year_that_cannot_be_computed_any_more_is_noted(hall: TownHall) -> None:
    hall.desk.now += 60
    hall.know(account("exemple", siret=None, basis=Basis.MEASURED, profile="sans-tarif"))
    assert (findings(hall), [note.split(":")[0] for note in notes(hall)]) == (
        [],
        ["2026-03/exemple/1", "2026-0003", "2026-0004"],
    )
    assert "no tariff" in notes(hall)[1]


def _row(column: str, value: str, number: str) -> str:
    return f"update bill set {column} = {value} where number = '{number}'"


GONE = "from 2026-03-01T00:00:00+01:00 to 2026-03-20T00:00:00+01:00"
SINCE_JANUARY = "from 2026-01-01T00:00:00+01:00 to 2026-03-20T00:00:00+01:00"
# A correction is made of all that the year calls for by then.
UNTIL_CORRECTED = "from 2026-09-01T00:00:00+02:00 to 2026-09-02T09:01:01+02:00"
TAKEN_OUT = "from 2026-09-01T00:00:00+02:00 to 2026-09-02T09:01:00+02:00"
ALTERED_ROW = "document: was altered: its digest is not that of what it holds"
OTHERS_BEFORE = "exemple: what it holds as called before it is not what was closed before it"
ALTERED = {
    "an author": (_row("author", "'personne'", "2026-0001"), [f"2026-0001: {ALTERED_ROW}"]),
    "a reason": (_row("reason", "'autre'", "2026-0003"), [f"2026-0003: {ALTERED_ROW}"]),
    "a figure": (
        _row("body", """replace(body, '"peak":3', '"peak":4')""", "2026-03/exemple/1"),
        [
            f"2026-03/exemple/1: {ALTERED_ROW}",
            "2026-03/exemple/1: exemple: peak is frozen as 4; the frozen inputs give 3",
        ],
    ),
    "a body that is none": (
        _row("body", "'{'", "2026-0001"),
        [f"2026-0001: {ALTERED_ROW}", "2026-0001: document: cannot be read: ", f"2026-0002: {OTHERS_BEFORE}"],
    ),
    "a body without a part of it": (
        _row("body", "replace(body, '\"account\"', '\"compte\"')", "2026-0001"),
        [f"2026-0001: {ALTERED_ROW}", "2026-0001: document: cannot be read: KeyError('account')"],
    ),
    "a digest": (
        _row("digest", "'abc'", "2026-0001"),
        [
            f"2026-0001: {ALTERED_ROW}",
            "2026-0002: document: is not chained to 2026-0001, the document before it: one was altered, removed or ",
        ],
    ),
    "a link": (
        _row("previous", "''", "2026-0001"),
        [
            f"2026-0001: {ALTERED_ROW}",
            "2026-0001: document: is not chained to 2026-03/voisine/1, the document before it: one was altered, ",
        ],
    ),
    "the first link": (
        _row("previous", "'abc'", "2026-03/exemple/1"),
        [f"2026-03/exemple/1: {ALTERED_ROW}", "2026-03/exemple/1: document: is not chained to nothing: one was "],
    ),
    "a document gone": (
        "delete from bill where number = '2026-03/voisine/1'",
        ["2026-0001: document: is not chained to 2026-03/exemple/1, the document before it"],
    ),
    "a corrected document gone": (
        "delete from bill where number = '2026-0001'",
        [
            "2026-0002: document: is not chained to 2026-03/voisine/1",
            f"2026-0002: {OTHERS_BEFORE}",
            "2026-0003: document: takes the place of 2026-0001, which is not there",
        ],
    ),
    "a second document in the place of one": (
        "insert into bill select 99, 'x', kind, period, collectivite, corrects, closed_at, author, reason, body, "
        "previous, digest from bill where number = '2026-0003'",
        ["2026-0001: document: 2 documents take its place: one alone may", f"x: {ALTERED_ROW}", "x: document: is not "],
    ),
    "a line of the ledger moved": (
        "update ledger set t = t + 78 * 86400 where sonde = 'exemple/a/0'",
        [
            f"2026-03/exemple/1: exemple/a/0: counts {GONE} in the document, not in the ledger then",
            f"2026-0003: exemple/a/0: counts {SINCE_JANUARY} in the document, not in the ledger then",
            f"2026-0004: exemple/a/0: counts {SINCE_JANUARY} in the document, not in the ledger then",
        ],
    ),
    "a line of the ledger gone": (
        "delete from ledger where sonde = 'exemple/b/109'",
        [
            f"{number}: exemple/b/109: counts {UNTIL_CORRECTED} in the document, not in the ledger then"
            for number in ("2026-0003", "2026-0004")
        ],
    ),
    "a compensating line gone": (
        "delete from correction",
        [
            f"{number}: exemple/b/0: counts {TAKEN_OUT} in the ledger then, not in the document"
            for number in ("2026-0003", "2026-0004")
        ],
    ),
    "a SIRET": (
        "update account set body = replace(body, '21570001100012', '00000000000000') where collectivite = 'voisine'",
        ['2026-03/voisine/1: voisine: siret: "21570001100012" in the document, "00000000000000" in the ledger then'],
    ),
    "a contract": (
        "update account set body = replace(body, ',100]', ',150]') where collectivite = 'voisine'",
        ["2026-03/voisine/1: voisine: engagements: "],
    ),
    "a price": (
        "update tariff set body = replace(body, '1.00', '2.00')",
        [
            "2026-0003: moselle-fibre: its tariff in the document is not that of the ledger then",
            "2026-0004: moselle-fibre: its tariff in the document is not that of the ledger then",
        ],
    ),
}


@pytest.mark.parametrize("what", ALTERED)
def test_what_was_altered_is_named(hall: TownHall, what: str) -> None:
    statement, expected = ALTERED[what]
    hall.desk.connection.execute("pragma foreign_keys = off")
    hall.alter(statement)
    said = findings(hall)
    assert not right(found(hall))
    assert len(said) == len(expected), said
    for text, start in zip(said, expected, strict=True):
        assert text.startswith(start)


def forge(hall: TownHall, number: str, change: Callable[[dict[str, Any]], object]) -> None:
    """Alter a body and make every digest from it on right again."""
    previous, chain = "", hall.bills
    hall.alter("delete from bill")
    for bill in chain:
        body = json.loads(bill.body)
        if bill.number == number:
            change(body)
        made = replace(bill, body=canonical(body), previous=previous)
        made = replace(made, digest=documents.chained(made))
        bills.add(hall.desk.connection, made)
        previous = made.digest


FORGED: dict[str, tuple[str, Callable[[dict[str, Any]], object], str]] = {
    "a figure of a month": (
        "2026-03/exemple/1",
        lambda body: body["figures"].update(billed=150),
        "exemple: billed is frozen as 150; the frozen inputs give 100",
    ),
    "an input of a month": (
        "2026-03/exemple/1",
        lambda body: body["lives"].pop("exemple/a/0"),
        "exemple/a/0: counts from 2026-03-01T00:00:00+01:00",
    ),
    "the bounds of a month": (
        "2026-03/voisine/1",
        lambda body: body.update(end=at("04-02 00:00")),
        "voisine: what is frozen is not of 2026-03",
    ),
    "whose a month is": (
        "2026-03/voisine/1",
        lambda body: body["account"].update(collectivite="autre"),
        "voisine: what is frozen is of another, autre",
    ),
    "the amount of a call": (
        "2026-0001",
        lambda body: body["call"].update(amount="10.00"),
        "exemple: amount is frozen as 10.00; the frozen inputs give 100.00",
    ),
    "the date of a call": (
        "2026-0002",
        lambda body: body["call"].update(at=at("08-01 00:00"), date="2026-08-01"),
        "exemple: date is frozen as 2026-08-01; the frozen inputs give 2026-09-01",
    ),
    "what was called before it": (
        "2026-0002",
        lambda body: body["called"].clear(),
        "exemple: sondes is frozen as 50; the frozen inputs give ",
    ),
    "what was called before it, and the rest of the year with it": (
        "2026-0002",
        lambda body: (
            body["called"][0].update(sondes=120),
            body["call"].update(sondes=30, amount="30.00"),
            body["call"]["lines"][0].update(quantity=30),
        ),
        OTHERS_BEFORE,
    ),
    "a corrected call": (
        "2026-0003",
        lambda body: body["call"].update(siret="x"),
        "exemple: siret is frozen as x; the frozen inputs give None",
    ),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_forgery_with_all_digests_made_right_again_is_named_by_its_inputs(hall: TownHall, what: str) -> None:
    number, change, expected = FORGED[what]
    forge(hall, number, change)
    said = findings(hall)
    assert any(text.startswith(f"{number}: {expected}") for text in said), said
    assert not any("digest" in text for text in said)


def test_making_all_digests_right_again_is_what_they_were(hall: TownHall) -> None:
    """The forging hand, when it changes nothing, changes nothing."""
    before = [bill.digest for bill in hall.bills]
    forge(hall, "", lambda body: body)
    assert [bill.digest for bill in hall.bills] == before
