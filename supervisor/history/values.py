"""The values that lines of history hold, read one by one."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from probes.excerpt import excerpt

SHOWN = 60  # characters of what is wrong that a refusal repeats
_SONDE = re.compile(r"[a-z0-9-]+(/[a-z0-9-]+){2}")


class Wrong(ValueError):
    """What is wrong with a line, and what would be right."""


def show(value: Any) -> str:
    """A wrong value, as far as a refusal repeats it."""
    return excerpt(repr(value), SHOWN)


def instant(line: dict[str, Any], key: str) -> int:
    """An instant with its offset, in whole seconds."""
    text = line.get(key)
    if not isinstance(text, str):
        raise Wrong(f'{key}: an instant like "2026-03-02T09:00:00+01:00" is expected')
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Wrong(
            f"{key}: '{excerpt(text, SHOWN)}' is not an instant; write it like 2026-03-02T09:00:00+01:00"
        ) from None
    if moment.tzinfo is None:
        raise Wrong(f"{key}: '{text}' has no offset from UTC; write it like {text}+01:00")
    return int(moment.timestamp() // 1)


def words(line: dict[str, Any], key: str, what: str) -> str:
    """A text that says something."""
    text = line.get(key)
    if not isinstance(text, str) or not text.strip():
        raise Wrong(f"{key}: {what} is expected")
    return text


def text_or_none(line: dict[str, Any], key: str, what: str) -> str | None:
    """A text, if there is one."""
    return None if line.get(key) is None else words(line, key, what)


def only(line: dict[str, Any], keys: set[str]) -> None:
    """Refuse any other key."""
    for key in line:
        if key not in keys:
            raise Wrong(f"{excerpt(key, SHOWN)}: not expected here; known: {', '.join(sorted(keys))}")


def is_sonde(value: Any) -> bool:
    """Is it the id of a sonde?"""
    return isinstance(value, str) and _SONDE.fullmatch(value) is not None
