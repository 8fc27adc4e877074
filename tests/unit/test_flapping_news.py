"""A sonde that changes too often is said to, once; what comes and goes meanwhile is held back. SPEC 3, 7."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.base import Result, Status
from supervisor.domain.alerting import Subject
from supervisor.domain.escalation import Duty
from supervisor.store import notices, topics
from tests.unit.acts.stage import LINK, SITE, at
from tests.unit.alerts.watch import step
from tests.unit.newsroom import Newsroom


@pytest.fixture
def room() -> Iterator[Newsroom]:
    """Nobody was told of anything."""
    made = Newsroom()
    yield made
    made.database.close()


async def flap(room: Newsroom, first: int, last: int) -> list[tuple[str, str]]:
    """Critical in even minutes, well in odd ones; all that was said."""
    said = []
    for minute in range(first, last + 1):
        wall = f"03-06 {9 + minute // 60:02d}:{minute % 60:02d}"
        room.result(wall, SITE, "ok" if minute % 2 else "critical")
        said += await room.look(wall)
    return said


def of(reader: str, said: list[tuple[str, str]]) -> list[str]:
    """What one person read."""
    return [text for name, text in said if name == reader]


async def test_it_is_told_once_and_not_each_change(room: Newsroom) -> None:
    room.result("03-06 08:59", SITE, "ok")
    said = await flap(room, 0, 59)
    night = of("mail Astreinte", said)
    assert [text.count("flapping") for text in night].count(1) == 1
    told_at = next(index for index, text in enumerate(night) if "flapping" in text)
    assert night[told_at + 1 :] == []
    assert room.words(Subject.FLAPPING) == {SITE: "begun"}
    held = {why for (why,) in room.database.rows("select why from notice where state = 'due'")}
    assert held == {notices.FLAPPING}


async def test_a_commune_reads_of_incidents_and_not_of_flapping(room: Newsroom) -> None:
    room.result("03-06 08:59", SITE, "ok")
    said = await flap(room, 0, 40)
    assert not any("flapping" in text for text in of("mail Mairie", said))


async def test_what_waits_when_it_begins_is_held_back_too(room: Newsroom) -> None:
    room.result("03-06 08:59", SITE, "ok")
    await flap(room, 0, 3)  # what was told a moment ago makes the next wait
    for second in (1, 2):
        room.now = at("03-06 09:03") + second
        room.record.take(room.sondes[SITE], int(room.now), Result(Status("critical" if second == 1 else "ok"), "", ()))
        await room.recorder.flush()
    assert room.words(Subject.FLAPPING) == {SITE: "begun"}
    due = room.database.rows("select kind, why from notice where state = 'due' and incident is not null")
    assert due
    assert {why for _, why in due} == {notices.FLAPPING}


async def test_so_is_what_waits_when_no_incident_changes_with_it(room: Newsroom) -> None:
    room.result("03-06 09:01", SITE, "critical")
    await room.recorder.flush()
    assert room.recorder.flapping is not None
    room.recorder.flapping.add(SITE)
    room.result("03-06 09:01", LINK, "ok")
    await room.recorder.flush()
    due = room.database.rows("select distinct why from notice where state = 'due' and incident is not null")
    assert due == [(notices.FLAPPING,)]


async def steady(room: Newsroom, status: str) -> list[tuple[str, str]]:
    """An hour without a change, from 10:02 on."""
    said = []
    for minute in range(2, 62, 5):
        wall = f"03-06 {10 + minute // 60:02d}:{minute % 60:02d}"
        room.result(wall, SITE, status)
        said += await room.look(wall)
    return said


async def test_steady_and_well_is_told_once_to_who_was_told(room: Newsroom) -> None:
    room.result("03-06 08:59", SITE, "ok")
    await flap(room, 0, 59)
    night = of("mail Astreinte", await steady(room, "ok"))
    assert [text.count(f"flapping {SITE} ended") for text in night] == [1]
    assert topics.latest(room.connection, Subject.FLAPPING)[SITE].facts["level"] == "ok"
    assert room.database.rows("select count(*) from notice where state = 'due'") == [(0,)]


async def test_a_critical_that_lasts_after_it_is_told(room: Newsroom) -> None:
    room.result("03-06 08:59", SITE, "ok")
    said = await flap(room, 0, 60)
    assert not any("opened" in text or "reopened" in text for text in of("mail Mairie", said)[-1:])
    later = await steady(room, "critical")
    assert any("reopened INC-2026-000001" in text and "flapping" in text for text in of("mail Astreinte", later))
    assert any("reopened INC-2026-000001" in text for text in of("mail Mairie", later))


async def test_steps_of_an_escalation_do_not_ring_at_each_change(room: Newsroom) -> None:
    room.promises = replace(room.promises, duty=Duty(steps=(step(0, "syndicat/Astreinte"),)))
    room.recorder.promises = room.promises
    room.result("03-06 08:59", SITE, "ok")
    night = of("sms Astreinte", await flap(room, 0, 59))
    told_at = next(index for index, text in enumerate(night) if "flapping" in text)
    assert night[told_at + 1 :] == []


async def test_a_breach_is_told_while_it_flaps(room: Newsroom) -> None:
    room.promises = room.recorder.promises = replace(room.promises, gti_s=600)
    room.result("03-06 08:59", SITE, "ok")
    await flap(room, 0, 20)
    room.now = at("03-06 09:32")
    room.recorder.note_due({SITE: at("03-06 09:00")}, ())
    said = await room.look("03-06 09:32")
    assert any("breach" in text for text in of("mail Astreinte", said))
    assert room.words(Subject.FLAPPING) == {SITE: "begun"}


async def test_a_restart_neither_doubles_nor_loses_its_end(room: Newsroom) -> None:
    room.result("03-06 08:59", SITE, "ok")
    await flap(room, 0, 21)
    room.restart()
    assert not any("flapping" in text for _, text in await flap(room, 22, 59))
    room.restart()
    assert sum(text.count("ended") for _, text in await steady(room, "ok")) == 2  # mail and SMS


async def test_removed_it_flaps_no_more_and_added_again_it_may(room: Newsroom) -> None:
    room.result("03-06 08:59", SITE, "ok")
    await flap(room, 0, 21)
    promises = room.promises
    room.record.end(SITE, at("03-06 09:25"))
    room.promises = room.recorder.promises = replace(promises, sondes={})
    assert any(f"flapping {SITE} removed" in text for _, text in await room.look("03-06 09:25"))
    room.promises = room.recorder.promises = promises
    assert sum(text.count(f"flapping {SITE} begun") for _, text in await flap(room, 30, 59)) == 2


async def test_what_is_imported_says_nothing(room: Newsroom) -> None:
    for minute in range(30):
        status = ("ok", "critical")[minute % 2]
        room.record.replay(SITE, at("03-06 08:00") + 60 * minute, Status(status), "")
    assert await room.look("03-06 08:40") == []
    assert room.words(Subject.FLAPPING) == {}


async def test_hours_are_kept_over_it(room: Newsroom) -> None:
    room.result("03-06 09:00", SITE, "ok")
    room.result("03-06 09:01", SITE, "critical")
    await room.recorder.flush()
    room.connection.execute("update notice set not_before = 4102444800")
    notices.hold_flapping(room.connection, [SITE])
    notices.hold_flapping(room.connection, [SITE])
    assert await room.look("03-06 09:02") == []
    notices.release_flapping(room.connection, [SITE])
    assert {at_ for (at_,) in room.database.rows("select not_before from notice")} == {4102444800}


@settings(max_examples=25, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.integers(1, 900), st.sampled_from(["ok", "critical", "ok", "critical", "flush", "kill"])),
        min_size=10,
        max_size=80,
    )
)
async def test_whatever_comes_lines_alternate_and_nothing_is_held_in_the_end(steps: list[tuple[int, Any]]) -> None:
    room = Newsroom()
    try:
        room.result("03-06 09:00", SITE, "ok")
        for pause, what in [*steps, *[(600, "ok")] * 12]:
            room.now += pause
            if what == "kill":
                room.restart()
            elif what != "flush":
                room.record.take(room.sondes[SITE], int(room.now), Result(Status(what), "dit", ()))
            if what == "flush":
                await room.recorder.flush()
        await room.recorder.flush()
        words = [word for (word,) in room.database.rows("select word from topic order by id")]
        assert words == ["begun", "ended"] * (len(words) // 2)
        assert room.database.rows("select count(*) from notice where why = ?", [notices.FLAPPING]) == [(0,)]
        lasting = room.database.rows("select 1 from incident where restored_at is null and void_at is null")
        assert not lasting
    finally:
        room.database.close()
