"""The key of a letter, in the forms that other systems take."""

from __future__ import annotations

import hashlib
import re

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,47}")


def digest(key: str, length: int = 16) -> str:
    """A short word that is the same whenever the key is, and not for another one."""
    return hashlib.sha256(key.encode()).hexdigest()[:length]


def token(key: str) -> str:
    """The key itself where it is a plain word, a digest of it otherwise: never longer than 48 characters."""
    return key if _PLAIN.fullmatch(key) and ".." not in key and not key.endswith(".") else digest(key, 40)
