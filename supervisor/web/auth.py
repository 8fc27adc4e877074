"""What a request says of who makes it."""

from __future__ import annotations

from aiohttp import web


def bearer(request: web.Request) -> bytes | None:
    """The token it carries, if it carries exactly one and in its header: an address ends up in logs."""
    given = request.headers.getall("Authorization", [])
    if len(given) != 1:
        return None
    kind, _, token = given[0].partition(" ")
    # As it came: bytes that are no text are a wrong token, and no reason to fail.
    return token.strip().encode("utf-8", "surrogateescape") if kind.lower() == "bearer" else None
