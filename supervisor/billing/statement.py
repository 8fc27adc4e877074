"""Counts and calls as `vigie billing … --json` and the API print them: SPEC 11."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from supervisor.billing.amendments import Amendment
from supervisor.billing.contributions import Call
from supervisor.billing.counts import CountLine
from supervisor.domain import tariff_amounts
from supervisor.domain.money import show
from supervisor.domain.tariff_amounts import Amount
from supervisor.proof.statement import stamp

COUNT_FIELDS = ("collectivite", "siret", "peak", "first", "last", "mean", "distinct", "billed", "pools")
CALL_FIELDS = ("collectivite", "siret", "date", "kind", "sondes", "unit_price", "amount")


def counts_json(month: str, lines: Iterable[CountLine]) -> dict[str, Any]:
    """The counts of a month."""
    return {"month": month, "counts": [count_json(line) for line in lines]}


def count_json(line: CountLine) -> dict[str, Any]:
    """One of them."""
    return {
        "collectivite": line.collectivite,
        "siret": line.siret,
        "peak": line.peak,
        "first": line.first,
        "last": line.last,
        "mean": float(line.mean),
        "distinct": line.distinct,
        "billed": line.billed,
        "pools": line.pools,
    }


def contributions_json(year: int, calls: Sequence[Call]) -> dict[str, Any]:
    """The calls of a year."""
    return {"year": year, "calls": [call_json(call) for call in calls], "total": total(calls)}


def call_json(call: Call) -> dict[str, Any]:
    """One of them."""
    return {
        "collectivite": call.collectivite,
        "siret": call.siret,
        "date": call.date.isoformat(),
        "kind": str(call.kind),
        "sondes": call.sondes,
        "unit_price": None if call.unit_price is None else show(call.unit_price),
        "amount": show(call.amount),
    }


def total(calls: Iterable[Call]) -> str:
    """Their sum, in euros, HT."""
    lines: tuple[Amount, ...] = tuple(line for call in calls for line in call.lines)
    return show(tariff_amounts.total(lines))


def amendments_json(year: int, found: Iterable[Amendment], zone: ZoneInfo) -> dict[str, Any]:
    """Who has more sondes than the contract subscribes."""
    return {
        "year": year,
        "amendments": [
            {
                "collectivite": each.collectivite,
                "siret": each.siret,
                "since": stamp(each.excess.since, zone),
                "lasts": each.excess.lasts,
                "counted": each.excess.counted,
                "counted_billed": each.excess.counted_billed,
                "subscribed": each.excess.subscribed,
                "subscribed_billed": each.excess.subscribed_billed,
                "sondes": each.excess.sondes,
                "unit_price": show(each.unit_price),
                "amount": show(each.amount),
            }
            for each in found
        ],
    }
