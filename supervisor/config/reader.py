"""The events of a YAML file, turned into plain values, or into the lines these values stand on.

Values are built without a node tree: half the time, a tenth of the memory, and no C recursion that a thousand
brackets would overflow. The tree of lines is built only once a mistake has to be shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml

from supervisor.config.scalars import plain

MAX_DEPTH = 40  # the deepest legitimate config has about 8 levels
_TOO_DEEP = f"more than {MAX_DEPTH} levels of nesting"


class Words:
    """The scalars of a load, each built once: 50,000 times `60s` is one string."""

    def __init__(self) -> None:
        self._plain: dict[str, Any] = {}
        self._text: dict[str, str] = {}

    def plain(self, text: str) -> Any:
        """The value of an unquoted scalar."""
        try:
            return self._plain[text]
        except KeyError:
            value = self._plain[text] = plain(text)
            return value

    def text(self, text: str) -> str:
        """The one copy of this text."""
        return self._text.setdefault(text, text)


class Reader:
    """Builds plain values from the events of one file."""

    def __init__(self, text: str, words: Words) -> None:
        self._next: Callable[[], Any] = yaml.CSafeLoader(text).get_event
        self._words = words
        self.wrong: list[tuple[int, str]] = []
        self.duplicates = False

    def document(self) -> Any:
        """The value of the only document; None when there is none."""
        self._next()  # the start of the stream
        if isinstance(self._next(), yaml.StreamEndEvent):
            return None
        value = self._value(self._next(), 0)
        self._next()  # the end of the document
        event = self._next()
        if not isinstance(event, yaml.StreamEndEvent):
            self._refuse(event, "a second document begins here, write one document per file")
        return value

    def _value(self, event: Any, depth: int) -> Any:
        kind = event.__class__
        if kind is yaml.AliasEvent:
            return self._refuse(
                event, f"the alias *{event.anchor} is not accepted, write the value out or use a template"
            )
        if event.tag is not None and event.tag != "!":
            self._refuse(event, f"the tag {event.tag} is not accepted, remove it")
        if event.anchor is not None:
            self._refuse(
                event, f"the anchor &{event.anchor} is not accepted, remove it (a template says it in one line)"
            )
        if kind is yaml.ScalarEvent:
            if event.style is None or event.style == "":
                return self._words.plain(event.value)
            return self._words.text(event.value)
        if depth >= MAX_DEPTH:
            raise yaml.MarkedYAMLError(problem=_TOO_DEEP, problem_mark=event.start_mark)
        return self._mapping(depth) if kind is yaml.MappingStartEvent else self._sequence(depth)

    def _sequence(self, depth: int) -> list[Any]:
        values: list[Any] = []
        while True:
            event = self._next()
            if event.__class__ is yaml.SequenceEndEvent:
                return values
            values.append(self._value(event, depth + 1))

    def _mapping(self, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        text = self._words.text
        while True:
            event = self._next()
            if event.__class__ is yaml.MappingEndEvent:
                return values
            if event.__class__ is yaml.ScalarEvent:
                key = text(event.value)
                if key == "<<" and not event.style:
                    self._refuse(event, "the merge key << is not accepted, write the values out or use a template")
            else:
                self._refuse(event, "a key is a word, not a list or a mapping; write a word before the ':'")
                self._value(event, depth + 1)
                key = ""
            if key in values:
                self.duplicates = True
            values[key] = self._value(self._next(), depth + 1)

    def _refuse(self, event: Any, what: str) -> None:
        self.wrong.append((event.start_mark.line + 1, what))


@dataclass(slots=True)
class Lines:
    """Where a value is written: its own line, and its entries in order, a duplicate key each time it appears."""

    line: int
    entries: list[tuple[str | int, Lines]] = field(default_factory=list)

    def find(self, part: str | int) -> Lines | None:
        """The first entry of that key or index."""
        return next((lines for name, lines in self.entries if name == part), None)

    def duplicates(self) -> list[tuple[str | int, int, int]]:
        """Every key that is written again: (key, first line, line)."""
        found = []
        first: dict[str | int, int] = {}
        for name, lines in self.entries:
            if name in first:
                found.append((name, first[name], lines.line))
            else:
                first[name] = lines.line
            found.extend(lines.duplicates())
        return found


def lines_of(text: str) -> Lines:
    """The lines of a text that a `Reader` has already read to its end."""
    next_event: Callable[[], Any] = yaml.CSafeLoader(text).get_event
    next_event()  # the start of the stream
    next_event()  # the start of the document
    return _lines(next_event, next_event(), None)


def _lines(next_event: Callable[[], Any], event: Any, line: int | None) -> Lines:
    here = Lines(event.start_mark.line + 1 if line is None else line)
    if isinstance(event, yaml.SequenceStartEvent):
        while not isinstance(event := next_event(), yaml.SequenceEndEvent):
            here.entries.append((len(here.entries), _lines(next_event, event, None)))
    elif isinstance(event, yaml.MappingStartEvent):
        while not isinstance(key := next_event(), yaml.MappingEndEvent):
            at = key.start_mark.line + 1
            if isinstance(key, yaml.ScalarEvent):
                here.entries.append((key.value, _lines(next_event, next_event(), at)))
            else:  # a key that is no word, already reported: read over it and its value
                _lines(next_event, key, at)
                _lines(next_event, next_event(), at)
    return here


_EXPLAINED = {
    _TOO_DEEP: f"{_TOO_DEEP}, close a bracket",
    "mapping values are not allowed in this context": (
        "a ':' is not expected here, put the text between quotes or correct the indentation"
    ),
    "could not find expected ':'": "the ':' after a key is missing, write `key: value`",
    "did not find expected key": "the indentation fits nothing above, line it up with the key it belongs to",
    "did not find expected '-' indicator": "the indentation fits nothing above, line it up with the '-' of the list",
    "did not find expected ',' or ']'": "the list is not closed, add a ',' between its items or a ']' at its end",
    "did not find expected ',' or '}'": "the mapping is not closed, add a ',' between its keys or a '}' at its end",
    "found unexpected end of stream": "the quoted text is not closed, add the missing quote",
    "block sequence entries are not allowed in this context": (
        "a '-' is not expected here, begin the list on its own line below the key"
    ),
}


def explain(error: yaml.MarkedYAMLError, text: str) -> tuple[int, str]:
    """The line and the sentence for what libyaml has against a file."""
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark is not None else 1
    problem = error.problem or "this is not YAML"
    if problem == "found character that cannot start any token" and mark is not None:
        character = (
            text.splitlines()[mark.line][mark.column : mark.column + 1] if mark.line < text.count("\n") + 1 else ""
        )
        if character == "\t":
            return line, "a tab cannot indent YAML, use spaces"
        return line, f"a text cannot begin with '{character}', put it between quotes"
    what = _EXPLAINED.get(problem, f"{problem}, correct the YAML")
    begun = error.context_mark
    if begun is not None and begun.line + 1 != line and "not closed" in what:
        what += f" (it begins on line {begun.line + 1})"
    return line, what
