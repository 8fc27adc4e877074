"""Closing calls for contribution, correcting them, and the compensating lines of the ledger. SPEC 8."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from supervisor.acts.scene import Act, Answer, Arguments, Scene, author, instant_of
from supervisor.billing import documents, effect
from supervisor.billing.books import Books, read
from supervisor.billing.contributions import parse_year
from supervisor.billing.documents import Called, Hand
from supervisor.billing.statement import call_json, total
from supervisor.config.wording import near
from supervisor.domain import counting
from supervisor.domain.interval import clip, length
from supervisor.domain.ledger import Correction
from supervisor.domain.money import show as euros
from supervisor.domain.period import local_day
from supervisor.errors import VigieError
from supervisor.history.values import Wrong, only, show, text_or_none, words
from supervisor.store import accounts, bills, ledger


def books_of(scene: Scene) -> Books:
    """The ledger, in step with the config: what a closing freezes has to be in it.

    The daemon's ledger is: it writes what it loads. Where no daemon runs, what the config says of contracts and prices
    is written now.
    """
    if scene.config is not None:
        lines, tariffs = effect.settled(effect.terms(scene.connection), scene.config, scene.now)
        accounts.append(scene.connection, lines)
        accounts.append_tariffs(scene.connection, tariffs)
    return read(scene.connection, scene.now)


def correction_reason(arguments: Arguments, what: str) -> str | None:
    """Why it is corrected; None if it is not a correction."""
    correct = arguments.get("correct", False)
    if not isinstance(correct, bool):
        raise Wrong(f"correct: true or false is expected, found {show(correct)}")
    if not correct and arguments.get("reason") is not None:
        raise Wrong("reason: only a correction has one; say that it is a correction, or leave the reason out")
    return words(arguments, "reason", f"why {what} is corrected") if correct else None


# --- calls


def close(scene: Scene, arguments: Arguments) -> Answer:
    """Freeze the calls of a year that are dated by now; `correct`: put closed ones right by new documents."""
    only(arguments, {"year", "collectivite", "author", "correct", "reason"})
    reason = correction_reason(arguments, "the call")
    owner = text_or_none(arguments, "collectivite", "the id of a collectivité")
    hand = Hand(author=author(arguments), at=scene.now, reason=reason or "")
    books = books_of(scene)
    year = parse_year(words(arguments, "year", "a year like 2026"), books)
    if reason is None:
        made = documents.close_calls(scene.connection, books, year, hand, owner)
    elif owner is None:
        raise Wrong("collectivite: say whose calls are corrected")
    else:
        made = documents.correct_calls(scene.connection, books, year, hand, owner)
    return {
        "year": year,
        "closed": [_document(one) for one in made],
        "total": total(one.call for one in made),
        "digest": made[-1].bill.digest if made else None,
        "remarks": [*_unaddressed(made)],
    }


def _document(one: Called) -> dict[str, Any]:
    return {
        "number": one.bill.number,
        "corrects": one.bill.corrects,
        **call_json(one.call),
        "was": None if one.former is None else euros(one.former.amount),
        "digest": one.bill.digest,
    }


def _unaddressed(made: Iterable[Called]) -> Iterator[str]:
    for owner in sorted({one.call.collectivite for one in made if one.call.siret is None}):
        yield f"{owner}: no SIRET is known: its calls can be printed, and not sent through Chorus Pro"


# --- the ledger


def correct(scene: Scene, arguments: Arguments) -> Answer:
    """A compensating line: the sonde does not count over [from, to), whatever the other lines say."""
    only(arguments, {"sonde", "from", "to", "reason", "author", "correction"})
    sonde = words(arguments, "sonde", "the id of a sonde")
    start, end = _window(scene, arguments)
    remarks = scene.await_correction(arguments, "from", start, end)
    entry = Correction(
        t=scene.now,
        sonde=sonde,
        start=start,
        end=end,
        author=author(arguments),
        reason=words(arguments, "reason", "why the sonde does not count"),
        source="live",
    )
    counted = _counted(scene, entry)
    remarks += _closed_calls(scene, entry)
    number = ledger.correct(scene.connection, entry)
    return {
        "correction": {
            "id": number,
            "collectivite": entry.collectivite,
            "sonde": entry.sonde,
            "from": scene.stamp(entry.start),
            "to": scene.stamp(entry.end),
            "counted_s": counted,
            "reason": entry.reason,
            "author": entry.author,
            "entered": scene.stamp(entry.t),
        },
        "remarks": remarks,
    }


def _window(scene: Scene, arguments: Arguments) -> tuple[int, int]:
    start, end = instant_of(arguments, "from"), instant_of(arguments, "to")
    if end <= start:
        raise VigieError(f"to: {scene.said(end)} is not after from, {scene.said(start)}; exchange them")
    if end > scene.now:
        raise VigieError(
            f"to: {scene.said(end)} is in the future; correct what was counted up to now, "
            "and remove the sonde from the config, or set its `billable: false`"
        )
    return start, end


def _counted(scene: Scene, entry: Correction) -> int:
    """How many seconds the sonde counted for in the window; refused if there is nothing to put right."""
    lines = ledger.of(scene.connection, entry.sonde)
    if not lines:
        known = ledger.standing(scene.connection)
        raise VigieError(f"sonde: the ledger has no {show(entry.sonde)}; {near(entry.sonde, known)}")
    lives = counting.lives(lines, ledger.corrections(scene.connection))
    counted = length(clip(lives[entry.sonde], entry.start, entry.end))
    if not counted:
        raise VigieError(
            f"sonde: {entry.sonde} counts at no instant from {scene.said(entry.start)} to {scene.said(entry.end)}; "
            "there is nothing to put right"
        )
    return counted


def _closed_calls(scene: Scene, entry: Correction) -> Iterator[str]:
    """A closed call stays as it is, too."""
    zone = scene.promises.zone
    for year in range(local_day(entry.start, zone).year, local_day(entry.end - 1, zone).year + 1):
        numbers = [
            bill.number
            for bill in bills.latest(scene.connection, bills.CALL, str(year))
            if bill.collectivite == entry.collectivite
        ]
        if numbers:
            yield (
                f"{', '.join(numbers)}: closed, and kept until it is corrected where it has to be: "
                f"vigie billing close --year {year} --collectivite {entry.collectivite} --correct"
            )


ACTS: dict[str, Act] = {"billing.close": close, "billing.correct": correct}
