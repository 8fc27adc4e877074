"""What an explanation lists is enough to do the sums of the count again by hand, and says why a sonde counts or not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.billing.counts import counts
from supervisor.billing.documents import Hand, close_month
from supervisor.billing.explaining import explain
from supervisor.billing.statement import count_json
from supervisor.domain.interval import intersect
from supervisor.domain.ledger import Event
from supervisor.domain.period import parse_month
from supervisor.errors import VigieError
from tests.unit.billing.ledgers import Ledger, at, engagement, named
from tests.unit.store.database import memory

MARCH = parse_month("2026-03")
DAYS = [f"2026-02-{day:02}" for day in (1, 28)] + [f"2026-03-{day:02}" for day in (1, 2, 15, 29, 30, 31)]
DAYS += ["2026-04-01", "2026-04-02"]


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    """`a` subscribed 100 sondes from 2026 on."""
    with memory() as database:
        made = Ledger(database.connection)
        made.know("2026-01-01")
        yield made


def explained(ledger: Ledger, now: str = "2026-06-01", month: str = "2026-03") -> dict[str, Any]:
    """`vigie billing explain a`, asked then."""
    return explain(ledger.connection, ledger.books(now), "a", parse_month(month))


def instant(stamp: str) -> int:
    """The second of a printed instant."""
    return int(datetime.fromisoformat(stamp).timestamp())


def spans(rows: list[dict[str, str]]) -> list[tuple[int, int]]:
    """Printed times."""
    return [(instant(row["from"]), instant(row["to"])) for row in rows]


def by_hand(said: dict[str, Any]) -> dict[str, Any]:
    """The figures, from nothing but what is listed."""
    start, until = instant(said["start"]), instant(said["until"])
    times = [span for sonde in said["sondes"] for span in spans(sonde["spans"])]
    runs = [span for contract in said["contracts"] for span in spans(contract["runs"])]

    last = sum(sonde["until"] is None for sonde in said["sondes"])

    def then(moment: int) -> int:
        return last if moment == until else sum(since <= moment < end for since, end in times)

    edges = [start, *(edge for span in (*times, *runs) for edge in span)]
    moments = [edge for edge in edges if start <= edge < until]
    if said["last_at"] == said["until"]:  # the month goes on: what there is now counts, and for no time yet
        moments.append(until)
    inside = [then(moment) for moment in moments if any(since <= moment < end for since, end in runs)]
    seconds = sum(end - since for since, end in times)
    billed = max(100, 50 * -(-max(inside, default=0) // 50)) if runs else 0
    return {
        "peak": max(map(then, moments)),
        "first": then(start),
        "last": last,
        "mean": seconds / (until - start),
        "distinct": sum(sonde["seconds"] > 0 for sonde in said["sondes"]),
        "billed": billed,
        "pools": billed // 50,
    }


def test_march_of_a_commune(ledger: Ledger) -> None:
    """100 sondes from January on, 13 more from 5 March 10:00 to the 20th: 113 at most, 3 pools, 150 billed."""
    ledger.write("2026-01-10", Event.ADDED, named(0, 100))
    ledger.write("2026-03-05T10:00", Event.ADDED, named(100, 113))
    ledger.write("2026-03-20", Event.REMOVED, named(100, 113))
    said = explained(ledger)
    assert (said["peak"], said["peak_at"]) == (113, "2026-03-05T10:00:00+01:00")
    assert (said["peak_inside"], said["peak_inside_at"]) == (113, "2026-03-05T10:00:00+01:00")
    assert (said["billed"], said["pools"], said["document"]) == (150, 3, None)
    assert said["elapsed_s"] == 31 * 86_400 - 3600  # the night of the clock change
    assert said["sonde_seconds"] == 100 * said["elapsed_s"] + 13 * (14 * 24 + 14) * 3600
    old, new = said["sondes"][0], said["sondes"][-1]
    assert (old["since"], old["until"], old["ended"]) == ("2026-01-10T00:00:00+01:00", None, None)
    assert (new["since"], new["until"], new["ended"]) == (
        "2026-03-05T10:00:00+01:00",
        "2026-03-20T00:00:00+01:00",
        "removed",
    )
    (contract,) = said["contracts"]
    assert contract["sondes"] == [{"from": "2026-01-01", "count": 100}]
    assert contract["runs"] == [{"from": "2026-03-01T00:00:00+01:00", "to": "2026-04-01T00:00:00+02:00"}]
    assert said["amendment"]["amount"] == "50.00"


def test_a_sonde_that_does_not_count_is_listed_apart_with_the_reason(ledger: Ledger) -> None:
    """SPEC 8: paused sondes count; what is not billable, or was added by mistake, does not."""
    ledger.write("2026-01-10", Event.ADDED, ["a/e/paused"], paused=True)
    ledger.write("2026-01-10", Event.ADDED, ["a/e/free"], billable=False)
    ledger.write("2026-01-10", Event.ADDED, ["a/e/mistake", "a/e/later-free"])
    ledger.write("2026-03-10", Event.CHANGED, ["a/e/later-free"], billable=False)
    number = ledger.correct("a/e/mistake", "2026-03-15", "2026-03-16")
    said = explained(ledger)
    sondes = {row["sonde"]: row for row in said["sondes"]}
    assert sondes.keys() == {"a/e/paused", "a/e/mistake", "a/e/later-free"}
    assert sondes["a/e/paused"]["paused"] == sondes["a/e/paused"]["spans"]
    assert sondes["a/e/later-free"]["ended"] == "not billable"
    assert (sondes["a/e/mistake"]["since"], len(sondes["a/e/mistake"]["spans"])) == ("2026-03-16T00:00:00+01:00", 2)
    assert [(row["sonde"], row["from"][:10], row["to"][:10], row["why"]) for row in said["left_out"]] == [
        ("a/e/free", "2026-03-01", "2026-04-01", "not billable"),
        ("a/e/later-free", "2026-03-10", "2026-04-01", "not billable"),
        ("a/e/mistake", "2026-03-15", "2026-03-16", f"correction {number}"),
    ]
    (correction,) = said["corrections"]
    assert (correction["author"], correction["reason"], correction["waits"]) == (
        "Comptable",
        "Ajoutée par erreur",
        False,
    )


def test_a_correction_that_ends_the_count_is_named(ledger: Ledger) -> None:
    ledger.write("2026-01-10", Event.ADDED, ["a/e/mistake"])
    number = ledger.correct("a/e/mistake", "2026-03-15", "2026-05-01")
    (sonde,) = explained(ledger)["sondes"]
    assert sonde["ended"] == f"correction {number}"


def test_a_closed_month_is_explained_by_its_document(ledger: Ledger) -> None:
    """What is entered beneath it later changes nothing, and a correction that waits is said to."""
    ledger.write("2026-01-10", Event.ADDED, named(0, 3))
    close_month(ledger.connection, ledger.books("2026-04-02"), MARCH, Hand(author="Comptable", at=at("2026-04-02")))
    before = explained(ledger)
    assert before["document"] == "2026-03/a/1"
    ledger.write("2026-03-10", Event.ADDED, named(3, 9))
    ledger.know("2026-04-03", engagements=(), name="Autre nom", siret=None)
    number = ledger.correct("a/e/s000", "2026-03-10", "2026-03-11")
    after = explained(ledger)
    assert [(row["id"], row["waits"]) for row in after.pop("corrections")] == [(number, True)]
    assert before.pop("corrections") == []
    # Since when the oldest has counted is read from the ledger, where the correction has split that life.
    since = [sonde.pop("since") for said in (before, after) for sonde in said["sondes"]]
    assert since == ["2026-01-10T00:00:00+01:00"] * 6
    assert after == before


def test_the_contract_bounds_what_is_billed(ledger: Ledger) -> None:
    """The peak of the month is before the contract: 120 at most in the month, 60 at most inside, 100 billed."""
    ledger.know("2026-01-01", engagements=(engagement("2026-03-15", end="2026-05-31"),))
    ledger.write("2026-03-01", Event.ADDED, named(0, 120))
    ledger.write("2026-03-10", Event.REMOVED, named(60, 120))
    said = explained(ledger)
    assert (said["peak"], said["peak_inside"], said["billed"]) == (120, 60, 100)
    assert said["peak_inside_at"] == "2026-03-15T00:00:00+01:00"
    assert (said["contracts"][0]["end"], said["contracts"][0]["last_day"]) == ("2026-05-31", "2026-05-31")
    assert explained(ledger, month="2026-02")["contracts"][0]["runs"] == []


def test_a_letter_of_leave_and_a_file_that_disappeared(ledger: Ledger) -> None:
    """002 art. 11: letter of 15 March, last day 31 May; the file gone on 10 March ends it that day."""
    ledger.know("2026-01-01", engagements=(engagement("2025-01-01", notice="2026-03-15"),))
    assert explained(ledger)["contracts"][0]["last_day"] == "2026-05-31"
    ledger.gone("2026-03-10")
    said = explained(ledger)
    assert (said["gone"], said["contracts"][0]["last_day"]) == ("2026-03-10", "2026-03-10")
    assert said["contracts"][0]["runs"][0]["to"] == "2026-03-11T00:00:00+01:00"


def test_sondes_without_a_contract_are_a_remark(ledger: Ledger) -> None:
    ledger.know("2026-01-01", engagements=())
    ledger.write("2026-01-10", Event.ADDED, named(0, 3))
    said = explained(ledger)
    assert (said["billed"], said["peak_inside"], said["peak_inside_at"]) == (0, 0, None)
    assert said["remarks"] == ["a: no contract runs in this month, and sondes are counted (3 at most)"]


def test_the_running_month_stops_now(ledger: Ledger) -> None:
    ledger.write("2026-03-02", Event.ADDED, named(0, 2))
    said = explained(ledger, now="2026-03-03")
    assert (said["until"], said["elapsed_s"]) == ("2026-03-03T00:00:00+01:00", 2 * 86_400)
    assert (said["mean"], said["sondes"][0]["until"]) == (1.0, None)


def test_what_cannot_be_explained_is_refused(ledger: Ledger) -> None:
    with pytest.raises(VigieError, match="begins in the future"):
        explained(ledger, now="2026-02-28")
    books = ledger.books("2026-06-01")
    with pytest.raises(VigieError, match="no 'b' in the ledger"):
        explain(ledger.connection, books, "b", MARCH)
    ledger.know("2026-01-01", collectivite="syndicat", operator=True)
    with pytest.raises(VigieError, match="'syndicat' is the operator"):
        explain(ledger.connection, ledger.books("2026-06-01"), "syndicat", MARCH)
    close_month(ledger.connection, books, MARCH, Hand(author="Comptable", at=at("2026-04-02")))
    ledger.know("2026-05-01", collectivite="nouvelle")
    with pytest.raises(VigieError, match="2026-03 is closed, and has no count of 'nouvelle'"):
        explain(ledger.connection, ledger.books("2026-06-01"), "nouvelle", MARCH)


lines = st.tuples(st.sampled_from(DAYS), st.sampled_from(list(Event)), st.integers(0, 3), st.booleans(), st.booleans())
windows = st.tuples(st.integers(0, 3), st.sampled_from(DAYS), st.sampled_from(DAYS))


@settings(max_examples=40, deadline=None)
@given(
    written=st.lists(lines, max_size=12),
    windows=st.lists(windows, max_size=2),
    runs=st.tuples(st.sampled_from(DAYS), st.sampled_from(DAYS)),
    now=st.sampled_from(DAYS[3:]),
)
def test_the_sums_by_hand_are_the_figures(
    written: list[tuple[str, Event, int, bool, bool]],
    windows: list[tuple[int, str, str]],
    runs: tuple[str, str],
    now: str,
) -> None:
    """Of any ledger; and what is left out is never counted as well."""
    with memory() as database:
        ledger = Ledger(database.connection)
        ledger.know("2026-01-01", engagements=(engagement(min(runs), end=max(runs)),))
        for day, event, number, billable, paused in written:
            ledger.write(day, event, [f"a/e/s{number}"], billable=billable, paused=paused)
        for number, start, end in windows:
            if start < end:
                ledger.correct(f"a/e/s{number}", start, end)
        books = ledger.books(now)
        (count,) = counts(ledger.connection, books, MARCH)
        said = explain(ledger.connection, books, "a", MARCH)
    figures = count_json(count)
    assert {name: said[name] for name in figures} == figures
    hand = by_hand(said)
    assert hand.pop("mean") == pytest.approx(figures["mean"], rel=1e-12)
    assert hand.items() <= figures.items()
    counted = {row["sonde"]: spans(row["spans"]) for row in said["sondes"]}
    for row in said["left_out"]:
        assert intersect(counted.get(row["sonde"], []), spans([row])) == []
