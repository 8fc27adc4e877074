"""Small HTTP servers that play gateways and receivers, as their documentation says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """Any request goes to `handler`; gives the address."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return await handler(request)  # which may be an object

    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", answer)
    runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@dataclass
class Ovh:
    """The API of OVHcloud, with one SMS account; it knows no other clock than its own."""

    ahead_s: int = 0  # of the clock of the caller
    wall: Callable[[], float] = lambda: 1_795_000_000.0
    refuses: dict[str, Any] | None = None  # an error instead of an answer
    status: int = 200
    invalid: tuple[str, ...] = ()
    jobs: list[dict[str, Any]] = field(default_factory=list)
    clock_asked: int = 0
    application, secret, consumer, account = (
        "ak0123456789",
        "as-très-0123456789abcdef",
        "ck0123456789abcdef",
        "sms-ab1-1",
    )

    @property
    def now(self) -> int:
        return int(self.wall()) + self.ahead_s

    def _error(self, status: int, code: str, message: str) -> web.Response:
        return web.json_response({"errorCode": code, "httpCode": str(status), "message": message}, status=status)

    async def __call__(self, request: web.Request) -> web.Response:
        if request.path == "/1.0/auth/time":
            self.clock_asked += 1
            return web.json_response(self.now)
        body = await request.text()
        if request.headers.get("X-Ovh-Application") != self.application:
            return self._error(403, "INVALID_KEY", "Invalid application key")
        if request.headers.get("X-Ovh-Consumer") != self.consumer:
            return self._error(403, "INVALID_CREDENTIAL", "This credential is not valid")
        timestamp = request.headers["X-Ovh-Timestamp"]
        if abs(int(timestamp) - self.now) > 30:
            return self._error(400, "QUERY_TIME_OUT", "Query out of time")
        signed = "+".join((self.secret, self.consumer, request.method, str(request.url), body, timestamp))
        if request.headers["X-Ovh-Signature"] != "$1$" + hashlib.sha1(signed.encode()).hexdigest():
            return self._error(400, "INVALID_SIGNATURE", "Invalid signature")
        if self.refuses is not None:
            return web.json_response(self.refuses, status=self.status)
        if request.path != f"/1.0/sms/{self.account}/jobs":
            return self._error(404, "NOT_FOUND", "This service does not exist")
        job = json.loads(body)
        valid = [number for number in job["receivers"] if number not in self.invalid]
        if valid:
            self.jobs.append(job)
        ids = [4200 + len(self.jobs)] if valid else []
        invalid = [number for number in job["receivers"] if number in self.invalid]
        return web.json_response(
            {"ids": ids, "validReceivers": valid, "invalidReceivers": invalid, "totalCreditsRemoved": len(valid)}
        )
