"""What is said of something else than an incident: one file a subject, one line here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from supervisor.alerts import (
    news_channel,
    news_contact,
    news_flapping,
    news_forecast,
    news_isolation,
    news_maintenance,
    news_pool,
    news_requests,
    news_turn,
)
from supervisor.alerts.facts import News
from supervisor.alerts.said import Said
from supervisor.alerts.telling import Voice
from supervisor.domain.alerting import Subject

# What is gathered of one thing, in order, put into words: the last line has the last word.
Say = Callable[[Sequence[News], Voice], Said]

SAYS: Mapping[Subject, Say] = {
    Subject.MAINTENANCE: news_maintenance.say,
    Subject.FORECAST: news_forecast.say,
    Subject.POOL: news_pool.say,
    Subject.REQUEST: news_requests.say,
    Subject.ISOLATION: news_isolation.say,
    Subject.FLAPPING: news_flapping.say,
    Subject.CONTACT: news_contact.say,
    Subject.TURN: news_turn.say,
    Subject.CHANNEL: news_channel.say,
}


class Item(NamedTuple):
    """One thing, in its words."""

    latest: News
    said: Said


def items(news: Iterable[News], voice: Voice) -> list[Item]:
    """One for each thing, worst first, then the oldest."""
    by_name: dict[tuple[Subject, str], list[News]] = {}
    for one in news:
        by_name.setdefault((one.subject, one.name), []).append(one)
    found = [Item(lines[-1], SAYS[subject](lines, voice)) for (subject, _), lines in by_name.items()]
    return sorted(found, key=lambda item: (not item.said.urgent, item.latest.at, item.latest.name))
