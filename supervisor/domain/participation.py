"""When a sonde takes part in the figures of a service, from the ledger and its first result: SPEC 5."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from supervisor.domain.interval import FOREVER
from supervisor.domain.ledger import Event, LedgerEvent


class Stay(NamedTuple):
    """A stretch during which a sonde is there and counts for one service."""

    start: int
    end: int  # FOREVER: still there
    service: str | None  # of its own collectivité


def stays(events: Sequence[LedgerEvent], first_result: int | None, configured: str | None) -> list[Stay]:
    """From the earlier of its addition and its first result until its removal; events in order of (t, line).

    A result that came before any line, or an imported addition that names no service, says nothing of the service:
    what it counted for is then what the next line of the same life says, and the config's if none does.
    """
    found: list[Stay] = []
    for life in _lives(events, first_result):
        saying = [(start, service) for start, service, said in life.services if said]
        if not saying:
            saying = [(life.start, configured)]
        saying[0] = (life.start, saying[0][1])
        for index, (start, service) in enumerate(saying):
            end = saying[index + 1][0] if index + 1 < len(saying) else life.end
            if found and found[-1].end == start and found[-1].service == service and start > life.start:
                found[-1] = found[-1]._replace(end=end)
            elif start < end:
                found.append(Stay(start, end, service))
    return found


class _Life(NamedTuple):
    """From an addition (or first result) to a removal."""

    start: int
    end: int
    services: list[tuple[int, str | None, bool]]  # since when, which, and whether anything was said


def _lives(events: Sequence[LedgerEvent], first_result: int | None) -> list[_Life]:
    lives: list[_Life] = []
    here: _Life | None = None
    for event in events:
        if here is None and not lives and first_result is not None and first_result < event.t:
            here = _Life(first_result, FOREVER, [])
        if event.event is Event.REMOVED:
            if here is not None:  # removing what is absent has no effect
                lives.append(here._replace(end=event.t))
                here = None
            continue
        here = here or _Life(event.t, FOREVER, [])
        said = event.service is not None or event.source != "import"
        here.services.append((event.t, event.service, said))
    if here is None and not lives and first_result is not None:
        here = _Life(first_result, FOREVER, [])
    return [*lives, here] if here is not None else lives
