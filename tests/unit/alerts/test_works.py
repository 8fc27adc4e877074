"""What is said of a maintenance, whatever becomes of it and whenever somebody looks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.domain.maintenance import Maintenance
from supervisor.domain.works import (
    BEGUN,
    CANCELLED,
    CHANGED,
    ENDED,
    OLD_S,
    PLANNED,
    SOON_S,
    Said,
    Work,
    next_word,
    works,
)

HOUR = 3600


def entry(number: int = 1, start: int = 10 * HOUR, end: int = 12 * HOUR, **more: object) -> Maintenance:
    known: dict[str, object] = {
        "id": number,
        "collectivite": "exemple",
        "services": None,
        "start": start,
        "end": end,
        "nature": "câblage",
        "author": "jeanne",
        "announced_at": 0,
    }
    return Maintenance(**{**known, **more})  # type: ignore[arg-type]


def work(*entries: Maintenance) -> Work:
    (found,) = works(entries)
    return found


SPAN = (10 * HOUR, 12 * HOUR)


@pytest.mark.parametrize(
    ("now", "last", "word"),
    [
        (0, None, PLANNED),
        (10 * HOUR, None, BEGUN),  # entered late
        (12 * HOUR, None, None),  # entered when it was over
        (HOUR, Said(PLANNED, 0, SPAN), None),
        (10 * HOUR, Said(PLANNED, 0, SPAN), BEGUN),
        (10 * HOUR, Said(PLANNED, 10 * HOUR - SOON_S, SPAN), BEGUN),
        (10 * HOUR, Said(PLANNED, 10 * HOUR - SOON_S + 1, SPAN), None),  # told a moment ago
        (12 * HOUR, Said(PLANNED, 0, SPAN), ENDED),  # the daemon was down
        (12 * HOUR, Said(BEGUN, 10 * HOUR, SPAN), ENDED),
        (12 * HOUR + OLD_S, Said(PLANNED, 0, SPAN), ENDED),
        (12 * HOUR + OLD_S + 1, Said(PLANNED, 0, SPAN), None),
        (13 * HOUR, Said(ENDED, 12 * HOUR, SPAN), None),
        (HOUR, Said(PLANNED, 0, (9 * HOUR, 11 * HOUR)), CHANGED),
        (11 * HOUR, Said(ENDED, 10 * HOUR, (9 * HOUR, 10 * HOUR)), CHANGED),  # prolonged after its end
        (HOUR, Said(CANCELLED, 0, SPAN), None),
    ],
)
def test_what_is_said_next(now: int, last: Said | None, word: str | None) -> None:
    assert next_word(work(entry()), last, now) == word


def test_cancelled_before_it_begins_is_said_to_who_knew_only() -> None:
    gone = work(entry(cancelled_at=5 * HOUR, cancel_reason="pluie"))
    assert (gone.span, gone.reason) == (None, "pluie")
    assert next_word(gone, None, 5 * HOUR) is None
    assert next_word(gone, Said(PLANNED, 0, SPAN), 5 * HOUR) == CANCELLED
    assert next_word(gone, Said(PLANNED, 0, SPAN), 5 * HOUR, hushed=True) is None


def test_cancelled_while_it_lasts_it_has_ended() -> None:
    cut = work(entry(cancelled_at=11 * HOUR))
    assert cut.span == (10 * HOUR, 11 * HOUR)
    assert next_word(cut, Said(BEGUN, 10 * HOUR, SPAN), 11 * HOUR) == ENDED


def test_what_prolongs_is_the_same_work() -> None:
    longer = entry(7, 12 * HOUR, 14 * HOUR, prolongs=3)
    longest = entry(9, 14 * HOUR, 15 * HOUR, prolongs=7)
    other = entry(8)
    first, second = works([longest, other, entry(3), longer])
    assert [(one.name, one.span) for one in (first, second)] == [
        ("maintenance 3", (10 * HOUR, 15 * HOUR)),
        ("maintenance 8", SPAN),
    ]
    assert next_word(first, Said(BEGUN, 10 * HOUR, SPAN), 11 * HOUR) == CHANGED


@given(
    start=st.integers(1, 40),
    length=st.integers(1, 20),
    planned_at=st.integers(0, 60),
    prolonged_at=st.none() | st.integers(0, 60),
    cancelled_at=st.none() | st.integers(0, 60),
    looks=st.sets(st.integers(0, 120)),
)
def test_whatever_happens_what_was_said_becomes_true(
    start: int,
    length: int,
    planned_at: int,
    prolonged_at: int | None,
    cancelled_at: int | None,
    looks: set[int],
) -> None:
    """Told at each act and at any looks: nothing twice, nothing after the end, and who was told learns the end."""
    tick = 600
    first = entry(1, start * tick, (start + length) * tick)
    entries = {1: first}
    said: list[Said] = []

    def look(at: int) -> None:
        now = work(*entries.values())
        word = next_word(now, said[-1] if said else None, at * tick)
        if word is not None:
            said.append(Said(word, at * tick, now.span or first_span))
            assert next_word(now, said[-1], at * tick) is None, "told, and told again"

    first_span = (first.start, first.end)
    for at in sorted({planned_at, *(one for one in (prolonged_at, cancelled_at) if one is not None), *looks, 60, 121}):
        if at < planned_at:
            continue
        if at == prolonged_at and cancelled_at != at and entries[1].cancelled_at is None:
            entries[2] = entry(2, first.end, first.end + 5 * tick, prolongs=1)
        if at == cancelled_at and at * tick < first.end:
            entries = {n: replace(one, cancelled_at=at * tick) for n, one in entries.items()}
        look(at)
    words = [one.word for one in said]
    assert words.count(PLANNED) <= 1
    assert words.count(BEGUN) <= 1
    assert words[:1] in ([], [PLANNED], [BEGUN])
    if words:
        assert words[-1] in (ENDED, CANCELLED)
        assert CANCELLED not in words[:-1]
    ended = [index for index, word in enumerate(words) if word == ENDED]
    assert all(index == len(words) - 1 or words[index + 1] == CHANGED for index in ended)
