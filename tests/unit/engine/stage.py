"""An engine on virtual time, with techniques whose findings are a function of the instant."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable

from probes.base import Probe, Result, Run, Shared, Status, Target
from probes.settings import settings
from supervisor.domain.judge import Judge
from supervisor.domain.sonde import Sonde
from supervisor.domain.state import Change
from supervisor.engine.engine import Engine
from tests.virtual_time import VirtualClock, VirtualLoop, run

World = Callable[[str, float], Status]


@settings
class Nothing:
    """No setting at all."""


class Stage:
    """What happened, by sonde."""

    def __init__(self, world: World, sondes: list[Sonde], canaries: list[Sonde], concurrency: int = 25) -> None:
        self.loop = VirtualLoop()
        self.clock = VirtualClock(self.loop)
        self.world = world
        self.start = self.clock.wall()
        self.judge = Judge()
        self.judge.configure({s.id: s for s in sondes}, canaries)
        self.started: dict[str, list[float]] = defaultdict(list)  # seconds since the start
        self.intervals: dict[str, float] = {}  # as the technique was told
        self.results: list[tuple[float, str, Status]] = []
        self.changes: list[Change] = []
        self.rewound: list[float] = []
        self.takes: dict[str, float] = {}  # how long a check of it lasts
        self.running: dict[str, int] = defaultdict(int)
        self.overlaps = 0
        self._sondes = [*sondes, *canaries]
        self._concurrency = concurrency

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return self.clock.wall() - self.start

    async def _check(self, target: Target, _: object, run: Run) -> Result:
        self.started[target.sonde].append(self.now)
        self.intervals[target.sonde] = run.interval_s
        self.running[target.sonde] += 1
        self.overlaps += self.running[target.sonde] > 1
        try:
            status = self.world(target.sonde, self.now)
            await asyncio.sleep(self.takes.get(target.sonde, 0.01))
            return Result(status, "vu")
        finally:
            self.running[target.sonde] -= 1

    def _deliver(self, sonde: Sonde, at: int, result: Result) -> list[Change] | None:
        self.results.append((at - self.start, sonde.id, result.status))
        changes = self.judge.observe(sonde.id, at, result.status, result.message)
        self.changes += changes or []
        return changes

    def _rewind(self, at: float) -> None:
        self.rewound.append(at)
        self.changes += self.judge.rewind(int(at))

    def play(self, seconds: float, *acts: tuple[float, Callable[[Engine], None]]) -> Engine:
        """Run for so long, doing things at given instants."""
        return run(self._play(seconds, acts), self.loop)

    async def _play(self, seconds: float, acts: tuple[tuple[float, Callable[[Engine], None]], ...]) -> Engine:
        probe = Probe(type="tcp", settings=Nothing, check=self._check, on_timeout=Status.CRITICAL)
        engine = Engine(
            clock=self.clock,
            probes={"tcp": probe},
            shared=Shared(),
            judge=self.judge,
            deliver=self._deliver,
            concurrency=self._concurrency,
            rewound=self._rewind,
        )
        engine.add(self._sondes)
        for after, act in acts:
            self.loop.call_later(after, act, engine)
        running = asyncio.ensure_future(engine.run())
        await asyncio.sleep(seconds)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return engine


def went_critical(changes: list[Change]) -> list[str]:
    """The sondes that an alert would have spoken of, in order."""
    return [c.sonde for c in changes if c.after is Status.CRITICAL]
