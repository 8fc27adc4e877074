"""What the ledger keeps of collectivités beside their sondes, and the tariffs they are billed by; append-only."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from supervisor.domain.account import Account, AccountLine, Codes, Engagement
from supervisor.domain.interval import FOREVER


@dataclass(frozen=True, kw_only=True, slots=True)
class TariffLine:
    """From `t` on, this is the tariff of a profile."""

    t: int
    profile: str
    body: str  # JSON


def append(connection: sqlite3.Connection, lines: Iterable[AccountLine]) -> None:
    """Add lines at the end."""
    connection.executemany(
        "insert into account (t, collectivite, body, source) values (?, ?, ?, ?)",
        [
            (line.t, line.collectivite, None if line.account is None else text(line.account), line.source)
            for line in lines
        ],
    )


def lines(connection: sqlite3.Connection, through: int = FOREVER) -> list[AccountLine]:
    """All lines (up to a number), by instant then in the order in which they were written."""
    rows = connection.execute(
        "select t, collectivite, body, source from account where id <= ? order by t, id", [through]
    )
    return [
        AccountLine(t=t, collectivite=collectivite, account=None if body is None else of(json.loads(body)), source=by)
        for t, collectivite, body, by in rows
    ]


def append_tariffs(connection: sqlite3.Connection, lines: Iterable[TariffLine]) -> None:
    """Add lines at the end."""
    connection.executemany(
        "insert into tariff (t, profile, body) values (?, ?, ?)", [(line.t, line.profile, line.body) for line in lines]
    )


def tariffs(connection: sqlite3.Connection, through: int = FOREVER) -> dict[str, str]:
    """The latest tariff of each profile (up to a number)."""
    return dict(connection.execute("select profile, body from tariff where id <= ? order by t, id", [through]))


# --- an account as JSON: also what closed documents hold


def text(account: Account) -> str:
    """As one line of canonical JSON."""
    return json.dumps(body(account), sort_keys=True, separators=(",", ":"))


def body(account: Account) -> dict[str, Any]:
    """As plain data."""
    said: dict[str, Any] = {
        **asdict(account),
        "chorus": {str(year): asdict(codes) for year, codes in account.chorus.items()},
        "engagements": [_engagement(engagement) for engagement in account.engagements],
        "gone": _day(account.gone),
    }
    return said


def of(body: dict[str, Any]) -> Account:
    """The account that this is."""
    return Account(
        **{
            **body,
            "chorus": {int(year): Codes(**codes) for year, codes in body["chorus"].items()},
            "engagements": tuple(_engagement_of(each) for each in body["engagements"]),
            "gone": _date(body["gone"]),
        }
    )


def _engagement(engagement: Engagement) -> dict[str, Any]:
    return {
        "start": _day(engagement.start),
        "end": _day(engagement.end),
        "notice": _day(engagement.notice),
        "sondes": [(_day(since), count) for since, count in engagement.sondes],
        "offer": engagement.offer,
        "options": list(engagement.options),
        "units": dict(engagement.units),
        "audit": _day(engagement.audit),
    }


def _engagement_of(body: dict[str, Any]) -> Engagement:
    return Engagement(
        start=date.fromisoformat(body["start"]),
        end=_date(body["end"]),
        notice=_date(body["notice"]),
        sondes=tuple((date.fromisoformat(since), count) for since, count in body["sondes"]),
        offer=body["offer"],
        options=tuple(body["options"]),
        units=body["units"],
        audit=_date(body["audit"]),
    )


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
