"""Which of the types that an address offers a client accepts: RFC 9110, 12.5.1."""

from __future__ import annotations

import re
from collections.abc import Sequence

_WEIGHT = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")


def chosen(accept: str, offered: Sequence[str]) -> str | None:
    """The type the client likes best; among equals the one offered first; None if it accepts none of them."""
    if not accept.strip():
        return offered[0]
    liked = dict(_range(text) for text in accept.split(","))
    best = max(offered, key=lambda kind: _liking(kind, liked))
    return best if _liking(best, liked) > 0 else None


def _liking(kind: str, liked: dict[str, float]) -> float:
    """The most specific range speaks for a type: `*/*, text/csv;q=0` takes anything but CSV."""
    family = kind.partition("/")[0]
    return next((liked[name] for name in (kind, f"{family}/*", "*/*") if name in liked), 0.0)


def _range(text: str) -> tuple[str, float]:
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    weight = next((value for key, _, value in (each.partition("=") for each in parameters) if key == "q"), "1")
    return name, float(weight) if _WEIGHT.fullmatch(weight) else 0.0
