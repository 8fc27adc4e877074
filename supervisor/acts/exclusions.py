"""Exclusions: time left out of the figures, entered and revoked on the record. SPEC 5."""

from __future__ import annotations

from typing import Any

from supervisor.acts.scene import Act, Answer, Arguments, Scene, author, collectivite, row_number, service, window
from supervisor.config.wording import near
from supervisor.domain.availability import KINDS
from supervisor.domain.maintenance import Exclusion
from supervisor.errors import VigieError
from supervisor.history.values import Wrong, only, show, words
from supervisor.store import windows

MAINTENANCE = "maintenance"


def add(scene: Scene, arguments: Arguments) -> Answer:
    """Leave time out of the figures of a service, or of all of a collectivité; after the fact, too."""
    only(arguments, {"collectivite", "service", "start", "end", "kind", "reason", "author", "correction"})
    owner = collectivite(scene, arguments)
    start, end = window(scene, arguments)
    remarks = scene.await_correction(arguments, "start", start, end)
    kind = arguments.get("kind")
    if kind not in KINDS:
        raise Wrong(f"kind: {show(kind)} is not one of {', '.join(KINDS)}")
    if kind == MAINTENANCE and start <= scene.now:
        raise VigieError(
            f"kind: maintenance counts only if it is announced before it starts, and {scene.said(start)} is past; "
            "begin it later, or say under which other kind the time falls"
        )
    entry = Exclusion(
        collectivite=owner,
        service=service(scene, arguments, owner),
        start=start,
        end=end,
        kind=kind,
        reason=words(arguments, "reason", "why the time is left out"),
        author=author(arguments),
        entered_at=scene.now,
    )
    _refuse_overlap(scene, entry)
    return _answer(scene, windows.exclude(scene.connection, entry), [*remarks, *_remarks(scene, entry)])


def revoke(scene: Scene, arguments: Arguments) -> Answer:
    """It holds no more, as if it never had; it stays on the record."""
    only(arguments, {"id", "reason", "author", "correction"})
    entry = numbered(scene, row_number(arguments, "an exclusion"))
    reason, who = words(arguments, "reason", "why it is revoked"), author(arguments)
    if entry.revoked_at is not None:
        raise VigieError(f"id: exclusion {entry.id} was revoked already, {scene.said(entry.revoked_at)}")
    remarks = scene.await_correction(arguments, "id", entry.start, entry.end)
    windows.revoke(scene.connection, entry.id, scene.now, who, reason)
    return _answer(scene, entry.id, remarks)


ACTS: dict[str, Act] = {"exclusion.add": add, "exclusion.revoke": revoke}


def numbered(scene: Scene, number: int) -> Exclusion:
    """The exclusion of that number, which has to exist."""
    known = {entry.id: entry for entry in windows.exclusions(scene.connection)}
    if number not in known:
        raise VigieError(f"id: no exclusion {number}; {near(str(number), map(str, known))}")
    return known[number]


def _refuse_overlap(scene: Scene, entry: Exclusion) -> None:
    for other in windows.exclusions(scene.connection, entry.start, entry.end):
        same = other.collectivite == entry.collectivite and other.kind == entry.kind
        if same and other.effective and (None in (other.service, entry.service) or other.service == entry.service):
            raise VigieError(
                f"start: exclusion {other.id} ({other.kind}: {other.reason}) holds then, {scene.said(other.start)} to "
                f"{scene.said(other.end)}; enter the rest alone, or revoke it first"
            )


def _remarks(scene: Scene, entry: Exclusion) -> list[str]:
    if entry.kind in scene.promises.exclude:
        return []
    left_out = ", ".join(scene.promises.exclude) or "nothing"
    return [f"`sla.exclude` leaves out {left_out}: time under {entry.kind} is shown, and stays in the figure"]


def _answer(scene: Scene, number: int, remarks: list[str]) -> Answer:
    return {"exclusion": as_json(scene, numbered(scene, number)), "remarks": remarks}


def as_json(scene: Scene, entry: Exclusion) -> dict[str, Any]:
    """One exclusion."""
    named = None if entry.service is None else (entry.service,)
    return {
        "id": entry.id,
        "state": state(entry),
        "collectivite": entry.collectivite,
        "service": entry.service,
        "concerned": sorted("/".join(key) for key in scene.promises.concerned(entry.collectivite, named)),
        "start": scene.stamp(entry.start),
        "end": scene.stamp(entry.end),
        "kind": entry.kind,
        "reason": entry.reason,
        "author": entry.author,
        "entered": scene.stamp(entry.entered_at),
        "revoked": scene.stamp(entry.revoked_at),
        "revoked_by": entry.revoked_by,
        "revoke_reason": entry.revoke_reason,
    }


def state(entry: Exclusion) -> str:
    """Does it hold?"""
    if entry.revoked_at is not None:
        return "revoked"
    return "holds" if entry.effective else "announced late"
