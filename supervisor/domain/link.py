"""Links that open one incident to one person without a login: whoever has it can do what it says, and nothing else.

`7a12xK3f…`: incident 7, may act (`v`: may see), contact 12, and a signature. Letters and digits alone, so that no
mailbox and no telephone cuts it; the numbers in it are no secret, the signature is. What is signed is more than what is
written: the address too that it was sent to, so that it dies with that address; and the number and owner of the
incident, so that a row that would ever get the id of another one is not opened by the link of that.
"""

from __future__ import annotations

import hmac
import re
from typing import NamedTuple

PATH = "/i/"  # of its page; short, for SMS
_SIGNED = 12  # characters of 62: 71 bits, which nobody guesses over a network; four more would cost SMS their link
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_WRITTEN = re.compile(rf"([1-9][0-9]{{0,9}})([av])([1-9][0-9]{{0,9}})x[0-9A-Za-z]{{{_SIGNED}}}")
_OPENING = re.compile(rf"({PATH}[1-9][0-9]{{0,9}}[av][1-9][0-9]{{0,9}}x)[0-9A-Za-z]{{{_SIGNED}}}")
_RIGHTS = {True: "a", False: "v"}


class Link(NamedTuple):
    """What a link is for."""

    incident: int
    contact: int
    acts: bool  # else it only shows


class Signed(NamedTuple):
    """What else its signature covers."""

    number: str  # of the incident
    collectivite: str  # of the incident
    address: str  # that it is sent to


def token(key: bytes | None, link: Link, signed: Signed) -> str:
    """The link as it is written. Without a key: one of the same length that opens nothing."""
    head = f"{link.incident}{_RIGHTS[link.acts]}{link.contact}x"
    if key is None:
        return head + "*" * _SIGNED
    mac = int.from_bytes(hmac.digest(key, "\n".join((head, *signed)).encode(), "sha256"))
    letters = []
    for _ in range(_SIGNED):
        mac, rest = divmod(mac, len(_LETTERS))
        letters.append(_LETTERS[rest])
    return head + "".join(letters)


def masked(text: str) -> str:
    """A text without what opens the links in it, for whom they are not."""
    return _OPENING.sub(lambda found: found[1] + "*" * _SIGNED, text)


def read(text: str) -> Link | None:
    """What a link says it is for, true or not; None: it is none."""
    found = _WRITTEN.fullmatch(text)
    return None if found is None else Link(int(found[1]), int(found[3]), found[2] == _RIGHTS[True])
