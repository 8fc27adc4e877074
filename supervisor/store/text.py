"""Text that comes from outside, made fit to be stored."""

from __future__ import annotations


def storable(text: str) -> str:
    """The text with what UTF-8 cannot hold replaced.

    A hostile answer may put half a surrogate pair into a message; SQLite would refuse it, and the whole batch with it.
    """
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
