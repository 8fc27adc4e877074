"""`vigie incident`: take in charge, suspend, close, report; list and show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from supervisor.acts.incidents import numbered
from supervisor.cli.options import config_option
from supervisor.cli.performing import Actor, acting, at_option, json_option
from supervisor.cli.reading import Books, books
from supervisor.cli.showing import local, one_line, span, table
from supervisor.domain import period as periods
from supervisor.domain.incident import CAUSES
from supervisor.proof import desk
from supervisor.proof.statement import known
from supervisor.store import enquiries, incidents

Row = dict[str, Any]


@click.group()
def incident() -> None:
    """The register of incidents, and what people do to them."""


# --- steps


def _step(name: str, help_text: str, *texts: click.Parameter) -> None:
    """A command for one step: they differ in what is said with it."""

    def run(config: Path, author: str | None, as_one_object: bool, number: str, at: str | None, **said: str) -> None:
        actor = Actor.of(config, author, as_one_object)
        answer = actor.perform(f"incident.{name}", number=number, at=actor.instant(at, "at"), **said)
        if answer is not None:
            _say(answer)

    command = click.command(name, help=help_text)(acting(at_option(run)))
    command.params[:0] = [click.Argument(["number"]), *texts]
    incident.add_command(command)


_COMMENT = click.Option(["--comment"], help="A word for the journal.")
_step("ack", "« Vu »: somebody has seen NUMBER. The GTI goes on.", _COMMENT)
_step("intervene", "« J'interviens » on NUMBER: stops the GTI, and ends a suspension.", _COMMENT)
_step(
    "suspend",
    "Suspend the GTI of NUMBER: nobody can get to the site.",
    click.Option(["--reason"], required=True, help="Why."),
)
_step("resume", "The GTI of NUMBER runs again.", _COMMENT)
_step("comment", "Add TEXT to the journal of NUMBER.", click.Argument(["comment"], metavar="TEXT"))
_step(
    "cause",
    "Say what caused NUMBER; the collectivité's own fault makes the GTI not applicable.",
    click.Argument(["cause"], type=click.Choice(CAUSES)),
)
_step("restore", "NUMBER is over; what Vigie detected, its sonde restores.", _COMMENT)
_step("close", "Close NUMBER; refused while its sonde is critical.", _COMMENT)


@incident.command()
@acting
@click.argument("number")
@click.option("--into", required=True, metavar="NUMBER", help="The incident it belongs to.")
def merge(config: Path, author: str | None, as_one_object: bool, number: str, into: str) -> None:
    """NUMBER, which a person reported, is about the same thing as another incident; its own clock stays."""
    answer = Actor.of(config, author, as_one_object).perform("incident.merge", number=number, into=into)
    if answer is not None:
        _say(answer)


@incident.command()
@acting
@at_option
@click.option("--collectivite", required=True, metavar="ID")
@click.option("--service", metavar="ID", help="All of its services otherwise.")
@click.option("--message", required=True, help="What was reported.")
def report(
    config: Path,
    author: str | None,
    as_one_object: bool,
    at: str | None,
    collectivite: str,
    service: str | None,
    message: str,
) -> None:
    """Enter an incident that a person reports; its GTI starts when it was reported."""
    actor = Actor.of(config, author, as_one_object)
    answer = actor.perform(
        "incident.report",
        collectivite=collectivite,
        service=service,
        message=message,
        at=actor.instant(at, "at"),
    )
    if answer is not None:
        _say(answer)


def _say(answer: Row) -> None:
    click.echo(f"{answer['incident']}: {answer['state']}, {local(answer['t'])}")
    for line in answer["lines"]:
        click.echo(f"  {_line(line)}")


def _line(line: Row) -> str:
    end = f"stopped {local(line['stopped'])}" if line["stopped"] else line["state"]
    met = {True: ", met", False: ", missed", None: ""}[line["met"]] if line["applicable"] else ", not applicable"
    suspended = f", suspended for {span(line['suspended_s'])}" if line["suspended_s"] else ""
    return (
        f"{line['collectivite']}/{line['service']}: since {local(line['start'])}, elapsed {span(line['elapsed_s'])}"
        f"{suspended}, deadline {local(line['deadline'])}, {end}{met}"
    )


# --- reading


@incident.command("list")
@config_option
@json_option
@click.option("--collectivite", metavar="ID", help="Those of one collectivité, and of what it uses.")
@click.option("--open", "which", flag_value="open", help="Only those that last.")
@click.option("--all", "which", flag_value="all", help="Closed and void ones too.")
@click.option("--period", metavar="PERIOD", help="Those open at some time in 2026-03, 2026-Q1, 2026…")
def list_(config: Path, as_one_object: bool, collectivite: str | None, which: str | None, period: str | None) -> None:
    """List the incidents, open ones first; by default those that are not closed."""
    with books(config) as opened:
        found = _chosen(opened, collectivite, which, period)
        rows = [desk.row_json(opened.connection, one, opened.promises) for one in found]
    if as_one_object:
        click.echo(json.dumps({"incidents": rows}, ensure_ascii=False))
        return
    header = ("number", "state", "since", "collectivité", "services", "sonde", "GTI left", "taken")
    for text in table(header, [_cells(row) for row in rows]):
        click.echo(text)


def _chosen(opened: Books, collectivite: str | None, which: str | None, period: str | None) -> list[desk.Sheet]:
    known(opened.promises, collectivite)
    if period is not None:
        found = enquiries.touching(opened.connection, *periods.parse(period).span(opened.promises.zone))
    elif which == "all":
        found = incidents.read(opened.connection)
    else:
        found = enquiries.not_closed(opened.connection)
    if which == "open":
        found = [one for one in found if one.life == "open"]
    if collectivite is not None:  # before the stories are told: most cannot concern it
        shared = {collectivite, *opened.promises.operators}
        found = [one for one in found if one.sonde is None or one.collectivite in shared]
    sheets = desk.sheets(opened.connection, opened.promises, opened.now, found)
    return desk.order(one for one in sheets if collectivite is None or one.concerns(collectivite))


def _cells(row: Row) -> list[str]:
    taken = "j'interviens" if row["intervened"] else "vu" if row["acknowledged"] else "-"
    services = [service.removeprefix(f"{row['collectivite']}/") for service in row["services"]]
    return [
        row["incident"],
        row["state"],
        local(row["opened"]),
        row["collectivite"],
        one_line(", ".join(services) or "-"),
        row["sonde"] or f"reported: {one_line(row['message'], 30)}",
        _left(row),
        taken,
    ]


def _left(row: Row) -> str:
    """What is left of the GTI, or why it cannot be said in time."""
    left = row["gti_left_s"]
    if row["gti"] == desk.BREACHED:
        return f"breached by {span(-left)}"
    if row["gti"] == desk.RUNNING:
        return span(left)
    return "-" if row["gti"] == desk.NONE else str(row["gti"])


@incident.command()
@config_option
@json_option
@click.argument("number")
def show(config: Path, as_one_object: bool, number: str) -> None:
    """Show the whole story of NUMBER."""
    with books(config) as opened:
        one = desk.sheet(opened.connection, opened.promises, opened.now, numbered(opened.scene, number))
        story = desk.story_json(opened.connection, one, opened.promises, opened.now)
    if as_one_object:
        click.echo(json.dumps(story, ensure_ascii=False))
        return
    for text in _story(story):
        click.echo(text)


def _story(story: Row) -> Iterator[str]:
    yield f"{story['incident']}: {story['state']}, {story['sonde'] or 'reported by ' + str(story['author'])}"
    fields = ("message", "collectivite", "cause", "ref", "merged_into")
    yield from (f"  {field}: {story[field]}" for field in fields if story[field])
    if story["merged"]:
        yield f"  merged into it: {', '.join(story['merged'])}"
    for number, opening in enumerate(story["openings"]):
        until = f" to {local(opening['restored'])}" if opening["restored"] else ""
        yield f"{'reopened' if number else 'opened'} {local(opening['opened'])}{until}"
        for line in opening["lines"]:
            yield f"  {_line(line)}"
            for one in line["suspensions"]:
                until = f" to {local(one['end'])}" if one["end"] else ", and still is"
                yield f"    suspended {local(one['start'])}{until}"
    yield "journal"
    for entry in story["journal"]:
        words = [entry[key] for key in ("service", "author", "text") if entry[key]]
        yield f"  {local(entry['t'])} {entry['kind']}{': ' if words else ''}{', '.join(words)}"
    if story["dependants"]:
        yield "unreachable behind it"
        for one in story["dependants"]:
            yield f"  {one['sonde']} {local(one['start'])} to {local(one['end'])}"
