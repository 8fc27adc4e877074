"""Durations, sizes and ratios as people write them, and back."""

from __future__ import annotations

import re
from typing import Any

_DURATION = {"ms": 0.001, "s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "j": 86400.0, "w": 604800.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|min|s|m|h|d|j|w)")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGTP]?)(i?)([Bbo]?)", re.IGNORECASE)
_POWER = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5}


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def duration(value: Any) -> Any:
    """Seconds of `90s`, `5 min`, `1h30m`, `250 ms`, `2d`; a bare number is refused (of what?) except 0."""
    if isinstance(value, float) or (isinstance(value, int) and value == 0 and not isinstance(value, bool)):
        return float(value)  # already seconds: a default, or zero, which needs no unit
    if not isinstance(value, str):
        raise ValueError("a duration needs its unit, like 30s, 5min, 8h or 2d")
    text = value.strip()
    parts = _PART.findall(text)
    if not parts or "".join(_PART.sub("", text).split()):
        raise ValueError(f"'{value}' is not a duration; write it like 30s, 5min, 1h30m, 8h or 2d")
    return sum(float(number) * _DURATION[unit] for number, unit in parts)


def size(value: Any) -> Any:
    """Bytes of `20 GiB` (1024), `40 Go` or `40 GB` (1000), `512 MiB`; a bare number is bytes."""
    if _number(value):
        return value
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"'{value}' is not a size; write it like 20 GiB, 512 MiB or 40 Go")
    number, prefix, binary, _ = match.groups()
    return int(float(number) * (1024 if binary else 1000) ** _POWER[prefix.upper()])


def ratio(value: Any) -> Any:
    """0.05 of `5 %`, `5%` or 0.05."""
    if _number(value):
        if 0 <= value <= 1:
            return float(value)
        raise ValueError(f"{value} is not between 0 and 1; write a percentage like 5 %")
    text = value.strip() if isinstance(value, str) else ""
    if re.fullmatch(r"\d+(\.\d+)?\s*%", text):
        percent = float(text.rstrip("% "))
        if percent <= 100:
            return percent / 100
    raise ValueError(f"'{value}' is not a ratio; write it like 5 % or 0.05")


def say_duration(seconds: float) -> str:
    """A duration for a French sentence: `12 ms`, `1,5 s`, `3 min`, `8 h`, `2 j`."""
    if seconds < 1:
        return f"{_short(seconds * 1000)} ms"
    for limit, scale, unit in ((120, 1, "s"), (7200, 60, "min"), (172800, 3600, "h")):
        if seconds < limit:
            return f"{_short(seconds / scale)} {unit}"
    return f"{_short(seconds / 86400)} j"


def say_size(size_bytes: float) -> str:
    """A size for a French sentence: `20 Gio`."""
    value, prefix = float(size_bytes), 0
    while value >= 1024 and prefix < 5:
        value, prefix = value / 1024, prefix + 1
    return f"{_short(value)} {('octets', 'Kio', 'Mio', 'Gio', 'Tio', 'Pio')[prefix]}"


def say_limit(size_bytes: int) -> str:
    """A size that somebody wrote, in the units that he must have meant: `40 Go`, which a contract says, or `20 Gio`."""
    for power, unit in ((4, "To"), (3, "Go"), (2, "Mo")):
        if size_bytes >= 1000**power and size_bytes % (1000**power // 10) == 0:
            return f"{_short(size_bytes / 1000**power)} {unit}"
    return say_size(size_bytes)


def say_ratio(value: float) -> str:
    """A ratio for a French sentence: `12,5 %`."""
    return f"{_short(value * 100)} %"


def _short(value: float) -> str:
    digits = 0 if value >= 100 or value == int(value) else 1
    return f"{value:.{digits}f}".replace(".", ",").removesuffix(",0")
