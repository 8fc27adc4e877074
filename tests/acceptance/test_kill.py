"""`kill -9`, again and again: what a crash at any instant leaves, and what it costs."""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import Any, NamedTuple

from supervisor.store.recorder import FLUSH_EVERY_S
from tests.acceptance.daemon import Daemon, Figures, Installation, integrity
from tests.acceptance.targets import Targets, tcp

KILLS = 15
SONDES = 300


def load(world: Targets) -> dict[str, list[dict[str, Any]]]:
    """Some hundred sondes every second: well, refused, and of two minds, behind links and not."""
    ports = [
        (world.answering(), None),
        (world.refusing(), None),
        (world.flapping(7), "^up"),
        (world.flapping(90), "^up"),
    ]
    sondes: dict[str, list[dict[str, Any]]] = {"a": [], "b": []}
    for number in range(SONDES):
        port, expected = ports[number % 4]
        keys: dict[str, Any] = {"attempts": 1 + number % 3}
        if expected is not None:
            keys["expect"] = expected
        if number > 20:
            keys["parent"] = f"e/s{number % 8 // 2 * 2}"
        sondes["a" if number % 2 == 0 else "b"].append(tcp(f"s{number}", port, **keys))
    for sonde in sondes["b"]:
        sonde.pop("parent", None)
    return sondes


def test_nothing_is_lost_but_what_came_after_the_last_flush(
    place: Installation, world: Targets, figures: Figures
) -> None:
    place.write(**load(world))
    chance = random.Random(20261121)
    lost: list[float] = []
    results = 0.0
    ended: dict[str, tuple[Any, ...]] = {}
    for _ in range(KILLS):
        with place.running() as daemon:
            assert daemon.metrics().by_sonde("vigie_sonde_status").keys() == {
                f"{name}/e/s{n}" for n in range(SONDES) for name in ("ab"[n % 2],)
            }
            # Any instant: of the start, of a flush, between two.
            ends_at = time.monotonic() + chance.choice([0.3, 1.5 * FLUSH_EVERY_S]) * chance.random()
            looks = [look(daemon)]
            while time.monotonic() < ends_at:
                looks.append(look(daemon))
            results += daemon.checks()
            daemon.kill()
        integrity(place)
        lost.append(worst(place, looks[-1].seen))
        what_was_flushed_is_there(place, looks)
        ledger_is_intact(place)
        ended = closed_stay(place, ended)
    with place.running() as daemon:
        daemon.wait_checks(SONDES)
        assert daemon.stop() == 0
    integrity(place)
    figures(
        f"kill -9: {KILLS} kills, {results:.0f} results, {len(place.intervals())} intervals kept; coverage lost: "
        f"worst {max(lost):.0f} s, median {sorted(lost)[len(lost) // 2]:.0f} s"
    )


class Look(NamedTuple):
    """What the daemon showed."""

    at: float  # when its answer had come
    seen: dict[str, float]  # the latest result of every sonde


def look(daemon: Daemon) -> Look:
    """See what it shows."""
    seen = daemon.metrics().by_sonde("vigie_sonde_last_result_timestamp_seconds")
    return Look(time.time(), seen)


def what_was_flushed_is_there(place: Installation, looks: list[Look]) -> None:
    """All that was to be seen before the last flush, which is `FLUSH_EVERY_S` ago unless the machine is busy."""
    flushed = max((int(value) for (value,) in place.rows("select value from meta where key = 'flushed_at'")), default=0)
    for at, seen in looks:
        if at < flushed:
            assert worst(place, seen) <= 0


def worst(place: Installation, seen: dict[str, float]) -> float:
    """How much of what was seen is not in the database, in seconds: by the worst sonde."""
    kept = dict(place.rows("select s.id, last_at from coverage c join sonde s on s.key = c.sonde"))
    first = min(seen.values(), default=0.0) - 1  # of a sonde that was never written
    return max((at - kept.get(sonde, first) for sonde, at in seen.items()), default=0.0)


def ledger_is_intact(place: Installation) -> None:
    """Every sonde was added exactly once, however often the daemon was killed while it started."""
    events = Counter((row[1], row[2]) for row in place.ledger())
    assert events == {("sonde-added", f"{'ab'[n % 2]}/e/s{n}"): 1 for n in range(SONDES)}


def closed_stay(place: Installation, before: dict[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    """What was history before the crash before this one is never rewritten by it."""
    now = {f"{row[0]} {row[1]}": row for row in place.intervals() if row[2] is not None}
    confirming = 40  # seconds: what a confirmation may still date back over
    edge = max((row[2] for row in before.values()), default=0) - confirming
    for key, row in before.items():
        if row[2] < edge:
            assert now.get(key) == row
    return now
