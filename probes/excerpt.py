"""What a target sent, made fit for a message: short, on one line, nothing that could act on a terminal or a page."""

from __future__ import annotations


def excerpt(text: str | bytes, limit: int = 80) -> str:
    """The beginning of `text`, with whatever does not print replaced by a dot."""
    if isinstance(text, bytes):
        text = text[: limit + 1].decode("utf-8", "replace")
    head = text[:limit]
    if not head.isprintable():
        head = "".join(character if character.isprintable() else "·" for character in head)
    return head + "…" if len(text) > limit else head
