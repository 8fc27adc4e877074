"""What a message tells, for programs: the same as its words, field by field."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from supervisor.alerts.facts import Fact, News, Reader
from supervisor.alerts.plain import plain
from supervisor.alerts.telling import SAID

MOST = 1_000  # of each: half a megabyte, which servers take that stop at one


def structured(facts: Sequence[Fact], news: Sequence[News], reader: Reader) -> dict[str, Any]:
    """Every event in the order in which it happened. Whoever may not read something in a mail finds null here."""
    return {
        "events": [_event(fact, reader) for fact in islice(facts, MOST)],
        "news": [_news(one, reader) for one in islice(news, MOST)],
        "left_out": max(len(facts) - MOST, 0) + max(len(news) - MOST, 0),
    }


def _event(fact: Fact, reader: Reader) -> dict[str, Any]:
    own = not fact.sonde and fact.collectivite == reader.collectivite  # what a person of theirs reported
    return {
        "kind": fact.kind,
        "percent": fact.percent,
        "at": fact.at,
        "incident": fact.incident,
        "severity": fact.severity,
        "collectivite": {"id": fact.owner, "name": fact.collectivite},
        "services": [{"id": key, "name": name} for key, name in zip(fact.service_ids, fact.services, strict=False)],
        "opened_at": fact.opened_at,
        "over_at": fact.over_at,
        "sonde": (fact.sonde or None) if reader.operator else None,
        "said": (plain(fact.said, SAID) or None) if reader.operator or own else None,
        "deadline": fact.deadline if reader.operator else None,
    }


def _news(news: News, reader: Reader) -> dict[str, Any]:
    return {
        "subject": news.subject,
        "name": news.name,
        "word": news.word,
        "at": news.at,
        "collectivites": [{"id": key, "name": name} for key, name in zip(news.place_ids, news.places, strict=False)],
        "facts": dict(news.facts) if reader.operator else None,  # of a shared platform, or of a neighbour, maybe
    }
