"""What incidents do to who is told: taken back, reopened, worsened, merged, imported, maintained. SPEC 6 and 7."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace

import pytest

from probes.base import Status
from supervisor.domain.alerting import Channel
from supervisor.domain.contact import Seed
from supervisor.domain.interval import FOREVER
from supervisor.store import contacts, notices, spells, steps
from supervisor.store.alerting import Alerts
from supervisor.store.batch import Batch
from supervisor.store.register import Register, tell_untold
from tests.unit.acts.stage import LINK, SITE, Stage, at, iso, stage
from tests.unit.alerts.wires import looked
from tests.unit.builders import sonde

MAYOR = Seed("exemple", "Mairie", "mairie@exemple.fr", "+33600000001", "critical", "critical")
NIGHT = Seed("syndicat", "Astreinte", "astreinte@syndicat.fr", None, "warning", None)


@pytest.fixture
def desk() -> Iterator[Stage]:
    """A mayor by mail and SMS, the one on call by mail, and a site that is well."""
    with stage() as made:
        made.database.apply(Batch(at=made.now, contacts=[MAYOR, NIGHT]))
        for name in (LINK, SITE):
            made.result("03-06 09:00", name, "ok")
        yield made


ALL = ["mail Astreinte", "mail Mairie", "sms Mairie"]


def everybody(said: str) -> list[tuple[str, str]]:
    """All three, in the same words."""
    return [(reader, said) for reader in ALL]


def test_what_turns_out_to_hang_behind_a_dead_link_is_taken_back_from_who_was_told(desk: Stage) -> None:
    desk.result("03-06 09:01", SITE, "critical")
    assert looked(desk, "03-06 09:01") == everybody("opened INC-2026-000001 internet")
    desk.result("03-06 09:01", LINK, "critical")
    assert looked(desk, "03-06 09:05") == everybody(
        "opened INC-2026-000002 internet; withdrawn INC-2026-000001 internet"
    )
    assert looked(desk, "03-07 09:05") == []


def test_and_said_to_nobody_whom_it_had_not_reached(desk: Stage) -> None:
    desk.result("03-06 09:01", SITE, "critical")
    desk.result("03-06 09:01", LINK, "critical")
    assert looked(desk, "03-06 09:01") == everybody("opened INC-2026-000002 internet")
    desk.result("03-06 09:10", LINK, "ok")
    desk.result("03-06 09:10", SITE, "ok")
    assert looked(desk, "03-06 10:00") == everybody("recovered INC-2026-000002 internet")
    assert looked(desk, "03-07 09:05") == []


def test_a_recovery_that_was_none_is_followed_by_the_trouble_again(desk: Stage) -> None:
    desk.result("03-06 09:01", SITE, "critical")
    assert looked(desk, "03-06 09:01") == everybody("opened INC-2026-000001 internet")
    desk.result("03-06 09:40", SITE, "ok")
    assert looked(desk, "03-06 09:40") == everybody("recovered INC-2026-000001 internet")
    desk.result("03-06 09:40", LINK, "critical")  # it was not the site that answered
    told = looked(desk, "03-06 11:00")
    assert {words for _, words in told} == {"opened INC-2026-000002 internet; reopened INC-2026-000001 internet"}
    desk.result("03-06 11:30", LINK, "ok")
    desk.result("03-06 11:30", SITE, "ok")
    told = looked(desk, "03-06 13:00")
    assert {words for _, words in told} == {"recovered INC-2026-000001 internet; recovered INC-2026-000002 internet"}
    assert [reader for reader, _ in told] == ALL


def test_one_that_was_not_told_yet_never_is(desk: Stage) -> None:
    desk.result("03-06 09:01", SITE, "critical")
    assert len(looked(desk, "03-06 09:01")) == 3
    desk.result("03-06 09:02", SITE, "ok")
    desk.result("03-06 09:02", LINK, "critical")
    for _, words in looked(desk, "03-06 10:00"):
        assert "recovered" not in words


@pytest.mark.parametrize("told_first", [True, False])
def test_an_end_that_moves_is_told_once(desk: Stage, told_first: bool) -> None:
    """A clock that is set back writes the last hour again: what was over then is over now."""
    desk.result("03-06 09:01", SITE, "critical")
    looked(desk, "03-06 09:01")
    desk.result("03-06 09:40", SITE, "ok")
    if told_first:
        assert looked(desk, "03-06 09:40") == everybody("recovered INC-2026-000001 internet")
    with desk.connection:
        desk.connection.execute("update spell set end = ? where end = ?", (at("03-06 09:30"), at("03-06 09:40")))
    desk.database.apply(Batch(at=at("03-06 09:41"), due={SITE: at("03-06 09:41")}, promises=desk.promises))
    kinds = [kind for (kind,) in desk.connection.execute("select kind from journal order by id")]
    assert kinds == ["opened", "recovered", "recovered", "withdrawn"]
    left = [] if told_first else everybody("recovered INC-2026-000001 internet")
    assert looked(desk, "03-06 12:00") == left


def test_reopened_and_recovered_again(desk: Stage) -> None:
    for wall, status, said in (
        ("03-06 09:01", "critical", "opened"),
        ("03-06 09:02", "ok", "recovered"),
        ("03-06 09:12", "critical", "reopened"),
        ("03-06 09:32", "ok", "recovered"),
    ):
        desk.result(wall, SITE, status)
        later = wall[:-2] + f"{int(wall[-2:]) + 8:02}"
        assert looked(desk, later) == everybody(f"{said} INC-2026-000001 internet")


def warned(desk: Stage) -> None:
    """The site's incidents open at a warning."""
    desk.promises = replace(desk.promises, warned=frozenset({SITE}))
    known = replace(sonde(SITE, attempts=1, stale_after_s=86_400), incident_from=Status.WARNING)
    desk._judge.configure({SITE: known}, ())


def test_a_warning_that_becomes_critical_is_told_to_those_who_knew_and_those_who_did_not(desk: Stage) -> None:
    warned(desk)
    desk.result("03-06 09:01", SITE, "warning")
    assert looked(desk, "03-06 09:01") == [("mail Astreinte", "opened INC-2026-000001 internet")]
    desk.result("03-06 09:30", SITE, "critical")
    assert looked(desk, "03-06 09:30") == everybody("worsened INC-2026-000001 internet")
    desk.result("03-06 10:10", SITE, "ok")
    assert looked(desk, "03-06 10:10") == everybody("recovered INC-2026-000001 internet")


def test_a_warning_that_goes_away_is_told_to_nobody_who_did_not_know(desk: Stage) -> None:
    warned(desk)
    desk.result("03-06 09:01", SITE, "warning")
    desk.result("03-06 09:40", SITE, "ok")
    assert looked(desk, "03-06 10:40") == [
        ("mail Astreinte", "opened INC-2026-000001 internet; recovered INC-2026-000001 internet")
    ]


BY_MAIL = ["mail Astreinte", "mail Mairie"]


def test_a_report_is_told_to_the_operators_and_confirmed_by_mail_to_those_it_is_from(desk: Stage) -> None:
    neighbour = Seed("autre", "Voisin", "voisin@autre.fr", None, "critical", None)
    desk.database.apply(
        Batch(at=desk.now, contacts=[neighbour, NIGHT._replace(name="Nuit", sms="critical", phone="+33600000002")])
    )
    # On the shared platform: a neighbour uses it too, and what one person saw is not told to 300 communes.
    desk.act("incident.report", collectivite="syndicat", service="zimbra", message="Plus de courrier")
    said = "opened INC-2026-000001 messagerie,messagerie,zimbra"
    assert looked(desk, "03-06 09:00") == [(reader, said) for reader in ("mail Astreinte", "mail Nuit", "sms Nuit")]
    desk.act("incident.report", collectivite="exemple", service="messagerie", message="Plus de courrier")
    told = looked(desk, "03-06 10:00")
    assert [reader for reader, _ in told] == ["mail Astreinte", "mail Mairie", "mail Nuit", "sms Nuit"]
    assert {words for _, words in told} == {"opened INC-2026-000002 messagerie"}


@pytest.mark.parametrize("over", ["incident.restore", "incident.close"])
def test_its_end_is_told_to_the_same_once_however_it_ends(desk: Stage, over: str) -> None:
    desk.act("incident.report", collectivite="exemple", service="internet", message="Plus rien")
    assert looked(desk, "03-06 09:00") == [(reader, "opened INC-2026-000001 internet") for reader in BY_MAIL]
    desk.now = at("03-06 09:40")
    desk.act(over, number="INC-2026-000001")
    assert looked(desk, "03-06 09:40") == [(reader, "recovered INC-2026-000001 internet") for reader in BY_MAIL]
    if over == "incident.restore":  # said earlier still, or closed: they know
        desk.act("incident.restore", number="INC-2026-000001", at=iso("03-06 09:20"))
        desk.act("incident.close", number="INC-2026-000001")
    assert looked(desk, "03-07 09:40") == []


def test_a_report_that_is_settled_before_it_left_is_told_as_over(desk: Stage) -> None:
    desk.result("03-06 09:00", "syndicat/zimbra/imap", "ok")
    desk.result("03-06 09:01", "syndicat/zimbra/imap", "critical")
    assert len(looked(desk, "03-06 09:01")) == 3
    desk.act("incident.report", collectivite="exemple", service="internet", message="Plus rien")
    desk.act("incident.close", number="INC-2026-000002")
    found = looked(desk, "03-06 10:00")
    assert found == [
        (reader, "opened INC-2026-000002 internet; recovered INC-2026-000002 internet") for reader in BY_MAIL
    ]


def merged(desk: Stage) -> None:
    """The site fails, which somebody reported before; both are told."""
    desk.act("incident.report", collectivite="exemple", service="internet", message="Plus rien")
    assert len(looked(desk, "03-06 09:00")) == 2
    desk.result("03-06 09:01", SITE, "critical")
    desk.act("incident.merge", number="INC-2026-000001", into="INC-2026-000002")
    assert len(looked(desk, "03-06 09:02")) == 3


BOTH_OVER = "recovered INC-2026-000001 internet; recovered INC-2026-000002 internet"
OTHER_OVER = "recovered INC-2026-000002 internet"


def test_a_report_ends_with_what_it_was_merged_into_for_those_who_were_told_of_it(desk: Stage) -> None:
    merged(desk)
    desk.result("03-06 09:40", SITE, "ok")
    assert looked(desk, "03-06 09:40") == [*((reader, BOTH_OVER) for reader in BY_MAIL), ("sms Mairie", OTHER_OVER)]
    desk.act("incident.restore", number="INC-2026-000001")  # they have read it
    assert looked(desk, "03-07 09:40") == []


def test_a_report_that_people_ended_ends_no_more(desk: Stage) -> None:
    merged(desk)
    desk.act("incident.restore", number="INC-2026-000001")
    assert looked(desk, "03-06 09:20") == [(reader, "recovered INC-2026-000001 internet") for reader in BY_MAIL]
    desk.result("03-06 09:40", SITE, "ok")
    assert looked(desk, "03-06 09:40") == everybody(OTHER_OVER)


def test_what_opens_again_after_a_report_ended_with_it_is_told_as_itself(desk: Stage) -> None:
    merged(desk)
    desk.result("03-06 09:40", SITE, "ok")
    assert len(looked(desk, "03-06 09:40")) == 3
    desk.result("03-06 09:50", SITE, "critical")
    assert looked(desk, "03-06 10:20") == everybody("reopened INC-2026-000002 internet")
    desk.result("03-06 10:30", SITE, "ok")
    assert looked(desk, "03-06 11:30") == everybody(OTHER_OVER)


def test_an_end_that_was_none_is_taken_back_of_the_report_too(desk: Stage) -> None:
    merged(desk)
    desk.result("03-06 09:40", SITE, "ok")
    assert len(looked(desk, "03-06 09:40")) == 3
    desk.result("03-06 09:40", LINK, "critical")
    told = dict(looked(desk, "03-06 11:00"))
    assert "reopened INC-2026-000001" in told["mail Mairie"]
    assert "reopened INC-2026-000001" not in told["sms Mairie"]
    desk.result("03-06 11:30", LINK, "ok")
    desk.result("03-06 11:31", SITE, "ok")
    assert "recovered INC-2026-000001" in dict(looked(desk, "03-06 13:00"))["mail Mairie"]


def test_an_end_that_nobody_read_yet_is_simply_not_told(desk: Stage) -> None:
    merged(desk)
    desk.result("03-06 09:40", SITE, "ok")
    desk.result("03-06 09:40", LINK, "critical")
    assert "INC-2026-000001" not in "".join(words for _, words in looked(desk, "03-06 11:00"))


def test_what_is_merged_into_something_that_is_over_is_over(desk: Stage) -> None:
    desk.result("03-06 09:01", SITE, "critical")
    desk.result("03-06 09:10", SITE, "ok")
    looked(desk, "03-06 09:20")
    desk.act("incident.report", collectivite="exemple", service="internet", message="Plus rien")
    assert [who for who, _ in looked(desk, "03-06 09:50")] == BY_MAIL
    desk.act("incident.merge", number="INC-2026-000002", into="INC-2026-000001")
    assert looked(desk, "03-06 10:50") == [(reader, "recovered INC-2026-000002 internet") for reader in BY_MAIL]
    assert looked(desk, "03-07 10:50") == []


def test_what_is_imported_alerts_nobody_not_even_when_it_recovers_live(desk: Stage) -> None:
    desk.now = at("03-06 09:05")
    changes = desk._judge.observe(SITE, at("03-06 09:01"), Status.CRITICAL, "")
    assert changes
    desk.database.apply(Batch(at=desk.now, changes=changes, imported={SITE}, promises=desk.promises))
    assert desk.database.rows("select count(*) from incident") == [(0,)]
    desk.connection.execute("begin")
    assert tell_untold(desk.connection, desk.promises, desk.now) == 1
    desk.connection.execute("commit")
    assert desk.database.rows("select source, restored_at from incident") == [("import", None)]
    desk.result("03-06 09:30", SITE, "ok")
    assert desk.database.rows("select count(*) from notice") == [(0,)]
    # What fails live from then on is told.
    desk.result("03-06 09:35", SITE, "critical")
    assert looked(desk, "03-06 09:35") == everybody("reopened INC-2026-000001 internet")


def test_nothing_during_maintenance_announced_in_time_and_what_lasts_at_its_end(desk: Stage) -> None:
    desk.act("maintenance.plan", collectivite="exemple", start=iso("03-06 10:00"), end=iso("03-06 12:00"),
             nature="Travaux")  # fmt: skip
    desk.hush()
    desk.result("03-06 10:01", SITE, "critical")
    assert looked(desk, "03-06 11:59") == []
    desk.now = at("03-06 12:00")
    desk.database.apply(Batch(at=desk.now, due={SITE: desk.now}, promises=desk.promises))
    assert looked(desk, "03-06 12:00") == everybody("opened INC-2026-000001 internet")


def test_who_is_added_meanwhile_learns_neither_the_end_nor_what_was(desk: Stage) -> None:
    desk.result("03-06 09:01", SITE, "critical")
    assert len(looked(desk, "03-06 09:01")) == 3
    desk.database.apply(Batch(at=desk.now, contacts=[MAYOR._replace(name="Adjoint")]))
    desk.result("03-06 09:40", SITE, "ok")
    assert [reader for reader, _ in looked(desk, "03-06 09:40")] == ALL
    desk.result("03-06 09:50", SITE, "critical")
    assert len(looked(desk, "03-06 11:00")) == 5  # what is new is told to them too


def test_who_is_erased_meanwhile_is_told_nothing_more(desk: Stage) -> None:
    desk.result("03-06 09:01", SITE, "critical")
    desk.connection.execute("begin")
    contacts.erase(desk.connection, 1, desk.now, "jeanne")
    desk.connection.execute("commit")
    desk.result("03-06 09:40", SITE, "ok")
    assert [reader for reader, _ in looked(desk, "03-06 10:00")] == ["mail Astreinte"]


def test_a_recovery_is_told_by_what_told_the_trouble_however_the_contact_was_edited(desk: Stage) -> None:
    desk.result("03-06 09:01", SITE, "critical")
    assert len(looked(desk, "03-06 09:01")) == 3
    contacts.change(desk.connection, 1, MAYOR._replace(sms=None, mail="critical"), desk.now, "jeanne")
    desk.result("03-06 09:40", SITE, "ok")
    assert looked(desk, "03-06 09:40") == everybody("recovered INC-2026-000001 internet")


def test_an_opening_that_moved_is_withdrawn_though_the_story_has_it_no_more(desk: Stage) -> None:
    desk.result("03-06 09:01", SITE, "critical")
    assert len(looked(desk, "03-06 09:01")) == 3
    # The same trouble is found to begin at another instant: the maintenance before it was longer than said.
    desk.connection.execute("begin")
    key = desk.connection.execute("select key from sonde where id = ?", [SITE]).fetchone()[0]
    incident = desk.connection.execute("select id from incident").fetchone()[0]
    desk.connection.execute(
        "insert into maintenance (collectivite, services, start, end, nature, author, announced_at, source) "
        "values ('exemple', null, ?, ?, '', 'x', ?, 'import')",
        (at("03-06 08:00"), at("03-06 09:30"), at("03-06 07:00")),
    )
    desk.now = at("03-06 10:00")
    Register(desk.connection, desk.promises, desk.now).tell({SITE: -FOREVER})
    desk.connection.execute("commit")
    assert key
    assert incident
    told = looked(desk, "03-06 11:00")
    assert told == everybody("opened INC-2026-000001 internet; withdrawn INC-2026-000001 internet")


def test_a_bug_in_telling_costs_no_incident_its_place(
    desk: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    honest = Alerts.event

    def event(self: Alerts, incident, *arguments):  # type: ignore[no-untyped-def]
        if incident.sonde == SITE:
            raise KeyError("a bug")
        return honest(self, incident, *arguments)

    monkeypatch.setattr(Alerts, "event", event)
    desk.result("03-06 09:01", SITE, "critical")
    desk.result("03-06 09:02", "exemple/web/nu", "ok")
    desk.result("03-06 09:03", "exemple/web/nu", "critical")
    assert desk.database.rows("select count(*) from incident") == [(2,)]
    assert spells.untold(desk.connection, 10) == []
    assert "telling of 'opened' failed" in caplog.text
    assert len(looked(desk, "03-06 09:03")) == 3


def test_a_bug_in_escalating_costs_nobody_the_news(
    desk: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def begin(connection: sqlite3.Connection, *_: object, **__: object) -> None:
        connection.execute("update notice set message = 1")  # which the table refuses

    monkeypatch.setattr(steps, "begin", begin)
    desk.result("03-06 09:01", SITE, "critical")
    assert "what escalates failed" in caplog.text
    assert len(looked(desk, "03-06 09:01")) == 3


# --- what may not wait, and what has to


def test_a_first_critical_leaves_above_the_hourly_cap(desk: Stage) -> None:
    for number in range(6):
        desk.connection.execute(
            "insert into message (key, contact, channel, address, body, made_at, state, next_at, ended_at) "
            'values (?, 1, \'sms\', \'+33600000001\', \'{"subject": "", "text": "", "html": null, '
            "\"thread\": null}', ?, 'sent', 0, 0)",
            (str(number), at("03-06 08:55") + number),
        )
    desk.result("03-06 09:01", SITE, "critical")
    assert ("sms Mairie", "opened INC-2026-000001 internet") in looked(desk, "03-06 09:01")
    desk.result("03-06 09:30", SITE, "ok")
    assert ("sms Mairie", "recovered INC-2026-000001 internet") not in looked(desk, "03-06 09:50")
    assert ("sms Mairie", "recovered INC-2026-000001 internet") in looked(desk, "03-06 10:02")


def test_a_warning_that_lasts_takes_no_haste_from_the_first_critical(desk: Stage) -> None:
    warned(desk)
    desk.result("03-06 09:01", SITE, "warning")
    assert looked(desk, "03-06 09:01") == [("mail Astreinte", "opened INC-2026-000001 internet")]
    desk.result("03-06 09:01:20", SITE, "critical")
    assert looked(desk, "03-06 09:01:20") == everybody("worsened INC-2026-000001 internet")


def breached(desk: Stage, incident: int, wall: str) -> None:
    """One more breach is due to be told."""
    notices.add(
        desk.connection,
        [
            notices.Notice(
                f"b{incident}/{at(wall)}/mail", 2, Channel.MAIL, notices.Kind.BREACH, 100, "critical", "", 1,
                at("03-06 09:01"), at(wall), 0,
            )
        ],
    )  # fmt: skip


def test_a_breach_waits_for_no_gap_but_breaches_of_one_minute_are_told_together(desk: Stage) -> None:
    desk.result("03-06 09:01", SITE, "critical")
    assert len(looked(desk, "03-06 09:01")) == 3
    breached(desk, 1, "03-06 09:01:05")
    assert len(looked(desk, "03-06 09:01:05")) == 1
    leaving = 0
    for second in range(6, 60):
        breached(desk, 1, f"03-06 09:01:{second:02}")
        leaving += len(looked(desk, f"03-06 09:01:{second:02}"))
    assert leaving == 0
    assert len(looked(desk, "03-06 09:02:05")) == 1
    assert desk.database.rows("select count(*) from notice where state = 'due'") == [(0,)]
