"""The oracle of billing against cases worked by hand: if one of these is wrong, the oracle judges nothing."""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.oracle_billing import Closing, Future, Oracle, billed_for
from tests.oracle_billing_contracts import begins, left
from tests.oracle_billing_ledger import Step

PARIS = "Europe/Paris"
H = 3600
DAY_S = 24 * H
SINCE_2025 = {"start": "2025-01-01", "sondes": 100}

Written = dict[str, Any]


def at(text: str, zone: str = PARIS) -> int:
    """`2026-03-06 16:00` there, as a POSIX second."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


def told(when: str, event: str, *names: str, **more: Any) -> list[Written]:
    """Lines about sondes of the commune `c`."""
    t = datetime.fromisoformat(when).replace(tzinfo=ZoneInfo(PARIS)).isoformat()
    for key in ("from", "to"):
        if f"{key}_" in more:
            more[key] = datetime.fromisoformat(more.pop(f"{key}_")).replace(tzinfo=ZoneInfo(PARIS)).isoformat()
    return [{"t": t, "event": f"sonde-{event}", "sonde": f"c/e/{name}", **more} for name in names]


def some(count: int, prefix: str = "x") -> list[str]:
    return [f"{prefix}{n}" for n in range(count)]


def commune(contract: Any = SINCE_2025, *sondes: Written, **more: Any) -> Written:
    """The commune `c`; its sondes are on the equipment `e`."""
    equipment = [{"id": "e", "address": "127.0.0.1", "sondes": list(sondes)}]
    return {"collectivite": "c", "equipment": equipment, **({"contract": contract} if contract else {}), **more}


def oracle(lines: list[Written], now: str, *communes: Written, basis: str = "subscribed", zone: str = PARIS) -> Oracle:
    """Everything was imported in the second before."""
    step = Step(at(now, zone) - 1, communes or (commune(),), tuple(lines), basis)
    return Oracle(zone, [step], at(now, zone))


def count(lines: list[Written], month: str, now: str, *communes: Written, zone: str = PARIS) -> Written:
    found: Written = oracle(lines, now, *communes, zone=zone).counts(month)["counts"][0]
    return found


def calls(
    contract: Any, year: int = 2026, now: str = "2027-01-01 00:00", lines: Any = (), basis: str = "subscribed"
) -> list[tuple[str, str, int]]:
    """Date, kind and sondes of every call."""
    found = oracle(list(lines), now, commune(contract), basis=basis).contributions(year)
    assert found["total"] == f"{sum(call['sondes'] for call in found['calls'])}.00"
    return [(call["date"], call["kind"], call["sondes"]) for call in found["calls"]]


# --- counts


def test_a_minimum_of_100_then_pools_of_50() -> None:
    """002 annexe 2 art. 3: « Un forfait minimal de 100 sondes est requis […] pools additionnels de 50 sondes »."""
    billed = {0: 100, 1: 100, 99: 100, 100: 100, 101: 150, 150: 150, 151: 200, 250: 250, 251: 300}
    assert {n: billed_for(n) for n in billed} == billed


def test_every_figure_of_a_month() -> None:
    """SPEC 8. June is 720 h. Two from before, a third for 24 h, one away for the last 240 h: 2 × 720 + 24 − 240 over
    720. A rename in one instant never peaks, and makes the month see one more id."""
    lines = [
        *told("2026-05-01 00:00", "added", "a", "b"),
        *told("2026-06-10 00:00", "added", "d"),
        *told("2026-06-11 00:00", "removed", "d"),
        *told("2026-06-15 12:00", "removed", "a"),
        *told("2026-06-15 12:00", "added", "a2"),
        *told("2026-06-21 00:00", "removed", "b"),
    ]
    found = count(lines, "2026-06", "2026-08-01 00:00", commune(siret="21570001100012"))
    assert found == {
        "collectivite": "c",
        "siret": "21570001100012",
        "peak": 3,
        "first": 2,
        "last": 1,
        "mean": Fraction(2 * 720 + 24 - 240, 720),
        "distinct": 4,
        "billed": 100,
        "pools": 2,
    }


def test_a_month_is_half_open() -> None:
    """SPEC 8: what comes at midnight of 1 June is June's first; what goes at midnight of 1 July is June's last."""
    lines = [*told("2026-06-01 00:00", "added", "a"), *told("2026-07-01 00:00", "removed", "a")]
    figures = [count(lines, month, "2026-09-01 00:00") for month in ("2026-05", "2026-06", "2026-07")]
    shown = [(f["peak"], f["first"], f["last"], f["mean"], f["distinct"]) for f in figures]
    assert shown == [(0, 0, 0, 0, 0), (1, 1, 1, 1, 1), (0, 0, 0, 0, 0)]


def test_a_mean_is_over_real_seconds() -> None:
    """SPEC 8: March 2026 lasts 31 × 24 − 1 h, October 31 × 24 + 1 h; a sonde of the day of the change 23 and 25 h."""
    lines = [
        *told("2026-03-29 00:00", "added", "a"),
        *told("2026-03-30 00:00", "removed", "a"),
        *told("2026-10-25 00:00", "added", "a"),
        *told("2026-10-26 00:00", "removed", "a"),
    ]
    means = [count(lines, month, "2026-12-01 00:00")["mean"] for month in ("2026-03", "2026-10")]
    assert means == [Fraction(23, 743), Fraction(25, 745)]


def test_the_running_month_stops_now() -> None:
    """SPEC 8: `last` and `mean` stop now; 11 days passed, one sonde of them for 5."""
    lines = told("2026-06-07 00:00", "added", "a")
    found = count(lines, "2026-06", "2026-06-12 00:00", commune(SINCE_2025, {"id": "a", "type": "link"}))
    assert (found["last"], found["mean"]) == (1, Fraction(5, 11))


def test_months_and_years_that_begin_in_the_future_are_refused() -> None:
    """SPEC 8, last sentences."""
    early = oracle([], "2026-06-12 00:00")
    with pytest.raises(Future):
        early.counts("2026-07")
    with pytest.raises(Future):
        early.contributions(2027)
    assert early.contributions(2026) == {"year": 2026, "calls": [], "total": "0.00"}


@pytest.mark.parametrize(
    ("contract", "month", "billed"),
    [
        ({"start": "2026-06-30"}, "2026-06", 100),  # its one day; the peak of 101 was before it
        ({"start": "2026-07-01"}, "2026-06", 0),
        ({"start": "2026-01-01", "end": "2026-06-01"}, "2026-06", 100),
        ({"start": "2026-01-01", "end": "2026-05-31"}, "2026-06", 0),
        ({"start": "2026-06-10", "end": "2026-06-10"}, "2026-06", 150),
        (None, "2026-06", 0),
    ],
)
def test_what_is_billed_is_the_peak_inside_the_contract(contract: Any, month: str, billed: int) -> None:
    """SPEC 8: the figures describe the month whatever the contract, `billed` what the contract covers of it."""
    lines = [*told("2026-06-10 23:59:59", "added", *some(101)), *told("2026-06-11 00:00", "removed", *some(101))]
    found = count(lines, month, "2026-09-01 00:00", commune(contract))
    assert (found["peak"], found["distinct"], found["billed"], found["pools"]) == (101, 101, billed, billed // 50)


def test_a_contract_later_in_the_running_month_is_a_contract_of_the_month() -> None:
    assert count([], "2026-06", "2026-06-12 00:00", commune({"start": "2026-06-30"}))["billed"] == 100


def test_distinct_counts_what_was_billable_for_more_than_no_time() -> None:
    """SPEC 8. `a` came and went in one instant, `b` was never billable, `d` became so for a second."""
    lines = [
        *told("2026-06-02 09:00", "added", "a"),
        *told("2026-06-02 09:00", "removed", "a"),
        *told("2026-06-02 09:00", "added", "b", "d", billable=False),
        *told("2026-06-03 09:00", "added", "d", billable=True),
        *told("2026-06-03 09:00:01", "added", "d", billable=False),
    ]
    found = count(lines, "2026-06", "2026-09-01 00:00")
    assert (found["peak"], found["distinct"], found["last"]) == (1, 1, 0)
    assert found["mean"] == Fraction(1, 30 * DAY_S)


def test_what_is_absent_cannot_be_removed_and_what_is_there_stays() -> None:
    """SPEC 11: « removing an absent sonde has no effect »."""
    lines = [
        *told("2026-06-02 09:00", "removed", "a"),
        *told("2026-06-03 00:00", "added", "a"),
        *told("2026-06-05 00:00", "added", "a"),
        *told("2026-06-06 00:00", "removed", "a"),
        *told("2026-06-07 00:00", "removed", "a"),
    ]
    found = count(lines, "2026-06", "2026-09-01 00:00")
    assert (found["peak"], found["mean"]) == (1, Fraction(3, 30))


def test_a_correction_takes_a_sonde_out_of_the_count() -> None:
    """SPEC 8: not billable over [from, to); two that overlap take it out once; what is removed comes not back."""
    lines = [
        *told("2026-05-01 00:00", "added", "a", "b"),
        *told("2026-06-29 00:00", "removed", "b"),
        *told("2026-07-10 00:00", "correction", "a", from_="2026-05-20 00:00", to_="2026-06-04 00:00", author="A"),
        *told("2026-07-11 00:00", "correction", "a", from_="2026-06-03 00:00", to_="2026-06-05 00:00", author="A"),
        *told("2026-07-12 00:00", "correction", "b", from_="2026-06-28 00:00", to_="2026-07-05 00:00", author="A"),
    ]
    found = count(lines, "2026-06", "2026-09-01 00:00")
    assert (found["peak"], found["first"], found["last"], found["distinct"]) == (2, 1, 1, 2)
    assert found["mean"] == Fraction((30 - 4) + 27, 30)


@pytest.mark.parametrize(
    ("daemon", "peak", "last", "distinct", "days"),
    [
        (False, 2, 1, 2, 10 + 20),  # a for 10 days, d for 20
        (True, 2, 1, 3, 10 + 10 + 10),  # each for 10
    ],
)
def test_what_the_config_lacks_goes_and_what_it_has_waits_for_a_daemon(
    daemon: bool, peak: int, last: int, distinct: int, days: int
) -> None:
    """SPEC 5 and 8: history left `a` and `d`, the config has `b` and, not billable, `d`; 11 June, midnight."""
    lines = told("2026-06-01 00:00", "added", "a", "d")
    config = commune(SINCE_2025, {"id": "b", "type": "link"}, {"id": "d", "type": "link", "billable": False})
    step = Step(at("2026-06-11 00:00"), (config,), tuple(lines), daemon=daemon)
    found = Oracle(PARIS, [step], at("2026-06-21 00:00")).counts("2026-06")["counts"][0]
    assert (found["peak"], found["last"], found["distinct"]) == (peak, last, distinct)
    assert found["mean"] == Fraction(days, 20)


def test_months_are_local() -> None:
    """SPEC 8: at 23:00 UTC of 30 June it is July in Paris, and June in Miquelon."""
    line = {"t": "2026-06-30T23:00:00+00:00", "event": "sonde-added", "sonde": "c/e/a"}
    peaks = [count([line], "2026-06", "2026-09-01 00:00", zone=zone)["peak"] for zone in (PARIS, "America/Miquelon")]
    assert peaks == [0, 1]


def test_a_day_without_midnight_begins_when_it_begins() -> None:
    """In Cairo, clocks went from 24:00 to 1:00 on 26 April 2024: that day began at 22:00 UTC of the 25th."""
    assert begins("Africa/Cairo", date(2024, 4, 26)) == at("2024-04-25 22:00", "UTC")


def test_the_operator_is_never_billed_and_everybody_else_is_listed() -> None:
    """SPEC 8: zeros included."""
    config = [{"collectivite": name} for name in ("z", "b")] + [{"collectivite": "syndicat", "operator": True}]
    found = oracle([], "2026-06-12 00:00", *config).counts("2026-05")["counts"]
    assert [(row["collectivite"], row["siret"], row["peak"], row["billed"]) for row in found] == [
        ("b", None, 0, 0),
        ("z", None, 0, 0),
    ]


# --- contributions


def test_a_year_is_called_on_1_july() -> None:
    """002 art. 5: « Au début du 2nd semestre de chaque année »; 1 € a sonde; all fields."""
    found = oracle([], "2026-07-01 00:00", commune(siret="21570001100012")).contributions(2026)
    call = {"collectivite": "c", "siret": "21570001100012", "date": "2026-07-01", "kind": "annual", "sondes": 100}
    assert found == {"year": 2026, "calls": [{**call, "unit_price": "1.00", "amount": "100.00"}], "total": "100.00"}
    assert oracle([], "2026-06-30 23:59:59").contributions(2026)["calls"] == []


def test_a_rise_on_1_july_makes_two_calls_that_day() -> None:
    """SPEC 8: « subscribed 100, then 150 on 1 July → two calls that day »."""
    contract = {
        "start": "2026-01-01",
        "sondes": [{"from": "2026-01-01", "count": 100}, {"from": "2026-07-01", "count": 150}],
    }
    both = [("2026-07-01", "annual", 100), ("2026-07-01", "additional", 50)]
    assert calls(contract) == both
    assert calls(contract, 2027, "2028-01-01 00:00") == [("2027-07-01", "annual", 150)]


def test_a_first_contract_in_september_is_one_additional() -> None:
    """002 art. 5: « Par appel à contribution spécifique, en cas de souscription au cours du second semestre »."""
    assert calls({"start": "2026-09-01", "sondes": 100}) == [("2026-09-01", "additional", 100)]
    assert calls({"start": "2026-09-01", "sondes": 120}, now="2026-09-01 00:00") == [("2026-09-01", "additional", 150)]
    assert calls({"start": "2026-09-01", "sondes": 100}, now="2026-08-31 23:59:59") == []


def test_what_was_subscribed_in_spring_is_in_the_call_of_july() -> None:
    """002 art. 5: « Dès l'appel à contribution en cas de souscription au cours du premier semestre », not prorated."""
    assert calls({"start": "2026-06-30", "sondes": 150}) == [("2026-07-01", "annual", 150)]


def test_the_calls_of_a_year_add_up_to_its_highest_level() -> None:
    """SPEC 8: 200 for a while in spring; 150, then 250 and 300 later; what went down is not given back."""
    counts = [("2026-01-01", 100), ("2026-02-01", 200), ("2026-03-01", 150), ("2026-08-01", 250), ("2026-09-01", 100)]
    counts += [("2026-12-31", 300)]
    contract = {"start": "2026-01-01", "sondes": [{"from": day, "count": number} for day, number in counts]}
    assert calls(contract) == [
        ("2026-07-01", "annual", 200),
        ("2026-08-01", "additional", 50),
        ("2026-12-31", "additional", 50),
    ]


def test_a_contract_that_ended_in_spring_is_called_all_the_same() -> None:
    """002 art. 11: « La cotisation annuelle reste due pour toute année débutée »."""
    contract = {"start": "2025-01-01", "end": "2026-01-01", "sondes": 100}
    assert calls(contract) == [("2026-07-01", "annual", 100)]
    assert calls(contract, 2027, "2028-01-01 00:00") == []


def test_a_second_contract_of_the_year_adds_only_what_is_above_the_first() -> None:
    first = {"start": "2026-01-01", "end": "2026-03-31", "sondes": 150}
    assert calls([first, {"start": "2026-09-01", "sondes": 150}]) == [("2026-07-01", "annual", 150)]
    more = [first, {"start": "2026-09-01", "sondes": 151}]
    assert calls(more) == [("2026-07-01", "annual", 150), ("2026-09-01", "additional", 50)]


@pytest.mark.parametrize(
    ("basis", "expected"),
    [
        ("subscribed", [("2026-07-01", "annual", 150)]),
        (
            "measured",
            [("2026-07-01", "annual", 100), ("2026-08-03", "additional", 100), ("2026-08-03", "additional", 50)],
        ),
        (
            "highest",
            [("2026-07-01", "annual", 150), ("2026-08-03", "additional", 50), ("2026-08-03", "additional", 50)],
        ),
    ],
)
def test_the_three_bases(basis: str, expected: list[tuple[str, str, int]]) -> None:
    """SPEC 8: 150 subscribed; 151 sondes for a second, 201 for another: each instant makes its own call."""
    lines = [
        *told("2026-08-03 09:00", "added", *some(151)),
        *told("2026-08-03 09:00:01", "added", *some(50, "y")),
        *told("2026-08-03 09:00:02", "removed", *some(151), *some(50, "y")),
    ]
    assert calls({"start": "2026-01-01", "sondes": 150}, lines=lines, basis=basis) == expected


def test_what_is_counted_outside_the_contract_is_no_level() -> None:
    """SPEC 8: 0 outside the contract; within it never below 100."""
    lines = [*told("2026-02-01 00:00", "added", *some(160)), *told("2026-03-15 00:00", "removed", *some(60))]
    contract = {"start": "2026-03-15", "end": "2026-04-30"}
    assert calls(contract, lines=lines, basis="measured") == [("2026-07-01", "annual", 100)]


@pytest.mark.parametrize(
    ("start", "letter", "last"),
    [
        ("2024-01-01", "2026-03-15", "2026-05-31"),  # the SPEC's
        ("2024-01-01", "2026-03-01", "2026-05-31"),
        ("2024-01-01", "2026-03-31", "2026-05-31"),
        ("2024-01-01", "2026-11-30", "2027-01-31"),
        ("2025-01-01", "2025-12-10", "2026-02-28"),
        ("2026-02-10", "2026-03-15", "2027-02-09"),  # the first year is firm
        ("2026-01-01", "2026-09-30", "2026-12-31"),
        ("2024-02-29", "2024-03-01", "2025-02-28"),
    ],
)
def test_leaving(start: str, letter: str, last: str) -> None:
    """002 art. 11: a year at least, then two months from the 1st of the month after the letter."""
    assert left(date.fromisoformat(start), date.fromisoformat(letter)) == date.fromisoformat(last)


def test_a_letter_ends_the_contract() -> None:
    """Last day 31 May 2026: June is not billed, the year is due, the next is not."""
    contract = {"start": "2024-01-01", "notice": "2026-03-15", "sondes": 100}
    billed = [count([], month, "2027-09-01 00:00", commune(contract))["billed"] for month in ("2026-05", "2026-06")]
    assert billed == [100, 0]
    assert calls(contract) == [("2026-07-01", "annual", 100)]
    assert calls(contract, 2027, "2028-01-01 00:00") == []


# --- what happens to the config later


def test_a_file_that_disappears_takes_its_sondes_and_its_contract() -> None:
    """SPEC 8: sondes removed at that instant, contract over that day; everything that was stays as it was."""
    lines = told("2026-05-01 00:00", "added", "a", "b")
    config = commune(SINCE_2025, {"id": "a", "type": "link"}, {"id": "b", "type": "link"}, siret="21570001100012")
    first = Step(at("2026-06-01 09:00"), (config,), tuple(lines))
    gone = Oracle(PARIS, [first, Step(at("2026-07-31 12:00"), ())], at("2026-09-30 12:00"))
    shown = [gone.counts(month)["counts"][0] for month in ("2026-05", "2026-07", "2026-08")]
    assert [(row["siret"], row["first"], row["last"], row["billed"]) for row in shown] == [
        ("21570001100012", 2, 2, 100),
        ("21570001100012", 2, 0, 100),
        ("21570001100012", 0, 0, 0),
    ]
    assert [call["date"] for call in gone.contributions(2026)["calls"]] == ["2026-07-01"]


def test_an_edited_contract_counts_for_all_that_is_open() -> None:
    """SPEC 8: « An edited contract recomputes open months and calls »; a basis is that of the end of the year."""
    edited = commune({"start": "2025-06-01", "sondes": 250}, siret="21570001100012")
    steps = [Step(at("2026-06-01 09:00"), (commune(),)), Step(at("2027-02-01 09:00"), (edited,), basis="measured")]
    now = Oracle(PARIS, steps, at("2027-08-01 00:00"))
    assert [now.counts(month)["counts"][0]["billed"] for month in ("2025-05", "2025-06")] == [0, 100]
    levels = {year: [call["sondes"] for call in now.contributions(year)["calls"]] for year in (2025, 2026, 2027)}
    assert levels == {2025: [100], 2026: [250], 2027: [100]}  # of 2025, nothing was known by its end


def test_a_line_that_comes_late_is_replayed_at_its_place() -> None:
    """A second import tells of May; what the first one removed on 1 June comes after that."""
    config = commune(SINCE_2025, {"id": "b", "type": "link"})
    first = [*told("2026-05-11 00:00", "added", "a", "b")]
    late = [*told("2026-05-01 00:00", "added", "a"), *told("2026-05-11 00:00", "removed", "b")]
    late += told("2026-05-21 00:00", "added", "b")
    steps = [Step(at(f"2026-06-{day} 00:00"), (config,), tuple(said)) for day, said in (("01", first), ("11", late))]
    shown = Oracle(PARIS, steps, at("2026-07-01 00:00"))
    may, june = (shown.counts(month)["counts"][0] for month in ("2026-05", "2026-06"))
    assert (may["mean"], june["mean"]) == (Fraction(31 + 11, 31), 1)
    again = Oracle(PARIS, [*steps, Step(at("2026-06-30 00:00"), (config,), tuple(late))], at("2026-07-01 00:00"))
    assert again.counts("2026-06") == shown.counts("2026-06")


def test_what_is_closed_stays() -> None:
    """SPEC 8: « A closed month or call is immutable ». Later, June has twice the sondes, and the contract 250."""
    names = some(101)
    edited = commune({"start": "2026-01-01", "sondes": [{"from": "2026-01-01", "count": 150}]}, siret="21570001100012")
    more = commune(
        {"start": "2026-01-01", "sondes": [{"from": "2026-01-01", "count": 150}, {"from": "2026-09-01", "count": 250}]}
    )
    steps = [
        Step(at("2026-08-01 00:00"), (commune(),), tuple(told("2026-06-01 00:00", "added", *names[:1]))),
        Step(at("2026-08-11 00:00"), (edited,), tuple(told("2026-06-01 00:00", "added", *names))),
        Step(at("2026-10-01 00:00"), (more,)),
    ]
    closings = [Closing(at("2026-08-02 00:00"), ("2026-06",), (2026,))]
    shown = Oracle(PARIS, steps, at("2026-11-01 00:00"), closings)
    rows = [shown.counts(month)["counts"][0] for month in ("2026-06", "2026-07")]
    assert [(row["peak"], row["billed"], row["siret"]) for row in rows] == [(1, 100, None), (101, 150, None)]
    assert [(call["date"], call["kind"], call["sondes"]) for call in shown.contributions(2026)["calls"]] == [
        ("2026-07-01", "annual", 100),
        ("2026-07-01", "additional", 50),
        ("2026-09-01", "additional", 100),
    ]
