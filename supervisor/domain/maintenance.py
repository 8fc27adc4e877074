"""Maintenance and exclusions: what was entered, and the time that therefore counts otherwise. SPEC 5 and 6."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from supervisor.domain.incident import ServiceKey
from supervisor.domain.interval import FOREVER, Spans, normalise
from supervisor.domain.promise import Promises, Window


@dataclass(frozen=True, kw_only=True, slots=True)
class Maintenance:
    """A planned maintenance, as entered."""

    id: int = 0  # given by the database
    collectivite: str
    services: tuple[str, ...] | None  # None: all of them
    start: int
    end: int
    nature: str
    author: str
    announced_at: int
    source: str = "live"
    series: int | None = None  # the first of the occurrences it is one of
    prolongs: int | None = None
    cancelled_at: int | None = None
    cancelled_by: str | None = None
    cancel_reason: str | None = None
    digest: str | None = None

    @property
    def effective(self) -> tuple[int, int] | None:
        """The time it holds for: none if it was announced late, up to its cancellation otherwise."""
        end = self.end if self.cancelled_at is None else min(self.end, self.cancelled_at)
        return (self.start, end) if self.announced_at < self.start < end else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Exclusion:
    """Excluded time, as entered."""

    id: int = 0  # given by the database
    collectivite: str
    service: str | None  # None: all of them
    start: int
    end: int
    kind: str
    reason: str
    author: str
    entered_at: int
    source: str = "live"
    revoked_at: int | None = None
    revoked_by: str | None = None
    revoke_reason: str | None = None
    digest: str | None = None

    @property
    def effective(self) -> bool:
        """Does it hold? Revoked, no; maintenance holds only when it was announced before."""
        return self.held(FOREVER)

    def held(self, at: int) -> bool:
        """Did it hold, as the record was at that instant?"""
        standing = self.entered_at <= at and (self.revoked_at is None or self.revoked_at > at)
        return standing and (self.kind != "maintenance" or self.entered_at < self.start)


def maintenance_windows(entries: Iterable[Maintenance], promises: Promises) -> list[Window]:
    """The announced maintenance that holds, and for whom."""
    found = []
    for entry in entries:
        effective = entry.effective
        if effective is None:
            continue
        services = promises.concerned(entry.collectivite, entry.services)
        if entry.services is None:  # also for what counts for no service
            services |= {(entry.collectivite, "")}
        found.append(
            Window(
                id=f"maintenance {entry.id}",
                kind="maintenance",
                start=effective[0],
                end=effective[1],
                services=services,
                text=entry.nature,
                author=entry.author,
                entered_at=entry.announced_at,
            )
        )
    return found


def exclusion_windows(entries: Iterable[Exclusion], promises: Promises, as_of: int = FOREVER) -> list[Window]:
    """The exclusions that hold (as the record was at an instant), and for whom."""
    return [
        Window(
            id=f"exclusion {entry.id}",
            kind=entry.kind,
            start=entry.start,
            end=entry.end,
            services=promises.concerned(entry.collectivite, None if entry.service is None else (entry.service,)),
            text=entry.reason,
            author=entry.author,
            entered_at=entry.entered_at,
        )
        for entry in entries
        if entry.held(as_of)
    ]


def by_service(found: Sequence[Window]) -> dict[ServiceKey, Spans]:
    """The time that windows hold for each service, however they overlap."""
    spans: dict[ServiceKey, list[tuple[int, int]]] = {}
    for window in found:
        for key in window.services:
            spans.setdefault(key, []).append((window.start, window.end))
    return {key: normalise(listed) for key, listed in spans.items()}
