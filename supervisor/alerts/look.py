"""One look of the dispatcher at what is due, and what all that it does has in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from supervisor.alerts.sheets import Sheets
from supervisor.domain.alerting import Channel
from supervisor.domain.contact import Contact
from supervisor.domain.promise import Promises

if TYPE_CHECKING:
    from sqlite3 import Connection

Reaches = Callable[[Contact, Channel], bool]  # can somebody be reached by it, under this config?


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """Within one transaction."""

    connection: Connection
    promises: Promises
    reaches: Reaches
    sheets: Sheets
    now: int
