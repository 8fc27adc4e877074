"""From a pace to a date, its words, and when it is an alarm."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from probes import registry
from probes.base import Result, Run, Shared, Status
from probes.filling import DAY_S, HORIZON_S, Filling, Pace, filling
from probes.filling_book import OF, FillingBook, judge_filling, say_filling
from probes.threshold import Below, Verdict

PROBE = registry.load()[OF]
AT = 1_764_547_200.0  # 1 December 2025
SURE = Pace(
    at=AT, level_bytes=500.0, per_s=10 / DAY_S, error=0.0, wander=0.0, noise_bytes=0.0, peak_bytes=0.0, swing_bytes=5.0
)
WEEK = Below(warning=30 * DAY_S, critical=7 * DAY_S)
SONDE = "a/nas/disques"


@pytest.mark.parametrize(
    ("later", "used", "size", "days"),
    [
        (0, 500.0, 1000.0, 50),
        (10, 600.0, 1000.0, 40),  # on the line
        (10, 604.9, 1000.0, 40),  # within its usual swing: nothing new
        (10, 400.0, 1000.0, 59.5),  # after a clean-up
        (10, 800.0, 1000.0, 20.5),  # after a copy
        (0, 500.0, 2000.0, 150),  # the volume was enlarged
        (0, 500.0, 501.0, 0.1),
        (0, 700.0, 700.0, 0),
        (0, 700.0, 600.0, 0),
        (0, 0.0, 4200.0, None),  # beyond a year
        (0, float("nan"), 1000.0, None),
        (0, 500.0, float("nan"), None),
        (0, 500.0, float("inf"), None),
    ],
)
def test_the_date_follows_what_was_read(later: int, used: float, size: float, days: float | None) -> None:
    found = filling(SURE, AT + later * DAY_S, used, size)
    if days is None:
        assert found is None
    else:
        assert found is not None
        assert (found.full_at - AT) / DAY_S - later == pytest.approx(days)


paces = st.builds(
    Pace,
    at=st.just(AT),
    level_bytes=st.floats(-1e15, 1e15),
    per_s=st.floats(1e-6, 1e12),
    error=st.floats(0, 1e9),
    wander=st.floats(0, 1e20),
    noise_bytes=st.floats(0, 1e15),
    peak_bytes=st.floats(0, 1e15),
    swing_bytes=st.floats(0, 1e15),
)


@given(paces, st.floats(0, 1e7), st.floats(0, 1e15), st.floats(0, 1e15))
def test_an_interval_is_ahead_and_around_the_date(pace: Pace, later: float, used: float, size: float) -> None:
    found = filling(pace, AT + later, used, size)
    if found is not None:
        assert AT + later <= found.earliest <= found.full_at <= found.latest < float("inf")
        assert found.full_at - AT - later <= HORIZON_S + 1


@given(paces, st.floats(0, 1e7), st.floats(0, 1e15), st.floats(0, 1e15), st.floats(0, 1e15))
def test_more_use_never_gives_a_later_date(pace: Pace, later: float, used: float, more: float, size: float) -> None:
    little, much = filling(pace, AT + later, used, size), filling(pace, AT + later, used + more, size)
    if little is not None:
        assert much is not None
        assert much.full_at <= little.full_at


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ((11, 8, 17), "plein vers le 12 décembre (entre le 9 et le 18)"),
        ((11, 11, 11), "plein vers le 12 décembre"),
        ((11, 0, 45), "plein vers le 12 décembre (entre le 1er décembre et le 15 janvier 2026)"),
        ((33, 32, 35), "plein vers le 3 janvier 2026 (entre le 2 et le 5)"),
        ((31, 30, 33), "plein vers le 1er janvier 2026 (entre le 31 décembre et le 3 janvier 2026)"),
        ((0, 0, 0), "plein vers le 1er décembre"),
    ],
)
def test_words(days: tuple[int, int, int], said: str) -> None:
    full, first, last = (AT + day * DAY_S for day in days)
    assert say_filling(Filling(full, first, last), AT) == said


# --- thresholds


def run(book: FillingBook, at: float = AT) -> Run:
    shared = Shared()
    shared.provide(book)
    return Run(shared, at, 10.0)


def judged(book: FillingBook, left_days: float, threshold: Below[float] | None = WEEK, later: int = 0) -> Result:
    """One run over a volume that is full in so many days."""
    at = AT + later * DAY_S
    book.tell(SONDE, {"/srv": SURE._replace(at=at, level_bytes=1000.0 - 10 * left_days)})
    return result(book, 1000.0 - 10 * left_days, threshold, at)


def result(book: FillingBook, used: float, threshold: Below[float] | None, at: float = AT) -> Result:
    current = run(book, at)
    verdict = Verdict(current)
    told = judge_filling(verdict, SONDE, "/srv", (used, 1000.0), threshold, current)
    found = verdict.result("" if told is None else told.said)
    assert told is None or told.found == (found.status is not Status.OK)
    return found


def test_thresholds() -> None:
    assert judged(FillingBook(), 31).status is Status.OK
    warned = judged(FillingBook(), 29)
    assert (warned.status, warned.message) == (
        Status.WARNING,
        "plein vers le 30 décembre : dans 29 j (seuil 30 j)",
    )
    assert judged(FillingBook(), 6).status is Status.CRITICAL
    assert judged(FillingBook(), 0).status is Status.CRITICAL
    assert [(m.name, round(m.value), m.labels) for m in judged(FillingBook(), 6).measurements] == [
        ("full_in_seconds", 6 * 86400, (("mount", "/srv"),)),
        ("full_in_low_seconds", 6 * 86400, (("mount", "/srv"),)),
        ("full_in_high_seconds", 6 * 86400, (("mount", "/srv"),)),
    ]
    told = judged(FillingBook(), 6, threshold=None)
    assert (told.status, told.message) == (Status.OK, "plein vers le 7 décembre")


def test_an_empty_book_says_nothing() -> None:
    assert result(FillingBook(), 990.0, WEEK) == Result(Status.OK, "")
    assert FillingBook.open().paces(SONDE) == {}


def test_an_alarm_ends_only_when_there_is_clearly_more_time() -> None:
    book = FillingBook()
    assert judged(book, 7.1).status is Status.WARNING
    seen = [judged(book, left).status for left in (6.9, 7.1, 6.8, 8.7, 8.8, 7.1, 6.9, 36.0, 38.0, 36.0)]
    critical, warning = Status.CRITICAL, Status.WARNING
    assert seen == [critical, critical, critical, critical, warning, warning, critical, warning, Status.OK, Status.OK]
    judged(book, 6.9)
    assert judged(book, 7.5).message == "plein vers le 8 décembre : dans 7,5 j (seuil 7 j, jusqu'à 8,8 j)"
    book.tell(SONDE, {})
    assert result(book, 900.0, WEEK).status is Status.OK
    assert judged(book, 7.5).status is Status.WARNING


def test_a_single_threshold_is_relieved_too() -> None:
    book, alone = FillingBook(), Below(critical=7 * DAY_S)
    seen = [judged(book, left, alone).status for left in (8.0, 6.9, 8.0, 8.8, 8.0)]
    assert seen == [Status.OK, Status.CRITICAL, Status.CRITICAL, Status.OK, Status.OK]


def test_an_alarm_of_an_earlier_process_does_not_end_early() -> None:
    book = FillingBook()
    book.resume(SONDE, Status.CRITICAL)
    seen = [judged(book, left).status for left in (8.0, 8.8, 8.0)]
    assert seen == [Status.CRITICAL, Status.WARNING, Status.WARNING]
    book.resume(SONDE, Status.CRITICAL)
    book.forget(SONDE)
    assert not book.resumed(SONDE)
    assert judged(book, 8.0).status is Status.WARNING
    book.forget(SONDE)
    assert book.paces(SONDE) == {}


@pytest.mark.parametrize(
    ("written", "warning", "critical"),
    [
        ("7d", None, 7),
        ({"critical": "7d"}, None, 7),
        ({"warning": "30 j", "critical": "1w"}, 30, 7),
        ({"warning": "2w"}, 14, None),
    ],
)
def test_written(written: Any, warning: int | None, critical: int | None) -> None:
    read = TypeAdapter(PROBE.settings).validate_python({"full_within": written}).full_within
    assert read.warning == (warning and warning * DAY_S)
    assert read.critical == (critical and critical * DAY_S)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (7, "needs its unit"),
        ("bientôt", "is not a duration"),
        ({"warning": "7d", "critical": "30d"}, "must be above"),
        ({"warn": "7d"}, "warn"),
    ],
)
def test_refused(written: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        TypeAdapter(PROBE.settings).validate_python({"full_within": written})
