"""What a camera's picture shows, from it and what is known of that camera: pure, nothing is read or kept elsewhere.

The reference is numbers for each of 32 × 18 cells (see `probes.camera.features` for why no picture can be rebuilt from
them); the finding is words and scores. Nothing else comes out of a picture.
"""

from __future__ import annotations

from datetime import UTC, datetime

from probes.base import Status
from probes.camera import learning
from probes.camera.deciding import decide, finding, gather
from probes.camera.decoding import Picture, Unreadable, colourless, decode
from probes.camera.features import measure
from probes.camera.reference import Reference, dump, load
from probes.camera.verdict import Finding, State

__all__ = ["Finding", "State", "analyse"]


def analyse(reference: bytes | None, jpeg: bytes, at: float | datetime) -> tuple[bytes, Finding]:
    """The reference to give with the next picture of that camera, and what this one shows.

    `reference` is None for a camera's first picture, or to learn it again. One that cannot be read, or of another size
    of picture, is left and a new one begun; the reason says so. Never raises, whatever the bytes.
    """
    instant = _instant(at)
    picture = decode(jpeg)
    if isinstance(picture, Unreadable):
        return reference or b"", Finding(state=State.UNKNOWN, status=Status.UNKNOWN, reason=picture.reason)
    known, why_new = _known(reference, picture)
    features = measure(picture)
    # A camera's first pictures are judged by themselves, which is not the same in infra-red.
    seen = gather(features, known, instant, colourless=not known.regimes and colourless(jpeg))
    verdict = decide(seen)
    found = finding(verdict, seen)
    if why_new:
        found = Finding(
            state=found.state, status=found.status, reason=f"{found.reason} ({why_new})", scores=found.scores
        )
    return dump(learning.after(known, features, seen, verdict, instant)), found


def _instant(at: float | datetime) -> float:
    if isinstance(at, datetime):
        return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()
    return float(at)


def _known(reference: bytes | None, picture: Picture) -> tuple[Reference, str]:
    new = Reference(width=picture.width, height=picture.height)
    if not reference:
        return new, ""
    known = load(reference)
    if known is None:
        return new, "référence illisible, nouvel apprentissage"
    if (known.width, known.height) != (picture.width, picture.height):
        return new, "taille d’image changée, nouvel apprentissage"
    return known, ""
