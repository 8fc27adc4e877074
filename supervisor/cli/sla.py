"""`vigie sla`: availability and GTI of a period; `vigie sla explain`: the seconds behind each figure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from click.core import ParameterSource

from supervisor.cli.options import config_option
from supervisor.cli.reading import Books, books
from supervisor.cli.showing import local, table
from supervisor.domain import period as periods
from supervisor.errors import VigieError
from supervisor.proof.clocks import GtiLine
from supervisor.proof.explaining import Explained, Reason, Stretch, explained, explained_json, histories, total
from supervisor.proof.statement import ServiceFigures, Statement, as_json, figures_json, stamp, state

_PERIOD = "2026-03, 2026-Q1, 2026-H1, 2026 or 2026-03-01..2026-03-15 (end excluded)."
_COLUMNS = ("open_s", "excluded_s", "down_s", "unknown_s")


@click.group(invoke_without_command=True)
@config_option
@click.option("--period", metavar="PERIOD", help=_PERIOD)
@click.option("--collectivite", metavar="ID", help="One collectivité; all of them otherwise.")
@click.option("--json", "as_one_object", is_flag=True, help="Print one JSON object.")
@click.pass_context
def sla(
    context: click.Context, config: Path, period: str | None, collectivite: str | None, as_one_object: bool
) -> None:
    """Availability of every service over PERIOD, and every line of the GTI that starts in it."""
    if context.invoked_subcommand is not None:
        _nothing_before(context)
        return
    if period is None:
        raise click.MissingParameter(ctx=context, param_hint="--period", param_type="option")
    asked = periods.parse(period)
    with books(config) as opened:
        statement = state(opened.connection, opened.promises, asked, opened.now, collectivite)
    if as_one_object:
        click.echo(json.dumps(as_json(statement), ensure_ascii=False))
        return
    for line in _tables(statement):
        click.echo(line)


def _nothing_before(context: click.Context) -> None:
    """An option of the group would be read and forgotten."""
    for name in context.params:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"write the options after `{context.invoked_subcommand}`", ctx=context)


@sla.command("explain")
@config_option
@click.argument("service", metavar="COLLECTIVITE/SERVICE")
@click.option("--period", metavar="PERIOD", required=True, help=_PERIOD)
@click.option("--all", "everything", is_flag=True, help="Every opening and closing too, and the time that was up.")
@click.option("--json", "as_one_object", is_flag=True, help="Print one JSON object.")
def explain(config: Path, service: str, period: str, everything: bool, as_one_object: bool) -> None:
    """List the seconds behind the figures of a service over PERIOD, interval by interval.

    By default only the time that was not plainly up, nights folded into what goes on before and after them.
    """
    asked = periods.parse(period)
    with books(config) as opened:
        stretches = _stretches(opened, service, asked)
        lines = explained(opened.connection, stretches, folded=not everything)
    shown = [line for line in lines if everything or line.notable]
    explanation = _Explanation(service, asked.name, opened.promises.zone, stretches, shown)
    if as_one_object:
        click.echo(json.dumps(explanation.as_json(), ensure_ascii=False))
        return
    for text in explanation.as_text():
        click.echo(text)


def _stretches(opened: Books, service: str, asked: periods.Period) -> list[Stretch]:
    owner, _, name = service.partition("/")
    promises = opened.promises
    ((_, found),) = histories(opened.connection, promises, asked, opened.now, [owner])
    if (owner, name) not in found:
        known = [f"{a}/{b}" for a, b in {**promises.services, **found} if a == owner] or list(promises.collectivites)
        raise VigieError(f"service: no '{service}' in the config; known: {', '.join(known)}")
    return found[owner, name]


# --- as text


def _tables(statement: Statement) -> Iterator[str]:
    yield f"{statement.period.name}, until {stamp(statement.until, statement.zone)}"
    yield ""
    services = ("service", "availability", "low", "high", "target", "verdict", *_COLUMNS)
    yield from table(services, [_service_row(service) for service in statement.services], right=range(1, 10))
    if statement.gti:
        yield ""
        lines = ("incident", "service", "start", "deadline", "stopped", "elapsed", "suspended", "met")
        yield from table(lines, [_gti_row(line, statement.zone) for line in statement.gti], right=(5, 6))


def _service_row(service: ServiceFigures) -> list[str]:
    figures = service.figures
    return [
        "/".join(service.key),
        _ratio(figures.availability),
        _ratio(figures.low),
        _ratio(figures.high),
        _ratio(float(service.target) if service.target is not None else None),
        service.verdict or "-",
        *(str(getattr(figures, name)) for name in _COLUMNS),
    ]


def _gti_row(line: GtiLine, zone: ZoneInfo) -> list[str]:
    met = {True: "met", False: "missed", None: "running" if line.stopped is None else "-"}[line.met]
    return [
        line.incident,
        "/".join(line.service),
        *(local(stamp(at, zone)) for at in (line.start, line.deadline, line.stopped)),
        _hours(line.elapsed_s),
        _hours(line.suspended_s),
        met if line.applicable else "not applicable",
    ]


def _ratio(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.6f}"


def _hours(seconds: int) -> str:
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


# --- the explanation


class _Explanation:
    """The lines of one service, and the sums that they come to."""

    def __init__(
        self, service: str, period: str, zone: ZoneInfo, stretches: Sequence[Stretch], lines: Sequence[Explained]
    ) -> None:
        self._service = service
        self._period = period
        self._zone = zone
        self._promise = stretches[-1].seconds.promise
        self._until = stretches[-1].seconds.end
        self._sondes = dict.fromkeys(member.sonde for each in stretches for member in each.seconds.members)
        self._figures = total(stretches)
        self._lines = lines

    def as_json(self) -> dict[str, Any]:
        """The fields of `vigie sla --json`, and the lines."""
        figures = self._figures
        owner, name = self._promise.key
        return {
            "period": self._period,
            "until": stamp(self._until, self._zone),
            "collectivite": owner,
            "service": name,
            "lines": explained_json(self._lines, self._zone),
            "up_s": figures.up_s,
            **figures_json(figures),
        }

    def as_text(self) -> Iterator[str]:
        """For people."""
        until = stamp(self._until, self._zone)
        yield f"{self._service}, {self._period}, until {until}; times in {self._zone.key}"
        yield f"calendar {self._promise.calendar_name}; sondes: {', '.join(self._sondes) or 'none'}"
        yield ""
        if self._lines:
            rows = [self._row(each) for each in self._lines]
            yield from table(("from", "to", "open_s", "counted as", "why"), rows, right=(2,))
            yield ""
        yield from self._sums()

    def _row(self, each: Explained) -> tuple[str, ...]:
        line = each.line
        start, end = (local(stamp(at, self._zone)) for at in (line.start, line.end))
        return start, end, str(line.open_s), line.counted or "closed", _why(each)

    def _sums(self) -> Iterator[str]:
        """The sums of what is listed are the figures; up is the rest of the opening time."""
        figures = self._figures
        listed = dict.fromkeys(("up", "down", "excluded", "unknown"), 0)
        for each in self._lines:
            if each.line.counted is not None:
                listed[each.line.counted] += each.line.open_s
        plain = figures.up_s - listed["up"]
        yield f"open_s     {figures.open_s:>10} = up_s + down_s + excluded_s + unknown_s"
        yield f"up_s       {figures.up_s:>10}" + (f", of which {plain} not listed (--all lists them)" if plain else "")
        for name in ("down", "excluded", "unknown"):
            yield f"{name + '_s':<10} {listed[name]:>10}"
        yield f"availability {_ratio(figures.availability)} = 1 - down_s / (open_s - excluded_s - unknown_s)"
        yield f"low          {_ratio(figures.low)} = 1 - (down_s + unknown_s) / (open_s - excluded_s)"
        yield f"high         {_ratio(figures.high)} = 1 - down_s / (open_s - excluded_s)"
        yield f"raw          {_ratio(figures.raw_availability)} with nothing excluded"


def _why(each: Explained) -> str:
    reasons = [_because(reason) for reason in each.reasons]
    if each.line.truth == "unknown" and not reasons:
        reasons.append("no sonde takes part")
    windows = [f"{window.id} ({window.kind}, {window.author}): {window.text}" for window in each.windows]
    return "; ".join([*windows, *reasons])


def _because(reason: Reason) -> str:
    via = f" behind {', '.join(reason.via)}" if reason.via else ""
    cause = f" ({reason.cause}{via})" if reason.cause else ""
    said = f": {reason.message}" if reason.message else ""
    return f"{reason.sonde} {reason.status}{cause}{said}"
