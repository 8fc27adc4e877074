"""What can be ordered of an offer: in the contract of a collectivité, and in what a quote is asked for (SPEC 8)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from supervisor.config.contracts import Contract
from supervisor.config.fields import as_day
from supervisor.config.forms import Place
from supervisor.config.wording import near
from supervisor.config.written import text, texts
from supervisor.domain.tariff import Called, Offer, Tariff
from supervisor.domain.tariff_amounts import Order, quote
from supervisor.errors import VigieError

_ASKED = ("options", "units", "audit")  # the keys of a contract that only some offers use


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a contract asks of the tariff, as far as it can be read."""

    offer: str | None
    options: Collection[str]
    units: Collection[str]
    audit: date | None
    start: date | None


def unusable(offer: Offer, options: Iterable[str], units: Iterable[str]) -> Iterator[tuple[str, str]]:
    """What is asked of an offer that it does not have: ("options" or "units", what is wrong and would be right)."""
    seen: set[tuple[str, str]] = set()
    for key, asked, known in (("options", options, offer.options), ("units", units, offer.units)):
        for name in asked:
            if not known:
                yield key, f"{offer.name} has no {key}, leave '{name}' out"
            elif name not in known:
                yield key, f"{offer.name} has no '{name}', {near(name, known)}"
            elif (key, name) in seen:
                yield key, f"'{name}' is there twice, keep one of the two"
            seen.add((key, name))


def check_contracts(
    tariff: Tariff, contracts: tuple[Contract, ...], population: int | None, raw: Any, place: Place
) -> None:
    """Hold the contracts written (as `raw`) at `place` against the tariff they are paid by.

    What keeps a contribution from being called is a warning: SLA and counts need no price. Warnings wait
    until nothing else is wrong: a contract may be missing among `contracts` that is.
    """
    written = [(one, place.item(index, one)) for index, one in enumerate(raw)] if isinstance(raw, list) else None
    for one, at in [(raw, place)] if written is None else written:
        for key, what in _wrong(tariff, one, at):
            at.key(key).wrong(what)
    if place.document.mistakes:
        return
    for index, contract in enumerate(contracts):
        what_lacks = _lacking(tariff, contract, population)
        if what_lacks is not None:
            at = place if written is None else written[index][1]
            at.warn(f"no price can be told of it: {what_lacks}")


def _lacking(tariff: Tariff, contract: Contract, population: int | None) -> str | None:
    """Why what the contract asks for has no price."""
    offer = tariff.chosen(contract.offer)
    if offer is None:
        several = f"several offers are made, say which, offer: ({near('', tariff.names)})"
        return several if tariff.offers else None  # a profile without a tariff bills nothing
    order = Order(
        start=contract.start,
        population=population,
        sondes=1,
        options=contract.options,
        units=contract.units,
        audit=None if offer.deduction is None else contract.audit,
    )
    try:
        quote(tariff, offer.name, order)
    except VigieError as error:
        return str(error)
    return None


def _asked(contract: dict[str, Any], place: Place) -> _Asked:
    units, days = contract.get("units"), [as_day(contract.get(key)) for key in ("audit", "start")]
    audit, start = (day if isinstance(day, date) else None for day in days)
    return _Asked(
        offer=text(contract, "offer"),
        options=[option for option, _ in texts(contract, "options", place)],
        units=units if isinstance(units, dict) else (),
        audit=audit,
        start=start,
    )


def _wrong(tariff: Tariff, written: Any, place: Place) -> Iterator[tuple[str, str]]:
    if not isinstance(written, dict) or not isinstance(written.get("offer"), str | None):
        return
    contract = _asked(written, place)
    if contract.offer is not None and contract.offer not in tariff.names:
        yield "offer", f"there is no offer '{contract.offer}', {near(contract.offer, tariff.names)}"
        return
    offer = tariff.chosen(contract.offer)
    if offer is None:
        for key in _ASKED:
            if getattr(contract, key):
                yield key, f"of which offer is not said, add offer: ({near('', tariff.names)})"
        return
    yield from unusable(offer, contract.options, contract.units)
    if contract.audit is None:
        return
    if offer.deduction is None and offer.called is not Called.REPORT:
        yield "audit", f"{offer.name} neither is an audit nor takes one off, leave it out"
    elif offer.deduction is not None and contract.start is not None and contract.audit > contract.start:
        yield (
            "audit",
            f"{contract.audit} is after 'start' {contract.start}, when there was no report to take off: "
            "correct one of the two",
        )
