"""What `vigie billing counts` and `contributions` give beside a table: one JSON object, CSV, the letters as PDF."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import wraps
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from supervisor.billing.books import Books
from supervisor.errors import VigieError
from supervisor.reports.call_data import call_reports
from supervisor.reports.call_letter import file_name, letter
from supervisor.reports.pdf import Press
from supervisor.reports.writing import write

Command = Callable[..., Any]

_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
_csv = click.option(
    "--csv", "as_csv", is_flag=True, help="CSV for a French spreadsheet: semicolons, decimal commas, French headings."
)
_machine = click.option(
    "--machine", is_flag=True, help="With --csv, for a program: commas, points, the words of --json."
)
_pdf = click.option("--pdf", "as_pdf", is_flag=True, help="Write each call as a letter in French; print the names.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """In which form a command answers; in none of them, it prints a table for a person."""

    as_json: bool
    as_csv: bool
    machine: bool
    as_pdf: bool | None  # None: of a command that has no letters
    output: Path | None

    def __post_init__(self) -> None:
        asked = [name for name, on in (("--json", self.as_json), ("--csv", self.as_csv), ("--pdf", self.as_pdf)) if on]
        if len(asked) > 1:
            raise click.UsageError(f"{' and '.join(asked)}: keep one of them")
        if self.machine and not self.as_csv:
            raise click.UsageError("--machine is about the CSV; add --csv")
        if self.output is not None and not (self.as_csv or self.as_pdf):
            raise click.UsageError(f"--output is about files; add --csv{'' if self.as_pdf is None else ' or --pdf'}")

    def give(self, said: Callable[[], object], french: Callable[[], bytes], machine: Callable[[], bytes]) -> bool:
        """Print the JSON object, or the CSV or write it; False where neither is asked for."""
        if self.as_json:
            click.echo(json.dumps(said(), ensure_ascii=False))
        elif self.as_csv:
            content = machine() if self.machine else french()
            if self.output is None:
                click.echo(content, nl=False)
            else:
                write(self.output, content)
        return self.as_json or self.as_csv


def count_forms(command: Command) -> Command:
    """The options of the forms of counts, handed over as `form`."""
    output = click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Where the CSV goes.")
    return _json(_csv(_machine(output(_formed(command)))))


def call_forms(command: Command) -> Command:
    """The options of the forms of calls, handed over as `form`."""
    output = click.option(
        "--output",
        type=click.Path(path_type=Path),
        help="The file of the CSV, or the directory of the PDF  [default: standard output, or the working directory]",
    )
    return _json(_csv(_machine(_pdf(output(_formed(command))))))


def _formed(command: Command) -> Command:
    @wraps(command)
    def called(
        *, as_json: bool, as_csv: bool, machine: bool, output: Path | None, as_pdf: bool | None = None, **rest: Any
    ) -> Any:
        form = Form(as_json=as_json, as_csv=as_csv, machine=machine, as_pdf=as_pdf, output=output)
        return command(form=form, **rest)

    return called


def letters(
    connection: sqlite3.Connection, books: Books, year: int, collectivite: str | None, output: Path | None
) -> Iterator[Path]:
    """Write the calls of a year, a file each; every name as soon as it is there.

    One that cannot be set, for a name in letters that the font lacks, keeps nobody else from theirs: it is said at the
    end.
    """
    press = Press("call")
    wrong: list[str] = []
    drafts: Counter[tuple[str, date]] = Counter()  # numbered within their day
    for report in call_reports(connection, books, year, collectivite, version("vigie")):
        day = (report.call.collectivite, report.call.date)
        if report.document is None:
            drafts[day] += 1
        path = (output or Path()) / file_name(report, drafts[day])
        try:
            made = press.pdf(letter(report), report.made_at)
        except VigieError as error:
            wrong.append(str(error))
            continue
        write(path, made)
        yield path
    if wrong:
        raise VigieError("\n".join(wrong))
