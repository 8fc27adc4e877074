"""Closing a month, and correcting one that is closed: availability and GTI, counts of sondes. SPEC 5 and 8."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from supervisor.acts.billing import books_of, correction_reason
from supervisor.acts.scene import Act, Answer, Arguments, Scene, author
from supervisor.billing import documents
from supervisor.billing.documents import Count, Hand
from supervisor.domain.period import parse_month
from supervisor.history.values import only, words
from supervisor.proof import closing
from supervisor.proof.closing import Outcome, Wish
from supervisor.store.register import tell_untold


def close(scene: Scene, arguments: Arguments) -> Answer:
    """Freeze the figures of a month with their inputs; `correct`: as a new version beside what is closed already."""
    only(arguments, {"month", "author", "correct", "reason"})
    month = words(arguments, "month", "a month like 2026-03")
    wish = Wish(month=month, author=author(arguments), reason=correction_reason(arguments, "the month"))
    while tell_untold(scene.connection, scene.promises, scene.now):
        pass  # an import was cut short: its incidents are not in the register yet, and would be missing for ever
    outcome = closing.close(scene.connection, scene.promises, wish, scene.now)
    hand = Hand(author=wish.author, at=scene.now, reason=wish.reason or "")
    counts = documents.close_month(scene.connection, books_of(scene), parse_month(month), hand)
    return _answer(scene, outcome, counts)


def _answer(scene: Scene, outcome: Outcome, counts: Sequence[Count]) -> Answer:
    closed = outcome.closing
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
            "counts": {"documents": len(counts), "digest": counts[-1].bill.digest if counts else None},
        },
        "remarks": [*_remarks(outcome), *_changed(counts)],
    }


def _remarks(outcome: Outcome) -> Iterator[str]:
    for line in outcome.running:
        yield (
            f"{line.incident}: the GTI of {'/'.join(line.service)} runs on; the month is closed with what it shows "
            "now, and a correction takes in how it ended"
        )
    if outcome.earlier:
        yield f"earlier months are open: {', '.join(outcome.earlier)}"


def _changed(counts: Sequence[Count]) -> Iterator[str]:
    """What a correction changes of what is billed."""
    for bill, figures, former in counts:
        if former is not None:
            changed = [f"{key} {former[key]} → {figures[key]}" for key in figures if figures[key] != former[key]]
            said = ", ".join(changed) or "the same figures, of other sondes"
            yield f"{bill.number}: in the place of {bill.corrects}: {said}"


ACTS: dict[str, Act] = {"month.close": close}
