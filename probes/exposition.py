r"""The text that exporters publish for Prometheus: chosen metrics are taken out of it as it comes, the rest passes by.

    node_filesystem_size_bytes{device="/dev/sda1",mountpoint="/srv/\"a\""} 1.0737418240e+10

A whole text may be megabytes, of which a few lines are wanted: no other line is kept, or even looked at twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

_LONGEST = 16384  # bytes of a line
_MOST = 20_000  # samples kept: a host has dozens of volumes, and whoever sends more makes them up
_LABEL = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|(?=\}))')
_ESCAPE = re.compile(r"\\(.)")
_VALUE = re.compile(r"\s*(\S+)(?:\s+-?[0-9.]+)?\s*")  # an instant may follow the value


class Sample(NamedTuple):
    """One line of a metric."""

    name: str
    labels: Mapping[str, str]
    value: float  # NaN and infinity included: exporters may say them


class Exposition:
    """Takes the text piece by piece, however it is cut."""

    def __init__(self, names: Iterable[str]) -> None:
        self._wanted = tuple(name.encode() for name in names)
        self._rest = b""
        self._skipping = False  # in a line that is too long
        self.samples: list[Sample] = []
        self.announced = False  # a comment that only an exporter would write was seen
        self.garbled = 0  # wanted lines that make no sense

    def take(self, piece: bytes) -> None:
        """The next piece."""
        lines = (self._rest + piece).split(b"\n")
        self._rest = lines.pop()
        if self._skipping and lines:
            del lines[0]
            self._skipping = False
        if len(self._rest) > _LONGEST:
            self._rest, self._skipping = b"", True
        for line in lines:
            if line.startswith(self._wanted):
                self._read(line)
            elif not self.announced:
                self.announced = line.startswith((b"# HELP ", b"# TYPE "))

    @property
    def cut(self) -> bool:
        """Whether the text stops in a line: a value cut in two is another value."""
        return self._skipping or bool(self._rest.strip())

    def _read(self, line: bytes) -> None:
        if len(line) > _LONGEST or len(self.samples) >= _MOST:
            self.garbled += 1
            return
        name, brace, rest = line.decode("utf-8", "replace").partition("{")
        if not brace:
            name, _, rest = name.partition(" ")
        name = name.strip()
        if name.encode() not in self._wanted:  # another metric, whose name only begins so
            return
        found = _labels(rest) if brace else ({}, rest)
        value = _number(found[1]) if found is not None else None
        if found is None or value is None:
            self.garbled += 1
        else:
            self.samples.append(Sample(name, found[0], value))


def _labels(text: str) -> tuple[dict[str, str], str] | None:
    """The labels, and what follows their closing brace; None when they make no sense."""
    labels: dict[str, str] = {}
    position = 0
    while match := _LABEL.match(text, position):
        labels[match[1]] = _ESCAPE.sub(_unescape, match[2])
        position = match.end()
    closing = text[position:].lstrip()
    return (labels, closing[1:]) if closing.startswith("}") else None


def _unescape(match: re.Match[str]) -> str:
    return "\n" if match[1] == "n" else match[1]


def _number(text: str) -> float | None:
    match = _VALUE.fullmatch(text)
    try:
        # Python reads 1_000 and ٣ as numbers, an exposition does not.
        return float(match[1]) if match is not None and match[1].isascii() and "_" not in match[1] else None
    except ValueError:
        return None
