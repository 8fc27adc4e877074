"""`vigie billing quote`: what an offer costs, for the year of its start and the next. Needs no config, no database."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import click

from supervisor.cli.options import Day
from supervisor.cli.showing import say, table
from supervisor.config.loader import tariff_of
from supervisor.config.orders import unusable
from supervisor.config.wording import near
from supervisor.domain.money import show
from supervisor.domain.tariff import Offer, Tariff
from supervisor.domain.tariff_amounts import MOST, Order, QuotedYear
from supervisor.domain.tariff_amounts import quote as quoted
from supervisor.errors import VigieError


class _Number(click.ParamType[int]):
    """A whole number in plain digits."""

    name = "number"

    def __init__(self, least: int) -> None:
        self._least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        number = int(value) if re.fullmatch(r"[0-9]{1,9}", value) else -1
        if not self._least <= number <= MOST:
            self.fail(f"'{value}' is not a whole number from {self._least} to {MOST}", param, ctx)
        return number


class _Units(click.ParamType[tuple[str, int]]):
    """How many of one line: LINE=N."""

    name = "line=n"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        if isinstance(value, tuple):
            return value
        line, equals, number = value.partition("=")
        if not line or not equals:
            self.fail(f"'{value}' does not say how many; write it like messagerie=3", param, ctx)
        return line, _Number(0).convert(number, param, ctx)


@click.command()
@click.option("--profile", metavar="PROFILE", required=True, help="Whose tariff.")
@click.option("--offer", "name", metavar="OFFER", required=True, help="Offer of the tariff.")
@click.option("--start", type=Day(), required=True, help="First day.")
@click.option("--population", type=_Number(0), help="Inhabitants.")
@click.option("--sondes", type=_Number(1), help="Sondes to supervise.")
@click.option("--option", "options", metavar="NAME", multiple=True, help="Option, or package; may be repeated.")
@click.option("--units", type=_Units(), multiple=True, help="How many of a line; may be repeated.")
@click.option("--audit", type=Day(), help="Day the audit's report was delivered, to be taken off.")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A main file: a profile beside it wins over the one that is shipped, and its own has its prices.",
)
@click.option("--json", "as_one_object", is_flag=True, help="Print one JSON object.")
def quote(
    profile: str,
    name: str,
    start: date,
    population: int | None,
    sondes: int | None,
    options: tuple[str, ...],
    units: tuple[tuple[str, int], ...],
    audit: date | None,
    config: Path | None,
    as_one_object: bool,
) -> None:
    """Say what an offer costs, for the calendar year of its start and for the next, each in full."""
    tariff = tariff_of(profile, config)
    offer = _offer(tariff, name)
    _refuse_unused(offer, sondes, options, [line for line, _ in units], audit)
    order = Order(start=start, population=population, sondes=sondes, options=options, units=dict(units), audit=audit)
    years = quoted(tariff, name, order)
    say(_json(profile, name, years), _text(profile, offer, years), as_one_object=as_one_object)


def _offer(tariff: Tariff, name: str) -> Offer:
    if name not in tariff.names:
        raise VigieError(f"--offer: there is no '{name}', {near(name, tariff.names)}")
    return tariff.offer(name)


def _refuse_unused(
    offer: Offer, sondes: int | None, options: Sequence[str], units: Sequence[str], audit: date | None
) -> None:
    """What would be read and forgotten is a misunderstanding. The population says nothing wrong of anybody."""
    for key, what in unusable(offer, options, units):
        raise VigieError(f"{'--option' if key == 'options' else '--units'}: {what}")
    if sondes is not None and not offer.per_sonde:
        raise VigieError(f"--sondes: {offer.name} is not paid by sonde, leave it out")
    if audit is not None and offer.deduction is None:
        raise VigieError(f"--audit: {offer.name} takes no audit off, leave it out")


def _json(profile: str, offer: str, years: Sequence[QuotedYear]) -> dict[str, Any]:
    return {
        "profile": profile,
        "offer": offer,
        "years": [
            {
                "year": each.year,
                "lines": [
                    {
                        "label": line.label,
                        "quantity": line.quantity,
                        "unit_price": show(line.unit_price),
                        "amount": show(line.amount),
                    }
                    for line in each.lines
                ],
                "total": show(each.total),
            }
            for each in years
        ],
    }


def _text(profile: str, offer: Offer, years: Sequence[QuotedYear]) -> Iterator[str]:
    yield f"{offer.title} ({profile}: {offer.name}); euros HT"
    for each in years:
        yield ""
        rows = [
            (line.label, str(line.quantity), show(line.unit_price), show(line.amount), line.reference)
            for line in each.lines
        ]
        total = ("Total", "", "", show(each.total), "")
        yield from table((str(each.year), "quantity", "unit price", "amount", "reference"), [*rows, total], (1, 2, 3))
