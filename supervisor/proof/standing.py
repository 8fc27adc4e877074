"""How every service stands: the figures of the running month, of the year and of the contract's period."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from supervisor.domain.availability import Budget, Figures, budget
from supervisor.domain.incident import ServiceKey
from supervisor.domain.interval import clip, intersect, length
from supervisor.domain.period import Period, containing, local_day
from supervisor.domain.promise import Promises
from supervisor.proof.statement import state


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Figures by period ("month", "year", and the contract's) and service, as of one instant."""

    at: int = 0
    figures: dict[str, dict[ServiceKey, Figures]]
    budgets: dict[ServiceKey, Budget]


def standing(connection: sqlite3.Connection, promises: Promises, now: int) -> Standing:
    """The figures as the tables have them now."""
    today = local_day(now, promises.zone)
    figures = {}
    for name in dict.fromkeys(("month", "year", promises.period)):
        services = state(connection, promises, containing(today, name), now).services
        figures[name] = {service.key: service.figures for service in services}
    period = containing(today, promises.period)
    budgets = {}
    for key, so_far in figures[promises.period].items():
        known = key in promises.services
        left = budget(promises.target, so_far, whole_open_s(promises, key, period)) if known else None
        if left is not None:
            budgets[key] = left
    return Standing(at=now, figures=figures, budgets=budgets)


def whole_open_s(promises: Promises, key: ServiceKey, period: Period) -> int:
    """The opening seconds of a service in the whole period, those still to come included: what a budget is of."""
    promise = promises.services[key]
    start, end = period.span(promises.zone)
    return length(intersect(promise.calendar.openings(start, end), clip(promise.bounds, start, end)))
