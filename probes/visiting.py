"""The door to HTTP of techniques that are about something else, or about no more than the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probes.base import Run, Status, Target
from probes.http_settings import HttpSettings
from probes.secret import Secret

if TYPE_CHECKING:
    from probes.http_visit import Page, Read


class VisitError(Exception):
    """There is no page to judge; `status` and `message` (in French) are the result."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


async def visit(
    target: Target, settings: HttpSettings, run: Run, read: Read | None = None, *, authorization: Secret | None = None
) -> Page:
    """The page in the end, its body taken by `read` if given; raises VisitError."""
    from probes.http_visit import Visit  # loaded at first use: who only reads the config does without aiohttp

    return await Visit(target, settings, run, read, authorization=authorization).page()
