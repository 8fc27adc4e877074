"""A report as words: titles, sentences, tables and figures in French, from which page and PDF are set alike.

Nothing is computed or worded in a template, so that the two cannot say different things.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from supervisor.reports.wording import NONE, typeset


class Tone(StrEnum):
    """How a verdict is coloured; its words and its sign say the same."""

    GOOD = "good"
    BAD = "bad"
    UNSURE = "unsure"
    PLAIN = "plain"

    @property
    def sign(self) -> str:
        """The shape beside the colour."""
        return {"good": "✓", "bad": "✗", "unsure": "?", "plain": "–"}[self]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One cell of a table."""

    lines: tuple[str, ...]
    tone: Tone | None = None  # a verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table; the first cell of a row names it."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numbers: Collection[int] = ()  # columns set flush right
    widths: tuple[float, ...]  # shares of the width, on paper

    def __post_init__(self) -> None:
        if any(len(row) != len(self.header) for row in self.rows) or len(self.widths) != len(self.header):
            raise ValueError(f"table '{self.caption}': every row has a cell for each column")


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """A drawing, with what it says in words."""

    title: str
    svg: str
    alt: str
    width: int  # of the drawing, in its own units: a CSS pixel on screen, 3/4 point on paper
    height: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """One line of the legend of the figures."""

    svg: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A heading and what stands under it, in this order."""

    title: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    legend: tuple[Key, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """The whole report."""

    title: str
    organisation: str
    subject: str  # collectivité
    tone: Tone
    verdict: str  # one sentence
    facts: tuple[str, ...]  # what else a hurried reader needs
    sections: tuple[Section, ...]
    colophon: str  # who made it, and when


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """A call for contribution, as it is printed."""

    title: str
    organisation: str  # who calls
    subject: str  # collectivité that is called
    status: str  # of a draft: that it is one, for every page; else empty
    references: tuple[tuple[str, str], ...]  # what an accountant looks for first: a name, and what goes by it
    opening: str
    lines: Table  # what is called for
    total: tuple[str, str]
    notes: tuple[str, ...]  # under the lines
    sections: tuple[Section, ...]
    annex: Section | None
    colophon: str  # what it comes from


def cell(*lines: str, tone: Tone | None = None) -> Cell:
    """A cell of these lines, without the empty ones, as French sets them."""
    return Cell(lines=tuple(typeset(line) for line in lines if line) or (NONE,), tone=tone)
