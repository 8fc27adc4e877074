"""When a channel of alerts counts as failing, and when it works again. SPEC 7: the watcher is watched too.

Pure, and from facts that are in the database: a restart knows what was told, and neither tells it twice nor forgets it.
"""

from __future__ import annotations

from typing import NamedTuple

from supervisor.domain.backoff import tries_over

FAILING, WORKING = "failing", "working"  # words of the journal. Stored: never change a string.


class Health(NamedTuple):
    """How a channel fares."""

    name: str
    works_from: int | None = None  # the first message that it took since it last failed
    fails_from: int | None = None  # when it first failed since it last took one
    own: bool = False  # of these failures one at least was its own, not of a receiver's doing
    waiting: int = 0  # messages that could not leave by it
    tries: int = 0  # most attempts of one of them
    receivers: int = 0  # whom they are for


def news_of(health: Health, *, alarmed: bool, now: int, after_s: int) -> str | None:
    """What is to be told of it now: that it fails, that it works again, or nothing.

    - It fails when something waits and nothing has left for so long. One receiver who cannot be reached (a full box,
      a server that puts us off) is no failure of the channel; two of them are. Half of that time has to be made of the
      pauses between the attempts of one message: a clock that jumps raises no alarm.
    - It works again once it has failed for nobody for so long: one that comes and goes is told of once.
    - Nothing tried is nothing known.
    """
    if alarmed:
        lasts = health.works_from is not None and now - health.works_from >= after_s
        return WORKING if lasts else None
    if health.fails_from is None or now - health.fails_from < after_s:
        return None
    proven = health.own or health.receivers > 1
    return FAILING if health.waiting and proven and health.tries >= tries_over(after_s / 2) else None
