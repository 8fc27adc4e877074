"""Answers of IMAP: what a command got, names of mailboxes, and what a refusal says of the server. RFC 3501, 5530."""

from __future__ import annotations

import re
from base64 import b64encode
from itertools import groupby
from typing import NamedTuple

_STATUS = re.compile(rb"(OK|NO|BAD|BYE|PREAUTH)\b *(?:\[([A-Z0-9-]+)[^\]]*\])? *(.*)", re.IGNORECASE | re.DOTALL)
_LITERAL = re.compile(rb"\{([0-9]{1,9})\+?\}$")
_UID = re.compile(rb"\bUID ([0-9]{1,10})\b", re.IGNORECASE)


class Line(NamedTuple):
    """One line with what it announces: texts and literals in turn, a text first and last."""

    parts: tuple[bytes, ...]

    @property
    def text(self) -> bytes:
        """The line without its literals, which hold what strangers wrote."""
        return b" ".join(self.parts[::2])

    @property
    def literals(self) -> tuple[bytes, ...]:
        """What the literals hold."""
        return self.parts[1::2]


class Answer(NamedTuple):
    """How a command ended, and what came before."""

    status: str  # "OK", "NO", "BAD"; of a greeting also "PREAUTH", "BYE"
    code: str  # "AUTHENTICATIONFAILED", "" when the server gives none
    text: str
    untagged: tuple[Line, ...] = ()

    def said(self) -> str:
        """Its codes, which are all that may be told when there is a secret."""
        return f"{self.status} [{self.code}]" if self.code else self.status

    def words(self, keyword: bytes) -> list[bytes]:
        """The words of the untagged `* KEYWORD …` answers."""
        found: list[bytes] = []
        for line in self.untagged:
            first, *others = line.text.upper().split() or [b""]
            if first == keyword:
                found += others
        return found


def read_status(text: bytes, untagged: tuple[Line, ...] = ()) -> Answer:
    """A status with its code and text; ValueError when it is none."""
    match = _STATUS.fullmatch(text)
    if match is None:
        raise ValueError("not a status")
    status, code, said = match.groups()
    return Answer(status.decode().upper(), (code or b"").decode().upper(), said.decode("utf-8", "replace"), untagged)


def announced(line: bytes) -> int | None:
    """The size of the literal that this line announces at its end."""
    match = _LITERAL.search(line)
    return int(match[1]) if match else None


def uid_of(line: Line) -> int | None:
    """The UID in an untagged FETCH."""
    match = _UID.search(line.text)
    return int(match[1]) if match else None


def mailbox_name(name: str) -> bytes:
    """A name as IMAP writes it: modified UTF-7 (RFC 3501, 5.1.3), so `Envoyés` is `Envoy&AOk-s`."""
    parts: list[bytes] = []
    for plain, run in groupby(name, lambda character: " " <= character <= "~"):
        text = "".join(run)
        if plain:
            parts.append(text.encode().replace(b"&", b"&-"))
        else:
            coded = b64encode(text.encode("utf-16-be")).rstrip(b"=").replace(b"/", b",")
            parts.append(b"&" + coded + b"-")
    return b"".join(parts)


_LOGIN = {
    "AUTHENTICATIONFAILED": "identifiants refusés",
    "AUTHORIZATIONFAILED": "identifiants refusés",
    "EXPIRED": "mot de passe expiré",
    "PRIVACYREQUIRED": "authentification refusée : chiffrement exigé",
    "CONTACTADMIN": "compte bloqué",
    "UNAVAILABLE": "authentification indisponible pour l'instant",
    "LIMIT": "trop de sessions ouvertes par ce compte",
}
_MAILBOX = {
    "NONEXISTENT": "elle n'existe pas",
    "TRYCREATE": "elle n'existe pas",
    "NOPERM": "accès interdit",
    "UNAVAILABLE": "indisponible pour l'instant",
    "SERVERBUG": "erreur du serveur",
    "CORRUPTION": "boîte endommagée",
    "INUSE": "indisponible pour l'instant",
}


def refused_login(answer: Answer) -> str:
    """Why the login did not succeed."""
    return _LOGIN.get(answer.code) or "authentification refusée"


def refused_mailbox(answer: Answer, name: str) -> str:
    """Why the mailbox could not be opened."""
    why = _MAILBOX.get(answer.code)
    return f"boîte « {name} » impossible à ouvrir" + (f" : {why}" if why else "")
