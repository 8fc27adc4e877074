"""A sheet as one HTML file: no script, nothing fetched, readable on a telephone and printable."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from supervisor.reports.sheet import Sheet

_WIDE = 360  # of drawings that a telephone has to scroll


def page(sheet: Sheet) -> bytes:
    """The file. Whatever a person or a machine wrote is escaped; only our own drawings are not."""
    environment = Environment(
        loader=PackageLoader("supervisor.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("report.html")
    return template.render(sheet=sheet, drawing=Markup, wide=_WIDE).encode()
