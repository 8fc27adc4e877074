"""Keys of programs: made and revoked on the record. SPEC 10."""

from __future__ import annotations

import re
from typing import Any

from supervisor.acts.scene import Act, Answer, Arguments, Scene, author, row_number
from supervisor.config.wording import near
from supervisor.errors import VigieError
from supervisor.history.values import Wrong, only, show, words
from supervisor.store import tokens
from supervisor.store.tokens import Token

_DIGEST = re.compile(r"[0-9a-f]{64}")


def create(scene: Scene, arguments: Arguments) -> Answer:
    """A program gets a key. Only its digest comes here: nothing but the command that made the key ever sees it."""
    only(arguments, {"name", "role", "digest", "author"})
    role, digest = arguments.get("role"), arguments.get("digest")
    if role not in tokens.ROLES:
        raise Wrong(f"role: {show(role)} is not one of {', '.join(tokens.ROLES)}")
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise Wrong("digest: the SHA-256 of the secret is expected, 64 hexadecimal digits")
    if tokens.with_digest(scene.connection, digest) is not None:
        raise VigieError("digest: a token has this secret already; make another one")
    name = words(arguments, "name", "the name of the program that will hold it").strip()
    for token in tokens.every(scene.connection):
        if token.name == name and token.revoked_at is None:
            raise VigieError(f"name: token {token.id} is named {show(name)}; revoke it first, or take another name")
    number = tokens.add(scene.connection, name=name, role=role, digest=digest, at=scene.now, author=author(arguments))
    return _answer(scene, number)


def revoke(scene: Scene, arguments: Arguments) -> Answer:
    """It opens nothing any more, from the next request on; it stays on the record."""
    only(arguments, {"id", "author"})
    token = _numbered(scene, row_number(arguments, "a token"))
    if token.revoked_at is not None:
        raise VigieError(f"id: token {token.id} was revoked already, {scene.said(token.revoked_at)}")
    tokens.revoke(scene.connection, token.id, scene.now, author(arguments))
    return _answer(scene, token.id)


ACTS: dict[str, Act] = {"token.create": create, "token.revoke": revoke}


def _numbered(scene: Scene, number: int) -> Token:
    known = {token.id: token for token in tokens.every(scene.connection)}
    if number not in known:
        raise VigieError(f"id: no token {number}; {near(str(number), map(str, known))}")
    return known[number]


def _answer(scene: Scene, number: int) -> Answer:
    return {"token": as_json(scene, _numbered(scene, number)), "remarks": []}


def as_json(scene: Scene, token: Token) -> dict[str, Any]:
    """One token, without what it opens with."""
    return {
        "id": token.id,
        "name": token.name,
        "role": token.role,
        "state": "holds" if token.revoked_at is None else "revoked",
        "created": scene.stamp(token.created_at),
        "author": token.author,
        "revoked": scene.stamp(token.revoked_at),
        "revoked_by": token.revoked_by,
    }
