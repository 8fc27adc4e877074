"""Keys of programs: what is kept of them, and what they open. SPEC 10."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from supervisor.store import tokens
from tests.unit.store.database import Memory, memory

SECRET = b"vigie_secret"
BILLING = tokens.BILLING


@pytest.fixture
def database() -> Iterator[Memory]:
    with memory() as made:
        yield made


def add(database: Memory, secret: bytes = SECRET, name: str = "comptabilité") -> int:
    return tokens.add(
        database.connection, name=name, role=BILLING, digest=tokens.digest(secret), at=1_000, author="jeanne"
    )


def test_the_digest_is_all_that_is_kept(database: Memory) -> None:
    assert add(database) == 1
    (row,) = database.rows("select * from token")
    assert hashlib.sha256(SECRET).hexdigest() in row
    assert not any(SECRET.decode() in str(value) for value in row)


def test_it_opens_until_it_is_revoked_and_stays_on_the_record(database: Memory) -> None:
    number = add(database)
    assert tokens.admits(database.connection, SECRET, BILLING)
    tokens.revoke(database.connection, number, 2_000, "paul")
    assert not tokens.admits(database.connection, SECRET, BILLING)
    (token,) = tokens.every(database.connection)
    assert (token.name, token.author, token.created_at) == ("comptabilité", "jeanne", 1_000)
    assert (token.revoked_at, token.revoked_by) == (2_000, "paul")
    tokens.revoke(database.connection, number, 3_000, "luc")  # who was first stays on the record
    assert tokens.every(database.connection) == [token]


@pytest.mark.parametrize("secret", [b"", b"vigie_", SECRET + b" ", SECRET.upper(), b"\xff", b"'; drop table token; --"])
def test_anything_else_opens_nothing(database: Memory, secret: bytes) -> None:
    add(database)
    assert not tokens.admits(database.connection, secret, BILLING)
    assert not tokens.admits(database.connection, tokens.digest(SECRET).encode(), BILLING), "what leaks is no key"


def test_it_opens_what_its_role_may_read_alone(database: Memory) -> None:
    add(database)
    assert not tokens.admits(database.connection, SECRET, "operator")


def test_two_are_told_apart(database: Memory) -> None:
    first, second = add(database), add(database, b"vigie_other", "tableur")
    tokens.revoke(database.connection, first, 2_000, "paul")
    assert tokens.admits(database.connection, b"vigie_other", BILLING)
    assert [token.id for token in tokens.every(database.connection)] == [first, second]
    found = tokens.with_digest(database.connection, tokens.digest(SECRET))
    assert found is not None
    assert found.id == first
