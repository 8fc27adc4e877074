"""Where heartbeats call in: `/beat/TOKEN?exit=0&size=123456&duration=75`, by GET or POST."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from supervisor.errors import VigieError

# Gives False when no sonde has this token; ValueError says what is wrong with the parameters. Returns once the call
# is on disk: the caller may forget it then.
Receive = Callable[[str, Mapping[str, str]], Awaitable[bool]]


async def receive(request: web.Request, keep: Receive) -> web.Response:
    """Take one call."""
    if request.method not in ("GET", "POST", "PUT"):
        raise web.HTTPMethodNotAllowed(request.method, ["GET", "POST", "PUT"])
    said = dict(request.query)
    if request.method != "GET" and request.content_type == "application/x-www-form-urlencoded":
        said.update({key: value for key, value in (await request.post()).items() if isinstance(value, str)})
    try:
        known = await keep(request.match_info["token"], said)
    except ValueError as error:
        raise web.HTTPBadRequest(text=f"{error}\n") from None
    except VigieError:  # the disk; it is heard all the same, but a crash would forget it
        raise web.HTTPServiceUnavailable(text="heard, but not on disk: call again\n") from None
    if not known:
        raise web.HTTPNotFound
    return web.Response(text="ok\n")
