"""A file as it stands, right or wrong: what its entries are called, and what they name.

Who names whom is looked up in what is written rather than in what was accepted, so that one mistake of an entry
hides no other. What has not even the kind of a name is passed over: that was said where its entry was read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from supervisor.config.forms import Place
from supervisor.config.wording import near


def items(parent: Any, key: str, place: Place) -> list[tuple[Any, Place]]:
    """The items of a list as it is written below `key`, each with its place."""
    values = parent.get(key) if isinstance(parent, dict) else None
    where = place.key(key)
    return [(value, where.item(i, value)) for i, value in enumerate(values)] if isinstance(values, list) else []


def text(entry: Any, key: str) -> str | None:
    """The text below `key`; None where there is none, or something else."""
    value = entry.get(key) if isinstance(entry, dict) else None
    return value if isinstance(value, str) else None


def texts(entry: Any, key: str, place: Place) -> Iterator[tuple[str, Place]]:
    """The texts of the list below `key`, each with its place."""
    for value, at in items(entry, key, place):
        if isinstance(value, str):
            yield value, at


def refuse_twins(entries: list[tuple[Any, Place]]) -> None:
    """Note every id that an earlier entry of the list already has."""
    first: dict[str, Place] = {}
    for value, place in entries:
        name = text(value, "id")
        if name is None:
            continue
        if name in first:
            place.key("id").wrong(f"'{name}' is already the id of line {first[name].line}, choose another one")
        else:
            first[name] = place.key("id")


@dataclass(frozen=True, slots=True)
class Known:
    """The names of a list. An entry exists as soon as its name can be read, whatever else is wrong with it."""

    names: tuple[str, ...] = ()
    whole: bool = True  # False: a name could not be read, so that nobody is told that one does not exist

    def lacks(self, name: str) -> bool:
        """Whether it is certain that there is no such name."""
        return self.whole and name not in self.names

    def near(self, name: str) -> str:
        """What may have been meant by it."""
        return near(name, self.names)


def known(parent: Any, key: str, named_by: str) -> Known:
    """The names of the entries of the list below `key`."""
    if not isinstance(parent, dict):
        return Known(whole=False)
    entries = parent.get(key, [])
    if not isinstance(entries, list):
        return Known(whole=False)
    names = [text(entry, named_by) for entry in entries]
    return Known(tuple(name for name in names if name is not None), whole=None not in names)
