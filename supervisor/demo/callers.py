"""The jobs of the demo: they call in at the daemon's own address, as a backup script does with curl."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

import aiohttp

from supervisor.demo.cast import Job
from supervisor.demo.played import Ailing, Mode

_TOOK_S = 41  # what every job says it took
_ANSWER_WITHIN_S = 10.0

log = logging.getLogger(__name__)


class Caller(Ailing):
    """One job, done again and again."""

    def __init__(self, job: Job, address: str) -> None:
        super().__init__(job.sonde)
        self._job = job
        self._address = address  # where the daemon said that it is called
        self._changed = asyncio.Event()

    async def settle(self) -> None:
        """Do the job again at once, well or badly: nobody waits for the next night to see it."""
        self._changed.set()

    async def run(self, session: aiohttp.ClientSession) -> None:
        """Call for ever; a call that does not go through is not made again before the next."""
        while True:
            self._changed.clear()
            if self.mode in (Mode.WELL, Mode.FAIL):
                await self._call(session)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._job.every_s):
                    await self._changed.wait()

    async def _call(self, session: aiohttp.ClientSession) -> None:
        said = {"exit": "0", "size": str(self._job.size_bytes), "duration": str(_TOOK_S)}
        if self.mode is Mode.FAIL:
            said |= {"exit": "1", "message": "disque de sauvegarde non monté"}
        try:
            timeout = aiohttp.ClientTimeout(total=_ANSWER_WITHIN_S)
            async with session.get(self._address, params=said, timeout=timeout) as answer:
                answer.raise_for_status()
        except (aiohttp.ClientError, TimeoutError) as error:
            log.info("%s: the call did not go through: %s", self.name, type(error).__name__)
