"""`--verify` names whatever was altered by hand, past the triggers, and nothing when nothing was. SPEC 5."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from supervisor.domain.calendar import Calendar
from supervisor.domain.rule import Rule
from tests.unit.acts.stage import IMAP, LINK, SITE, Stage, at, iso
from tests.unit.proof.march import OUTAGE, RUNNING, alter, chain, close, findings, forge, found

_SITE = f"(select key from sonde where id = '{SITE}')"


@pytest.fixture
def closed(desk: Stage) -> Stage:
    """February closed, then March."""
    close(desk, "2026-02")
    close(desk)
    return desk


def test_all_is_well(closed: Stage) -> None:
    verified = found(closed)
    assert [(one.closing.month, one.services, one.lines) for one in verified] == [("2026-02", 4, 0), ("2026-03", 4, 4)]
    assert [one.findings for one in verified] == [(), ()]
    assert [one.closing.month for one in found(closed, "2026-03")] == ["2026-03"]


def test_the_config_may_change_after_a_closing(closed: Stage) -> None:
    """Calendars, rules, contracts, targets, what counts for what: nothing of it touches what is closed. The tables are
    asked under what was promised then."""
    services = {
        key: replace(promise, calendar=Calendar([]), rule=Rule.ANY, bounds=[], uses=(LINK,))
        for key, promise in closed.promises.services.items()
        if key[0] != "autre"
    }
    closed.promises = replace(
        closed.promises,
        services=services,
        target=Fraction(1),
        gti_s=60,
        exclude=(),
        sondes={},
        warned=frozenset({SITE}),
    )
    assert findings(closed) == []


def test_life_goes_on_after_a_closing(closed: Stage) -> None:
    """Results, steps, exclusions of open months, a maintenance cut short: a closed month is not contradicted by them.
    How a clock that ran went on is said, as a note."""
    closed.result("04-10 10:00", IMAP, "ok")
    closed.act("incident.close", number=RUNNING)
    closed.act("incident.cause", number=OUTAGE, cause="collectivite")
    span = {"start": iso("04-01 00:00"), "end": iso("04-02 12:00")}
    closed.act("exclusion.add", collectivite="exemple", kind="collectivite", reason="clé perdue", **span)
    assert findings(closed) == []
    notes = [f"{note.about}: {note.what}" for one in found(closed) for note in one.notes]
    assert notes == [
        f"{RUNNING}: its GTI for {service} from 2026-03-31T16:00:00+02:00 ran when the month was closed, until "
        "2026-04-10T10:00:00+02:00"
        for service in ("exemple/messagerie", "autre/messagerie", "syndicat/zimbra")
    ]


REST = "from 2026-03-20T00:00:00+01:00 to 2026-04-01T00:00:00+02:00"
CLOCK = f"{OUTAGE}: its GTI for exemple/internet from 2026-03-10T10:00:00+01:00"
OUTAGE_SPAN = "from 2026-03-10T10:00:00+01:00 to 2026-03-10T12:00:00+01:00"


def _ledger(event: str, service: str) -> str:
    """A line of the ledger, of 20 March."""
    return (
        "insert into ledger (t, event, sonde, collectivite, type, billable, paused, service, source, author, reason) "
        f"values ({at('03-20 00:00')}, '{event}', '{SITE}', 'exemple', '', 1, 0, {service}, 'config', '', '')"
    )


ALTERED = {
    "an interval": (
        f"update interval set status = 'warning' where sonde = {_SITE} and status = 'critical'",
        [f"{SITE}: {OUTAGE_SPAN}: critical in the closing, warning in the intervals now"],
    ),
    "an interval gone": (
        f"delete from interval where sonde = {_SITE} and status = 'critical'",
        [f"{SITE}: {OUTAGE_SPAN}: critical in the closing, unknown (no data) in the intervals now"],
    ),
    "an interval made shorter": (
        f"update interval set end = end - 600 where sonde = {_SITE} and status = 'critical'",
        [
            f"{SITE}: from 2026-03-10T11:50:00+01:00 to 2026-03-10T12:00:00+01:00: critical in the closing, "
            "unknown (no data) in the intervals now"
        ],
    ),
    "a removal slipped in": (
        _ledger("sonde-removed", "null"),
        [f"{SITE}: takes part in exemple/internet {REST} in the closing, not in the ledger now"],
    ),
    "a sonde moved to another service": (
        _ledger("sonde-changed", "'messagerie'"),
        [
            f"{SITE}: takes part in exemple/internet {REST} in the closing, not in the ledger now",
            f"{SITE}: takes part in exemple/messagerie {REST} in the ledger now, not in the closing",
        ],
    ),
    "an exclusion made longer": (
        f"update exclusion set start = {at('03-10 10:00')}",
        [
            "exclusion 1: time: from 2026-03-10T11:45:00+01:00 to 2026-03-10T13:00:00+01:00 in the closing, from "
            "2026-03-10T10:00:00+01:00 to 2026-03-10T13:00:00+01:00 now"
        ],
    ),
    "an exclusion of another kind": (
        "update exclusion set kind = 'third_party'",
        ["exclusion 1: kind: force_majeure in the closing, third_party now"],
    ),
    "an exclusion with another reason": (
        "update exclusion set reason = 'tempête'",
        ["exclusion 1: text: orage in the closing, tempête now"],
    ),
    "an exclusion gone": ("delete from exclusion", ["exclusion 1: holds in the closing; now it is gone, revoked, or "]),
    "an exclusion revoked": (
        f"update exclusion set revoked_at = {at('03-31 09:00')}",
        ["exclusion 1: holds in the closing; now it is gone, revoked, or "],
    ),
    "an exclusion slipped in": (
        "insert into exclusion (collectivite, start, end, kind, reason, author, entered_at, source) values "
        f"('exemple', {at('03-16 09:00')}, {at('03-17 09:00')}, 'collectivite', 'x', 'x', {at('03-15 09:00')}, 'live')",
        ["exclusion 2: collectivite from 2026-03-16T09:00:00+01:00 to 2026-03-17T09:00:00+01:00 is not in the closing"],
    ),
    "a maintenance announced later than it was": (
        f"update maintenance set announced_at = {at('03-17 09:00')}",
        ["maintenance 1: entry: 2026-02-20T09:00:00+01:00 in the closing, 2026-03-17T09:00:00+01:00 now"],
    ),
    "a maintenance announced too late": (
        f"update maintenance set announced_at = {at('03-19 09:00')}",
        ["maintenance 1: holds in the closing; now it is gone, revoked, or holds for other services or times"],
    ),
    "a clock that starts later": (
        f"update spell set start = start + 60 where sonde = {_SITE}; "
        f"update incident set spell = spell + 60 where sonde = '{SITE}'",
        [
            f"{CLOCK} is in the closing, and not told",
            f"{OUTAGE}: its GTI for exemple/internet from 2026-03-10T10:01:00+01:00 is told by the tables now, and not",
        ],
    ),
    "a clock stopped earlier": (
        f"update journal set t = {at('03-10 10:50')} where kind = 'intervention'",
        [f"{CLOCK}: stop: 2026-03-10T11:00:00+01:00 in the closing, 2026-03-10T10:50:00+01:00 by the tables now"],
    ),
    "a longer suspension": (
        f"update journal set t = {at('03-10 10:01')} where kind = 'suspend'",
        [
            f"{CLOCK}: suspensions: from "
            "2026-03-10T10:15:00+01:00 to 2026-03-10T10:45:00+01:00 in the closing, from 2026-03-10T10:01:00+01:00 to "
        ],
    ),
    "another cause": (
        "update journal set text = 'collectivite' where kind = 'cause'",
        [f"{CLOCK}: cause: operator in the closing, collectivite by the tables now"],
    ),
    "a clock that ran, stopped within the month": (
        f"update spell set end = {at('03-31 17:00')} where end is null",
        [
            f"{RUNNING}: its GTI for {service} from 2026-03-31T16:00:00+02:00: stop: never in the closing, "
            "2026-03-31T17:00:00+02:00 by the tables now"
            for service in ("exemple/messagerie", "autre/messagerie", "syndicat/zimbra")
        ],
    ),
    "an author of a closing": (
        "update closing set author = 'personne' where id = 2",
        ["closing: was altered: its digest is not that of what it holds"],
    ),
    "a head": (
        """update closing set head = replace(head, '"target":"24/25"', '"target":"1/2"') where id = 2""",
        ["closing: was altered: its digest is not that of what it holds"],
    ),
    "a head that is none": (
        "update closing set head = '' where id = 2",
        ["closing: was altered: its digest is not that of what it holds", "closing: closing of 2026-03: it cannot be"],
    ),
    "a digest": (
        "update closing set digest = 'abc' where id = 1",
        [
            "closing: was altered: its digest is not that of what it holds",
            "closing: is not chained to 2026-02 version 1, the closing before it: one was altered, removed or put in",
        ],
    ),
    "a link": (
        "update closing set previous = '' where id = 2",
        [
            "closing: was altered: its digest is not that of what it holds",
            "closing: is not chained to 2026-02 version 1, the closing before it: one was altered, removed or put in",
        ],
    ),
    "a closing gone": (
        "delete from closing_part where closing = 1; delete from closing where id = 1",
        ["closing: is not chained to nothing"],
    ),
    "the digest of a part": (
        "update closing_part set digest = 'abc' where closing = 2 and collectivite = 'autre'",
        ["autre: the digest beside its part is not that of the part: one was altered"],
    ),
    "a part gone": (
        "delete from closing_part where closing = 2 and collectivite = 'vide'",
        ["vide: its part is missing"],
    ),
    "a part slipped in": (
        "insert into closing_part select 2, 'ailleurs', 9, body, digest from closing_part "
        "where closing = 2 and collectivite = 'vide'",
        ["ailleurs: its part was added: the closing does not list it"],
    ),
    "a part that cannot be read": (
        "update closing_part set body = '{' where closing = 2 and collectivite = 'vide'",
        [
            "vide: its part was altered: its digest is not the one that the closing lists",
            "vide: the digest beside its part is not that of the part: one was altered",
            "vide: its part cannot be read: ",
        ],
    ),
    "a figure": (
        """update closing_part set body = replace(body, '"down_s":6300', '"down_s":0') where closing = 2""",
        [
            "exemple: its part was altered: its digest is not the one that the closing lists",
            "exemple: the digest beside its part is not that of the part: one was altered",
            "exemple/internet: down_s is frozen as 0; the frozen inputs give 6300",
        ],
    ),
}


@pytest.mark.parametrize("what", ALTERED)
def test_what_was_altered_is_named(closed: Stage, what: str) -> None:
    statements, expected = ALTERED[what]
    alter(closed, *(one for one in statements.split("; ") if one.strip()))
    found_ = findings(closed)
    assert len(found_) == len(expected), found_
    for text, start in zip(found_, expected, strict=True):
        assert text.startswith(start)


FORGED: dict[str, tuple[list[str | int], object, str]] = {
    "a figure": (
        ["services", 0, "figures", "down_s"],
        0,
        "exemple/internet: down_s is frozen as 0; the frozen inputs give 6300",
    ),
    "a kind": (
        ["services", 0, "figures", "kinds", "force_majeure"],
        0,
        "exemple/internet: kinds.force_majeure is frozen as 0; the frozen inputs give 4500",
    ),
    "elapsed": (["gti", 0, "elapsed_s"], 60, "INC-2026-000001: elapsed_s is frozen as 60; the frozen inputs give 1800"),
    "met": (["gti", 0, "met"], False, "INC-2026-000001: met is frozen as False; the frozen inputs give True"),
    "a deadline": (["gti", 0, "deadline"], 1, "INC-2026-000001: deadline is frozen as 1; the frozen inputs give "),
    "an input": (["services", 0, "members", 1, "pieces"], [], f"{SITE}: from "),
    "a window": (["services", 0, "windows"], [], "exclusion 1: force_majeure from "),
    "a line": (["gti"], [], f"{CLOCK} is told"),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_forgery_with_all_digests_made_right_again_is_named_by_its_inputs(closed: Stage, what: str) -> None:
    """The last closing has none after it that seals it: but its figures have to follow from its inputs, and these from
    the tables."""
    path, value, expected = FORGED[what]
    forge(closed, "exemple", path, value)
    said = findings(closed)
    assert any(expected in text for text in said), said
    assert not any("digest" in text for text in said)


def test_an_old_version_is_checked_too_but_not_against_the_tables(closed: Stage) -> None:
    closed.promises = replace(closed.promises, services={})
    close(closed, correct=True, reason="x")
    assert findings(closed) == []
    alter(closed, "delete from closing_part where closing = 2 and collectivite = 'exemple'")
    assert [(one.closing.version, bool(one.findings)) for one in found(closed, "2026-03")] == [(1, True), (2, False)]


def test_a_version_that_is_missing_is_named(closed: Stage) -> None:
    close(closed, correct=True, reason="x")
    alter(closed, "delete from closing_part where closing = 2", "delete from closing where id = 2")
    (verified,) = found(closed, "2026-03")
    assert [finding.what.split(":")[0] for finding in verified.findings] == [
        "is not chained to 2026-02 version 1, the closing before it",
        "version 1 is missing",
    ]
    assert [row.version for row in chain(closed)] == [1, 2]
