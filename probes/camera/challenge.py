"""The answer to `WWW-Authenticate`, for RTSP and HTTP alike: digest (RFC 7616, and 2069 before it), else basic.

aiohttp has a digest of its own, bound to its session; cameras ask for it over RTSP too, often beside basic, and with
MD5 more often than not.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Iterable
from typing import NamedTuple

from probes.http_settings import Login

# One word of a header, and what is said of it: `Digest`, `realm="a, \"b\""`, `algorithm=MD5`.
_PIECE = re.compile(r'[\s,]*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?')
_MOST = 8  # challenges looked at
_HASHES: dict[str, Callable[[bytes], str]] = {
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
}


class Challenge(NamedTuple):
    """One way in that a camera offers."""

    scheme: str  # lower case
    said: dict[str, str]  # lower case names


def read(values: Iterable[str]) -> list[Challenge]:
    """What the headers offer, in their order; what makes no sense is left out."""
    found: list[Challenge] = []
    for value in values:
        if not value.isprintable():
            continue
        for match in _PIECE.finditer(value):
            name, quoted, plain = match.groups()
            if quoted is None and plain is None:
                found.append(Challenge(name.lower(), {}))
            elif found:
                text = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
                found[-1].said.setdefault(name.lower(), text or "")
    return found[:_MOST]


class Credentials:
    """A login, and how this camera wants it said. `clear`: whether basic may be used, which shows the password."""

    def __init__(self, login: Login, *, clear: bool) -> None:
        self._login = login
        self._clear = clear
        self._chosen: Challenge | None = None
        self._count = 0
        self.only_basic = False  # refused because the password would have gone in clear

    def choose(self, values: Iterable[str]) -> bool:
        """The strongest way in of those offered; False when there is none that may be taken."""
        ranked = sorted(
            (rank, order, challenge)
            for order, challenge in enumerate(read(values))
            if (rank := _rank(challenge)) is not None
        )
        self.only_basic = bool(ranked) and ranked[0][0] == len(_HASHES) and not self._clear
        self._count = 0
        self._chosen = ranked[0][2] if ranked and not self.only_basic else None
        return self._chosen is not None

    def header(self, method: str, uri: str) -> str | None:
        """The value of `Authorization` for one request; None while nothing was chosen."""
        chosen = self._chosen
        if chosen is None:
            return None
        user, password = self._login.user, self._login.password.reveal()
        if chosen.scheme == "basic":
            return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self._count += 1
        return _digest(chosen.said, user, password, method, uri, self._count)


def stale(values: Iterable[str]) -> bool:
    """Does the camera only want a newer nonce?"""
    return any(challenge.said.get("stale", "").lower() == "true" for challenge in read(values))


def _rank(challenge: Challenge) -> int | None:
    """0 for the strongest; None for what cannot be answered."""
    if challenge.scheme == "basic":
        return len(_HASHES)
    said = challenge.said
    algorithm = said.get("algorithm", "MD5").upper().removesuffix("-SESS")
    offered = {word.strip().lower() for word in said.get("qop", "auth").split(",")}
    if challenge.scheme != "digest" or "nonce" not in said or not offered & {"auth", "auth-int"}:
        return None
    return list(_HASHES).index(algorithm) if algorithm in _HASHES else None


def _digest(said: dict[str, str], user: str, password: str, method: str, uri: str, count: int) -> str:
    algorithm = said.get("algorithm", "MD5")
    hashed = _HASHES[algorithm.upper().removesuffix("-SESS")]
    realm, nonce = said.get("realm", ""), said["nonce"]
    client, number = secrets.token_hex(8), f"{count:08x}"
    who = hashed(f"{user}:{realm}:{password}".encode())
    if algorithm.upper().endswith("-SESS"):
        who = hashed(f"{who}:{nonce}:{client}".encode())
    what = f"{method}:{uri}"
    fields = {"username": user, "realm": realm, "nonce": nonce, "uri": uri}
    bare = {}
    if "qop" in said:
        offered = {word.strip().lower() for word in said["qop"].split(",")}
        qop = "auth" if "auth" in offered else "auth-int"
        if qop == "auth-int":  # none of our requests has a body
            what += ":" + hashed(b"")
        response = hashed(f"{who}:{nonce}:{number}:{client}:{qop}:{hashed(what.encode())}".encode())
        fields["cnonce"] = client
        bare = {"qop": qop, "nc": number}
    else:
        response = hashed(f"{who}:{nonce}:{hashed(what.encode())}".encode())
        if algorithm.upper().endswith("-SESS"):
            fields["cnonce"] = client
    fields["response"] = response
    if "opaque" in said:
        fields["opaque"] = said["opaque"]
    if "algorithm" in said:
        bare["algorithm"] = algorithm
    quoted = [f'{name}="{_escaped(value)}"' for name, value in fields.items()]
    return "Digest " + ", ".join([*quoted, *(f"{name}={value}" for name, value in bare.items())])


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
