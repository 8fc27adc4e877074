"""`heartbeat`: when a call is missed, and what a call says."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from probes import heartbeat, runner
from probes.base import Result, Run, Shared, Status, Target
from probes.heartbeat import Beat, HeartbeatBook, HeartbeatSettings, heard, token
from probes.heartbeat_schedule import Schedule, expected

PARIS = ZoneInfo("Europe/Paris")
SONDE = "exemple/nas/sauvegarde"
HOUR = 3600.0
DAY = 24 * HOUR
GIB = 1024**3


def settings(**written: Any) -> HeartbeatSettings:
    return TypeAdapter(HeartbeatSettings).validate_python({"every": "24h", **written})


def scheduled(**written: Any) -> HeartbeatSettings:
    return TypeAdapter(HeartbeatSettings).validate_python({"schedule": written})


def at(text: str) -> float:
    """The instant of a wall time in Paris."""
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).timestamp()


NOON = at("2026-03-04 12:00")


def judged(wanted: HeartbeatSettings, last: Beat | None, now: float, known_since: float | None = None) -> Result:
    return heartbeat.judge(wanted, last, known_since, Run(shared=Shared(), at=now, timeout_s=1.0))


def measured(result: Result) -> dict[str, float]:
    return {measurement.name: measurement.value for measurement in result.measurements}


def test_all_is_well() -> None:
    result = judged(settings(), Beat(NOON, 0, 12 * GIB, 2520.0), NOON + 3 * HOUR)
    assert result.status is Status.OK
    assert result.message == "dernier appel il y a 3 h, code 0, 12 Gio, durée 42 min"
    assert measured(result) == {
        "age_seconds": 3 * HOUR,
        "exit_code": 0,
        "size_bytes": 12 * GIB,
        "run_seconds": 2520,
    }


def test_a_bare_call_says_nothing_but_its_time() -> None:
    result = judged(settings(), Beat(NOON), NOON)
    assert (result.status, result.message) == (Status.OK, "dernier appel il y a 0 ms")
    assert measured(result) == {"age_seconds": 0}


def test_a_call_is_missed_after_its_grace() -> None:
    wanted = settings(every="24h", grace="30min")
    assert judged(wanted, Beat(NOON), NOON + DAY + 1799).status is Status.OK
    late = judged(wanted, Beat(NOON), NOON + DAY + 1800)
    assert (late.status, late.message) == (Status.CRITICAL, "appel attendu depuis 30 min")
    assert measured(late) == {"age_seconds": DAY + 1800}


def test_thresholds_on_the_age() -> None:
    wanted = TypeAdapter(HeartbeatSettings).validate_python({"older_than": {"warning": "26h", "critical": "48h"}})
    assert judged(wanted, Beat(NOON), NOON + 25 * HOUR).status is Status.OK
    assert judged(wanted, Beat(NOON), NOON + 26 * HOUR).message == "sans appel depuis 26 h (seuil 26 h)"
    assert judged(wanted, Beat(NOON), NOON + 48 * HOUR).status is Status.CRITICAL


def test_before_the_first_call_nothing_is_known() -> None:
    unknown = (Status.UNKNOWN, "aucun appel reçu depuis la mise en place")
    assert judged(settings(), None, NOON)[:2] == unknown
    assert judged(settings(), None, NOON + 25 * HOUR - 1, known_since=NOON)[:2] == unknown
    missed = judged(settings(), None, NOON + 25 * HOUR, known_since=NOON)
    assert missed.status is Status.CRITICAL
    assert missed.message == "appel attendu depuis 60 min ; aucun appel reçu depuis la mise en place"
    assert missed.measurements == ()


def test_the_first_scheduled_call_is_the_one_after_the_sonde_came() -> None:
    wanted = scheduled(at="02:30")
    since = at("2026-03-04 02:40")  # ten minutes too late for that night's
    assert judged(wanted, None, at("2026-03-05 03:29:59"), since).status is Status.UNKNOWN
    assert judged(wanted, None, at("2026-03-05 03:30"), since).status is Status.CRITICAL


@pytest.mark.parametrize(
    ("code", "status", "message"),
    [
        (0, Status.OK, "dernier appel il y a 0 ms, code 0"),
        (1, Status.WARNING, "le traitement a fini avec le code 1 « disque plein »"),
        (2, Status.CRITICAL, "le traitement a fini avec le code 2 « disque plein »"),
        (-9, Status.CRITICAL, "le traitement a fini avec le code -9 « disque plein »"),
    ],
)
def test_exit_codes(code: int, status: Status, message: str) -> None:
    result = judged(settings(exit={"warning": [1]}), Beat(NOON, code, message="disque plein"), NOON)
    assert (result.status, result.message) == (status, message)


def test_an_empty_backup_is_a_failure() -> None:
    result = judged(settings(), Beat(NOON, 0, 0), NOON)
    assert (result.status, result.message) == (Status.CRITICAL, "taille 0 octets (seuil 0 octets)")
    small = judged(settings(size={"warning": "1 GiB", "critical": "1 MiB"}), Beat(NOON, 0, GIB // 2), NOON)
    assert (small.status, small.message) == (Status.WARNING, "taille 512 Mio (seuil 1 Gio)")


@pytest.mark.parametrize(
    ("size_bytes", "status"),
    [(31_999_999_999, Status.OK), (32 * 10**9, Status.WARNING), (38 * 10**9, Status.CRITICAL)],
)
def test_a_quota(size_bytes: int, status: Status) -> None:
    result = judged(settings(quota={"limit": "40 Go"}), Beat(NOON, 0, size_bytes), NOON)
    assert result.status is status
    assert measured(result)["quota_ratio"] == size_bytes / (40 * 10**9)
    if status is Status.CRITICAL:
        assert result.message == "quota de 40 Go occupé à 95 % (seuil 95 %)"


def test_what_is_wanted_and_not_said_is_unknown() -> None:
    wanted = settings(quota={"limit": "40 Go"}, duration={"warning": "4h"})
    result = judged(wanted, Beat(NOON, 0), NOON)
    assert result.status is Status.UNKNOWN
    assert result.message == "taille non communiquée par l'appel ; durée non communiquée par l'appel"
    assert judged(wanted, Beat(NOON, 0, 5, 4 * HOUR), NOON).message == "durée 4 h (seuil 4 h)"
    for size, status in (
        ({"critical": "1 GiB"}, Status.UNKNOWN),
        ({"warning": "1 GiB"}, Status.UNKNOWN),
        ({"critical": 0}, Status.OK),
        ({}, Status.OK),
    ):
        result = judged(settings(size=size), Beat(NOON, 0), NOON)
        assert result.status is status, size


def test_a_clock_that_went_back_makes_no_negative_age() -> None:
    assert measured(judged(settings(), Beat(NOON), NOON - HOUR))["age_seconds"] == 0


def test_a_schedule_looks_at_the_last_time_that_was_due() -> None:
    wanted = scheduled(days="mon-sat", at="02:30")
    saturday = Beat(at("2026-03-07 03:05"))
    assert judged(wanted, saturday, at("2026-03-09 03:29:59")).status is Status.OK  # Sunday has none
    late = judged(wanted, saturday, at("2026-03-09 03:30"))
    assert (late.status, late.message) == (Status.CRITICAL, "appel attendu depuis 60 min")
    assert judged(wanted, Beat(at("2026-03-09 03:31")), at("2026-03-09 04:00")).status is Status.OK


def test_a_call_a_little_early_counts() -> None:
    wanted = scheduled(at="02:30")
    assert judged(wanted, Beat(at("2026-03-09 02:25")), at("2026-03-09 12:00")).status is Status.OK
    assert judged(wanted, Beat(at("2026-03-09 02:24")), at("2026-03-09 12:00")).status is Status.CRITICAL


def test_several_times_a_day() -> None:
    schedule = scheduled(at=["20:00", "12:30"]).schedule
    assert schedule is not None
    assert expected(schedule, at("2026-03-09 12:29")) == at("2026-03-08 20:00")
    assert expected(schedule, at("2026-03-09 12:30")) == at("2026-03-09 12:30")
    assert expected(schedule, at("2026-03-09 23:00")) == at("2026-03-09 20:00")


def test_the_nights_when_the_clock_changes() -> None:
    schedule = scheduled(at="02:30").schedule
    assert schedule is not None
    # Spring: 02:30 does not exist; it is where it would have been, 03:30 on the wall.
    assert expected(schedule, at("2026-03-29 12:00")) == at("2026-03-29 03:30")
    # Autumn: 02:30 comes twice; the first one counts.
    first = datetime(2026, 10, 25, 2, 30, tzinfo=PARIS, fold=0).timestamp()
    assert expected(schedule, at("2026-10-25 12:00")) == first
    assert expected(schedule, at("2026-10-26 02:30")) - first == 25 * HOUR


@given(
    st.floats(1.7e9, 2.0e9),
    st.sets(st.integers(0, 6), min_size=1),
    st.sets(st.integers(0, 1439), min_size=1, max_size=3),
)
def test_the_expected_instant_is_the_latest_that_is_past(now: float, days: set[int], minutes: set[int]) -> None:
    times = [f"{minute // 60:02}:{minute % 60:02}" for minute in minutes]
    schedule = Schedule(days=tuple(days), at=tuple(times))
    found = expected(schedule, now)
    assert now - 8 * DAY - HOUR < found <= now
    assert expected(schedule, found) == found  # it is one of them
    assert expected(schedule, found - 1) < found
    wall = datetime.fromtimestamp(found, PARIS)
    assert wall.weekday() in days


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({}, "nothing says when a call is missed"),
        ({"every": "24h", "schedule": {"at": "02:30"}}, "keep one of the two"),
        ({"schedule": {"at": 150}}, "'150' is not a time of day; write it between quotes"),
        ({"schedule": {"at": "25:00"}}, "is not a time of day"),
        ({"schedule": {"at": "02:30", "days": "lun"}}, "'lun' is not days"),
        ({"schedule": {"at": "02:30", "days": "fri-mon"}}, "write fri-sun,mon-mon"),
        ({"schedule": {"at": "02:30", "timezone": "Paris"}}, "is not a time zone"),
        ({"schedule": {"at": "02:30", "timezone": "../etc/passwd"}}, "is not a time zone"),
        ({"every": "24h", "exit": {"ok": [0, 1], "warning": [1]}}, "the exit code 1 cannot be both"),
        ({"every": "24h", "quota": {"limit": "40 Go", "warning": "99 %"}}, "must be below the critical"),
        ({"every": "24h", "quota": {"limit": 0}}, "greater than 0"),
        ({"every": "0s"}, "greater than 0"),
    ],
)
def test_settings_that_are_refused(written: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(message)):
        TypeAdapter(HeartbeatSettings).validate_python(written)


def test_days_as_they_are_written() -> None:
    schedule = scheduled(days="mon-wed, sat", at="02:30").schedule
    assert schedule is not None
    assert schedule.days == (0, 1, 2, 5)


def test_what_a_call_says() -> None:
    said = {"exit": "0", "size": "12884901888", "duration": "2520.5", "message": "ok\x1b[2J\nfin"}
    assert heard(NOON, said) == Beat(NOON, 0, 12 * GIB, 2520.5, "ok·[2J·fin")
    assert heard(NOON, {}) == Beat(NOON)
    assert heard(NOON, {"exit": "-9", "size": "12 GiB", "duration": "1h30m"}) == Beat(NOON, -9, 12 * GIB, 5400.0)
    assert heard(NOON, {"exit": "", "size": "", "duration": ""}) == Beat(NOON)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"exit": "zero"}, "exit is a whole number"),
        ({"exit": "9" * 30}, "exit is a whole number"),
        ({"exit": "³"}, "exit is a whole number"),
        ({"exit": str(2**31)}, "exit is out of range"),
        ({"size": "9" * 19}, "size is out of range"),
        ({"size": "9000000 PiB"}, "size is out of range"),
        ({"size": "-1"}, "'-1' is not a size"),
        ({"size": "much"}, "'much' is not a size"),
        ({"duration": "nan"}, "duration is a number of seconds"),
        ({"duration": "-1"}, "duration is a number of seconds"),
        ({"duration": "long"}, "'long' is not a duration"),
        ({"token": "x"}, "unknown parameter 'token'"),
    ],
)
def test_calls_that_are_refused(said: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        heard(NOON, said)


@given(st.dictionaries(st.sampled_from(["exit", "size", "duration", "message"]), st.text(max_size=60)))
def test_whatever_is_sent_is_a_call_or_a_refusal(said: dict[str, str]) -> None:
    try:
        beat = heard(NOON, said)
    except ValueError:
        return
    assert beat.message.isprintable()
    result = judged(settings(quota={"limit": "40 Go"}), beat, NOON)
    assert result.message.isprintable()


def test_tokens() -> None:
    key = b"k" * 32
    made = token(key, SONDE, 1)
    assert len(made) == 26
    assert made.isalnum()
    assert made == token(key, SONDE, 1)
    assert len({made, token(key, SONDE, 2), token(key, "autre/nas/sauvegarde", 1), token(b"l" * 32, SONDE, 1)}) == 4


async def test_the_check_reads_the_book() -> None:
    book = HeartbeatBook()
    shared = Shared()
    shared.provide(book)
    trace: list[str] = []

    async def run() -> Result:
        current = Run(shared=shared, at=NOON + 26 * HOUR, timeout_s=1.0, trace=trace)
        return await runner.run(heartbeat.PROBE, Target(sonde=SONDE, address=""), settings(), current)

    assert (await run()).status is Status.UNKNOWN
    book.know(SONDE, NOON)
    book.know(SONDE, NOON + DAY)  # a reload does not make it new
    assert (await run()).status is Status.CRITICAL
    for hour in range(20):
        book.record(SONDE, Beat(NOON + hour * HOUR, 0))
    assert len(book.recent(SONDE)) == heartbeat.KEEP
    assert (await run()).message == "dernier appel il y a 7 h, code 0"
    assert sum(line.startswith("call ") for line in trace) == heartbeat.KEEP
    book.forget(SONDE)
    assert (await run()).status is Status.UNKNOWN
    await shared.close()


def test_every_measurement_is_announced() -> None:
    wanted = settings(quota={"limit": "40 Go"})
    result = judged(wanted, Beat(NOON, 0, 1, 1.0), NOON)
    assert set(measured(result)) == set(heartbeat.PROBE.measures)
