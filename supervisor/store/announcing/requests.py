"""Requests: received, complete and answered in the transaction of who does it; due and late by time. 002 art. 7."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from supervisor.domain.alerting import Subject, Topic
from supervisor.domain.announcing import ANSWERED, COMPLETED, RECEIVED, Line, To
from supervisor.domain.announcing import request as next_word
from supervisor.domain.calendar import Calendar
from supervisor.domain.promise import Promises
from supervisor.domain.request import Request
from supervisor.store import requests, topics

SAID = 300  # characters of what was asked and answered: the register has the rest


def received(connection: sqlite3.Connection, promises: Promises, now: int, request: Request) -> None:
    """It was entered: those who asked learn its number and when it is due."""
    topics.take(connection, promises, [Line(topic=_topic(promises, now, request, RECEIVED, to_who_asked=True))])


def completed(connection: sqlite3.Connection, promises: Promises, now: int, request: Request) -> None:
    """Its file is whole: only now it has a date."""
    topics.take(connection, promises, [Line(topic=_topic(promises, now, request, COMPLETED, to_who_asked=True))])


def answered(connection: sqlite3.Connection, promises: Promises, now: int, request: Request) -> None:
    """Whoever learnt of it learns that, and nothing more is said of its date."""
    topic = _topic(promises, now, request, ANSWERED, to_who_asked=True)
    topics.take(connection, promises, [Line(topic=topic, to=To.KNOWING)])


def due(connection: sqlite3.Connection, promises: Promises, now: int) -> list[Line]:
    """What the time that passed makes to be said, to operators."""
    return list(_lines(connection, promises, now))


def _lines(connection: sqlite3.Connection, promises: Promises, now: int) -> Iterator[Line]:
    left = requests.read(connection)
    known = topics.of_names(connection, Subject.REQUEST, (request.number for request in left))
    for request in left:
        word = next_word(
            known.get(request.number),
            request.due(promises.zone),
            request.remind_at(promises.zone, _calendar(promises, request)),
            now,
        )
        if word is not None:
            yield Line(topic=_topic(promises, now, request, word, to_who_asked=False))


def _calendar(promises: Promises, request: Request) -> Calendar | None:
    """That of what it is about; else of any service there, else of any: they are mostly one."""
    own = [promise for key, promise in promises.services.items() if key[0] == request.collectivite]
    named = promises.services.get((request.collectivite, request.service or ""))
    found = named or next(iter(own), None) or next(iter(promises.services.values()), None)
    return None if found is None else found.calendar


def _topic(promises: Promises, now: int, request: Request, word: str, *, to_who_asked: bool) -> Topic:
    service = promises.services.get((request.collectivite, request.service or ""))
    return Topic(
        subject=Subject.REQUEST,
        name=request.number,
        word=word,
        at=now,
        collectivites=frozenset({request.collectivite} if to_who_asked else ()),
        facts={
            "place": promises.collectivites.get(request.collectivite, request.collectivite),
            "kind": request.kind,
            "service": request.service if service is None else service.name,
            "message": request.message[:SAID],
            "received": request.received_at,
            "due": request.due(promises.zone),
            "answered": request.answered_at,
            "answer": (request.answer or "")[:SAID],
        },
    )
