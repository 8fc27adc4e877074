"""What the daemon and the darkroom say to each other: a head of fixed size, then bytes.

The darkroom takes in what a camera sent, so nothing that comes back is believed: sizes are bounded, words are known
ones, numbers are finite, the reason is one printable line.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Mapping
from typing import NamedTuple

from probes.base import Status
from probes.camera.held import Held
from probes.camera.states import LABELS

REQUEST = struct.Struct("!BdII")  # kind, instant, bytes of the reference, bytes of the picture
REPLY = struct.Struct("!II")  # bytes of the finding, bytes of the reference
MOST_REFERENCE = 64 * 1024
MOST_FINDING = 8 * 1024
MOST_PICTURE = 16 * 1024 * 1024
_MOST_SCORES = 32
_MOST_REASON = 300
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


class Developed(NamedTuple):
    """What the picture shows, and what was learnt of it."""

    reference: bytes
    state: str  # one of LABELS
    status: Status
    reason: str
    scores: tuple[tuple[str, float], ...]


class Unreadable(Exception):
    """The picture could not be looked at; `reason` is one of the words of `FAILURES`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


FAILURES = ("undecodable", "memory", "bug")


def request(picture: Held, reference: bytes, at: float) -> bytes:
    """A picture to look at."""
    data = picture.reveal()
    return REQUEST.pack(picture.kind, at, len(reference), len(data)) + reference + data


def reply(reference: bytes, finding: Mapping[str, object]) -> bytes:
    """What came of it."""
    said = json.dumps(finding).encode()
    return REPLY.pack(len(said), len(reference)) + said + reference


def heard(finding: bytes, reference: bytes) -> Developed:
    """The reply as the rest of the technique knows it; ValueError when it makes no sense, Unreadable when it failed."""
    said = json.loads(finding)
    if not isinstance(said, dict):
        raise ValueError("not a finding")
    if (failed := said.get("failed")) is not None:
        if failed not in FAILURES:
            raise ValueError("unknown failure")
        raise Unreadable(str(failed))
    state, reason, scores = said.get("state"), said.get("reason"), said.get("scores")
    if state not in LABELS or not isinstance(reason, str) or not isinstance(scores, list) or len(scores) > _MOST_SCORES:
        raise ValueError("not a finding")
    shown = "".join(character if character.isprintable() else " " for character in reason[:_MOST_REASON])
    return Developed(reference, state, Status(str(said.get("status"))), shown, tuple(_score(score) for score in scores))


def _score(score: object) -> tuple[str, float]:
    if isinstance(score, list) and len(score) == 2:
        name, value = score
        if isinstance(name, str) and _NAME.fullmatch(name) and isinstance(value, float) and math.isfinite(value):
            return name, value
    raise ValueError("not a score")
