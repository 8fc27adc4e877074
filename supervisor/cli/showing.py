"""How commands print what the register holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import click


def say(answer: Any, lines: Iterable[str], *, as_one_object: bool) -> None:
    """The answer as one JSON object, or as the lines that a person reads."""
    for text in [json.dumps(answer, ensure_ascii=False)] if as_one_object else lines:
        click.echo(text)


Lines = Callable[[Iterable[dict[str, Any]]], Iterable[str]]  # a list as a person reads it


def say_done(answer: Mapping[str, Any] | None, key: str, lines: Lines) -> None:
    """What an act left, as a list shows it; None: it was printed already."""
    if answer is not None:
        left = answer[key]
        for text in lines(left if isinstance(left, list) else [left]):
            click.echo(text)


def table(header: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> Iterator[str]:
    """Lines in columns as wide as they need to be, those of numbers flush right; the last may run on."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for row in (header, *rows):
        cells = (
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()


def local(stamp: str | None) -> str:
    """An instant of the JSON form, to a person; its offset tells the two hours of autumn apart."""
    return "-" if stamp is None else datetime.fromisoformat(stamp).strftime("%Y-%m-%d %H:%M:%S%z")


def span(seconds: int) -> str:
    """So many seconds, in words and to the second: "9 min 56 s", "2 h", "2 h 04 min 56 s"."""
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    words = [f"{hours} h"] if hours else []
    if minutes or (hours and rest):
        words.append(f"{minutes:02d} min" if hours else f"{minutes} min")
    if rest or not words:
        words.append(f"{rest:02d} s" if words else f"{rest} s")
    return " ".join(words)


def one_line(text: str, most: int = 60) -> str:
    """A text that people wrote, in a column."""
    flat = " ".join(text.split())
    return flat if len(flat) <= most else f"{flat[: most - 1]}…"


def fields(row: Mapping[str, Any]) -> Iterator[str]:
    """One thing, all that is known of it."""
    for key, value in row.items():
        if value not in (None, False, []):
            yield f"{key}: {', '.join(map(str, value)) if isinstance(value, list) else value}"


def concerns(row: Mapping[str, Any], collectivite: str | None) -> bool:
    """Is it of this collectivité (of any when none is asked for), or does it hold for a service of it?"""
    owners = {row["collectivite"], *(service.partition("/")[0] for service in row["concerned"])}
    return collectivite is None or collectivite in owners
