"""Replies of SMTP, and what a refusal at each step says of the server."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from probes.base import Status

MAX_LINES = 100  # of one reply: a server that explains itself takes ten, a thousand is an attack
_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)
_ENHANCED = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?: |$)")


class Reply(NamedTuple):
    """One whole reply: `250-first`, `250 last`."""

    code: int
    enhanced: str  # RFC 3463, "4.7.1"; "" when the server gives none
    texts: tuple[str, ...]  # one a line, code and enhanced code taken off

    @property
    def good(self) -> bool:
        """Was it a yes?"""
        return self.code < 400

    def said(self) -> str:
        """Its codes, which are all that may be told when there is a secret: `450 4.7.1`."""
        return f"{self.code} {self.enhanced}".rstrip()

    def text(self) -> str:
        """What it says, on one line."""
        return " ".join(self.texts)


def is_last(line: bytes) -> bool:
    """Does the reply end with this line? ValueError when it is no line of a reply."""
    match = _LINE.fullmatch(line)
    if match is None:
        raise ValueError("not a reply")
    return match[2] != b"-"


def read(lines: Sequence[bytes]) -> Reply:
    """The reply that these lines make; ValueError when they are none."""
    codes, texts = set(), []
    enhanced = ""
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is None:
            raise ValueError("not a reply")
        codes.add(match[1])
        text = (match[3] or b"").decode("utf-8", "replace")
        if found := _ENHANCED.match(text):
            enhanced, text = found[1], text[found.end() :]
        texts.append(text)
    if len(codes) != 1:
        raise ValueError("two replies in one")
    return Reply(int(codes.pop()), enhanced, tuple(texts))


# What the second digits of an enhanced code are about (RFC 3463): mailbox full, disk full, no route, policy.
_SYSTEM, _POLICY = ("2", "3", "4"), "7"
_BUSY, _LOCAL_ERROR, _FULL = 450, 451, 452


def refused_mail(reply: Reply, what: str) -> tuple[Status, str]:
    """What the refusal of a sender, of a recipient or of a message says.

    A server that puts off a stranger (greylisting, a limit of rate, a doubt on the sender) works, and takes the mail
    of whoever comes back: `warning`. One that is full, that cannot look up its own recipients or that is closing down
    takes nobody's: `critical`, like a refusal for good of what the config says must be accepted.
    """
    if reply.code >= 500:
        return Status.CRITICAL, f"{what} refusé : {_PERMANENT.get(reply.code, 'refus définitif')}"
    subject = reply.enhanced.split(".")[1] if reply.enhanced else ""
    text = reply.text().lower()
    if subject == _POLICY or "greylist" in text or "graylist" in text:
        return Status.WARNING, f"{what} différé : liste grise ou limite de débit"
    if reply.code == _FULL or subject in _SYSTEM or reply.code not in (_BUSY, _LOCAL_ERROR):
        return Status.CRITICAL, f"{what} différé : {_TROUBLE.get(subject, 'serveur en difficulté')}"
    return Status.WARNING, f"{what} différé : refus temporaire"


_PERMANENT = {
    550: "adresse inconnue ou refusée",
    551: "adresse d'un autre serveur",
    552: "boîte pleine ou message trop gros",
    553: "adresse invalide",
    554: "refusé par le serveur (relais interdit ou liste noire ?)",
    530: "authentification ou chiffrement exigé",
}
_TROUBLE = {"2": "boîte pleine ou désactivée", "3": "serveur saturé ou en panne", "4": "serveur mal relié"}


def refused_banner(reply: Reply) -> str:
    """Why the server does not greet."""
    if reply.code < 500:
        return "le serveur ne prend pas de session pour l'instant"
    return "le serveur refuse la session (superviseur sur liste noire ?)"


def refused_login(reply: Reply) -> str:
    """Why the login did not succeed."""
    if reply.code == 535:
        return "identifiants refusés"
    if reply.code in (530, 538):
        return "authentification refusée : chiffrement exigé"
    if reply.code == 432:
        return "authentification refusée : mot de passe à changer"
    if reply.code < 500:
        return "authentification indisponible pour l'instant"
    return "authentification refusée"
