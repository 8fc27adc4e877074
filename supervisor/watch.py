"""What time alone changes: a GTI that is half used up, a maintenance that ends, the figures of the running month.

Nothing is decided here: when the instant comes, the incidents concerned are told again, in a transaction of the
recorder like any other, and the telling finds what has become true.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from supervisor.domain.promise import Promises
from supervisor.proof.running import Present, present
from supervisor.proof.standing import Standing, standing
from supervisor.service_metrics import ServiceExposition
from supervisor.store.errors import StoreError
from supervisor.store.recorder import Recorder
from supervisor.store.store import Store

log = logging.getLogger(__name__)

LOOK_EVERY_S = 30.0  # at the latest: the clock may be set, the calendar may have changed
FIGURES_EVERY_S = 300.0


class Watch:
    """Follows the clocks that run."""

    def __init__(
        self,
        store: Store,
        recorder: Recorder,
        promises: Callable[[], Promises],
        services: ServiceExposition,
        now: Callable[[], float],
    ) -> None:
        self._store = store
        self._recorder = recorder
        self._promises = promises
        self._services = services
        self._now = now
        self._seen = -1  # the version of the register that `present` is of
        self._looked_at = 0

    async def run(self) -> None:
        """For as long as the process lives."""
        while True:
            try:
                wait_s = await self.look()
            except StoreError as error:
                log.warning("the clocks of the GTI cannot be read: %s", error)
                wait_s = LOOK_EVERY_S
            except Exception:  # a bug in the clocks is no reason to stop the checks
                log.exception("the clocks of the GTI cannot be followed")
                wait_s = LOOK_EVERY_S
            await self._recorder.changed(self._seen, wait_s)

    async def look(self) -> float:
        """See what runs and tell again what is due; gives the seconds until something will be."""
        promises = self._promises()
        seen = self._recorder.version
        now = int(self._now())
        shown = await self._store.read(lambda connection: present(connection, promises, now))
        before, self._services.present = self._services.present, shown
        if self._passed(before, promises, now) and (shown.lasting or shown.running):
            self._recorder.note_due(dict.fromkeys(shown.lasting, now), _reports(shown))
            self._recorder.urgent()
        self._seen, self._looked_at = seen, now
        due = shown.due(promises, now)
        return LOOK_EVERY_S if due is None else min(LOOK_EVERY_S, max(due - self._now(), 0.05))

    def _passed(self, before: Present, promises: Promises, now: int) -> bool:
        """Has an instant come since it was last looked, or is this the first look?"""
        due = before.due(promises, self._looked_at)
        return self._seen < 0 or (due is not None and due <= now)

    async def keep_figures(self) -> None:
        """Work the figures out again and again, in the thread that reads."""
        while True:
            try:
                self._services.keep(await self.figures())
            except StoreError as error:
                log.warning("the figures of the services cannot be read: %s", error)
            except Exception:
                log.exception("the figures of the services cannot be worked out")
            await asyncio.sleep(FIGURES_EVERY_S)

    async def figures(self) -> Standing:
        """How every service stands now."""
        promises, now = self._promises(), int(self._now())
        return await self._store.read(lambda connection: standing(connection, promises, now))


def _reports(shown: Present) -> set[int]:
    return {one.id for one in shown.running if one.sonde is None}
