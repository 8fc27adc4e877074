"""The past of the demo: told whatever today is, never of the future, and worth a report."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import pytest

from probes import registry
from probes.base import Status
from supervisor.config.business_time import calendar_of
from supervisor.config.configuration import Configuration
from supervisor.config.loader import load
from supervisor.config.promises import promises_of
from supervisor.demo import cast, past
from supervisor.demo.home import Home
from supervisor.demo.past import Past, Seen
from supervisor.demo.stories import Almanac, read
from supervisor.domain.availability import Verdict
from supervisor.domain.judge import Judge
from supervisor.domain.period import local_day
from supervisor.errors import VigieError
from supervisor.proof.statement import ServiceFigures, Statement, state
from supervisor.store import beats, enquiries, incidents, intervals, ledger, states, windows
from supervisor.store.connection import open_for_reading

PARIS = ZoneInfo("Europe/Paris")
T = TypeVar("T")

# A Saturday morning; the night after a month of holidays; the first of January; Easter; a leap day; the clock's change.
TODAYS = ["2026-11-21T07:35", "2026-06-01T00:10", "2027-01-01T12:00", "2029-04-01T09:00", "2028-02-29T18:00"]
MORE = ["2026-03-01T00:00", "2026-10-25T02:30", "2031-05-31T23:59", "2032-12-27T10:00", "2035-08-15T16:20"]


def instant(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=PARIS).timestamp())


@pytest.fixture(scope="module")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    home = Home(tmp_path_factory.mktemp("demo"))
    home.prepare(fresh=False)
    ports = {kind: 20000 + number for number, kind in enumerate(cast.KINDS)}
    home.write_config({**ports, "listen": 8080})
    return load(home.config, registry.load())


def past_of(configuration: Configuration, now: int) -> Past:
    configuration = past.holding(configuration)
    judge = Judge(configuration.flapping)
    judge.configure(configuration.sondes, configuration.canaries)
    return Past(configuration, judge, now)


# --- the days


def test_every_month_has_the_days_that_the_stories_need(configuration: Configuration) -> None:
    calendar = calendar_of(configuration.calendars[configuration.profile.calendar], good_friday=True)
    told = past.stories()
    for month in range(12 * 40):
        first = date(2026 + month // 12, month % 12 + 1, 1)
        almanac = Almanac(calendar, PARIS, instant(f"{first}T00:30"))
        for story in told:
            if story.day != "friday" and story.day < 0:
                continue
            moments = [t.since for t in story.troubles] + [t.until for t in story.troubles if t.until]
            days = [local_day(almanac.at(story, moment), PARIS) for moment in moments]
            assert all(almanac.last_month.first <= day < almanac.last_month.end for day in days), (story.id, first)


# --- what is told


@pytest.mark.parametrize("today", TODAYS + MORE)
def test_nothing_is_told_of_the_future_and_no_sonde_is_in_two_troubles(
    configuration: Configuration, today: str
) -> None:
    now = instant(today)
    lines = list(past_of(configuration, now).lines(past.stories()))
    assert max(at for at, _ in lines) <= now
    seen: dict[str, list[tuple[int, Status, str]]] = defaultdict(list)
    for at, line in sorted(lines, key=lambda line: line[0]):
        if isinstance(line, Seen):
            seen[line.sonde].append((at, line.status, line.message))
    for sonde, results in seen.items():
        for (at, status, said), (later, after, says) in pairwise(results):
            assert at < later, (sonde, at)
            assert Status.OK in (status, after) or (status, said) == (after, says), (sonde, later)


def test_it_is_the_same_every_time(configuration: Configuration) -> None:
    now = instant(TODAYS[0])
    first, second = (list(past_of(configuration, now).lines(past.stories())) for _ in range(2))
    assert first == second


# --- what is written


@dataclass(frozen=True, kw_only=True)
class Written:
    """A database with its past."""

    configuration: Configuration
    now: int

    @contextmanager
    def opened(self) -> Iterator[sqlite3.Connection]:
        with open_for_reading(self.configuration.database, version("vigie")) as connection:
            yield connection

    def ask(self, query: Callable[[sqlite3.Connection], T]) -> T:
        with self.opened() as connection:
            return query(connection)

    def last_month(self) -> Statement:
        promises = promises_of(self.configuration)
        month = past_of(self.configuration, self.now).almanac.last_month
        return self.ask(lambda connection: state(connection, promises, month, self.now))


@pytest.fixture(scope="module", params=TODAYS)
def written(
    configuration: Configuration, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Written:
    database = tmp_path_factory.mktemp("written") / "vigie.db"
    found = Written(configuration=replace(configuration, database=database), now=instant(request.param))
    past.write(found.configuration, found.now)
    return found


def by_service(statement: Statement) -> dict[str, ServiceFigures]:
    return {"/".join(service.key): service for service in statement.services}


def test_last_month_has_every_verdict_and_one_missed_target(written: Written) -> None:
    services = by_service(written.last_month())
    verdicts = {key: service.verdict for key, service in services.items()}
    assert [k for k, v in verdicts.items() if v is Verdict.MISSED] == ["pont-aux-herons/demarches"]
    assert [k for k, v in verdicts.items() if v is Verdict.UNDETERMINED] == ["saint-eloy-des-brumes/page-internet"]
    # A fibre that 4G stands in for; an outage that is the commune's own fault; a storm; a maintenance.
    assert services["val-tourmaline/internet"].figures.down_s == 0
    assert services["roc-mirandel/internet"].figures.kinds["collectivite"] == 5 * 3600 + 25 * 60
    assert services["brumeval-le-haut/internet"].figures.kinds["force_majeure"] > 0
    assert services["brumeval-le-haut/internet"].figures.down_s == 0
    assert services["val-tourmaline/assistance"].figures.kinds["maintenance"] == 2 * 3600
    # 16:02:21, the third failure of the canaries and a second, to 16:27:01.
    assert {service.figures.unknown_s for service in services.values()} >= {24 * 60 + 40}


def test_one_commune_has_a_spotless_month(written: Written) -> None:
    statement = written.last_month()
    figures = [s.figures for k, s in by_service(statement).items() if k.startswith("sainte-ondine-sur-vaire/")]
    assert len(figures) == 3
    assert {f.availability for f in figures} == {1.0}
    assert all(line.service[0] != "sainte-ondine-sur-vaire" for line in statement.gti)


def test_the_clocks_of_last_month(written: Written) -> None:
    lines = [line for line in written.last_month().gti if line.sonde or line.ref == "appel-0412"]
    told = {
        (line.sonde or line.ref, line.service[0]): (line.elapsed_s, line.suspended_s, line.applicable, line.met)
        for line in lines
        if line.service != ("vieux-fanal", "internet") or line.suspended_s
    }
    # Confirmed 4 s after the first failure. Friday 17:20:04 to 17:30 and Monday 9:00 to 9:40.
    assert told["les-trois-lanternes/routeur/lien", "les-trois-lanternes"] == (9 * 60 + 56 + 40 * 60, 0, True, True)
    # 14:05:04 to 14:45, suspended for 2 h 45 up to the closing and to 9:00 sharp, then to 9:30.
    assert told["vieux-fanal/routeur/lien", "vieux-fanal"] == (39 * 60 + 56 + 30 * 60, 9900, True, True)
    # Three days and 1 h 30 of 8 h 30 each, less 4 s; nobody intervened.
    assert told["pont-aux-herons/demarches/page", "pont-aux-herons"] == (27 * 3600 - 4, 0, True, False)
    assert told["roc-mirandel/routeur/lien", "roc-mirandel"][2:] == (False, None)
    assert told["appel-0412", "brumeval-le-haut"] == (90 * 60, 0, True, True)
    shared = {key[1] for key in told if key[0] == "syndicat/zimbra/imap"}
    assert shared == {
        "syndicat",
        "brumeval-le-haut",
        "moulin-l-ecluse",
        "pont-aux-herons",
        "saint-eloy-des-brumes",
        "val-tourmaline",
    }
    reopened = [line.incident for line in lines if line.sonde == "moulin-l-ecluse/site/page"]
    assert len(reopened) == 2
    assert len(set(reopened)) == 1


def test_trouble_in_announced_maintenance_is_no_incident(written: Written) -> None:
    found = written.ask(incidents.read)
    assert len(found) >= 12
    assert not {"val-tourmaline/assistance/page", "syndicat/nuage/etat"} & {one.sonde for one in found}
    assert all(one.void_at is None for one in found)
    open_now = [one.ref for one in found if one.restored_at is None]
    assert open_now == ["appel-0437"]


def test_what_hid_behind_a_cut_access_is_known(written: Written) -> None:
    (cut,) = [one for one in written.ask(incidents.read) if one.sonde == "les-trois-lanternes/routeur/lien"]
    assert cut.restored_at is not None
    end = cut.restored_at
    hidden = written.ask(lambda c: enquiries.hidden_behind(c, "les-trois-lanternes/routeur/lien", cut.opened_at, end))
    assert ("les-trois-lanternes/site/page", cut.opened_at + 1, end) in hidden
    assert len(hidden) == 9


def test_the_series_is_known_by_its_first(written: Written) -> None:
    entries = written.ask(windows.maintenances)
    weekly = [entry for entry in entries if entry.series is not None]
    assert len(weekly) >= 5
    assert {entry.series for entry in weekly} == {weekly[0].id}
    assert any(entry.start > written.now for entry in entries)  # one is still to come


def test_nothing_is_left_for_the_live_judge_to_take_up(written: Written) -> None:
    assert written.ask(states.load) == {}
    everyone = [*written.configuration.sondes, *(canary.id for canary in written.configuration.canaries)]
    assert written.ask(intervals.ends) == dict.fromkeys(everyone, written.now)


def test_the_ledger_knows_every_sonde_as_the_config_has_it(written: Written) -> None:
    standing = written.ask(ledger.standing)
    sondes = written.configuration.sondes.values()
    assert {(k, p.service) for k, p in standing.items() if p.present} == {(s.id, s.service) for s in sondes}


def test_no_backup_is_overdue_when_the_checks_begin(written: Written) -> None:
    for job in cast.jobs(written.configuration):
        calls = written.ask(lambda connection, sonde=job.sonde: list(beats.of_sonde(connection, sonde)))  # type: ignore[misc]
        assert [(call.t, call.exit_code, call.size_bytes) for call in calls] == [(written.now, 0, job.size_bytes)]


def test_what_a_crash_left_is_thrown_away(configuration: Configuration, tmp_path: Path) -> None:
    draft = tmp_path / "draft"
    draft.mkdir()
    (draft / "vigie.db").write_bytes(b"half a database")
    past.write(replace(configuration, database=tmp_path / "vigie.db"), instant(TODAYS[0]))
    assert [path.name for path in tmp_path.iterdir()] == ["vigie.db"]


def test_a_database_that_is_there_is_left_alone(configuration: Configuration, tmp_path: Path) -> None:
    database = tmp_path / "vigie.db"
    database.write_bytes(b"history")
    past.write(replace(configuration, database=database), instant(TODAYS[0]))
    assert database.read_bytes() == b"history"


# --- the file


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stories: [{id: a, day: 0}]", "day: write 1 for the first"),
        ("stories: [{id: a, day: 1, isolation: {since: 9:05, until: 9h10}}]", "write 9h05"),
        ("stories: [{id: a, day: 1, isolation: {since: 9h05, until: 24h00}}]", "write 9h05"),
        ("stories: [{id: a, day: 1, steps: [{at: 9h00, does: close, by: x}]}]", "a: steps need a report"),
        ("stories: [{id: a, day: 1, steps: [{at: 9h00, does: shrug, by: x}]}]", "shrug"),
        ("stories: [{id: a, day: 1, what: 1}]", "what"),
        ("stories: [", "no stories"),
    ],
)
def test_a_file_that_is_wrong_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "past.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(VigieError, match=said):
        read(path)
