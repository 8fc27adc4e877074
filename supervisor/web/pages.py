"""The first page: what is well, what is not, in French, without a line of script."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from probes.base import Status

if TYPE_CHECKING:
    from jinja2 import Environment

_BREAKABLE = re.compile(r"(?<=«) | (?=[»:;!?%€])|(?<=\d) (?=\d{3}\b|(?:j|h|min|s|ms|[kMGT]?o|[KMGT]iB)\b)")
# Shape and words (of one sonde, of several) beside the colour: nothing is told by colour alone.
SIGNS = {
    Status.CRITICAL: ("■", "en panne", "en panne"),
    Status.WARNING: ("▲", "à surveiller", "à surveiller"),
    Status.OK: ("●", "en service", "en service"),
    Status.UNKNOWN: ("?", "inconnue", "inconnues"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """One sonde that is not well."""

    sonde: str  # "equipment/sonde"
    name: str  # of the equipment, as people call it
    status: Status
    since: str  # "depuis 17:25" or "depuis le 12/03/2026 à 17:25"
    message: str
    flapping: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One collectivité."""

    name: str
    counts: dict[Status, int]  # worst first, without zeros
    paused: int
    troubles: tuple[Trouble, ...]  # worst first
    more: int  # troubles that are not shown
    notes: tuple[str, ...]  # what is said of several sondes at once

    @property
    def worst(self) -> Status:
        """What its line shows: the worst of what is known, unknown only where nothing else is."""
        for status in (Status.CRITICAL, Status.WARNING, Status.OK):
            if self.counts.get(status):
                return status
        return Status.UNKNOWN


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """All that the page shows."""

    organisation: str
    at: str
    isolated: bool
    rows: tuple[Row, ...]

    def total(self, status: Status) -> int:
        """How many sondes show this."""
        return sum(row.counts.get(status, 0) for row in self.rows)


Present = Callable[[], View]


def said(status: Status, count: int) -> str:
    """The word for so many sondes in this state; zero is singular in French."""
    return SIGNS[status][1 if count < 2 else 2]


def typeset(text: str) -> str:
    """French typography: the spaces inside « » and before : ; ! ? %, and before a unit, are not where a line breaks."""
    return _BREAKABLE.sub("\N{NO-BREAK SPACE}", text)


def environment() -> Environment:
    """The templates; what comes from a target or a config is always escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # 2 MiB that only those who look pay

    env = Environment(
        loader=PackageLoader("supervisor.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    env.globals["signs"] = SIGNS
    env.globals["said"] = said
    env.filters["typeset"] = typeset
    env.globals["Status"] = Status
    return env


def render(view: View, *, still: bool = False) -> str:
    """The page as text; `still`: without the refresh, which whoever reads slowly must be able to stop (RGAA 13.1)."""
    return environment().get_template("index.html").render(view=view, still=still)


async def index(present: Present, *, still: bool = False) -> web.Response:
    """The page as it is now."""
    text = await asyncio.to_thread(lambda: render(present(), still=still))
    return web.Response(text=text, content_type="text/html")
