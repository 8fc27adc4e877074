"""What is supervised, for whom: the configuration once it is right, as the rest of Vigie sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from probes.base import Status, Target

CANARY_OWNER = "vigie"  # reserved collectivité id: canaries are "vigie/canaries/NAME", in no ledger, billed to nobody


@dataclass(frozen=True, kw_only=True, slots=True)
class Sonde:
    """A configured, billable instance of a probe, with every default and template resolved."""

    id: str  # "collectivite/equipment/sonde"
    type: str  # which probe
    target: Target
    settings: Any  # the probe's own settings, already validated; compared by value on reload
    interval_s: float  # one check every so often
    timeout_s: float  # a check is given up after this
    attempts: int  # consecutive results that confirm a state
    retry_every_s: float  # cadence while a trouble is neither confirmed nor gone
    stale_after_s: int  # a result holds at most this long, whole seconds
    parent: str | None  # the sonde whose failure makes this one unreachable, resolved (SPEC 3)
    service: str | None  # id of the collectivité's service it counts for
    billable: bool
    paused: bool  # kept, counted by billing, not checked
    incident_from: Status = Status.CRITICAL  # an incident opens when it is confirmed at least this

    @property
    def collectivite(self) -> str:
        """Whose it is."""
        return self.id.partition("/")[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class FlappingRule:
    """When a sonde changes too often: `changes` changes of level within `within_s`; over at half as many."""

    changes: int = 6
    within_s: int = 3600
