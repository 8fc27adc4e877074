"""When a sonde takes part: SPEC 5, from the ledger and its first result."""

from __future__ import annotations

from supervisor.domain.interval import FOREVER
from supervisor.domain.ledger import Event, LedgerEvent
from supervisor.domain.participation import Stay, stays


def event(t: int, kind: Event, service: str | None = None, source: str = "config") -> LedgerEvent:
    """A line of the ledger."""
    return LedgerEvent(t=t, event=kind, sonde="a/b/c", service=service, source=source)


def test_from_the_earlier_of_addition_and_first_result() -> None:
    added = [event(100, Event.ADDED, "web")]
    assert stays(added, None, "web") == [Stay(100, FOREVER, "web")]
    assert stays(added, 40, "web") == [Stay(40, FOREVER, "web")]
    assert stays(added, 200, "web") == [Stay(100, FOREVER, "web")]


def test_known_by_its_results_alone() -> None:
    assert stays([], 40, "web") == [Stay(40, FOREVER, "web")]
    assert stays([], None, "web") == []


def test_until_its_removal_and_again_from_its_next_addition() -> None:
    events = [event(100, Event.ADDED, "web"), event(200, Event.REMOVED), event(300, Event.ADDED, "web")]
    assert stays(events, 120, "web") == [Stay(100, 200, "web"), Stay(300, FOREVER, "web")]


def test_a_removal_after_results_ends_what_was_never_added() -> None:
    assert stays([event(200, Event.REMOVED)], 120, "web") == [Stay(120, 200, "web")]


def test_removing_what_is_absent_has_no_effect() -> None:
    assert stays([event(50, Event.REMOVED)], 120, "web") == [Stay(120, FOREVER, "web")]
    assert stays([event(50, Event.REMOVED)], None, "web") == []


def test_participation_follows_the_service_of_the_ledger() -> None:
    events = [event(100, Event.ADDED, "web"), event(200, Event.CHANGED, "mail")]
    assert stays(events, 40, "mail") == [Stay(40, 200, "web"), Stay(200, FOREVER, "mail")]


def test_the_config_that_says_no_service_means_none_and_an_import_that_says_none_says_nothing() -> None:
    assert stays([event(100, Event.ADDED, None)], None, "web") == [Stay(100, FOREVER, None)]
    assert stays([event(100, Event.ADDED, None, "import")], None, "web") == [Stay(100, FOREVER, "web")]


def test_changes_that_are_not_of_service_do_not_cut() -> None:
    events = [event(100, Event.ADDED, "web"), event(200, Event.CHANGED, "web")]
    assert stays(events, None, "web") == [Stay(100, FOREVER, "web")]
