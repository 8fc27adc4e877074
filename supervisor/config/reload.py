"""What a reload changes, so that the difference alone is applied: the rest keeps its schedule and its state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from supervisor.config.configuration import Configuration
from supervisor.domain.sonde import Sonde


class Aspect(StrEnum):
    """What may change of a sonde that stays."""

    CHECK = "check"  # what a check does: type, target, settings, timeout
    SCHEDULE = "schedule"  # when it runs: interval, retry_every
    JUDGEMENT = "judgement"  # what results amount to: attempts, stale_after, parent
    ACCOUNT = "account"  # what it counts for: service, billable
    PAUSED = "paused"  # whether it runs at all


_ASPECTS = {
    Aspect.CHECK: ("type", "target", "settings", "timeout_s"),
    Aspect.SCHEDULE: ("interval_s", "retry_every_s"),
    Aspect.JUDGEMENT: ("attempts", "stale_after_s", "parent", "incident_from"),
    Aspect.ACCOUNT: ("service", "billable"),
    Aspect.PAUSED: ("paused",),
}
# Opened once, when the daemon starts: a change of these waits for a restart.
_RESTART = ("database", "control", "listen", "metrics_token")
# Taken over at once, like the sondes.
_LIVE = (
    "organisation",
    "profile",
    "sla",
    "billing_basis",
    "tariff",
    "calendars",
    "flapping",
    "retention",
    "concurrency",
    "alerts",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class SondeChange:
    """A sonde that stays, with something else written of it."""

    before: Sonde
    after: Sonde
    aspects: frozenset[Aspect]


@dataclass(frozen=True, kw_only=True, slots=True)
class SondeDifference:
    """From one set of sondes to another, each in config order."""

    added: tuple[Sonde, ...]
    removed: tuple[Sonde, ...]
    changed: tuple[SondeChange, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference(SondeDifference):
    """From one configuration to another."""

    canaries: SondeDifference
    collectivites: frozenset[str]  # added, removed, or with something else written beside their sondes
    live: tuple[str, ...]  # other keys of the main file that change and are taken over at once
    restart: tuple[str, ...]  # keys that change and wait for a restart

    def said(self) -> str:
        """What it does, for the log: never the settings themselves."""
        moves = ("added", "removed", "changed")
        counts = ", ".join(f"{len(getattr(self, move)) + len(getattr(self.canaries, move))} {move}" for move in moves)
        waits = f"; wait for a restart: {', '.join(self.restart)}" if self.restart else ""
        return f"sondes: {counts}{waits}"

    def __bool__(self) -> bool:
        return bool(SondeDifference.__bool__(self) or self.canaries or self.collectivites or self.live or self.restart)


def difference(old: Configuration, new: Configuration) -> Difference:
    """What changes from `old` to `new`; sondes are compared by value, so two loads of the same files differ in none."""
    sondes = _compare(old.sondes, new.sondes)
    return Difference(
        added=sondes.added,
        removed=sondes.removed,
        changed=sondes.changed,
        canaries=_compare(_by_id(old.canaries), _by_id(new.canaries)),
        collectivites=frozenset(
            name
            for name in old.collectivites.keys() | new.collectivites.keys()
            if old.collectivites.get(name) != new.collectivites.get(name)
        ),
        live=tuple(name for name in _LIVE if getattr(old, name) != getattr(new, name)),
        restart=tuple(name for name in _RESTART if getattr(old, name) != getattr(new, name)),
    )


def _compare(old: Mapping[str, Sonde], new: Mapping[str, Sonde]) -> SondeDifference:
    return SondeDifference(
        added=tuple(sonde for name, sonde in new.items() if name not in old),
        removed=tuple(sonde for name, sonde in old.items() if name not in new),
        changed=tuple(
            SondeChange(before=old[name], after=sonde, aspects=_aspects(old[name], sonde))
            for name, sonde in new.items()
            if name in old and old[name] != sonde
        ),
    )


def _aspects(before: Sonde, after: Sonde) -> frozenset[Aspect]:
    return frozenset(
        aspect
        for aspect, names in _ASPECTS.items()
        if any(getattr(before, name) != getattr(after, name) for name in names)
    )


def _by_id(sondes: Iterable[Sonde]) -> dict[str, Sonde]:
    return {sonde.id: sonde for sonde in sondes}
