"""Searches that would stop the daemon are given up, and leave nothing behind."""

from __future__ import annotations

import re
import signal
import threading
from typing import Any, cast

import pytest

from probes.pattern import Patience, SearchTooLongError, found

EXPLODES = re.compile("(a+)+$")
BOMB = "a" * 60 + "!"


def test_what_is_found_and_what_is_not() -> None:
    assert found(re.compile("b+"), "aabb")
    assert not found(re.compile("^b"), "aabb")


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a+)+$", BOMB),
        ("(x+x+)+y", "x" * 60),
        # Of no malice: what many would write to find two things in a page, on a megabyte made for it.
        ("<code>OK</code>[\\s\\S]*<version>[0-9]+", "<code>OK</code>" * 70_000),
    ],
)
def test_a_search_without_end_is_given_up(pattern: str, text: str) -> None:
    with pytest.raises(SearchTooLongError, match="trop coûteux : abandonné après 200 ms") as error:
        found(re.compile(pattern), text)
    assert str(error.value) == error.value.message
    assert found(re.compile("b"), "b")  # the next search is not disturbed


@pytest.mark.parametrize(
    ("pattern", "text", "there"),
    [
        ("needle", "x" * 300_000 + "needle", True),
        ("needle", "x" * 32_765 + "needle" + "x" * 300_000, True),  # across the end of a piece
        ("^needle", "x" * 16_384 + "needle", False),  # the start of a piece is no start
        ("x$", "x" * 300_000 + "y", False),  # nor its end an end
        ("x$", "x" * 300_000, True),
        ("a.*", "a" + "x" * 300_000, True),  # reaches beyond the piece
        ("(?m)^needle$", "hay\n" * 50_000 + "needle\n" + "hay\n" * 50_000, True),
        ("a[^b]*b", "a" + "x" * 300_000 + "b", False),  # spans more than pieces overlap: not looked for
        ("", "", True),
    ],
)
def test_a_long_text_is_searched_in_pieces(pattern: str, text: str, *, there: bool) -> None:
    assert found(re.compile(pattern), text) is there


class Watched:
    """A pattern that notes how much it is given at a time."""

    def __init__(self) -> None:
        self.pieces: list[int] = []

    def search(self, _text: str, start: int, end: int) -> None:
        self.pieces.append(end - start)


def test_no_piece_is_so_long_that_one_step_of_the_matcher_takes_seconds() -> None:
    watched = Watched()
    assert not found(cast("re.Pattern[str]", watched), "A" * 1_000_000)
    assert max(watched.pieces) == 32 * 1024
    assert sum(watched.pieces) < 2_100_000


def test_nothing_rings_later() -> None:
    """A timer left armed, or a signal on its way, would end the process or some other work."""
    for _ in range(3):
        with pytest.raises(SearchTooLongError):
            found(EXPLODES, BOMB)
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)
    signal.raise_signal(signal.SIGVTALRM)  # comes late: nobody hears it
    assert found(re.compile("a"), "a")


def test_in_another_thread_nothing_is_bounded_and_nothing_fails() -> None:
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(found(re.compile("b"), "ab")))
    thread.start()
    thread.join()
    assert answers == [True]


def test_a_timer_that_rings_while_it_is_disarmed_is_heard_as_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread's tick delivers the signal when the search is over and the handler still stands."""
    install = signal.signal
    rung: list[int] = []

    def late(number: int, handler: Any) -> Any:
        if handler is signal.SIG_IGN and not rung:
            rung.append(number)
            signal.raise_signal(signal.SIGVTALRM)
        return install(number, handler)

    monkeypatch.setattr(signal, "signal", late)
    with pytest.raises(SearchTooLongError):
        found(re.compile("a"), "a")
    assert rung
    assert signal.getsignal(signal.SIGVTALRM) is signal.SIG_IGN


def test_searches_of_one_check_share_its_time() -> None:
    patience = Patience()
    assert patience.found(re.compile("a"), "a")
    with pytest.raises(SearchTooLongError):
        patience.found(EXPLODES, BOMB)
    with pytest.raises(SearchTooLongError):  # nothing is left, however easy it is
        patience.found(re.compile("a"), "a")
    bearable = Patience()

    def search_many() -> None:
        for _ in range(10_000):  # each takes some milliseconds
            bearable.found(EXPLODES, "a" * 16 + "!")

    with pytest.raises(SearchTooLongError):
        search_many()
