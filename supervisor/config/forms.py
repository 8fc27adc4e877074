"""Holds a piece of a file against what may be written there, and turns what pydantic says into mistakes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticInvalidForJsonSchema

from supervisor.config.document import Document, Keys
from supervisor.config.wording import explain

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is written: which file, the way to it, and its readable name."""

    document: Document
    keys: Keys = ()
    field: str = ""
    template: str = ""  # what is below comes from this template, and has no line of its own in the document

    def key(self, name: str) -> Place:
        """The value of this key."""
        field = f"{self.field}.{name}" if self.field else name
        return Place(self.document, self.keys if self.template else (*self.keys, name), field, self.template)

    def item(self, index: int, value: Any) -> Place:
        """This item of a list, named by its id where it has one."""
        name = value.get("id") if isinstance(value, dict) else None
        field = f"{self.field}[{name if isinstance(name, str) else index + 1}]"
        return Place(self.document, self.keys if self.template else (*self.keys, index), field, self.template)

    @property
    def line(self) -> int:
        """The line in its file."""
        return self.document.line(self.keys)

    def wrong(self, what: str) -> None:
        """Note a mistake made here."""
        if self.template:
            what = f"{what} (template {self.template})"
        self.document.wrong(self.keys, self.field, what)

    def warn(self, what: str) -> None:
        """Note what is accepted here, but worth a look."""
        self.document.warn(self.keys, self.field, what)


class Form(Generic[T]):
    """What may be written in one place."""

    def __init__(self, kind: Any, *, also: Iterable[str] = ()) -> None:
        self.adapter: TypeAdapter[T] = TypeAdapter(kind)
        self._validate = self.adapter.validator.validate_python
        self._also = tuple(also)  # keys that the caller takes out before: known, for "did you mean"

    def read(self, value: Any, place: Place) -> T | None:
        """The value, or None after noting everything wrong with it."""
        try:
            return self._read(value, place)
        except ValidationError as error:
            self._note(error, value, place)
            return None

    def quietly(self, value: Any, place: Place) -> T | None:
        """The value, or None where something is wrong with it that was noted with what is around it."""
        try:
            return self._read(value, place)
        except ValidationError:
            return None

    def _read(self, value: Any, place: Place) -> T:
        result: T = self._validate(value, context={"base": place.document.base})
        return result

    def salvage(self, value: dict[str, Any], place: Place, missing: dict[str, Any]) -> T:
        """What remains of a mapping without its wrong keys, so that the rest of the files can still be checked."""
        kept = dict(value)
        while True:
            try:
                result = self._read(kept, place)
            except ValidationError as error:
                wrong = {str(found["loc"][0]) for found in error.errors() if found["loc"]}
                for key in wrong:
                    kept.pop(key, None)
                kept |= {key: missing[key] for key in wrong & missing.keys()}
                if not wrong:  # the whole is wrong, not a key of it
                    kept = dict(missing)
            else:
                return result

    def known(self, loc: Iterable[str | int]) -> list[str]:
        """The keys that are possible in the mapping at `loc`."""
        try:
            schema = self.adapter.json_schema()
        except PydanticInvalidForJsonSchema:  # a foreign technique with a type of its own
            return []
        at = [schema]
        for part in loc:
            at = [below for one in at for below in _below(one, part, schema)]
        names = {name for one in at for choice in _choices(one, schema) for name in choice.get("properties", ())}
        return sorted(names)

    def _note(self, error: ValidationError, value: Any, place: Place) -> None:
        seen: set[tuple[Place, str]] = set()
        for found in error.errors(include_url=False):
            loc = found["loc"]
            known = self.known(loc[:-1]) if found["type"] == "unexpected_keyword_argument" else []
            if len(loc) == 1:
                known += self._also
            where, what = _walk(place, value, loc, found["type"]), explain(found, known)
            if (where, what) not in seen:
                seen.add((where, what))
                where.wrong(what)


def _walk(place: Place, value: Any, loc: tuple[str | int, ...], kind: str) -> Place:
    """Follow pydantic's `loc` in the value as written; the names it adds for unions and validators are passed over."""
    for index, part in enumerate(loc):
        if isinstance(value, dict) and part in value:
            place, value = place.key(str(part)), value[str(part)]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            place, value = place.item(part, value[part]), value[part]
        elif kind == "missing" and index == len(loc) - 1:
            place = place.key(str(part))
    return place


def _resolve(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    return root["$defs"][reference.rpartition("/")[2]] if isinstance(reference, str) else schema


def _choices(schema: dict[str, Any], root: dict[str, Any]) -> list[dict[str, Any]]:
    """The schema itself, and what it leaves the choice of."""
    schema = _resolve(schema, root)
    several = (*schema.get("anyOf", ()), *schema.get("oneOf", ()))
    return [schema, *(choice for one in several for choice in _choices(one, root))]


def _below(schema: dict[str, Any], part: str | int, root: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[Any] = []
    for choice in _choices(schema, root):
        if isinstance(part, int):
            found += [choice.get("items"), *choice.get("prefixItems", ())[part : part + 1]]
        else:
            kinds = choice.get("discriminator", {}).get("mapping", {})
            if part in kinds:  # pydantic tells which of a union it tried
                return [{"$ref": kinds[part]}]
            named = choice.get("patternProperties", {}).values()  # keys that are chosen, but not freely
            found += [choice.get("properties", {}).get(part), choice.get("additionalProperties"), *named]
    return [one for one in found if isinstance(one, dict)]
