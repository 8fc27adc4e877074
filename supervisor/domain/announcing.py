"""What is to be said next of something else than an incident: decided from what stands, and from what was said last.

Pure. Whoever calls these does so in the transaction that writes the line, so that a crash neither loses nor doubles it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from supervisor.domain.alerting import Topic


class To(Enum):
    """Whom a line is for."""

    CONCERNED = auto()
    KNOWING = auto()  # of these, who learns what it goes on from
    NOBODY = auto()  # it is kept for the sake of what follows


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One more line of the journal."""

    topic: Topic
    to: To = To.CONCERNED
    after: tuple[str, ...] = ()  # other names: who knows of these knows of it
    instead: str = ""  # why what nobody was told of it yet is told no more; "": it is told all the same


# --- Vigie cut off

BEGUN, ENDED = "begun", "ended"
QUARTER_S = 900  # canaries that come and go ring once in so long


def isolation(last: Topic | None, cut_off_since: int | None, *, reached: bool, now: int) -> tuple[str, int] | None:
    """What is to be said of it, and since when it was cut off. `reached`: one of its canaries answers.

    Neither cut off nor reached, after a restart, says nothing. What goes and comes within a quarter of an hour of an
    alarm waits for its end.
    """
    lasting = last is not None and last.word == BEGUN
    if lasting and last is not None:
        return (ENDED, int(last.facts["since"])) if cut_off_since is None and reached else None
    if cut_off_since is None:
        return None
    alarm = None if last is None else int(last.facts["alarm"])
    if alarm is not None and 0 <= now - alarm < QUARTER_S:
        return None
    return BEGUN, cut_off_since


# --- dates at which volumes fill

EXPECTED, NEAR, OVER = "expected", "near", "over"
NEAR_S = 7 * 86_400
RELIEF = 1.25  # an episode ends when the date is so much farther than what it began at: estimates move every day


def forecast(last: str | None, left_s: float | None, within_s: float, *, again: bool) -> str | None:
    """What is to be said of a volume that is full in so long (None: no date). `again`: said once more when it is near.

    One episode is said once, and once more when it came much nearer; that it is over is noted, not said.
    """
    standing = last in (EXPECTED, NEAR)
    if left_s is None or left_s > within_s * RELIEF:
        return OVER if standing else None
    if again and left_s <= NEAR_S < within_s:
        return NEAR if last != NEAR else None
    return EXPECTED if left_s <= within_s and not standing else None


# --- pools

FULL, EXCEEDS = "full", "exceeds"


def pool(last: str | None, *, full: bool, exceeds: bool) -> str | None:
    """What is to be said of one that is nearly full, or of more than was subscribed: once, until it is over."""
    word = EXCEEDS if exceeds else FULL if full else OVER
    return None if word == (last or OVER) else word


# --- requests

RECEIVED, COMPLETED, DUE, LATE, ANSWERED = "received", "completed", "due", "late", "answered"


def request(last: Topic | None, due: int | None, remind_at: int, now: int) -> str | None:
    """What time alone makes of a request that is not answered. What was said at an instant counts from then on."""
    if due is None:
        return None
    said = () if last is None else (last.word,)
    since = -1 if last is None else last.at
    if now > due:
        return LATE if LATE not in said and since <= due else None
    return DUE if now >= remind_at and since < remind_at else None


# --- sondes that change too often

REMOVED = "removed"  # the sonde is no more


def flapping(standing: Mapping[str, Any], now_flapping: frozenset[str], known: frozenset[str]) -> dict[str, str]:
    """What is to be said, by sonde. `standing`: those said to change too often; `known`: those that there are."""
    begun = dict.fromkeys(sorted(now_flapping & known - standing.keys()), BEGUN)
    over = {sonde: ENDED if sonde in known else REMOVED for sonde in sorted(standing.keys() - now_flapping)}
    gone = dict.fromkeys(sorted(standing.keys() & now_flapping - known), REMOVED)
    return begun | over | gone
