"""A part of a transaction that fails: undone alone if it is a bug, with all of it if it is the disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from supervisor.store.apart import apart


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """A table that refuses nothing at all, within a transaction."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        made.execute("create table said (word text not null)")
        made.execute("begin")
        yield made


def said(connection: sqlite3.Connection) -> list[str]:
    return [word for (word,) in connection.execute("select word from said order by rowid")]


BUGS: list[Callable[[sqlite3.Connection], object]] = [
    lambda connection: {}["no such key"],
    lambda connection: connection.execute("insert into said values (null)"),
    lambda connection: connection.execute("insert into said values (?)", [object()]),
    lambda connection: connection.execute("insert into said values (?)", []),
]


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_undoes_its_part_alone(
    connection: sqlite3.Connection, caplog: pytest.LogCaptureFixture, bug: Callable[[sqlite3.Connection], object]
) -> None:
    connection.execute("insert into said values ('before')")
    with apart(connection, "the outer part"):
        connection.execute("insert into said values ('outer')")
        with apart(connection, "the inner part"):
            connection.execute("insert into said values ('inner')")
            bug(connection)
    connection.execute("commit")
    assert said(connection) == ["before", "outer"]
    assert [record.message for record in caplog.records] == ["the inner part failed"]


@pytest.mark.parametrize("error", [sqlite3.OperationalError("disk full"), sqlite3.DatabaseError("malformed")])
def test_a_disk_that_fails_is_no_bug(connection: sqlite3.Connection, error: sqlite3.Error) -> None:
    with pytest.raises(type(error)), apart(connection, "a part"):
        raise error
    assert connection.in_transaction
