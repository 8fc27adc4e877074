"""Whom to tell next while nobody takes an incident in charge, and when; and what stops that. SPEC 7."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from probes.base import Status
from supervisor.domain.alerting import Channel
from supervisor.domain.calendar import Calendar
from supervisor.domain.incident import Story
from supervisor.domain.interval import FOREVER
from supervisor.domain.oncall import Rota

NOT_OPEN = "rétabli, ou ouvert de nouveau depuis"
NEVER_WAS = "ce n'était pas une panne"
SEEN = "quelqu'un l'a pris en charge"
INTERVENES = "quelqu'un intervient"
NOT_OURS = "la cause n'est pas celle de l'exploitant"
OUR_CAUSE = "operator"


@dataclass(frozen=True, kw_only=True, slots=True)
class Delay:
    """How long after an opening; None: when its time to intervene runs out."""

    after_s: int | None
    business: bool = False  # of opening time of the services that it touches, rather than of real time

    def due(self, begins: int, calendars: Collection[Calendar]) -> int:
        """When it has passed, by the first of these calendars; by the clock on the wall where there are none."""
        if self.after_s is None:
            return FOREVER
        if not self.business or not calendars:
            return begins + self.after_s
        reached = [at for calendar in calendars if (at := calendar.after(begins, self.after_s)) is not None]
        return min(reached, default=FOREVER)


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """Who is told, after how long, of incidents how bad."""

    delay: Delay
    tell: tuple[str, ...]  # rotas by name, contacts as "collectivite/Name"
    by: tuple[Channel, ...] = ()  # none: by every channel that reaches them
    since: Status = Status.CRITICAL


@dataclass(frozen=True, kw_only=True, slots=True)
class Duty:
    """What the config says of who is called when."""

    rotas: Mapping[str, Rota] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()


def stopped(story: Story | None, opening: int, *, breach: bool) -> str:
    """Why a step of this opening is not taken; "" while it is to be.

    Whoever takes an incident in charge stops what waits for its delay. The breach of a GTI is what a mere "vu" does not
    stop either: that step is stopped by an intervention alone.
    """
    if story is None:
        return NEVER_WAS
    latest = story.openings[-1]
    if latest.at != opening or latest.spell.end is not None or story.closed_at is not None:
        return NOT_OPEN
    if story.cause not in (None, OUR_CAUSE):
        return NOT_OURS
    if story.intervened_at is not None:
        return INTERVENES
    taken = story.acknowledged_at is not None or any(line.suspensions for line in latest.lines)
    return SEEN if taken and not breach else ""
