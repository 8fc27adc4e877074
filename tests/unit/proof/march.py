"""March 2026 at Exemple, with something of everything that a closing freezes; nothing is closed, it is 10 April.

Moselle Fibre's hours: 9:00 to 17:30 from Monday to Friday, 22 such days in March 2026. Every sonde answers at 8:00 each
day from the 2nd on, and a result holds for a day.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from supervisor.domain.ledger import Event, LedgerEvent
from supervisor.domain.period import parse
from supervisor.domain.promise import Promises
from supervisor.proof.statement import ServiceFigures, Statement, state
from supervisor.proof.verifying import Verified, verify
from supervisor.store import closings, ledger
from supervisor.store.closings import Closing
from tests.unit.acts.stage import IMAP, LINK, SITE, Stage, at, iso, stage

SERVICES = {LINK: "internet", SITE: "internet", IMAP: "zimbra"}
OUTAGE = "INC-2026-000001"
RUNNING = "INC-2026-000002"


@contextmanager
def march() -> Iterator[Stage]:
    """The site is down on the 10th from 10:00 to 12:00, a quarter of it excluded; the platform from the 31st, 16:00."""
    with stage() as desk:
        desk.now = at("02-20 09:00")
        for sonde, service in SERVICES.items():
            event = LedgerEvent(t=desk.now, event=Event.ADDED, sonde=sonde, service=service, source="config")
            ledger.append(desk.connection, [event])
        span = {"start": iso("03-18 09:00"), "end": iso("03-18 11:00")}
        desk.act("maintenance.plan", collectivite="syndicat", services=["zimbra"], nature="mise à jour", **span)
        for day in range(2, 32):
            for sonde in SERVICES:
                desk.result(f"03-{day:02d} 08:00", sonde, "ok")
            if day == 10:
                _outage(desk)
        desk.result("03-31 16:00", IMAP, "critical", "délai dépassé")
        desk.now = at("04-10 09:00")
        yield desk


def _outage(desk: Stage) -> None:
    desk.result("03-10 10:00", SITE, "critical", "connexion refusée")
    desk.now = at("03-10 11:00")
    desk.act("incident.suspend", number=OUTAGE, reason="pas d'accès", at=iso("03-10 10:15"))
    desk.act("incident.resume", number=OUTAGE, at=iso("03-10 10:45"))
    desk.act("incident.cause", number=OUTAGE, cause="operator")
    desk.act("incident.intervene", number=OUTAGE)
    desk.result("03-10 12:00", SITE, "ok")
    excluded = {"start": iso("03-10 11:45"), "end": iso("03-10 13:00"), "kind": "force_majeure", "reason": "orage"}
    desk.act("exclusion.add", collectivite="exemple", service="internet", **excluded)


def close(desk: Stage, month: str = "2026-03", **more: Any) -> dict[str, Any]:
    """Close a month; the answer."""
    return desk.act("month.close", month=month, **more)


def states(desk: Stage, period: str, collectivite: str | None = None, promises: Promises | None = None) -> Statement:
    """The statement of a period now."""
    return state(desk.connection, promises or desk.promises, parse(period), desk.now, collectivite)


def of(statement: Statement, name: str) -> ServiceFigures:
    """One service of it."""
    (found,) = [service for service in statement.services if "/".join(service.key) == name]
    return found


def found(desk: Stage, month: str | None = None) -> list[Verified]:
    """What --verify finds."""
    return list(verify(desk.connection, month))


def findings(desk: Stage) -> list[str]:
    """All that is wrong, as it is printed."""
    return [f"{one.about}: {one.what}" for verified in found(desk) for one in verified.findings]


def alter(desk: Stage, *statements: str) -> None:
    """By hand, past every trigger."""
    for (name,) in desk.database.rows("select name from sqlite_master where type = 'trigger'"):
        desk.connection.execute(f"drop trigger {name}")
    for one in statements:
        assert desk.connection.execute(one).rowcount > 0, f"altered nothing: {one}"


def forge(desk: Stage, collectivite: str, path: list[str | int], value: object) -> None:
    """Alter a part and make every digest right again: what only the inputs themselves can show."""
    alter(desk)
    last = closings.every(desk.connection)[-1]
    (part,) = closings.parts(desk.connection, last.id, collectivite)
    body = json.loads(part.body)
    into = body
    for step in path[:-1]:
        into = into[step]
    into[path[-1]] = value
    head = json.loads(last.head)
    text = _canonical(body)
    head["parts"] = [[who, _sha(text) if who == collectivite else digest] for who, digest in head["parts"]]
    desk.connection.execute(
        "update closing_part set body = ?, digest = ? where closing = ? and collectivite = ?",
        (text, _sha(text), last.id, collectivite),
    )
    sealed = ("month", "version", "closed_at", "author", "reason", "previous")
    whole = {**{name: getattr(last, name) for name in sealed}, "head": _canonical(head)}
    desk.connection.execute(
        "update closing set head = ?, digest = ? where id = ?", (whole["head"], _sha(_canonical(whole)), last.id)
    )


def chain(desk: Stage) -> list[Closing]:
    """All closings."""
    return closings.every(desk.connection)


def _canonical(document: object) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
