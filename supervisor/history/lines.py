"""What a file of history holds once it was read and is right."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from probes.base import Status
from supervisor.domain.incident import Report, Taken
from supervisor.domain.interval import Spans
from supervisor.domain.ledger import Correction, LedgerEvent
from supervisor.domain.maintenance import Exclusion, Maintenance
from supervisor.errors import VigieError

# What an event of a file says.
Fact = LedgerEvent | Correction | Maintenance | Exclusion | Report | Taken


class BadLine(VigieError):
    """A line that refuses its file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What a line may refer to."""

    services: Mapping[str, Collection[str]]  # of every collectivité of the config
    refs: Mapping[str, str] = field(default_factory=dict)  # of incidents imported before: the digest of each
    digests: Collection[str] = ()  # of all events imported before
    closed: Spans = ()  # the months that are closed


@dataclass(slots=True)
class History:
    """A file that was read and is right. Columns rather than rows: a million lines take 20 MB, not 300."""

    at: array[int] = field(default_factory=lambda: array("q"))
    sonde: list[str] = field(default_factory=list)  # interned; "" for an event that concerns none
    status: list[Status | None] = field(default_factory=list)  # None: an event
    message: list[str] = field(default_factory=list)
    events: dict[int, Fact] = field(default_factory=dict)  # by line index
    numbers: dict[int, int] = field(default_factory=dict)  # line of the file, of each event
    stepped: set[str] = field(default_factory=set)  # sondes on whose incidents steps were taken

    def __len__(self) -> int:
        return len(self.at)
