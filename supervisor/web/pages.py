"""The first page: what is well, what is not, in French, without a line of script."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from probes.base import Status

# Shape and word beside the colour: nothing is told by colour alone.
SIGNS = {
    Status.OK: ("●", "en service"),
    Status.WARNING: ("▲", "à surveiller"),
    Status.CRITICAL: ("■", "en panne"),
    Status.UNKNOWN: ("?", "inconnu"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """One sonde that is not well."""

    sonde: str
    status: Status
    since: str  # "depuis 17:25" or "depuis le 12/03 à 17:25"
    message: str
    flapping: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One collectivité."""

    name: str
    counts: dict[Status, int]
    troubles: tuple[Trouble, ...]  # worst first

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


def environment() -> Environment:
    """The templates; what comes from a target or a config is always escaped."""
    env = Environment(
        loader=PackageLoader("supervisor.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    env.globals["signs"] = SIGNS
    env.globals["Status"] = Status
    return env


def render(view: View) -> str:
    """The page as text."""
    return environment().get_template("index.html").render(view=view)


async def index(present: Present) -> web.Response:
    """The page as it is now."""
    text = await asyncio.to_thread(lambda: render(present()))
    return web.Response(text=text, content_type="text/html")
