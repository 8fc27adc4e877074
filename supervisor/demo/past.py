"""Gives a new demo its past, so that its statement of last month is worth looking at.

The stories of past.yaml become a history like one that `vigie history import` reads, and go the same way: the judge,
the record, the register of incidents. Only one thing differs. Importing a result a minute of a hundred sondes would be
millions of lines, so the results given here are those that change something, and each holds until the next.

In order: 1 all of it is written to a draft of the database, beside the one it is to be; 2 every sonde's history ends
now, and no state is left: the checks that begin live begin like those of a new sonde, after a gap of some seconds;
3 the draft takes its place. A crash before that leaves a draft, which the next start throws away.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from importlib.metadata import version
from typing import NamedTuple

from probes.base import Status
from supervisor.config.business_time import calendar_of
from supervisor.config.configuration import Configuration
from supervisor.config.promises import promises_of
from supervisor.config.share import share_dir
from supervisor.demo.cast import jobs
from supervisor.demo.stories import Almanac, Call, Deed, Excluded, Story, Trouble, Works, read
from supervisor.domain.board import Board
from supervisor.domain.incident import Report, Taken
from supervisor.domain.interval import Span
from supervisor.domain.judge import Judge
from supervisor.domain.ledger import reconcile
from supervisor.domain.maintenance import Exclusion, Maintenance
from supervisor.domain.period import midnight
from supervisor.domain.recurrence import occurrences
from supervisor.domain.sonde import Sonde
from supervisor.history.events import digest_of
from supervisor.history.lines import Fact, History
from supervisor.importing import Import
from supervisor.record import Record
from supervisor.store.batch import Beat
from supervisor.store.recorder import Recorder
from supervisor.store.store import Store

_HOLDS_S = 100 * 366 * 86_400  # a result: until the next
_HIDDEN = "hôte injoignable"
_CUT_OFF = "réseau injoignable depuis le superviseur"
_SOURCE = "import"
_DRAFT = "draft"


class Seen(NamedTuple):
    """One result."""

    sonde: str
    status: Status
    message: str = ""


Line = tuple[int, Seen | Fact]


def write(configuration: Configuration, now: int) -> None:
    """The database of a demo, with its past; one that is there already has a past of its own."""
    database = configuration.database
    if database.exists():
        return
    draft = database.parent / _DRAFT
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    asyncio.run(_write(replace(configuration, database=draft / database.name), now))
    (draft / database.name).replace(database)
    shutil.rmtree(draft)


def stories() -> tuple[Story, ...]:
    """Those that are shipped."""
    return read(share_dir() / "config" / "demo" / "past.yaml")


def holding(configuration: Configuration) -> Configuration:
    """The same sondes and canaries, whose results hold until the next."""
    return replace(
        configuration,
        sondes={sonde.id: replace(sonde, stale_after_s=_HOLDS_S) for sonde in configuration.sondes.values()},
        canaries=tuple(replace(canary, stale_after_s=_HOLDS_S) for canary in configuration.canaries),
    )


async def _write(configuration: Configuration, now: int) -> None:
    configuration = holding(configuration)
    judge = Judge(configuration.flapping)
    judge.configure(configuration.sondes, configuration.canaries)
    past = Past(configuration, judge, now)
    store = Store.open(configuration.database, version=version("vigie"))
    try:
        recorder = Recorder(store, now=lambda: float(now))
        recorder.promises = promises_of(configuration)
        record = Record(judge, Board(judge), recorder)
        await Import(configuration, recorder.promises, store, record, recorder).apply(
            history(past.lines(stories())), now, _unseen
        )
        for sonde in past.everyone:
            record.end(sonde.id, now, imported=True)
        for job in jobs(configuration):  # or they would all be overdue at the first look
            recorder.note_beat(Beat(job.sonde, now, exit_code=0, size_bytes=job.size_bytes))
        await recorder.flush()
    finally:
        await store.close()


async def _unseen(doing: str, done: int, total: int) -> None:
    """Nobody waits long enough to be told."""


def history(lines: Iterable[Line]) -> History:
    """The lines in order of time, as an import takes them."""
    made = History()
    for index, (at, line) in enumerate(sorted(lines, key=lambda line: line[0])):
        seen = line if isinstance(line, Seen) else Seen("", Status.UNKNOWN)
        made.at.append(at)
        made.sonde.append(seen.sonde)
        made.status.append(seen.status if line is seen else None)
        made.message.append(seen.message)
        if not isinstance(line, Seen):
            made.events[index] = line
            made.numbers[index] = index + 1
    return made


class Past:
    """Turns stories into lines of history, for one configuration and one instant."""

    def __init__(self, configuration: Configuration, judge: Judge, now: int) -> None:
        calendar = calendar_of(configuration.calendars[configuration.profile.calendar], good_friday=True)
        self._configuration = configuration
        self._judge = judge
        self._now = now
        self.almanac = Almanac(calendar, promises_of(configuration).zone, now)
        self.everyone: tuple[Sonde, ...] = (*configuration.sondes.values(), *configuration.canaries)
        self._known = {sonde.id: sonde for sonde in self.everyone}

    def lines(self, told: Sequence[Story]) -> Iterator[Line]:
        """All that happened, story by story."""
        yield from self._beginning()
        yield from self._maintenance(told)
        for story in told:
            yield from self._story(story)

    def _beginning(self) -> Iterator[Line]:
        """Every sonde was there, and well, since the first contract, or since last month if that came later."""
        zone = self.almanac.zone
        contracts = (c.start for owner in self._configuration.collectivites.values() for c in owner.contracts)
        start = midnight(min((self.almanac.last_month.first, *contracts)), zone)
        for event in reconcile({}, self._configuration.sondes, start):
            yield start, event
        for sonde in self.everyone:
            yield start, Seen(sonde.id, Status.OK)

    def _maintenance(self, told: Sequence[Story]) -> Iterator[Line]:
        """In order of announcement, which gives a series the number of its first: the database counts from 1."""
        planned = [(self.almanac.at(s, s.maintenance.announced), s, s.maintenance) for s in told if s.maintenance]
        number = 1
        for announced, story, works in sorted(planned, key=lambda one: one[0]):
            spans = self._repeated(works, (self.almanac.at(story, works.since), self.almanac.at(story, works.until)))
            for start, end in spans:
                yield (
                    announced,
                    Maintenance(
                        collectivite=works.collectivite,
                        services=works.services,
                        start=start,
                        end=end,
                        nature=works.nature,
                        author=works.by,
                        announced_at=announced,
                        source=_SOURCE,
                        series=number if len(spans) > 1 else None,
                    ),
                )
            number += len(spans)

    def _repeated(self, works: Works | None, span: Span) -> list[Span]:
        if works is None or not works.weekly:
            return [span]
        return occurrences(span, "week", self.almanac.month.end - timedelta(days=1), self.almanac.zone)

    def _story(self, story: Story) -> Iterator[Line]:
        at = self.almanac.at
        for trouble in story.troubles:
            until = self._now if trouble.until is None else at(story, trouble.until)
            for span in self._repeated(story.maintenance, (at(story, trouble.since), until)):
                if span[1] <= self._now:  # of what comes again, only what is over
                    yield from self._trouble(trouble, span)
        if story.isolation is not None:
            yield from self._isolation((at(story, story.isolation.since), at(story, story.isolation.until)))
        if story.report is not None:
            yield at(story, story.report.at), self._report(story, story.report)
        for deed in story.steps:
            yield at(story, deed.at), self._step(story, deed)
        if story.exclusion is not None:
            yield at(story, story.exclusion.entered), self._exclusion(story, story.exclusion)

    # --- what people entered

    def _report(self, story: Story, call: Call) -> Report:
        return Report(
            t=self.almanac.at(story, call.at),
            collectivite=call.collectivite,
            service=call.service,
            message=call.says,
            author=call.by,
            ref=call.ref,
        )

    def _step(self, story: Story, deed: Deed) -> Taken:
        ref = story.report.ref if story.report is not None else None
        sonde = story.troubles[0].sonde if ref is None else None
        at = self.almanac.at(story, deed.at)
        content = {"t": at, "event": deed.does, "ref": ref, "sonde": sonde, "author": deed.by, "says": deed.says}
        return Taken(
            t=at, kind=deed.does, text=deed.says, author=deed.by, ref=ref, sonde=sonde, digest=digest_of(content)
        )

    def _exclusion(self, story: Story, excluded: Excluded) -> Exclusion:
        return Exclusion(
            collectivite=excluded.collectivite,
            service=excluded.service,
            start=self.almanac.at(story, excluded.since),
            end=self.almanac.at(story, excluded.until),
            kind=excluded.kind,
            reason=excluded.reason,
            author=excluded.by,
            entered_at=self.almanac.at(story, excluded.entered),
            source=_SOURCE,
        )

    # --- what the checks said

    def _trouble(self, trouble: Trouble, span: Span) -> Iterator[Line]:
        """It fails until that is believed, and is well at the end; what depends on it is out of reach meanwhile."""
        start, end = span
        confirmed = start
        for confirmed in self._failures(trouble.sonde, start, trouble.status):
            yield confirmed, Seen(trouble.sonde, trouble.status, trouble.says)
        behind = self._judge.descendants(trouble.sonde) if trouble.status is Status.CRITICAL else []
        for sonde in behind:
            yield confirmed + 1, Seen(sonde, Status.CRITICAL, _HIDDEN)
        if end < self._now:
            yield end, Seen(trouble.sonde, Status.OK)
            for sonde in behind:
                yield end + 1, Seen(sonde, Status.OK)

    def _failures(self, sonde_id: str, start: int, status: Status) -> list[int]:
        """The instants of the results that confirm it; an unknown one needs no other."""
        sonde = self._known[sonde_id]
        times = 1 if status is Status.UNKNOWN else sonde.attempts
        return [start + int(index * sonde.retry_every_s) for index in range(times)]

    def _isolation(self, span: Span) -> Iterator[Line]:
        start, end = span
        confirmed = start
        for canary in self._configuration.canaries:
            for at in self._failures(canary.id, start, Status.CRITICAL):
                yield at, Seen(canary.id, Status.CRITICAL, _HIDDEN)
                confirmed = max(confirmed, at)
            yield end, Seen(canary.id, Status.OK)
        for sonde in self._configuration.sondes:
            yield confirmed + 1, Seen(sonde, Status.UNKNOWN, _CUT_OFF)
            yield end + 1, Seen(sonde, Status.OK)
