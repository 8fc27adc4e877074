"""When the next message to a person may leave: at once when it was quiet, gathered when much happens. SPEC 7.

A storm of five thousand failures must not be five thousand messages, and a first failure must not wait for a second.
"""

from __future__ import annotations

from collections.abc import Sequence

GAPS_S = (60, 300, 900)  # after the first message of a run, after the second, after each further one
QUIET_S = 1800  # without a message for so long, the next one begins a run of its own
HOUR_S = 3600


def leaves_at(sent: Sequence[int], ready: int, most_an_hour: int | None = None) -> int:
    """The earliest instant from `ready` on at which a message may leave; `sent`: when those before it left, in order.

    `most_an_hour`: of a channel that costs money; what exceeds it gathers in the next one.
    """
    at = ready
    if sent:
        run = _run(sent)
        if at - sent[-1] < QUIET_S:
            at = max(at, sent[-1] + GAPS_S[min(run, len(GAPS_S)) - 1])
    if most_an_hour is not None and len(sent) >= most_an_hour:
        at = max(at, sent[-most_an_hour] + HOUR_S)
    return at


def _run(sent: Sequence[int]) -> int:
    """How many of the last messages followed one another without a quiet time between."""
    count = 1
    for earlier, later in zip(reversed(sent[:-1]), reversed(sent), strict=False):
        if later - earlier >= QUIET_S:
            break
        count += 1
    return count
