"""What the commands that only read start from: the config, what it promises, and one instant of the database."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from probes import registry
from supervisor.acts.scene import Scene
from supervisor.config.configuration import Configuration
from supervisor.config.loader import load
from supervisor.config.promises import promises_of
from supervisor.domain import period as periods
from supervisor.domain.interval import FOREVER, Span
from supervisor.domain.promise import Promises
from supervisor.store.connection import open_for_reading


@dataclass(frozen=True, kw_only=True, slots=True)
class Books:
    """All that figures are made from."""

    configuration: Configuration
    promises: Promises
    connection: sqlite3.Connection
    now: int  # read once: every figure of a command is of the same instant

    @property
    def scene(self) -> Scene:
        """As an act would see them: what the register holds is shown in the same words."""
        return Scene(self.connection, self.promises, self.now, ())

    def span(self, period: str | None) -> Span:
        """From when to when a list goes: without a period, all of time."""
        return (-FOREVER, FOREVER) if period is None else periods.parse(period).span(self.promises.zone)


@contextmanager
def books(config: Path) -> Iterator[Books]:
    """Open them; a daemon may go on writing meanwhile."""
    configuration = load(config, registry.load())
    promises = promises_of(configuration)
    with open_for_reading(configuration.database, version("vigie")) as connection:
        yield Books(configuration=configuration, promises=promises, connection=connection, now=int(time.time()))
