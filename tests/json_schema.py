"""Does a value obey a schema? As much of JSON Schema 2020-12 as our descriptions use; any other keyword is an error, so
that nothing passes because it was not looked at."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}
_SILENT = {"description", "examples", "format"}


def mistakes(value: Any, schema: Schema, document: Schema, where: str = "$") -> Iterator[str]:
    """What is wrong with a value; `document` is what `$ref` points into."""
    for keyword, wanted in schema.items():
        if keyword not in _SILENT:
            yield from _CHECKS[keyword](value, wanted, schema, document, where)


def resolved(reference: str, document: Schema) -> Schema:
    """What a reference within the document means."""
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    assert isinstance(found, Mapping)
    return found


Check = Callable[[Any, Any, Schema, Schema, str], Iterator[str]]


def _ref(value: Any, wanted: str, _: Schema, document: Schema, where: str) -> Iterator[str]:
    yield from mistakes(value, resolved(wanted, document), document, where)


def _one_of(value: Any, wanted: list[Schema], _: Schema, document: Schema, where: str) -> Iterator[str]:
    tried = [list(mistakes(value, schema, document, where)) for schema in wanted]
    if [not found for found in tried].count(True) != 1:
        yield from (mistake for found in tried for mistake in found)


def _type(value: Any, wanted: str | list[str], _: Schema, __: Schema, where: str) -> Iterator[str]:
    kinds = [wanted] if isinstance(wanted, str) else wanted
    if not any(_TYPES[kind](value) for kind in kinds):
        yield f"{where}: {value!r} is not of {kinds}"


def _enum(value: Any, wanted: list[Any], _: Schema, __: Schema, where: str) -> Iterator[str]:
    if value not in wanted:
        yield f"{where}: {value!r} is none of {wanted}"


def _pattern(value: Any, wanted: str, _: Schema, __: Schema, where: str) -> Iterator[str]:
    if isinstance(value, str) and not re.search(wanted, value):
        yield f"{where}: {value!r} does not match {wanted}"


def _minimum(value: Any, wanted: float, _: Schema, __: Schema, where: str) -> Iterator[str]:
    if isinstance(value, int | float) and value < wanted:
        yield f"{where}: {value!r} is less than {wanted}"


def _properties(value: Any, wanted: Mapping[str, Schema], _: Schema, document: Schema, where: str) -> Iterator[str]:
    for name, schema in wanted.items():
        if isinstance(value, dict) and name in value:
            yield from mistakes(value[name], schema, document, f"{where}.{name}")


def _required(value: Any, wanted: list[str], _: Schema, __: Schema, where: str) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (f"{where}: {name} is missing" for name in wanted if name not in value)


def _additional(value: Any, wanted: Any, schema: Schema, document: Schema, where: str) -> Iterator[str]:
    for name in value if isinstance(value, dict) else ():
        if name in schema.get("properties", {}):
            continue
        if wanted is False:
            yield f"{where}: {name} is one too many"
        else:
            yield from mistakes(value[name], wanted, document, f"{where}.{name}")


def _items(value: Any, wanted: Schema, _: Schema, document: Schema, where: str) -> Iterator[str]:
    for index, item in enumerate(value if isinstance(value, list) else ()):
        yield from mistakes(item, wanted, document, f"{where}[{index}]")


_CHECKS: Mapping[str, Check] = {
    "$ref": _ref,
    "oneOf": _one_of,
    "type": _type,
    "enum": _enum,
    "pattern": _pattern,
    "minimum": _minimum,
    "properties": _properties,
    "required": _required,
    "additionalProperties": _additional,
    "items": _items,
}
