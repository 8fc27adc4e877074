"""One thing to check, in the words of both systems."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """What one sonde looks at."""

    kind: str
    address: str  # of the equipment
    settings: Mapping[str, Any]  # of the sonde, its type included
    probed: str = ""  # the target as the exporter wants it; its module is named after the kind


# The `number`-th check of a kind.
Make = Callable[[int], Check]


def loopback(number: int, second: int) -> str:
    """An address of 127.0.0.0/8 for each number, from 127.SECOND.0.1 on."""
    row, last = divmod(number, 250)
    return f"127.{second + row // 250}.{row % 250}.{last + 1}"
