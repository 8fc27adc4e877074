"""Calls what watches Vigie from elsewhere, as long as Vigie is well: who hears nothing any more alarms. SPEC 7.

A call waits for nothing and nothing waits for it: it fails, is counted, is told once, and the next one is on time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from yarl import URL

from supervisor.alerts.http_exchange import Reply, Request, Silence
from supervisor.clock import Clock
from supervisor.config.alerting import Watchdog

log = logging.getLogger(__name__)

LOOK_EVERY_S = 5.0  # whether the config names others
AGAIN_S = 1.0  # whether all is well again

Ask = Callable[[Request], Awaitable[Reply | Silence]]


@dataclass(slots=True)
class Calls:
    """What became of those to one address."""

    due: float  # on the scale that never goes back
    made: int = 0
    failures: int = 0
    answered_at: float | None = None  # POSIX seconds
    failing: bool = False
    under_way: asyncio.Task[None] | None = None


class Watchdogs:
    """Follows the config and the health of the process."""

    def __init__(
        self, watchdogs: Callable[[], Sequence[Watchdog]], troubles: Callable[[], list[str]], clock: Clock, ask: Ask
    ) -> None:
        self._watchdogs = watchdogs
        self._troubles = troubles
        self._clock = clock
        self._ask = ask
        self._well = True
        self.calls: dict[str, Calls] = {}

    async def run(self) -> None:
        """For as long as the process lives."""
        try:
            while True:
                wait_s = self.look()
                await asyncio.sleep(wait_s)
        finally:
            tasks = [calls.under_way for calls in self.calls.values() if calls.under_way is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def look(self) -> float:
        """Call those whose turn it is, if all is well; gives the seconds until the next look."""
        now = self._clock.monotonic()
        watchdogs = self._watchdogs()
        for gone in self.calls.keys() - {watchdog.name for watchdog in watchdogs}:
            under_way = self.calls.pop(gone).under_way
            if under_way is not None:
                under_way.cancel()
        troubles = self._troubles() if watchdogs else []
        self._tell(troubles)
        dues = [now + (AGAIN_S if troubles else LOOK_EVERY_S)]
        for watchdog in watchdogs:
            calls = self.calls.setdefault(watchdog.name, Calls(due=now))
            calls.due = min(calls.due, now + watchdog.every)  # it may be written otherwise by now
            if calls.due <= now and not troubles:
                calls.due = now + watchdog.every
                if calls.under_way is None or calls.under_way.done():
                    calls.under_way = asyncio.create_task(self._call(watchdog, calls))
            if not troubles:
                dues.append(calls.due)
        return min(dues) - now

    def _tell(self, troubles: list[str]) -> None:
        well = not troubles
        if well != self._well:
            if well:
                log.warning("all is well again: watchdogs are called")
            else:
                log.error("all is not well, watchdogs are not called: %s", "; ".join(troubles))
        self._well = well

    async def _call(self, watchdog: Watchdog, calls: Calls) -> None:
        why = await self._why_not(watchdog)
        calls.made += 1
        if why:
            calls.failures += 1
            if not calls.failing:
                log.error("the watchdog %s does not hear that all is well: %s", watchdog.name, why)
        else:
            calls.answered_at = self._clock.wall()
            if calls.failing:
                log.warning("the watchdog %s hears that all is well again", watchdog.name)
        calls.failing = bool(why)

    async def _why_not(self, watchdog: Watchdog) -> str:
        """What became of one call; never where it went, which is a secret."""
        url = URL(watchdog.url.reveal())
        request = Request(method="GET", url=url, headers={}, body=None, ca=watchdog.ca, timeout_s=watchdog.timeout)
        try:
            answer = await self._ask(request)
        except Exception as error:  # noqa: BLE001  a bug here is one more way not to be heard; its words may hold the address
            return f"erreur interne ({type(error).__name__})"
        if isinstance(answer, Silence):
            return answer.why.replace(url.host or "", "…") if url.host else answer.why
        return "" if 200 <= answer.status < 300 else f"réponse {answer.status}"
