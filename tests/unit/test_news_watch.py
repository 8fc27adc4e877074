"""What is said beside incidents: isolation, dates at which volumes fill, pools, requests. SPEC 3, 6, 7, 8."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.base import Measurement
from probes.filling_book import MEASURES
from supervisor.acts.performing import perform
from supervisor.billing.pools import Occupancy
from supervisor.domain.alerting import Subject, Topic
from supervisor.domain.announcing import BEGUN, ENDED, QUARTER_S, isolation
from tests.unit.acts.stage import LINK, SITE, at, iso
from tests.unit.newsroom import CANARIES, Newsroom

DAY = 86_400.0


@pytest.fixture
def room() -> Iterator[Newsroom]:
    """With two canaries."""
    made = Newsroom(canaries=CANARIES)
    yield made
    made.database.close()


# --- isolation


def canaries(room: Newsroom, wall: str, *answers: str) -> None:
    """Each of them, in order."""
    for name, status in zip(CANARIES, answers, strict=True):
        room.result(wall, name, status)


async def test_cut_off_is_an_alarm_for_operators_and_its_end_is_told(room: Newsroom) -> None:
    canaries(room, "03-06 09:00", "ok", "ok")
    assert await room.look("03-06 09:00") == []
    canaries(room, "03-06 09:01", "critical", "ok")
    assert await room.look("03-06 09:01") == []
    canaries(room, "03-06 09:02", "critical", "critical")
    assert await room.look("03-06 09:02") == [
        ("mail Astreinte", "isolation vigie begun"),
        ("sms Astreinte", "isolation vigie begun"),
    ]
    assert await room.look("03-06 09:03") == []
    canaries(room, "03-06 09:40", "critical", "ok")
    assert [text for _, text in await room.look("03-06 09:40")] == ["isolation vigie ended"] * 2


async def test_while_cut_off_no_incident_is_told_to_anybody(room: Newsroom) -> None:
    canaries(room, "03-06 09:00", "ok", "ok")
    room.result("03-06 09:00", SITE, "ok")
    canaries(room, "03-06 09:01", "critical", "critical")
    await room.look("03-06 09:01")
    for minute in range(2, 30, 3):
        for name in (LINK, SITE):
            room.result(f"03-06 09:{minute:02d}", name, "critical")
        canaries(room, f"03-06 09:{minute:02d}", "critical", "critical")
        assert await room.look(f"03-06 09:{minute:02d}") == []
    assert room.database.rows("select count(*) from notice where incident is not null") == [(0,)]
    canaries(room, "03-06 09:40", "ok", "ok")
    room.result("03-06 09:41", SITE, "ok")
    assert {reader for reader, _ in await room.look("03-06 09:41")} == {"mail Astreinte", "sms Astreinte"}


async def test_what_fell_in_the_second_before_the_canaries_is_taken_back_and_no_commune_is_told(room: Newsroom) -> None:
    canaries(room, "03-06 09:00", "ok", "ok")
    room.result("03-06 09:00", SITE, "ok")
    room.result("03-06 09:02", CANARIES[0], "critical")
    room.result("03-06 09:02", CANARIES[1], "critical")
    room.result("03-06 09:03", SITE, "critical")
    assert {reader for reader, _ in await room.look("03-06 09:03")} == {"mail Astreinte", "sms Astreinte"}


async def test_a_restart_neither_doubles_nor_ends_it(room: Newsroom) -> None:
    canaries(room, "03-06 09:02", "critical", "critical")
    await room.look("03-06 09:02")
    room.restart()
    assert await room.look("03-06 09:03") == []
    room.restart()  # what the canaries said is no longer valid: neither cut off nor back, as far as is known
    assert await room.look("03-06 10:00") == []
    assert room.words(Subject.ISOLATION) == {"vigie": BEGUN}
    canaries(room, "03-06 10:01", "critical", "critical")
    assert await room.look("03-06 10:01") == []
    canaries(room, "03-06 10:05", "ok", "ok")
    assert len(await room.look("03-06 10:05")) == 2
    assert room.words(Subject.ISOLATION) == {"vigie": ENDED}


async def test_canaries_that_come_and_go_ring_once_a_quarter(room: Newsroom) -> None:
    alarms = []
    for minute in range(45):
        canaries(room, f"03-06 09:{minute:02d}", *(["critical"] * 2 if minute % 2 else ["ok"] * 2))
        told = await room.look(f"03-06 09:{minute:02d}")
        alarms += [minute for reader, text in told if reader.startswith("sms") and text.endswith("begun")]
    assert alarms == [1, 17, 33]


@given(st.lists(st.tuples(st.integers(1, 600), st.sampled_from(["cut", "reached", "unknown"])), max_size=60))
def test_every_alarm_has_its_end_and_no_two_are_within_a_quarter(steps: list[tuple[int, str]]) -> None:
    now, since, last, said = 10_000, 0, None, []
    for pause, how in [*steps, (QUARTER_S, "reached")]:
        now += pause
        since = (since or now) if how == "cut" else 0
        found = isolation(last, since or None, reached=how == "reached", now=now)
        if found is None:
            continue
        word, began = found
        alarm = now if word == BEGUN or last is None else last.facts["alarm"]
        last = Topic(subject=Subject.ISOLATION, name="vigie", word=word, at=now, facts={"since": began, "alarm": alarm})
        said.append((word, now))
    assert [word for word, _ in said] == [BEGUN, ENDED] * (len(said) // 2)
    begun = [at_ for word, at_ in said if word == BEGUN]
    assert all(later - earlier >= QUARTER_S for earlier, later in pairwise(begun))


# --- dates at which volumes fill


def measured(mount: str, days: float | None) -> tuple[Measurement, ...]:
    """What a check of a volume measures: it is full in so many days, or never."""
    labels = (("mount", mount),)
    dates = () if days is None else (days, days * 0.8, days * 1.2)
    return (
        Measurement("free_ratio", 0.2, labels),
        *(Measurement(name, value * DAY, labels) for name, value in zip(MEASURES, dates, strict=False)),
    )


async def filled(room: Newsroom, wall: str, *days: float | None, name: str = SITE) -> list[str]:
    """Volumes that are full in so many days; what operators read then."""
    room.worked_out.setdefault(name, room.now - 1)
    found = [one for number, left in enumerate(days) for one in measured(f"/v{number}", left)]
    room.result(wall, name, "ok", *found)
    return [text for reader, text in await room.look(wall) if reader == "mail Astreinte"]


def said(word: str, number: int = 0) -> str:
    """Of a volume."""
    return f"forecast {SITE} /v{number} {word}"


@pytest.fixture
def disks(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    """Whose sondes have the settings of `disk`."""
    for each in room.sondes.values():
        object.__setattr__(each, "settings", type("Settings", (), {"full_within": None})())
    return room


async def test_a_date_is_told_once_and_once_more_when_it_is_near(disks: Newsroom) -> None:
    assert await filled(disks, "03-06 09:00", 31) == []
    assert await filled(disks, "03-07 09:00", 29) == [said("expected")]
    for day, left in ((8, 33), (9, 28), (10, 36), (11, 8)):  # estimates move
        assert await filled(disks, f"03-{day:02d} 09:00", left) == []
    assert await filled(disks, "03-12 09:00", 6.5) == [said("near")]
    assert await filled(disks, "03-13 09:00", 9) == []
    assert await filled(disks, "03-14 09:00", 5) == []


@pytest.mark.parametrize("moved", [38, None])
async def test_that_it_is_no_longer_expected_is_not_told_and_a_new_episode_is(
    disks: Newsroom, moved: float | None
) -> None:
    await filled(disks, "03-06 09:00", 20)
    assert await filled(disks, "03-07 09:00", moved) == []
    assert disks.words(Subject.FORECAST) == {f"{SITE} /v0": "over"}
    assert await filled(disks, "03-20 09:00", 20) == [said("expected")]


async def test_what_a_clean_up_moved_away_before_it_was_told_is_not(disks: Newsroom) -> None:
    disks.worked_out[SITE] = disks.now
    disks.result("03-06 09:01", SITE, "ok", *measured("/v0", 20))
    assert await disks.watch.look() == 1
    assert disks.words(Subject.FORECAST) == {f"{SITE} /v0": "expected"}
    disks.now += 700
    disks.result("03-06 09:20", SITE, "ok", *measured("/v0", None))
    assert await disks.look("03-06 09:20") == []
    whys = disks.database.rows("select why from notice where topic is not null and state = 'dropped'")
    assert whys == [("la date s'est éloignée avant que le message ne parte",)]


async def test_after_a_restart_no_date_says_nothing_until_paces_are_known(disks: Newsroom) -> None:
    await filled(disks, "03-06 09:00", 20)
    disks.worked_out.clear()
    disks.restart()
    disks.result("03-06 09:05", SITE, "ok", *measured("/v0", None))
    await disks.look("03-06 09:05")
    disks.worked_out[SITE] = at("03-06 09:06")
    await disks.look("03-06 09:20")  # the check was before
    assert disks.words(Subject.FORECAST) == {f"{SITE} /v0": "expected"}
    disks.result("03-06 09:21", SITE, "ok", *measured("/v0", 20))
    assert await disks.look("03-06 09:31") == []


async def test_a_host_that_is_down_measures_nothing_and_ends_nothing(disks: Newsroom) -> None:
    await filled(disks, "03-06 09:00", 20)
    disks.result("03-06 10:00", SITE, "critical")
    await disks.look("03-06 10:00")
    assert disks.words(Subject.FORECAST) == {f"{SITE} /v0": "expected"}


async def test_a_volume_or_a_sonde_that_is_gone_ends_its_episode(disks: Newsroom) -> None:
    await filled(disks, "03-06 09:00", 20, 20)
    assert await filled(disks, "03-07 09:00", 20) == []
    assert disks.words(Subject.FORECAST) == {f"{SITE} /v0": "expected", f"{SITE} /v1": "over"}
    disks.worked_out.clear()
    disks.promises = replace(disks.promises, sondes={LINK: "internet"})
    await disks.look("03-08 09:00")
    assert disks.words(Subject.FORECAST) == {f"{SITE} /v0": "over", f"{SITE} /v1": "over"}


async def test_two_hundred_on_one_morning_are_one_message(disks: Newsroom) -> None:
    (text,) = await filled(disks, "03-06 09:00", *[20.0] * 200)
    assert text.count("expected") == 200


async def test_off_it_says_nothing(disks: Newsroom) -> None:
    disks.configuration.alerts.forecast_within = None
    assert await filled(disks, "03-06 09:00", 2) == []


async def test_a_sonde_that_alarms_by_itself_is_not_said_to_be_near(disks: Newsroom) -> None:
    object.__setattr__(disks.sondes[SITE], "settings", type("Settings", (), {"full_within": 1})())
    assert await filled(disks, "03-06 09:00", 20) == [said("expected")]
    assert await filled(disks, "03-20 09:00", 5) == []


# --- pools


def taken(counted: int, *, exceeds: bool = False, places: int = 100) -> Occupancy:
    """So many of a hundred places."""
    return Occupancy(
        collectivite="exemple",
        counted=counted,
        subscribed=100,
        free=places - counted,
        exceeds=exceeds,
        pool_price=Decimal("50.00"),
    )


async def test_a_pool_is_told_when_it_is_nearly_full_and_again_when_it_was_not(room: Newsroom) -> None:
    async def read(wall: str, occupancy: Occupancy) -> list[tuple[str, str]]:
        room.count(occupancy)
        return await room.look(wall)

    full = [("mail Astreinte", "pool exemple full")]
    assert await read("03-06 09:00", taken(94)) == []
    assert await read("03-07 09:00", taken(95)) == full
    room.restart()
    assert await read("03-08 09:00", taken(97)) == []
    assert await read("03-09 09:00", taken(90)) == []
    assert await read("03-10 09:00", taken(96)) == full
    assert await read("03-11 09:00", taken(101, exceeds=True, places=150)) == [
        ("mail Astreinte", "pool exemple exceeds")
    ]


async def test_pools_that_were_not_worked_out_say_nothing(room: Newsroom) -> None:
    room.count(taken(96))
    await room.look("03-06 09:00")
    room.billing.shown = type(room.billing.shown)()
    await room.look("03-07 09:00")
    assert room.words(Subject.POOL) == {"exemple": "full"}


# --- requests


def act(room: Newsroom, name: str, **arguments: Any) -> dict[str, Any]:
    """Somebody does something now."""
    room.connection.execute("begin immediate")
    found = perform(room.connection, room.promises, int(room.now), {"act": name, "author": "jeanne", **arguments})
    room.connection.execute("commit")
    return found


def ask(room: Newsroom, **more: Any) -> str:
    """Its number."""
    asked = {"collectivite": "exemple", "kind": "administrative", "message": "une adresse de plus"}
    found: str = act(room, "request.add", **{**asked, **more})["request"]["number"]
    return found


async def test_a_request_from_its_receipt_to_its_answer(room: Newsroom) -> None:
    number = ask(room)  # Friday 6 March, 9:00: due on Friday 13, 9:00
    assert await room.look("03-06 09:00") == [
        ("mail Astreinte", f"request {number} received"),
        ("mail Mairie", f"request {number} received"),
    ]
    assert await room.look("03-11 08:59") == []
    assert await room.look("03-11 09:00") == [("mail Astreinte", f"request {number} due")]
    assert await room.look("03-13 09:00") == []
    assert await room.look("03-13 09:01") == [("mail Astreinte", f"request {number} late")]
    assert await room.look("03-14 09:01") == []
    act(room, "request.answer", number=number, text="c'est fait")
    assert [text for _, text in await room.look("03-16 09:00")] == [f"request {number} answered"] * 2
    assert await room.look("03-20 09:00") == []


async def test_answered_in_time_nothing_is_said_of_its_date(room: Newsroom) -> None:
    number = ask(room)
    await room.look("03-06 09:00")
    act(room, "request.answer", number=number, text="c'est fait")
    await room.look("03-06 12:00")
    assert [await room.look(f"03-{day} 12:00") for day in (11, 13, 16)] == [[], [], []]


async def test_of_what_was_put_into_production_the_date_is_told_once_its_file_is_whole(room: Newsroom) -> None:
    number = ask(room, kind="production")
    await room.look("03-06 09:00")
    assert await room.look("05-06 09:00") == []
    act(room, "request.complete", number=number)
    assert [text for _, text in await room.look("05-06 09:01")] == [f"request {number} completed"] * 2
    assert await room.look("06-04 09:00") == [("mail Astreinte", f"request {number} due")]


async def test_entered_when_it_is_late_already_it_is_told_once(room: Newsroom) -> None:
    number = ask(room, at=iso("02-01 09:00"))
    assert [text for _, text in await room.look("03-06 09:00")] == [f"request {number} received"] * 2
    assert await room.look("03-07 09:00") == []


async def test_found_late_after_the_daemon_was_down_it_is_one_message(room: Newsroom) -> None:
    number = ask(room)
    await room.look("03-06 09:00")
    room.restart()
    assert await room.look("03-20 09:00") == [("mail Astreinte", f"request {number} late")]


async def test_a_bug_in_one_subject_leaves_the_others_theirs(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    room.billing.shown = type(room.billing.shown)(occupancies=(None,), until=1)  # type: ignore[arg-type]
    number = ask(room)
    room.now = at("03-11 09:00")
    await room.watch.look()
    assert room.words(Subject.REQUEST) == {number: "due"}
    assert "news of pools cannot be told" in caplog.text
