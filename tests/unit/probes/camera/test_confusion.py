"""What `analyse` says of synthetic cameras: a confusion table on a fixed seed.

Synthetic pictures cannot say how well real ones are judged; they hold what works against a change that breaks it.
"""

from __future__ import annotations

from collections import Counter

from probes.camera.picture import analyse
from tests.unit.probes.camera.year import HOUR, STATES, Camera

CAMERAS = (0, 1, 2, 3)
COLUMNS = (*STATES, "non évaluable")


def judged(seed: int) -> Counter[tuple[str, str]]:
    camera = Camera(seed)
    reference: bytes | None = None
    at = 0.0
    for jpeg in camera.learning():
        at += HOUR
        reference, _ = analyse(reference, jpeg, at)
    table: Counter[tuple[str, str]] = Counter()
    for asked in (*camera.ordinary(), *camera.faults(3)):
        before = reference
        if asked.before is not None:
            before, _ = analyse(reference, asked.before, at + HOUR)
        _, found = analyse(before, asked.jpeg, at + 2 * HOUR)
        table[asked.truth, found.state] += 1
    return table


def written(table: Counter[tuple[str, str]]) -> str:
    lines = [" " * 12 + "".join(f"{name[:9]:>10}" for name in COLUMNS)]
    lines += [f"{truth:<12}" + "".join(f"{table[truth, said]:>10}" for said in COLUMNS) for truth in STATES]
    return "\n".join(lines)


def f1(table: Counter[tuple[str, str]], state: str) -> float:
    right = table[state, state]
    said = sum(table[truth, state] for truth in STATES)
    was = sum(table[state, column] for column in COLUMNS)
    return 2 * right / (said + was)


def test_the_states_of_synthetic_cameras_are_recognised() -> None:
    table: Counter[tuple[str, str]] = sum((judged(seed) for seed in CAMERAS), Counter())
    print(written(table))  # noqa: T201  # shown by `pytest -s`, and when the test fails
    scores = {state: f1(table, state) for state in STATES}
    false_alarms = sum(table["nette", said] for said in STATES if said != "nette")
    assert sum(scores.values()) / len(scores) >= 0.9, scores
    assert false_alarms == 0
