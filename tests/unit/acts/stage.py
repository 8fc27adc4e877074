"""A small département for the acts: a commune, its neighbour, and the platform they share; Moselle Fibre's hours."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from probes.base import Status
from supervisor.acts.performing import perform
from supervisor.domain.calendar import Calendar, Version
from supervisor.domain.interval import FOREVER
from supervisor.domain.judge import Judge
from supervisor.domain.promise import Promise, Promises
from supervisor.domain.rule import Rule
from supervisor.domain.sonde import FlappingRule, Sonde
from supervisor.store.batch import Batch, Coverage
from tests.unit.builders import sonde
from tests.unit.store.database import Memory

PARIS = ZoneInfo("Europe/Paris")
LINK, SITE, IMAP = "exemple/routeur/lien", "exemple/web/site", "syndicat/zimbra/imap"
_OPEN = ((540, 1050),)
CALENDAR = Calendar(
    [
        Version(
            start=None,
            timezone="Europe/Paris",
            holidays=("FR", "57"),
            week=(*[_OPEN] * 5, (), ()),
            closed=(),
            opened=(),
        )
    ]
)

NIGHT = Calendar(
    [
        Version(
            start=None,
            timezone="Europe/Paris",
            holidays=None,
            week=(((0, 420), (1200, 1440)),) * 7,
            closed=(),
            opened=(),
        )
    ]
)


def at(wall: str) -> int:
    """That time in Metz, "03-06 16:00" of 2026."""
    return int(datetime.fromisoformat(f"2026-{wall}").replace(tzinfo=PARIS).timestamp())


def iso(wall: str) -> str:
    """The same, as an act is told."""
    return datetime.fromtimestamp(at(wall), PARIS).isoformat()


def _promise(owner: str, name: str, own: tuple[str, ...] = (), uses: tuple[str, ...] = ()) -> Promise:
    return Promise(
        key=(owner, name),
        name=name,
        rule=Rule(need=None),
        calendar=CALENDAR,
        calendar_name="service",
        bounds=[(-FOREVER, FOREVER)],
        own=own,
        uses=uses,
        unreachable_is_down=False,
    )


def promised(gti_s: int | None = 8 * 3600) -> Promises:
    """What is promised there."""
    made = [
        _promise("exemple", "internet", own=(LINK, SITE)),
        _promise("exemple", "messagerie", uses=(IMAP,)),
        _promise("autre", "messagerie", uses=(IMAP,)),
        _promise("syndicat", "zimbra", own=(IMAP,)),
    ]
    return Promises(
        zone=PARIS,
        target=Fraction("0.96"),
        gti_s=gti_s,
        period="year",
        exclude=("force_majeure", "collectivite"),
        services={promise.key: promise for promise in made},
        collectivites={"exemple": "Exemple", "autre": "Autre", "vide": "Vide", "syndicat": "Syndicat"},
        operators=frozenset({"syndicat"}),
        sondes={LINK: "internet", SITE: "internet", IMAP: "zimbra", "exemple/web/nu": None},
        warned=frozenset(),
        calendars={("service", False): CALENDAR, ("nuit", False): NIGHT},
        webhooks=frozenset({"journal"}),
    )


class Stage:
    """Results come, time passes, people act; each act is a transaction, as the store makes it."""

    def __init__(self, gti_s: int | None = 8 * 3600) -> None:
        self.database = Memory()
        self.promises = promised(gti_s)
        self.now = at("03-06 09:00")
        self._judge = Judge(FlappingRule())
        parents = {SITE: LINK}
        self._sondes = {
            name: sonde(name, attempts=1, stale_after_s=86_400, parent=parents.get(name))
            for name in self.promises.sondes
        }
        self._judge.configure(self._sondes, ())

    def watched(self, one: Sonde) -> None:
        """One more, or by other rules."""
        self._sondes[one.id] = one
        self._judge.configure(self._sondes, ())

    @property
    def connection(self) -> sqlite3.Connection:
        """The database."""
        return self.database.connection

    def result(self, wall: str, name: str, status: str, message: str = "") -> None:
        """One result, recorded at once."""
        self.now = max(self.now, at(wall))
        changes = self._judge.observe(name, at(wall), Status(status), message)
        state = self._judge.state(name)
        assert changes is not None
        assert state is not None
        coverage = {name: Coverage(state.last_at, state.until)}
        self.database.apply(Batch(at=self.now, changes=changes, coverage=coverage, promises=self.promises))

    def act(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        """Somebody does something now."""
        request = {"act": name, "author": "jeanne", **arguments}
        self.connection.execute("begin immediate")
        try:
            answer = perform(self.connection, self.promises, self.now, request)
        except BaseException:
            self.connection.execute("rollback")
            raise
        self.connection.execute("commit")
        return answer

    def hush(self) -> None:
        """What is announced beside incidents is another test's business."""
        self.connection.execute("delete from notice where topic is not null and state = 'due'")

    def number(self, name: str = SITE) -> str:
        """The number of the latest incident of a sonde."""
        found: str = self.database.rows("select number from incident where sonde = ? order by opened_at desc", [name])[
            0
        ][0]
        return found

    def close(self, month: str) -> None:
        """A month is closed; what is in it does not matter here."""
        self.connection.execute(
            "insert into closing (month, version, closed_at, author, reason, head, previous, digest) "
            "values (?, 1, ?, 'x', '', '{}', '', ?)",
            (month, self.now, month),
        )

    def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table."""
        tables = self.database.rows("select name from sqlite_master where type = 'table' order by name")
        return {name: sorted(self.database.rows(f"select * from {name}"), key=repr) for (name,) in tables}


@contextmanager
def stage(gti_s: int | None = 8 * 3600) -> Iterator[Stage]:
    """A stage, forgotten at the end."""
    made = Stage(gti_s)
    try:
        yield made
    finally:
        made.database.close()
