"""What the event loop has to say to the database since it last did."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from probes.base import Result
from supervisor.domain.account import AccountLine
from supervisor.domain.contact import Seed
from supervisor.domain.incident import Report, Taken
from supervisor.domain.ledger import Correction, LedgerEvent
from supervisor.domain.maintenance import Exclusion, Maintenance
from supervisor.domain.promise import Promises
from supervisor.domain.state import Change, SondeState
from supervisor.domain.topology import Entry
from supervisor.store.accounts import TariffLine

# What people enter; the ledger's lines are Vigie's own.
Entered = Maintenance | Exclusion | Report | Taken | Correction


class Sample(NamedTuple):
    """What one result measured."""

    t: int
    sonde: str
    result: Result


class Beat(NamedTuple):
    """One call-in of a heartbeat sonde; None where the caller said nothing."""

    sonde: str
    t: int
    exit_code: int | None = None
    size_bytes: int | None = None
    duration_s: float | None = None
    message: str = ""


class Reference(NamedTuple):
    """What was learnt of a camera's picture; None where all of it is to be forgotten."""

    sonde: str
    t: int
    state: str = ""
    data: bytes | None = None


class Coverage(NamedTuple):
    """Up to when the latest result of a sonde holds."""

    last_at: int
    until: int


class Kept(NamedTuple):
    """A state as kept: with the results that an ancestor may still overrule."""

    state: SondeState
    journal: tuple[Entry, ...] = ()


@dataclass(kw_only=True, slots=True)
class Batch:
    """Everything of some seconds, written whole or not at all. Its parts are explained in `apply`."""

    at: int = 0  # instant of the flush
    changes: list[Change] = field(default_factory=list)  # in the order in which they happened
    coverage: dict[str, Coverage] = field(default_factory=dict)
    states: dict[str, Kept] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)  # removed sondes; one added again is also in the two above
    ledger: list[LedgerEvent] = field(default_factory=list)
    accounts: list[AccountLine] = field(default_factory=list)  # the ledger's other lines, of the same instants
    tariffs: list[TariffLine] = field(default_factory=list)
    contacts: list[Seed] = field(default_factory=list)  # as the config names them
    samples: deque[Sample] = field(default_factory=deque)
    beats: list[Beat] = field(default_factory=list)
    references: dict[str, Reference] = field(default_factory=dict)
    entered: list[Entered] = field(default_factory=list)  # by people, from a file; in order
    imported: set[str] = field(default_factory=set)  # sondes whose changes come from a file
    due: dict[str, int] = field(default_factory=dict)  # sondes whose incidents time alone changes, and from when on
    due_reports: set[int] = field(default_factory=set)  # likewise, incidents that people reported
    flapping: frozenset[str] | None = None  # all sondes that change too often at the instant of the flush
    promises: Promises | None = None  # what is promised on each service, at the instant of the flush

    def forget(self, sonde: str) -> None:
        """The sonde is removed: what was to be kept of its present is not, its history stays."""
        self.coverage.pop(sonde, None)
        self.states.pop(sonde, None)
        self.references.pop(sonde, None)
        self.forgotten.add(sonde)

    def absorb(self, newer: Batch) -> None:
        """Add what came after this batch, so that writing both at once ends as writing one after the other."""
        for sonde in newer.forgotten:
            self.forget(sonde)
        self.changes += newer.changes
        self.coverage |= newer.coverage
        self.states |= newer.states
        self.ledger += newer.ledger
        self.accounts += newer.accounts
        self.tariffs += newer.tariffs
        self.contacts += newer.contacts
        self.samples += newer.samples
        self.beats += newer.beats
        self.references |= newer.references
        self.entered += newer.entered
        self.imported |= newer.imported
        self.due = newer.due | self.due  # the earlier instant
        self.due_reports |= newer.due_reports

    def __len__(self) -> int:
        """How many things there are to write."""
        parts = (self.changes, self.coverage, self.states, self.forgotten, self.ledger, self.samples, self.beats)
        entered = (
            self.references,
            self.accounts,
            self.tariffs,
            self.contacts,
            self.entered,
            self.due,
            self.due_reports,
        )
        return sum(len(part) for part in (*parts, *entered))
