"""The page of one incident, for whoever has its link: `/i/TOKEN`. GET shows, POST acts: mail scanners open links too.

The link is all there is to say who somebody is, so everything that is wrong with one gives the same page. There is no
cookie: a page of another site can send nothing in somebody's name without knowing their link.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from supervisor.domain.link import PATH
from supervisor.errors import VigieError
from supervisor.french import typeset

if TYPE_CHECKING:
    from jinja2 import Environment

MOST_BODY = 512  # bytes of a form of two fields
BODY_WITHIN_S = 10.0
MOST_AT_ONCE = 16  # requests that are looked up; each waits for the one thread that reads
HEADERS = {
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}


log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Happened:
    """One line of the journal."""

    at: str
    what: str
    who: str  # "" for Vigie itself
    text: str  # what the person said


@dataclass(frozen=True, kw_only=True, slots=True)
class Button:
    """One thing that can be done."""

    step: str  # as the form says it, and its place in the page
    word: str
    means: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """All that the page shows; in French."""

    organisation: str
    at: str  # the hour it is of
    level: str  # critical, warning, ok, unknown
    sign: str
    word: str
    title: str
    noted: str  # what became of what was just clicked
    kept: bool  # it was written
    paragraphs: tuple[str, ...]
    buttons: tuple[Button, ...]
    opening: int  # that the buttons are about
    facts: tuple[tuple[str, str], ...]
    journal: tuple[Happened, ...]
    left_out: int  # lines of the journal that are not shown


@dataclass(frozen=True, kw_only=True, slots=True)
class Backing:
    """What the page stands on, handed over by the application."""

    organisation: Callable[[], str]
    show: Callable[[str, str], Awaitable[Sheet | None]]  # token, what was done; None: the link opens nothing
    act: Callable[[str, str, int], Awaitable[str | None]]  # token, step, opening; what was done; None: it may not


def mount(app: web.Application, backing: Backing) -> None:
    """Serve it at its path."""
    pages = Pages(backing)
    app.router.add_get(f"{PATH}{{token}}", pages.get)
    app.router.add_post(f"{PATH}{{token}}", pages.post)


class Pages:
    """Serves them."""

    def __init__(self, backing: Backing) -> None:
        self._backing = backing
        self._busy = 0
        self._environment: Environment | None = None

    async def get(self, request: web.Request) -> web.Response:
        """As it stands now; nothing is written, whoever looks."""
        return await self._served(lambda: self._show(request))

    async def post(self, request: web.Request) -> web.Response:
        """One step, then back to the page: what is loaded again is the page, not the step."""
        return await self._served(lambda: self._act(request))

    async def _served(self, answer: Callable[[], Awaitable[web.Response]]) -> web.Response:
        if self._busy >= MOST_AT_ONCE:
            return await self._told(503, "busy", **{"Retry-After": "5"})
        self._busy += 1
        try:
            return await answer()
        except VigieError as error:  # the disk
            log.warning("the page of an incident cannot be served: %s", error)
            return await self._told(503, "failed", **{"Retry-After": "30"})
        except Exception:
            log.exception("the page of an incident failed")
            return await self._told(503, "failed", **{"Retry-After": "30"})
        finally:
            self._busy -= 1

    async def _show(self, request: web.Request) -> web.Response:
        sheet = await self._backing.show(request.match_info["token"], request.query.get("fait", ""))
        if sheet is None:
            return await self._told(404, "gone")
        return _page(200, await asyncio.to_thread(self._render, "incident.html", sheet=sheet))

    async def _act(self, request: web.Request) -> web.Response:
        # Where a browser says that another site sends this, the link was found by somebody: no reader of ours does so.
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            return await self._told(403, "foreign")
        if request.content_type != "application/x-www-form-urlencoded" or request.content_length is None:
            return await self._told(400, "unread")
        if request.content_length > MOST_BODY:
            return await self._told(413, "unread", Connection="close")
        try:
            async with asyncio.timeout(BODY_WITHIN_S):
                said = await request.post()
        except TimeoutError:
            return await self._told(408, "unread", Connection="close")
        except ValueError:  # bytes that are no text
            return await self._told(400, "unread")
        step, opening = str(said.get("step", "")), str(said.get("opening", ""))
        if not (opening.isascii() and opening.isdecimal() and len(opening) < 12):
            return await self._told(400, "unread")
        token = request.match_info["token"]
        done = await self._backing.act(token, step, int(opening))
        if done is None:
            return await self._told(404, "gone")
        # Relative: what is before it depends on the proxy in front.
        return web.Response(status=303, headers={**HEADERS, "Location": f"{token}?fait={done}"})

    async def _told(self, status: int, why: str, **headers: str) -> web.Response:
        text = await asyncio.to_thread(
            self._render, "no_incident.html", why=why, organisation=self._backing.organisation()
        )
        return _page(status, text, **headers)

    def _render(self, name: str, **shown: object) -> str:
        return self._templates().get_template(name).render(**shown)

    def _templates(self) -> Environment:
        if self._environment is None:
            from jinja2 import Environment, PackageLoader, StrictUndefined  # 2 MiB that only those who look pay

            made = Environment(
                loader=PackageLoader("supervisor.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
            )
            made.filters["typeset"] = typeset
            self._environment = made
        return self._environment


def _page(status: int, text: str, **headers: str) -> web.Response:
    return web.Response(status=status, text=text, content_type="text/html", headers={**HEADERS, **headers})
