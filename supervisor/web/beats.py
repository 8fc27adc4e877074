"""Where heartbeats call in: `/beat/TOKEN?exit=0&size=123456&duration=75`, by GET or POST."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from aiohttp import web

MESSAGE_LENGTH = 200


class Call(NamedTuple):
    """What the caller reported; None where it said nothing."""

    exit_code: int | None
    size_bytes: int | None
    duration_s: float | None
    message: str


# Gives False when no sonde has this token. Returns once the call is on disk: the caller may forget it then.
Receive = Callable[[str, Call], Awaitable[bool]]


async def receive(request: web.Request, keep: Receive) -> web.Response:
    """Take one call."""
    if request.method not in ("GET", "POST", "PUT"):
        raise web.HTTPMethodNotAllowed(request.method, ["GET", "POST", "PUT"])
    said = dict(request.query)
    if request.method != "GET" and request.content_type == "application/x-www-form-urlencoded":
        said.update({key: value for key, value in (await request.post()).items() if isinstance(value, str)})
    try:
        call = Call(
            _whole(said, "exit"),
            _whole(said, "size", least=0),
            _seconds(said, "duration"),
            "".join(c for c in said.get("message", "") if c.isprintable())[:MESSAGE_LENGTH],
        )
    except ValueError as error:
        raise web.HTTPBadRequest(text=f"{error}\n") from None
    if not await keep(request.match_info["token"], call):
        raise web.HTTPNotFound
    return web.Response(text="ok\n")


def _whole(said: dict[str, str], key: str, least: int | None = None) -> int | None:
    if key not in said:
        return None
    try:
        value = int(said[key])
    except ValueError:
        raise ValueError(f"{key}: a whole number is expected") from None
    if abs(value) >= 2**63 or (least is not None and value < least):
        raise ValueError(f"{key}: out of range")
    return value


def _seconds(said: dict[str, str], key: str) -> float | None:
    if key not in said:
        return None
    try:
        value = float(said[key])
    except ValueError:
        raise ValueError(f"{key}: a number of seconds is expected") from None
    if not 0 <= value < 1e9:
        raise ValueError(f"{key}: out of range")
    return value
