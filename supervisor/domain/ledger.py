"""The sonde ledger: every sonde's life, dated, append-only. SPEC 8, first point.

Billing reads nothing else: with the config gone, past counts come out the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from supervisor.domain.sonde import Sonde


class Event(StrEnum):
    """What happened to a sonde. Stored for ever: never change a string."""

    ADDED = "sonde-added"
    CHANGED = "sonde-changed"  # billable, paused or service
    REMOVED = "sonde-removed"


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerEvent:
    """One line of the ledger. Lines of the same instant take effect together, the later line over the earlier."""

    t: int  # POSIX seconds
    event: Event
    sonde: str
    type: str = ""  # the probe, where known
    billable: bool = True
    paused: bool = False  # paused sondes count: SPEC 8
    service: str | None = None
    source: str  # "config" or "import"
    author: str = ""
    reason: str = ""
    digest: str | None = None  # of an imported event: known by its content, taken once

    @property
    def collectivite(self) -> str:
        """Whose sonde it is."""
        return self.sonde.partition("/")[0]

    @property
    def counts(self) -> bool:
        """Is the sonde there and billable from then on? Paused sondes count."""
        return self.event is not Event.REMOVED and self.billable


@dataclass(frozen=True, kw_only=True, slots=True)
class Correction:
    """A compensating line: the sonde does not count over [start, end), whatever the other lines say. SPEC 8.

    How a mistaken addition is put right. It says nothing of states or services: billing alone reads it.
    """

    id: int = 0  # given by the database
    t: int  # when it was entered
    sonde: str
    start: int
    end: int
    author: str
    reason: str
    source: str  # "live" or "import"
    digest: str | None = None  # of an imported line: known by its content, taken once

    @property
    def collectivite(self) -> str:
        """Whose sonde it is."""
        return self.sonde.partition("/")[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class Presence:
    """How a sonde stands in the ledger after some instant."""

    since: int  # instant of its latest addition (or removal)
    present: bool
    billable: bool = True
    paused: bool = False
    service: str | None = None
    ever_removed: bool = False  # then results older than `since` belong to an earlier life


def follow(events: Iterable[LedgerEvent]) -> dict[str, Presence]:
    """Where every sonde stands after these events, given in order of (t, line)."""
    standing: dict[str, Presence] = {}
    for event in events:
        standing[event.sonde] = apply(standing.get(event.sonde), event)
    return standing


def apply(presence: Presence | None, event: LedgerEvent) -> Presence:
    """How the sonde stands after one more event. Removing what is absent, or adding what is present, is harmless."""
    if event.event is Event.REMOVED:
        if presence is not None and not presence.present:
            return presence
        return Presence(since=event.t, present=False, ever_removed=True)
    present = presence is not None and presence.present
    since = presence.since if presence is not None and present else event.t
    return Presence(
        since=since,
        present=True,
        billable=event.billable,
        paused=event.paused,
        service=event.service,
        ever_removed=presence is not None and presence.ever_removed,
    )


def reconcile(standing: Mapping[str, Presence], sondes: Mapping[str, Sonde], t: int) -> list[LedgerEvent]:
    """The lines that bring the ledger in step with a configuration that takes effect at `t`.

    One reload is one instant: removals and additions of a rename are of the same `t`, so that it never peaks.
    """
    events = [
        LedgerEvent(t=t, event=Event.REMOVED, sonde=sonde_id, source="config")
        for sonde_id, presence in standing.items()
        if presence.present and sonde_id not in sondes
    ]
    for sonde in sondes.values():
        presence = standing.get(sonde.id)
        now = (sonde.billable, sonde.paused, sonde.service)
        if presence is None or not presence.present:
            event = Event.ADDED
        elif (presence.billable, presence.paused, presence.service) != now:
            event = Event.CHANGED
        else:
            continue
        events.append(
            LedgerEvent(
                t=t,
                event=event,
                sonde=sonde.id,
                type=sonde.type,
                billable=sonde.billable,
                paused=sonde.paused,
                service=sonde.service,
                source="config",
            )
        )
    return events
