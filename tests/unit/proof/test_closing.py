"""Closing a month: what is written, what is refused, what a correction is. SPEC 5."""

from __future__ import annotations

from dataclasses import replace

import pytest

from supervisor.domain.availability import ZERO
from supervisor.domain.state import SondeState
from supervisor.errors import VigieError
from supervisor.proof.seal import chained
from supervisor.store import closings
from supervisor.store.batch import Batch, Coverage, Kept
from tests.unit.acts.stage import PARIS, SITE, Stage, at, iso
from tests.unit.proof.march import OUTAGE, RUNNING, chain, close, found, of, states


def test_what_is_closed_are_the_figures_of_before(desk: Stage) -> None:
    """22 days of 8 h 30 are 673,200 s. Down 10:00 to 12:00 but the excluded quarter: 6,300 s. Before the first results,
    Monday 2 March 8:00, nothing is open."""
    before = states(desk, "2026-03")
    made = close(desk)["closing"]
    after = states(desk, "2026-03")
    assert (before.closed, after.closed) == ((), ("2026-03",))
    assert replace(after, closed=()) == before
    figures = of(after, "exemple/internet").figures
    assert (figures.open_s, figures.down_s, figures.excluded_s, figures.unknown_s) == (673_200, 6300, 4500, 0)
    assert (made["version"], made["services"], made["previous"]) == (1, 4, None)
    assert made["digest"] == chain(desk)[0].digest == chained(chain(desk)[0])


def test_a_gti_that_runs_is_closed_as_it_is_and_said(desk: Stage) -> None:
    """The platform fails on 31 March 16:00 under three services; nobody intervenes."""
    answer = close(desk)
    assert (answer["closing"]["lines"], answer["closing"]["running"]) == (4, 3)
    said = [remark for remark in answer["remarks"] if remark.startswith(f"{RUNNING}: the GTI of ")]
    assert [remark.split()[4] for remark in said] == ["autre/messagerie", "exemple/messagerie", "syndicat/zimbra"]


def test_what_people_do_afterwards_leaves_the_closed_lines_alone_until_a_correction(desk: Stage) -> None:
    close(desk)
    closed = states(desk, "2026-03").gti
    desk.now = at("04-13 10:00")
    desk.act("incident.cause", number=RUNNING, cause="third_party")
    desk.act("incident.intervene", number=RUNNING)
    assert states(desk, "2026-03").gti == closed
    (verified,) = found(desk)
    assert verified.findings == ()
    close(desk, correct=True, reason="fin de l'incident")
    lines = {line.service: line for line in states(desk, "2026-03").gti if line.incident == RUNNING}
    assert {line.stopped for line in lines.values()} == {at("04-13 10:00")}
    assert {line.cause for line in lines.values()} == {"third_party"}
    assert [one.findings for one in found(desk)] == [(), ()]


def test_a_correction_is_a_version_beside_the_old_one(desk: Stage) -> None:
    close(desk)
    first = chain(desk)[0]
    desk.now = at("04-20 09:00")
    desk.act("month.close", month="2026-02")
    made = close(desk, correct=True, reason="contrat mal saisi")["closing"]
    assert (made["version"], made["reason"]) == (2, "contrat mal saisi")
    rows = chain(desk)
    assert rows[0] == first
    assert [(row.month, row.version) for row in rows] == [("2026-03", 1), ("2026-02", 1), ("2026-03", 2)]
    assert [row.previous for row in rows] == ["", rows[0].digest, rows[1].digest]
    assert closings.closed_months(desk.connection, PARIS) == [
        ("2026-02", at("02-01 00:00"), at("03-01 00:00")),
        ("2026-03", at("03-01 00:00"), at("04-01 00:00")),
    ]
    assert [one.findings for one in found(desk)] == [(), (), ()]


def test_a_commune_that_left_since_is_in_the_correction_too(desk: Stage) -> None:
    """Its file is gone from the config, its month stays what it was."""
    close(desk)
    before = states(desk, "2026-03")
    stays = {key: promise for key, promise in desk.promises.services.items() if key[0] != "exemple"}
    sondes = {sonde: name for sonde, name in desk.promises.sondes.items() if not sonde.startswith("exemple/")}
    names = {owner: name for owner, name in desk.promises.collectivites.items() if owner != "exemple"}
    desk.promises = replace(desk.promises, services=stays, sondes=sondes, collectivites=names)
    close(desk, correct=True, reason="autre chose")
    after = states(desk, "2026-03")
    assert {service.key: service.figures for service in after.services} == {
        service.key: service.figures for service in before.services
    }
    assert sorted(map(repr, after.gti)) == sorted(map(repr, before.gti))
    assert [service.key for service in after.services][-2:] == [("exemple", "internet"), ("exemple", "messagerie")]


def test_earlier_months_that_are_open_are_said(desk: Stage) -> None:
    """The ledger begins on 20 February."""
    answer = close(desk)
    assert answer["closing"]["earlier_open"] == ["2026-02"]
    assert "earlier months are open: 2026-02" in answer["remarks"]
    close(desk, "2026-02")
    assert close(desk, correct=True, reason="x")["closing"]["earlier_open"] == []


@pytest.mark.parametrize(
    ("wall", "request_", "refusal"),
    [
        ("03-31 23:59", {}, "month: 2026-03 is not over; it ends 2026-04-01T00:00:00+02:00"),
        ("04-01 23:59", {}, "close it from 2026-04-02T00:00:00+02:00 on"),
        ("04-10 09:00", {"month": "2026-Q1"}, "month: '2026-Q1' is not a month; write 2026-03"),
        ("04-10 09:00", {"month": "2026-13"}, "month: '2026-13' is not a month; write 2026-03"),
        ("04-10 09:00", {"month": "2026-03-01..2026-04-01"}, "is not a month"),
        ("04-10 09:00", {"month": 3}, "month: a month like 2026-03 is expected"),
        ("04-10 09:00", {"correct": True}, "reason: why the month is corrected is expected"),
        ("04-10 09:00", {"correct": True, "reason": " "}, "reason: why the month is corrected is expected"),
        ("04-10 09:00", {"correct": True, "reason": "x"}, "month: 2026-03 is not closed; there is nothing to correct"),
        ("04-10 09:00", {"reason": "x"}, "reason: only a correction has one"),
        ("04-10 09:00", {"correct": "yes", "reason": "x"}, "correct: true or false is expected"),
        ("04-10 09:00", {"force": True}, "force: not expected here"),
    ],
)
def test_what_cannot_be_closed_is_refused_and_nothing_is_written(
    desk: Stage, wall: str, request_: dict[str, object], refusal: str
) -> None:
    desk.now = at(wall)
    before = desk.dump()
    with pytest.raises(VigieError) as refused:
        desk.act("month.close", **{"month": "2026-03", **request_})
    assert refusal in str(refused.value)
    assert desk.dump() == before


def test_a_closed_month_is_not_closed_again_by_mistake(desk: Stage) -> None:
    close(desk)
    before = desk.dump()
    with pytest.raises(VigieError, match=r"2026-03 is closed already \(version 1, 2026-04-10T09:00:00\+02:00, by jean"):
        close(desk)
    assert desk.dump() == before


@pytest.mark.parametrize(
    ("since", "until", "confirmed", "closes"),
    [
        ("03-31 23:00", "04-10 10:00", False, False),
        ("03-31 23:00", "04-10 10:00", True, True),
        ("04-01 00:00", "04-10 10:00", False, True),
        ("03-31 23:00", "04-10 08:59", False, True),
    ],
)
def test_a_trouble_that_may_still_be_dated_back_into_it_is_waited_for(
    desk: Stage, since: str, until: str, confirmed: bool, closes: bool
) -> None:
    """Unless it is confirmed, began in a later month, or its count starts again because the next result is late."""
    state = SondeState(at(since), at(until), critical_count=1, critical_since=at(since), critical_confirmed=confirmed)
    coverage = {SITE: Coverage(state.last_at, state.until)}
    desk.database.apply(Batch(at=desk.now, states={SITE: Kept(state, ())}, coverage=coverage))
    if closes:
        assert close(desk)["closing"]["version"] == 1
        return
    with pytest.raises(VigieError, match=f"a trouble that began in 2026-03 is not confirmed yet.*: {SITE};"):
        close(desk)


def test_an_exclusion_into_a_closed_month_is_refused(desk: Stage) -> None:
    close(desk)
    span = {"start": iso("03-31 12:00"), "end": iso("04-02 12:00")}
    with pytest.raises(VigieError, match="2026-03 is closed"):
        desk.act("exclusion.add", collectivite="exemple", kind="collectivite", reason="clé perdue", **span)


def test_the_register_of_an_import_that_was_cut_short_is_completed_first(desk: Stage) -> None:
    """What it left untold would be missing from the closing for ever."""
    desk.connection.execute("insert into untold select key from sonde where id = ?", [SITE])
    desk.connection.execute("drop trigger journal_no_delete")
    desk.connection.execute("delete from journal")
    desk.connection.execute("delete from incident where sonde = ?", [SITE])
    close(desk)
    (line,) = [line for line in states(desk, "2026-03").gti if line.sonde == SITE]
    assert (line.start, line.stopped, line.met) == (at("03-10 10:00"), at("03-10 12:00"), True)
    assert line.incident != OUTAGE
    assert desk.database.rows("select * from untold") == []


def test_a_month_of_which_nothing_is_known_can_be_closed(desk: Stage) -> None:
    made = close(desk, "2025-11")["closing"]
    assert (made["lines"], made["earlier_open"]) == (0, [])
    figures = of(states(desk, "2025-11"), "exemple/internet").figures
    assert figures.open_s == figures.unknown_s > ZERO.open_s
