"""Closing a month, and correcting one that is closed. SPEC 5."""

from __future__ import annotations

from supervisor.acts.scene import Act, Answer, Arguments, Scene, author
from supervisor.history.values import Wrong, only, show, words
from supervisor.proof import closing
from supervisor.proof.closing import Outcome, Wish
from supervisor.store.register import tell_untold


def close(scene: Scene, arguments: Arguments) -> Answer:
    """Freeze the figures of a month with their inputs; `correct`: as a new version beside what is closed already."""
    only(arguments, {"month", "author", "correct", "reason"})
    month = words(arguments, "month", "a month like 2026-03")
    wish = Wish(month=month, author=author(arguments), reason=_reason(arguments))
    while tell_untold(scene.connection, scene.promises, scene.now):
        pass  # an import was cut short: its incidents are not in the register yet, and would be missing for ever
    return _answer(scene, closing.close(scene.connection, scene.promises, wish, scene.now))


def _reason(arguments: Arguments) -> str | None:
    """Why it is corrected; None if it is not a correction."""
    correct = arguments.get("correct", False)
    if not isinstance(correct, bool):
        raise Wrong(f"correct: true or false is expected, found {show(correct)}")
    if not correct and arguments.get("reason") is not None:
        raise Wrong("reason: only a correction has one; say that it is a correction, or leave the reason out")
    return words(arguments, "reason", "why the month is corrected") if correct else None


def _answer(scene: Scene, outcome: Outcome) -> Answer:
    closed = outcome.closing
    remarks = [
        f"{line.incident}: the GTI of {'/'.join(line.service)} runs on; the month is closed with what it shows now, "
        "and a correction takes in how it ended"
        for line in outcome.running
    ]
    if outcome.earlier:
        remarks.append(f"earlier months are open: {', '.join(outcome.earlier)}")
    return {
        "closing": {
            "month": closed.month,
            "version": closed.version,
            "closed": scene.stamp(closed.closed_at),
            "author": closed.author,
            "reason": closed.reason or None,
            "services": outcome.services,
            "lines": outcome.lines,
            "running": len(outcome.running),
            "earlier_open": list(outcome.earlier),
            "previous": closed.previous or None,
            "digest": closed.digest,
        },
        "remarks": remarks,
    }


ACTS: dict[str, Act] = {"month.close": close}
