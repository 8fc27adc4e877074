"""What a message has to tell, and to whom: what its words are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from probes.base import Status
from supervisor.domain.alerting import Kind, Subject


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """One thing to be told."""

    kind: Kind
    percent: int | None  # of the time to intervene
    at: int  # when it happened
    severity: Status
    incident: str  # number: "INC-2026-000123"
    collectivite: str  # name
    services: tuple[str, ...]  # names; none: it touches no service
    behind: tuple[str, ...]  # names of services that nothing can reach because of it
    equipment: str  # name
    sonde: str  # whole id; "" for what a person reported
    said: str  # by the check, or by the person; from outside, never trusted
    opened_at: int  # of this opening
    over_at: int | None
    deadline: int | None  # of the time to intervene
    link: str | None  # where to look at it
    owner: str = ""  # id of the collectivité
    service_ids: tuple[str, ...] = ()  # "collectivite/service", beside the names


@dataclass(frozen=True, kw_only=True, slots=True)
class News:
    """One thing to be told of something else than an incident."""

    subject: Subject
    name: str
    word: str
    at: int
    places: tuple[str, ...]  # names of the collectivités that it concerns; none: it is the operator's own
    facts: Mapping[str, Any]  # as they were then; from outside, never trusted
    link: str | None
    place_ids: tuple[str, ...] = ()  # of the collectivités, beside their names


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """Who reads it."""

    name: str
    operator: bool  # of the team that repairs
    collectivite: str  # name
    instead: tuple[str, ...] = ()  # names of those who could not be reached


class Composed(NamedTuple):
    """A mail."""

    subject: str
    text: str
    html: str
    data: Mapping[str, Any] | None = None  # the same for programs, where the receiver is one
