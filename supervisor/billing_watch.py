"""Follows what is billed, for the metrics and the log: it changes with the config, with history, with time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from supervisor.billing.books import read
from supervisor.billing_metrics import BillingExposition, billing
from supervisor.store.errors import StoreError
from supervisor.store.store import Store

log = logging.getLogger(__name__)

LOOK_EVERY_S = 300.0  # at the latest: the clock may be set, somebody may have corrected the ledger
AGAIN_AFTER_S = 30.0  # when the ledger could not be read


class BillingWatch:
    """Reads the ledger, never writes it."""

    def __init__(self, store: Store, exposition: BillingExposition, now: Callable[[], float]) -> None:
        self._store = store
        self._exposition = exposition
        self._now = now

    async def run(self) -> None:
        """For as long as the process lives; whoever changes the ledger calls `look` besides."""
        while True:
            await asyncio.sleep(self.wait_s())
            await self.look()

    def wait_s(self) -> float:
        """The seconds until the figures may be others."""
        left = self._exposition.shown.until - self._now()
        return min(LOOK_EVERY_S, left) if left > 0 else AGAIN_AFTER_S

    async def look(self) -> None:
        """Work the figures out, in the thread that reads; who has become nearly full is said once."""
        now = int(self._now())
        try:
            found = await self._store.read(lambda connection: billing(read(connection, now)))
        except StoreError as error:
            log.warning("what is billed cannot be read: %s", error)
        except Exception:  # a bug in billing is no reason to stop the checks
            log.exception("what is billed cannot be worked out")
        else:
            for each in self._exposition.keep(found):
                log.warning("%s", each)
