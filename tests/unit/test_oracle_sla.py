"""The oracle of SPEC 4 to 6 against cases worked by hand: if one of these is wrong, the oracle judges nothing."""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.oracle_sla import Oracle
from tests.oracle_sla_calendar import PROFILES, Calendar, easter, elapses_at, opening_seconds, period
from tests.oracle_sla_history import Illegal, World

MOSELLE = PROFILES["moselle-fibre"]
SERVICE = MOSELLE["calendars"]["service"]
ALWAYS = {"holidays": None, "slots": {"mon-sun": ["00:00-24:00"]}}
H = 3600
MIN = 60

Figures = dict[str, Any]


def at(text: str, zone: str = "Europe/Paris") -> int:
    """`2026-03-06 16:00` there, as a POSIX second."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


def stamp(text: str) -> str:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Paris")).isoformat()


def world(
    services: list[Figures], sondes: list[Figures], *more: Figures, main: Figures | None = None, **own: Any
) -> World:
    """A commune `c` with one equipment `e`; a result holds a minute, and one is enough to confirm."""
    sondes = [{"type": "tcp", "attempts": 1, "stale_after": "60s", **sonde} for sonde in sondes]
    equipment = [{"id": "e", "address": "127.0.0.1", "sondes": sondes}]
    commune = {"collectivite": "c", "contract": {"start": "2026-01-01"}, "services": services, "equipment": equipment}
    main = {"calendars": {"always": ALWAYS}, **(main or {})}
    return World(main=main, profile=MOSELLE, collectivites=({**commune, **own}, *more))


def told(text: str, sonde: str = "c/e/x", day: str = "2026-03-06") -> list[Figures]:
    """`09:00:00 ok, 09:00:20 critical` as lines of a file."""
    words = (line.split() for line in text.split(", "))
    return [{"t": stamp(f"{day} {clock}"), "sonde": sonde, "status": status} for clock, status in words]


def steady(status: str, start: str, end: str, sonde: str = "c/e/x") -> list[Figures]:
    """A result every minute of [start, end)."""
    zone = ZoneInfo("Europe/Paris")
    return [
        {"t": datetime.fromtimestamp(second, zone).isoformat(), "sonde": sonde, "status": status}
        for second in range(at(start), at(end), MIN)
    ]


def event(what: str, when: str, **more: Any) -> Figures:
    for key in ("start", "end"):
        if key in more:
            more[key] = stamp(more[key])
    return {"t": stamp(when), "event": what, "author": "A", **more}


def figures(place: World, lines: list[Figures], asked: str, now: str = "2026-12-01 00:00") -> Figures:
    """Of the first service."""
    ordered = sorted(lines, key=lambda line: datetime.fromisoformat(line["t"]))
    found: Figures = Oracle(place, ordered, at(now)).sla(asked)["services"][0]
    return found


def clocks(place: World, lines: list[Figures], asked: str = "2026", now: str = "2026-12-01 00:00") -> list[Figures]:
    ordered = sorted(lines, key=lambda line: datetime.fromisoformat(line["t"]))
    found: list[Figures] = Oracle(place, ordered, at(now)).sla(asked)["gti"]
    return found


X = [{"id": "x", "service": "s"}]
S = [{"id": "s"}]
DAY_AND_NIGHT = [{"id": "s", "calendar": "always"}]


# --- 4. Business time


def test_easter() -> None:
    """5 April 2026, 31 March 2024, 20 April 2025, 28 March 2027: from any almanac."""
    expected = [date(2024, 3, 31), date(2025, 4, 20), date(2026, 4, 5), date(2027, 3, 28)]
    assert [easter(year) for year in (2024, 2025, 2026, 2027)] == expected


@pytest.mark.parametrize(
    ("start", "good_friday", "end"),
    [
        ("2026-03-05 09:30", False, "2026-03-05 17:30"),  # 09:30 to 17:30 is 8 h, and 17:30 is the earliest instant
        ("2026-03-06 17:00", False, "2026-03-09 16:30"),  # 30 min on Friday, 7 h 30 from Monday 9:00
        (
            "2026-04-02 16:00",
            True,
            "2026-04-07 15:30",
        ),  # 1 h 30; Friday, Easter Monday closed; 6 h 30 from Tuesday 9:00
        ("2026-04-02 16:00", False, "2026-04-03 15:30"),  # 1 h 30, then 6 h 30 from Friday 9:00
    ],
)
def test_eight_opening_hours(start: str, good_friday: bool, end: str) -> None:
    assert elapses_at(Calendar(SERVICE, good_friday=good_friday), at(start), 8 * H) == at(end)


def test_zero_seconds_end_at_their_start_and_never_is_null() -> None:
    """Sunday noon is closed, yet no second at all has elapsed there; a week without slots never opens."""
    assert elapses_at(Calendar(SERVICE), at("2026-03-08 12:00"), 0) == at("2026-03-08 12:00")
    assert elapses_at(Calendar({"slots": {"mon": []}}), at("2026-03-08 12:00"), 1) is None


def test_days_of_23_and_25_hours() -> None:
    """Clocks go forward on 29 March 2026, back on 25 October: 24 − 1 and 24 + 1 hours."""
    always = Calendar(ALWAYS)
    assert opening_seconds(always, at("2026-03-29 00:00"), at("2026-03-30 00:00")) == 23 * H
    assert opening_seconds(always, at("2026-10-25 00:00"), at("2026-10-26 00:00")) == 25 * H


def test_a_wall_time_that_occurs_twice_is_its_first_occurrence() -> None:
    """02:30–03:00 on 25 October: from 00:30 UTC (the first 02:30) to 02:00 UTC (the only 03:00) is 1 h 30."""
    night = Calendar({"slots": {"sun": ["02:30-03:00"]}})
    assert night.edges(at("2026-10-25 00:00"), at("2026-10-26 00:00")) == [
        at("2026-10-25 00:30", "UTC"),
        at("2026-10-25 02:00", "UTC"),
    ]


def test_a_week_in_redon() -> None:
    """Monday to Thursday 4 h 30 + 4 h 30 = 9 h, four times; Friday 4 h 30 + 3 h 30 = 8 h: 44 h."""
    redon = Calendar(PROFILES["redon-agglomeration"]["calendars"]["service"])
    assert opening_seconds(redon, at("2026-03-02 00:00"), at("2026-03-09 00:00")) == 44 * H


def test_local_law_is_that_of_alsace_moselle_alone() -> None:
    """Saturday 26 December 2026: open 24 h elsewhere, closed in Metz; Good Friday asks for the commune's word."""
    days = {"slots": {"mon-sun": ["00:00-24:00"]}}
    metz = {**days, "holidays": {"country": "FR", "subdivision": "57"}}
    france = {**days, "holidays": {"country": "FR", "subdivision": None}}
    st_stephen, good_friday = ("2026-12-26 00:00", "2026-12-27 00:00"), ("2026-04-03 00:00", "2026-04-04 00:00")
    seen = [
        opening_seconds(Calendar(written, good_friday=church), at(day[0]), at(day[1])) // H
        for day in (st_stephen, good_friday)
        for written, church in ((metz, False), (metz, True), (france, True))
    ]
    assert seen == [0, 0, 24, 24, 0, 24]


def test_closings_openings_and_versions() -> None:
    """Monday 2 March: 1 h. Tuesday: the version of that day, 2 h. Wednesday closed. Sunday opened for 3 h: 6 h."""
    written = [
        {"slots": {"mon-fri": ["09:00-10:00"]}},
        {
            "from": "2026-03-03",
            "slots": {"tue,wed": ["09:00-11:00"]},
            "closed": ["2026-03-04", {"from": "2026-03-07", "to": "2026-03-09"}],
            "open": [{"date": "2026-03-08", "slots": ["06:00-09:00"]}],
        },
    ]
    assert opening_seconds(Calendar(written), at("2026-03-02 00:00"), at("2026-03-10 00:00")) == 6 * H


def test_periods() -> None:
    """Local dates: March 2026 has 31 days less the hour of the 29th."""
    bounds = {
        "2026-03": ("2026-03-01", "2026-04-01"),
        "2026-Q4": ("2026-10-01", "2027-01-01"),
        "2026-H2": ("2026-07-01", "2027-01-01"),
        "2026": ("2026-01-01", "2027-01-01"),
        "2026-03-01..2026-03-15": ("2026-03-01", "2026-03-15"),
    }
    for text, (start, end) in bounds.items():
        assert period(text, "Europe/Paris") == (at(f"{start} 00:00"), at(f"{end} 00:00"))
    first, last = period("2026-03", "Europe/Paris")
    assert last - first == 31 * 24 * H - H


# --- 5. Availability


def test_the_three_ratios_and_the_ledger() -> None:
    """Friday 6 March, 8 h 30 open = 30,600 s. Results 09:00–11:00, held to 11:01 at most.

    ok 09:00–10:00, critical 10:00–11:00 of which 10:30–11:00 force majeure: E 1,800, D 1,800. The last critical, 10:59,
    holds to 11:00; then nothing until 17:30: U 23,400. Up 3,600: 1,800 + 1,800 + 23,400 + 3,600 = 30,600.
    availability 1 − 1800 / (30600 − 1800 − 23400) = 2/3; low 1 − 25200 / 28800 = 1/8; high 1 − 1800/28800 = 15/16.
    0.125 < 0.96, and 0.9375 < 0.96: missed. Raw: D 3,600, U 23,400: 1 − 3600 / 7200 = 1/2.
    """
    lines = steady("ok", "2026-03-06 09:00", "2026-03-06 10:00") + steady(
        "critical", "2026-03-06 10:00", "2026-03-06 11:00"
    )
    window = {"start": "2026-03-06 10:30", "end": "2026-03-06 11:00", "reason": "r"}
    lines.append(event("exclusion", "2026-03-09 09:00", collectivite="c", service="s", kind="force_majeure", **window))
    got = figures(world(S, X), lines, "2026-03-06..2026-03-07")
    assert [got[key] for key in ("open_s", "excluded_s", "down_s", "unknown_s")] == [30_600, 1_800, 1_800, 23_400]
    assert [got["availability"], got["low"], got["high"]] == [Fraction(2, 3), Fraction(1, 8), Fraction(15, 16)]
    assert (got["verdict"], got["raw_availability"]) == ("missed", Fraction(1, 2))
    assert got["kinds"] == {"maintenance": 0, "force_majeure": 1_800, "collectivite": 0, "third_party": 0}


@pytest.mark.parametrize(
    ("down", "unknown", "verdict"),
    # 96 % of 30,600 s leaves 1,224 s.
    [(1224, 0, "met"), (1225, 0, "missed"), (1223, 1, "met"), (1224, 1, "undetermined"), (0, 30_600, "undetermined")],
)
def test_the_verdict_is_judged_on_whole_seconds(down: int, unknown: int, verdict: str) -> None:
    """Critical for `down` seconds from 09:00, then ok, then no data for the last `unknown` seconds of the day."""
    start, end = at("2026-03-06 09:00"), at("2026-03-06 17:30")
    sonde = [{"id": "x", "service": "s", "stale_after": f"{30_600 - down - unknown}s"}]
    zone = ZoneInfo("Europe/Paris")
    lines = [
        {"t": datetime.fromtimestamp(second, zone).isoformat(), "sonde": "c/e/x", "status": status}
        for second, status in ((start, "critical"), (start + down, "ok"))
        if unknown < 30_600 and (status == "ok" or down)
    ]
    got = figures(world(S, sonde), lines, "2026-03-06..2026-03-07")
    assert (got["open_s"], got["down_s"], got["unknown_s"], got["verdict"]) == (end - start, down, unknown, verdict)


def test_nothing_measured_is_null_and_nothing_left_to_measure_too() -> None:
    """No sonde: all 30,600 s unknown. All of the day excluded: 0 s left, without bounds."""
    got = figures(world(S, []), [], "2026-03-06..2026-03-07")
    assert (got["unknown_s"], got["availability"], got["low"], got["high"]) == (30_600, None, 0, 1)
    window = {"start": "2026-03-06 00:00", "end": "2026-03-07 00:00", "reason": "r"}
    lines = [event("exclusion", "2026-03-09 09:00", collectivite="c", kind="collectivite", **window)]
    got = figures(world(S, []), lines, "2026-03-06..2026-03-07")
    assert (got["excluded_s"], got["unknown_s"], got["low"], got["high"]) == (30_600, 0, None, None)
    assert got["verdict"] == "undetermined"


@pytest.mark.parametrize(
    ("rule", "statuses", "expected"),
    [
        ("all", "ok warning", "up"),
        ("all", "ok unknown", "unknown"),
        ("all", "critical unknown", "down"),
        ("any", "critical unknown", "unknown"),
        ("any", "ok critical", "up"),
        ("any", "critical critical", "down"),
        ({"at_least": 2}, "ok ok critical", "up"),
        ({"at_least": 2}, "ok unknown critical", "unknown"),
        ({"at_least": 2}, "ok critical critical", "down"),
        ({"at_least": 2}, "ok", "down"),  # fewer than k take part
        ({"at_least": 2}, "", "unknown"),  # none does
    ],
)
def test_rules(rule: Any, statuses: str, expected: str) -> None:
    """Each sonde has one result at 09:00, which holds 60 s."""
    names = [f"x{number}" for number in range(len(statuses.split()))]
    place = world([{"id": "s", "rule": rule}], [{"id": name, "service": "s"} for name in names])
    lines = [
        line
        for name, status in zip(names, statuses.split(), strict=True)
        for line in told(f"09:00:00 {status}", f"c/e/{name}")
    ]
    got = figures(place, lines, "2026-03-06..2026-03-07")
    # Afterwards there is no data, save that too few sondes go on being too few.
    late = 30_540 if expected == "down" and statuses == "ok" else 0
    down, unknown = (60 + late if expected == "down" else 0), (30_540 - late + (60 if expected == "unknown" else 0))
    assert (got["down_s"], got["unknown_s"]) == (down, unknown)


def test_taking_part_ends_with_the_removal_and_follows_the_service_of_the_addition() -> None:
    """Two sondes under `all`: y, critical from 09:00:00, is removed at 09:00:10: 10 s down, then x alone, 50 s ok.

    Added again for another service, y's trouble is not seen any more.
    """
    place = world(S, [*X, {"id": "y", "service": "s"}])
    lines = told("09:00:00 ok") + told("09:00:00 critical, 09:00:20 critical", "c/e/y")
    lines.append(event("sonde-removed", "2026-03-06 09:00:10", sonde="c/e/y"))
    lines.append(event("sonde-added", "2026-03-06 09:00:15", sonde="c/e/y", service="t"))
    got = figures(place, lines, "2026-03-06..2026-03-07")
    assert (got["down_s"], got["unknown_s"]) == (10, 30_540)


def test_the_contract_since_and_now_bound_the_opening_time() -> None:
    """Monday 2 to Friday 6 March is five days; the contract ends on the 5th, `since` is the 4th: two days, 61,200 s.

    Asked on the 4th at 10:00: one hour.
    """
    place = world([{"id": "s", "since": "2026-03-04"}], X, contract=[{"start": "2026-03-02", "end": "2026-03-05"}])
    assert figures(place, [], "2026-03")["open_s"] == 61_200
    assert figures(place, [], "2026-03", now="2026-03-04 10:00")["open_s"] == H


def test_what_maintenance_counts_and_what_overlaps() -> None:
    """Maintenance 10:00–11:00 announced at 09:59:59 counts 3,600 s, one announced at its start, 12:00, nothing.

    Force majeure 10:30–11:30 (after the fact): 3,600 s, and both kinds excluded: 10:00–11:30 = 5,400 s.
    """
    lines = [
        event("maintenance", "2026-03-06 09:59:59", collectivite="c", start="2026-03-06 10:00", end="2026-03-06 11:00"),
        event("maintenance", "2026-03-06 12:00", collectivite="c", start="2026-03-06 12:00", end="2026-03-06 13:00"),
        event(
            "exclusion",
            "2026-03-09 09:00",
            collectivite="c",
            kind="force_majeure",
            start="2026-03-06 10:30",
            end="2026-03-06 11:30",
        ),
    ]
    both = {"sla": {"exclude": ["maintenance", "force_majeure"]}}
    got = figures(world(S, X, main=both), lines, "2026-03-06..2026-03-07")
    assert (got["kinds"]["maintenance"], got["kinds"]["force_majeure"], got["excluded_s"]) == (H, H, 5_400)


SYNDICAT = {
    "collectivite": "syndicat",
    "operator": True,
    "services": [{"id": "mail"}],
    "equipment": [
        {"id": "z", "service": "mail", "sondes": [{"id": "imap", "type": "tcp", "attempts": 1, "stale_after": "60s"}]}
    ],
}


def test_a_shared_platform_counts_for_those_who_use_it_and_so_does_its_maintenance() -> None:
    """The operator's sonde is critical 10:00:00–10:01:00; the commune's service, which uses it, is down 60 s.

    A maintenance of the operator's service over 10:00:30–10:01:00 is 30 s of the kind, in the commune too.
    """
    place = world([{"id": "s", "uses": ["syndicat/z/imap"]}], [], SYNDICAT)
    lines = told("10:00:00 critical", "syndicat/z/imap")
    window = {"start": "2026-03-06 10:00:30", "end": "2026-03-06 10:01:00"}
    lines.append(event("maintenance", "2026-03-05 09:00", collectivite="syndicat", services=["mail"], **window))
    got = figures(place, lines, "2026-03-06..2026-03-07")
    assert (got["down_s"], got["kinds"]["maintenance"], got["excluded_s"]) == (60, 30, 0)
    assert [(line["collectivite"], line["service"]) for line in clocks(place, lines)] == [
        ("c", "s"),
        ("syndicat", "mail"),
    ]


def test_behind_a_parent_that_is_down_a_service_is_unknown_or_down_as_it_says() -> None:
    """The link fails at 09:00:00; what is behind it, critical at 09:00:10, is unreachable for 60 s."""
    sondes = [{"id": "l", "type": "link"}, *X]
    lines = told("09:00:00 critical", "c/e/l") + told("09:00:10 critical")
    assert figures(world(S, sondes), lines, "2026-03-06..2026-03-07")["down_s"] == 0
    down = [{"id": "s", "when_unreachable": "down"}]
    assert figures(world(down, sondes), lines, "2026-03-06..2026-03-07")["down_s"] == 60
    assert clocks(world(down, sondes), lines) == []


# --- 6. Incidents and GTI


def test_the_worked_example_of_the_gti() -> None:
    """Friday 16:00–17:00 1 h, Monday 10:00–11:00 1 h: elapsed 2 h. Suspended 17:00–17:30 and Monday 9:00–10:00: 1 h 30.

    Deadline: 1 h on Friday, 7 h from Monday 10:00.
    """
    lines = [
        event("incident", "2026-03-06 16:00", ref="r", collectivite="c", service="s"),
        event("suspend", "2026-03-06 17:00", ref="r", reason="access"),
        event("resume", "2026-03-09 10:00", ref="r"),
        event("intervention", "2026-03-09 11:00", ref="r"),
    ]
    (line,) = clocks(world(S, X), lines)
    assert (line["elapsed_s"], line["suspended_s"], line["deadline"]) == (2 * H, 90 * MIN, at("2026-03-09 17:00"))
    assert (line["stopped"], line["applicable"], line["met"]) == (at("2026-03-09 11:00"), True, True)
    assert (line["ref"], line["sonde"]) == ("r", None)
    # Without the resume, intervening ends the suspension: Monday 9:00–11:00 is suspended too, and the deadline runs
    # from 11:00: 18:00 is closed, 30 min are left for Tuesday.
    (line,) = clocks(world(S, X), [each for each in lines if each["event"] != "resume"])
    assert (line["elapsed_s"], line["suspended_s"], line["deadline"]) == (H, 150 * MIN, at("2026-03-10 09:30"))
    # While it is open, there is no deadline.
    (line,) = clocks(world(S, X), lines[:2], now="2026-03-09 12:00")
    assert (line["elapsed_s"], line["suspended_s"], line["deadline"], line["met"]) == (H, 210 * MIN, None, None)


def test_an_untouched_outage_that_heals_by_itself_is_missed() -> None:
    """Tuesday 3 March 09:00 to Friday 6 March 09:00: three days of 8 h 30 = 25 h 30 > 8 h."""
    lines = told("09:00:00 critical", day="2026-03-03") + told("09:00:00 ok")
    (line,) = clocks(world(S, X), lines)
    assert (line["elapsed_s"], line["deadline"], line["met"]) == (25.5 * H, at("2026-03-03 17:00"), False)


def test_the_line_starts_at_the_confirmation_and_unknown_does_not_stop_it() -> None:
    """The example of SPEC 3: critical is confirmed at 09:02:20. Unknown at :40, warning at 09:03:00: 40 s."""
    sondes = [{"id": "x", "service": "s", "attempts": 3}]
    lines = told(
        "09:00:40 ok, 09:01:00 critical, 09:01:20 warning, 09:01:40 critical, 09:02:00 critical, 09:02:20 critical, "
        "09:02:40 unknown, 09:03:00 warning"
    )
    (line,) = clocks(world(S, sondes), lines)
    assert (line["start"], line["stopped"]) == (at("2026-03-06 09:02:20"), at("2026-03-06 09:03:00"))
    assert line["elapsed_s"] == 40


@pytest.mark.parametrize(
    ("again", "closed", "incidents"), [("09:31:00", False, 1), ("09:31:01", False, 2), ("09:30:00", True, 2)]
)
def test_reopening(again: str, closed: bool, incidents: int) -> None:
    """Restored at 09:01:00: until 09:31:00 included it is the same incident, with one more line; never once closed."""
    lines = told(f"09:00:00 critical, 09:01:00 ok, {again} critical")
    if closed:
        lines.append(event("close", "2026-03-06 09:02", sonde="c/e/x"))
    found = clocks(world(S, X), lines)
    assert len(found) == 2
    assert len({line["incident"] for line in found}) == incidents


def test_trouble_during_announced_maintenance_waits_for_its_end() -> None:
    """Maintenance 10:00–11:00 and, announced at 10:30, its prolongation to 11:30. Critical 10:15 to 12:00.

    Critical is shown every minute: the line starts at 11:30:00. Announced late, it would have started at 10:15:00.
    """
    announced = [
        event("maintenance", "2026-03-05 09:00", collectivite="c", start="2026-03-06 10:00", end="2026-03-06 11:00"),
        event("maintenance", "2026-03-06 10:30", collectivite="c", start="2026-03-06 11:00", end="2026-03-06 11:30"),
    ]
    trouble = steady("critical", "2026-03-06 10:15", "2026-03-06 12:00") + told("12:00:00 ok")
    (line,) = clocks(world(S, X), announced + trouble)
    assert (line["start"], line["elapsed_s"]) == (at("2026-03-06 11:30"), 30 * MIN)
    late = event("maintenance", "2026-03-06 10:00", collectivite="c", start="2026-03-06 10:00", end="2026-03-06 11:00")
    (line,) = clocks(world(S, X), [late, *trouble])
    assert line["start"] == at("2026-03-06 10:15")
    over = steady("critical", "2026-03-06 10:15", "2026-03-06 10:45") + told("10:45:00 ok")
    assert clocks(world(S, X), announced + over) == []
    # Nothing was known at 11:30: the first instant it is critical again.
    hole = steady("critical", "2026-03-06 10:15", "2026-03-06 10:45") + told("11:40:00 critical")
    assert [line["start"] for line in clocks(world(S, X), announced + hole)] == [at("2026-03-06 11:40")]


def test_the_cause_of_the_collectivite_is_not_applicable() -> None:
    """Said after the stop, on the latest line: the clock is still printed, 60 s."""
    lines = told("09:00:00 critical, 09:01:00 ok")
    lines.append(event("cause", "2026-03-06 09:05", sonde="c/e/x", cause="collectivite"))
    (line,) = clocks(world(S, X), lines)
    assert (line["applicable"], line["met"], line["elapsed_s"]) == (False, None, 60)


def test_steps_act_on_the_latest_line_and_after_the_stop_on_none() -> None:
    """Critical 09:00–09:01 and from 09:10 on: the intervention at 09:05 stops nothing, the one at 09:20 does."""
    lines = told("09:00:00 critical, 09:01:00 ok, 09:10:00 critical")
    lines += [event("intervention", f"2026-03-06 {clock}", sonde="c/e/x") for clock in ("09:05", "09:20")]
    assert [line["stopped"] for line in clocks(world(S, X), lines)] == [at("2026-03-06 09:01"), at("2026-03-06 09:20")]


def test_a_removal_stops_the_clock() -> None:
    """Removed two minutes after: 120 s, met."""
    lines = [*told("09:00:00 critical"), event("sonde-removed", "2026-03-06 09:02", sonde="c/e/x")]
    (line,) = clocks(world(S, X), lines)
    assert (line["stopped"], line["elapsed_s"], line["met"]) == (at("2026-03-06 09:02"), 120, True)


def test_a_line_belongs_to_the_period_of_its_start_and_is_never_cut() -> None:
    """Tuesday 31 March 17:00 to Wednesday 1 April 10:00: 30 min and 1 h, all of it in March."""
    lines = told("17:00:00 critical", day="2026-03-31") + told("10:00:00 ok", day="2026-04-01")
    assert [line["elapsed_s"] for line in clocks(world(S, X), lines, "2026-03")] == [90 * MIN]
    assert clocks(world(S, X), lines, "2026-04") == []


@pytest.mark.parametrize(
    "step",
    [
        event("intervention", "2026-03-06 08:59:59", sonde="c/e/x"),
        event("restored", "2026-03-06 09:00:30", sonde="c/e/x"),
        event("close", "2026-03-06 09:00:30", sonde="c/e/x"),
        event("acknowledge", "2026-03-06 09:00:30", ref="nobody"),
    ],
)
def test_what_is_refused(step: Figures) -> None:
    with pytest.raises(Illegal):
        clocks(world(S, X), [*told("09:00:00 critical, 09:01:00 ok"), step])


def test_an_outage_across_a_clock_change_is_real_time() -> None:
    """24/7, Saturday 28 March 2026 23:00 to Sunday 29 March 05:00: 6 hours on the wall, 5 that passed."""
    lines = told("23:00:00 critical", day="2026-03-28") + told("05:00:00 ok", day="2026-03-29")
    (line,) = clocks(world(DAY_AND_NIGHT, X), lines)
    assert line["elapsed_s"] == 5 * H
