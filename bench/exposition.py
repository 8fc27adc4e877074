"""Just enough of Prometheus's text format to read what a page says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_LINE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)")
_LABEL = re.compile(r'([a-zA-Z_]\w*)="([^"]*)"')  # the labels that the bench reads hold no quotes


class Sample(NamedTuple):
    """One line."""

    name: str
    labels: dict[str, str]
    value: float


def samples(page: str, names: Iterable[str]) -> Iterator[Sample]:
    """The samples of these names; a page of 20,000 sondes has 200,000 others."""
    wanted = frozenset(names)
    for line in page.splitlines():
        if line.partition("{")[0].partition(" ")[0] in wanted and (match := _LINE.fullmatch(line)):
            yield Sample(match[1], dict(_LABEL.findall(match[2] or "")), float(match[3]))


def quantile(share: float, buckets: dict[float, float]) -> float:
    """The value below which that share lies, interpolated within its bucket as Prometheus does."""
    bounds = sorted(buckets)
    rank = share * buckets[bounds[-1]]
    below, lower = 0.0, 0.0
    for bound in bounds:
        if buckets[bound] >= rank and buckets[bound] > below:
            if bound == float("inf"):
                return lower
            return lower + (bound - lower) * (rank - below) / (buckets[bound] - below)
        below, lower = buckets[bound], bound
    return lower
