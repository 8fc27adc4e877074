"""`vigie forecast`: which volumes fill up, and when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import click

from probes.filling import Filling, Pace, filling
from probes.filling_book import OF
from probes.units import duration, say_size
from supervisor.cli.options import config_option
from supervisor.cli.performing import json_option
from supervisor.cli.reading import Books, books
from supervisor.cli.showing import one_line, say, table
from supervisor.domain.forecast import Why
from supervisor.filling_watch import outlooks, read_volumes
from supervisor.proof.statement import known
from supervisor.store import daily
from supervisor.store.daily import Layouts, Seen

_AT_ONCE = 100  # sondes whose last months are held at a time
_NONE_IN_A_YEAR = "not within a year"


class Found(NamedTuple):
    """A volume, as it is and as it will be."""

    sonde: str
    mount: str
    seen: Seen
    filling: Filling | None
    why: str  # there is no date


class Span(click.ParamType[float]):
    """A duration as the config writes it."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            return float(duration(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command()
@config_option
@json_option
@click.option("--within", type=Span(), metavar="DURATION", help="Only what is full within 90d, 8w…")
@click.option("--collectivite", metavar="ID", help="Those of one collectivité.")
@click.option("--all", "all_", is_flag=True, help="Also the volumes without a date, and why they have none.")
def forecast(config: Path, as_one_object: bool, within: float | None, collectivite: str | None, all_: bool) -> None:
    """List the volumes of `disk` sondes by the date at which they are full; at four chances in five it is between the
    two others.

    From the days that are rolled up, four months at most; the space that is free is that of the last quarter of an
    hour.
    """
    with books(config) as opened:
        known(opened.promises, collectivite)
        found = sorted(_volumes(opened, collectivite), key=_soonest)
        shown = [one for one in found if _wanted(one, within, all_, opened.now)]
        say({"volumes": [_json(one) for one in shown]}, _lines(shown), as_one_object=as_one_object)


def _volumes(opened: Books, collectivite: str | None) -> Iterator[Found]:
    layouts, connection, now = Layouts(), opened.connection, opened.now
    sondes = [
        sonde.id
        for sonde in opened.configuration.sondes.values()
        if sonde.type == OF and collectivite in (None, sonde.collectivite)
    ]
    for first in range(0, len(sondes), _AT_ONCE):
        part = sondes[first : first + _AT_ONCE]
        days = read_volumes(connection, layouts, part, now)
        for key, sonde in daily.keys(connection, part).items():
            lately = daily.latest(connection, layouts, key, now)
            volumes = days.get(sonde, {})
            told = outlooks(volumes, now, lambda _: False)
            for mount in {**volumes, **lately}:
                seen = lately.get(mount)
                if seen is None:  # nothing today: as the last day left it
                    volume = volumes[mount]
                    seen = Seen(volume.size_bytes, volume.days[-1].mean)
                yield _found(sonde, mount, seen, told.get(mount, Why.SHORT), now)


def _found(sonde: str, mount: str, seen: Seen, told: Pace | Why, now: int) -> Found:
    if not isinstance(told, Pace):
        return Found(sonde, mount, seen, None, str(told))
    date = filling(told, now, seen.used_bytes, seen.size_bytes)
    return Found(sonde, mount, seen, date, "" if date is not None else _NONE_IN_A_YEAR)


def _soonest(one: Found) -> tuple[float, str, str]:
    return one.filling.full_at if one.filling is not None else float("inf"), one.sonde, one.mount


def _wanted(one: Found, within: float | None, all_: bool, now: int) -> bool:
    if one.filling is None:
        return all_
    return within is None or one.filling.full_at <= now + within


def _json(one: Found) -> dict[str, Any]:
    dates = [None if one.filling is None else _instant(at) for at in one.filling or (0.0, 0.0, 0.0)]
    return {
        "sonde": one.sonde,
        "mount": one.mount,
        "size_bytes": round(one.seen.size_bytes),
        "free_bytes": round(one.seen.size_bytes - one.seen.used_bytes),
        **dict(zip(("full", "earliest", "latest"), dates, strict=True)),
        "why": one.why or None,
    }


def _instant(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def _lines(found: list[Found]) -> Iterator[str]:
    header = ("full", "earliest", "latest", "free", "volume", "sonde")
    return table(header, [_cells(one) for one in found], right=(3,))


def _cells(one: Found) -> list[str]:
    dates = [one.why, "", ""] if one.filling is None else [_instant(at)[:10] for at in one.filling]
    return [*dates, say_size(one.seen.size_bytes - one.seen.used_bytes), one_line(one.mount, 40), one.sonde]
