"""When what did not leave is tried again. SPEC 7: for days, with growing pauses."""

from __future__ import annotations

import hashlib

FIRST_S = 30
LONGEST_S = 3600
MOST = 78  # attempts: with these pauses three days, whatever the clock is set to meanwhile
_JITTER = 0.2


def pause_s(attempts: int, key: str) -> int:
    """Seconds before the next attempt, after so many.

    Some more or less of it, or all that waited for a relay would fall upon it together; drawn from the message's key,
    not from chance, so that it can be told beforehand.
    """
    drawn = hashlib.sha256(f"{key}{attempts}".encode()).digest()
    part = int.from_bytes(drawn[:4]) / 0xFFFF_FFFF
    return round(_whole_s(attempts) * (1 - _JITTER + 2 * _JITTER * part))


def gives_up(attempts: int) -> bool:
    """Was it tried for as long as anybody would still want to read it?

    Counted in attempts, not in time: a clock that is set forward, or a daemon that was stopped, ends nothing.
    """
    return attempts >= MOST


def tries_over(seconds: float) -> int:
    """After how many attempts a message has waited for so long, but for the jitter: so no clock can say otherwise."""
    attempts, waited = 1, 0
    while waited < seconds:
        waited += _whole_s(attempts)
        attempts += 1
    return attempts


def _whole_s(attempts: int) -> int:
    return min(FIRST_S << min(attempts - 1, 16), LONGEST_S)
