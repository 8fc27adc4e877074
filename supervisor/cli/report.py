"""`vigie report`: what a mayor reads and an accountant keeps, as files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import click

from supervisor.cli.options import config_option
from supervisor.cli.reading import books
from supervisor.domain import period as periods
from supervisor.domain.period import Period
from supervisor.reports import export, summary, table
from supervisor.reports.data import Report, Source, reports
from supervisor.reports.page import page
from supervisor.reports.pdf import Press
from supervisor.reports.sheet import Sheet
from supervisor.reports.telling import tell
from supervisor.reports.writing import file_name, write

FORMATS = ("pdf", "html", "csv", "json")


@click.command()
@config_option
@click.option(
    "--period", metavar="PERIOD", required=True, help="2026-03, 2026-Q1, 2026-H1, 2026 or 2026-03-01..2026-03-15."
)
@click.option("--collectivite", metavar="ID", help="One collectivité; all of them and a summary otherwise.")
@click.option(
    "--format",
    "formats",
    type=click.Choice(FORMATS),
    multiple=True,
    default=("pdf",),
    show_default=True,
    help="May be repeated. csv: two files, services and (-gti) clocks, for a French spreadsheet.",
)
@click.option("--machine", is_flag=True, help="CSV for a program: commas, points, the words of `vigie sla --json`.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    show_default="the working directory",
    help="Where the files go.",
)
def report(
    config: Path, period: str, collectivite: str | None, formats: tuple[str, ...], machine: bool, output: Path
) -> None:
    """Write the report of PERIOD in French, and print the names of the files."""
    if machine and "csv" not in formats:
        raise click.UsageError("--machine is about the CSV; add --format csv")
    asked = periods.parse(period)
    writer = _Writer(asked, formats, machine=machine, output=output)
    with books(config) as opened:
        source = Source(
            connection=opened.connection,
            promises=opened.promises,
            organisation=opened.configuration.organisation,
            version=version("vigie"),
            now=opened.now,
        )
        for written in writer.write(reports(source, asked, collectivite), alone=collectivite is not None):
            click.echo(written)


class _Writer:
    """Renders reports one at a time; keeps of each only what the summary needs."""

    def __init__(self, period: Period, formats: Sequence[str], *, machine: bool, output: Path) -> None:
        self._period = period
        self._formats = tuple(dict.fromkeys(formats))
        self._services = table.services_machine if machine else table.services
        self._clocks = table.clocks_machine if machine else table.clocks
        self._output = output
        self._press = Press() if "pdf" in formats else None

    def write(self, found: Iterable[Report], *, alone: bool) -> Iterator[Path]:
        """Every file, as soon as it is written."""
        kept: list[Report] = []
        lines: list[summary.Line] = []
        for each in found:
            yield from self._files(each.collectivite, [each], tell(each), export.export_one)
            if not alone:
                lines.append(summary.line(each))
                kept.append(each.slim)
        if kept:
            sheet = summary.summarise(kept[0], lines)
            yield from self._files(None, kept, sheet, export.export_all)

    def _files(
        self, collectivite: str | None, of: Sequence[Report], sheet: Sheet, data: Callable[[Sequence[Report]], object]
    ) -> Iterator[Path]:
        if self._press is not None:
            yield self._file(collectivite, ".pdf", self._press.pdf(sheet, of[0].produced_at))
        if "html" in self._formats:
            yield self._file(collectivite, ".html", page(sheet))
        if "csv" in self._formats:
            yield self._file(collectivite, ".csv", self._services(of))
            yield self._file(collectivite, "-gti.csv", self._clocks(of))
        if "json" in self._formats:
            yield self._file(collectivite, ".json", json.dumps(data(of), ensure_ascii=False, indent=1).encode() + b"\n")

    def _file(self, collectivite: str | None, ending: str, content: bytes) -> Path:
        path = self._output / file_name(self._period, collectivite, ending)
        write(path, content)
        return path
