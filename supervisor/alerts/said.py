"""The words of something else than an incident."""

from __future__ import annotations

from dataclasses import dataclass

from supervisor.alerts.standing import State


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """In French; what comes from outside went through `plain`."""

    state: State
    heading: str  # behind the state's word: what, where, when
    paragraphs: tuple[str, ...]
    brief: str  # all of it, for an SMS, what matters first
    counted: tuple[str, str]  # what several of them are counted as: ("maintenance", "maintenances")
    details: tuple[tuple[str, str], ...] = ()
    asked: str = ""  # of the reader
    urgent: bool = False
