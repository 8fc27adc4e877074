"""A look reads what waits, never all that was ever told: a year of messages must not slow each message down."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Iterable
from typing import Any

from supervisor.alerts.dispatcher import Dispatcher
from supervisor.store import channels, outbox
from tests.unit.acts.stage import SITE
from tests.unit.alerts.test_dispatcher import BOTH, NOON, people
from tests.unit.alerts.watch import watch
from tests.unit.alerts.wires import LATER, OK, Post, Shelf, looked, play

GROW = "message|notice|step|incident|interval|journal"
OF_WHAT_WAITS = "message_due|message_dead|notice_due|step_due|step_held|incident_open"
# The whole of a table that grows, or of an index of it; or all of an index but for its empty keys.
WHOLE = re.compile(
    rf"SCAN ({GROW}|[mnsi])(?! USING (COVERING )?INDEX ({OF_WHAT_WAITS}))\b(?! VIRTUAL)"
    rf"|SEARCH ({GROW}|[mnsi]) USING AUTOMATIC PARTIAL|USING (COVERING )?INDEX notice_opening \(incident>"
)


class Noting:
    """A connection that notes how each statement is carried out, with its values bound as they are."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.plans: dict[str, list[str]] = {}

    def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
        if sql not in self.plans:
            self.plans[sql] = [row[3] for row in self._connection.execute(f"explain query plan {sql}", values)]
        return self._connection.execute(sql, values)

    def executemany(self, sql: str, rows: Iterable[Any]) -> None:
        for values in rows:
            self.execute(sql, values)

    def close(self) -> None:
        self._connection.close()

    @property
    def whole(self) -> list[tuple[str, str]]:
        return [(step, sql) for sql, plan in self.plans.items() for step in plan if WHOLE.match(step)]


def test_a_look_a_message_that_is_put_off_and_one_that_leaves_read_no_table_whole() -> None:
    async def story(post: Post) -> None:
        people(post.desk, BOTH)
        noting = Noting(post.desk.connection)
        post.dispatcher = Dispatcher(
            Shelf(noting),  # type: ignore[arg-type]
            post.moves,
            post.clock.wall,
            post.gathering,
            {"mail": post.mail, "sms": post.sms},
        )
        post.start()
        post.result("03-06 09:00", SITE, "ok")
        post.result("03-06 09:01", SITE, "critical")
        await asyncio.sleep(3600)
        assert {state for _, state in post.states()} == {"sent"}
        outbox.undelivered(noting)  # type: ignore[arg-type]
        channels.waited(noting, "mail", 0, NOON)  # type: ignore[arg-type]
        assert any("works_from from channel" in sql for sql in noting.plans)  # what waits was brought forward
        assert noting.whole == []

    play(NOON, story, mail=[LATER, OK])


def test_nor_do_the_steps_of_an_escalation() -> None:
    with watch() as desk:
        noting = Noting(desk.connection)
        desk.database.connection = noting  # type: ignore[assignment]
        desk.result("03-06 09:01", SITE, "critical")
        assert looked(desk, "03-06 09:16") != []
        desk.result("03-06 09:20", SITE, "ok")  # and its end, which that of a merged report would follow
        assert any("merged_into = ?" in sql for sql in noting.plans)
        assert any("from step" in sql for sql in noting.plans)
        assert [(step, sql) for step, sql in noting.whole if "or made_at >= ?" not in sql] == []
