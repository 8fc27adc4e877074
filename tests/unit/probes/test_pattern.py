"""Searches that would stop the daemon are given up, and leave nothing behind."""

from __future__ import annotations

import re
import signal
import threading

import pytest

from probes.pattern import SearchTooLongError, found

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
