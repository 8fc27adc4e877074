"""Keys of programs, made and revoked through the door of all acts: SPEC 10."""

from __future__ import annotations

from typing import Any

import pytest

from supervisor.errors import VigieError
from supervisor.store import tokens
from tests.unit.acts.stage import Stage, iso

DIGEST = tokens.digest(b"vigie_secret")


def create(desk: Stage, name: str = "tableur", digest: str = DIGEST) -> dict[str, Any]:
    """A key for a program."""
    made: dict[str, Any] = desk.act("token.create", role="billing", name=name, digest=digest)["token"]
    return made


def test_made_and_revoked_on_the_record(desk: Stage) -> None:
    made = create(desk, " tableur ")
    assert made == {
        "id": 1,
        "name": "tableur",
        "role": "billing",
        "state": "holds",
        "created": iso("03-06 09:00"),
        "author": "jeanne",
        "revoked": None,
        "revoked_by": None,
    }
    desk.now += 60
    revoked = desk.act("token.revoke", id=1, author="paul")["token"]
    assert revoked == {**made, "state": "revoked", "revoked": iso("03-06 09:01"), "revoked_by": "paul"}


def test_the_name_of_a_revoked_one_is_free_again(desk: Stage) -> None:
    create(desk)
    desk.act("token.revoke", id=1)
    assert create(desk, digest=tokens.digest(b"vigie_other"))["id"] == 2


def test_refusals_write_nothing(desk: Stage) -> None:
    create(desk)
    gone = create(desk, "ancien", tokens.digest(b"vigie_old"))["id"]
    desk.act("token.revoke", id=gone)
    before = desk.dump()
    new = {"role": "billing", "name": "autre", "digest": tokens.digest(b"vigie_new")}
    refused: list[tuple[str, dict[str, Any], str]] = [
        ("create", {**new, "role": "operator"}, "role: 'operator' is not one of billing"),
        ("create", {**new, "role": ["billing"]}, "role: ['billing'] is not one of"),
        ("create", {**new, "name": " "}, "name: the name of the program"),
        ("create", {**new, "name": "tableur"}, "name: token 1 is named 'tableur'; revoke it first"),
        ("create", {**new, "digest": "vigie_new"}, "digest: the SHA-256 of the secret is expected"),
        ("create", {**new, "digest": new["digest"].upper()}, "digest: the SHA-256"),
        ("create", {**new, "digest": DIGEST}, "digest: a token has this secret already"),
        ("create", {**new, "digest": tokens.digest(b"vigie_old")}, "digest: a token has this secret already"),
        ("create", {**new, "secret": "vigie_new"}, "secret: not expected here"),
        ("create", {**new, "author": ""}, "author: the name of whoever does it"),
        ("revoke", {"id": 7}, "id: no token 7; choose among 1, 2"),
        ("revoke", {"id": "1"}, "id: the number of a token is expected, found '1'"),
        ("revoke", {"id": True}, "id: the number of a token is expected"),
        ("revoke", {"id": gone}, "id: token 2 was revoked already, 2026-03-06 09:00:00 CET"),
    ]
    for act, arguments, expected in refused:
        with pytest.raises(VigieError) as refusal:
            desk.act(f"token.{act}", **arguments)
        assert expected in str(refusal.value), (act, arguments)
        assert desk.dump() == before, (act, arguments)
