"""`vigie run` on a clock that a test sets: how far off it is stands in a file."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from probes import registry
from supervisor import logs
from supervisor.app import Daemon
from supervisor.clock import SystemClock
from supervisor.config.loader import load
from tests.acceptance.daemon import Installation


class SteppedClock(SystemClock):
    """The machine's, so many seconds off."""

    def __init__(self, offset: Path) -> None:
        self._offset = offset

    def wall(self) -> float:
        return time.time() + float(self._offset.read_text() or "0")


class SteppedInstallation(Installation):
    """Its daemon has such a clock."""

    @property
    def offset(self) -> Path:
        """Where it reads how far off it is."""
        return self.root / "offset"

    def step(self, seconds: float) -> None:
        """The clock jumps."""
        new = self.root / "offset.new"
        new.write_text(str(float(self.offset.read_text()) + seconds))
        new.replace(self.offset)

    def command(self, *words: str) -> list[str]:
        if words == ("run",):
            return [sys.executable, "-m", "tests.acceptance.stepped", str(self.config), str(self.offset)]
        return super().command(*words)


async def _live(config: Path, offset: Path) -> None:
    probes = registry.load()
    await Daemon(load(config, probes), probes, SteppedClock(offset)).run()


if __name__ == "__main__":
    logs.configure("info")
    asyncio.run(_live(Path(sys.argv[1]), Path(sys.argv[2])))
