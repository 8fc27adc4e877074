"""How a technique declares what may be written of it in the config.

Settings are pydantic dataclasses with slots: strict and self-describing like models, and ten times smaller in
memory, which counts at 50,000 sondes.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeVar, cast, dataclass_transform

from pydantic import BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, WithJsonSchema
from pydantic.dataclasses import dataclass

from probes import units

T = TypeVar("T")

_FROM_YAML = frozenset({"dataclass", "tuple", "frozenset"})


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(Field,))
def settings(cls: type[T]) -> type[T]:
    """Make `cls` a frozen, keyword-only, slotted pydantic dataclass that refuses unknown keys.

    Scalars are strict ("1" is no int, 1 is no flag). A mapping is accepted for a nested settings class and a
    list for a tuple: YAML has no other way, and tuples keep settings hashable, so that equal ones are shared.
    """

    def schema(_: type[T], source: Any, handler: GetCoreSchemaHandler) -> Any:
        made = handler(source)
        _accept_yaml(made, handler, set())
        return made

    cls.__get_pydantic_core_schema__ = classmethod(schema)  # type: ignore[attr-defined]  # pydantic's own hook
    config = ConfigDict(extra="forbid", use_attribute_docstrings=True, strict=True)
    made: Any = dataclass(cls, config=config, frozen=True, kw_only=True, slots=True)
    return cast("type[T]", made)


def _accept_yaml(schema: Any, handler: GetCoreSchemaHandler, seen: set[str]) -> None:
    """Lift `strict` from the containers of a core schema: strict ones take nothing but an instance."""
    if isinstance(schema, list):
        for part in schema:
            _accept_yaml(part, handler, seen)
        return
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "definition-ref":
        if schema["schema_ref"] in seen:
            return
        seen.add(schema["schema_ref"])
        schema = handler.resolve_ref_schema(schema)
    if schema.get("type") in _FROM_YAML:
        schema["strict"] = False
    for part in schema.values():
        _accept_yaml(part, handler, seen)


def _text(pattern: str, example: str) -> WithJsonSchema:
    return WithJsonSchema(
        {"anyOf": [{"type": "string", "pattern": pattern, "examples": [example]}, {"type": "number"}]}
    )


# As people write them; held as plain numbers in base units.
Seconds = Annotated[float, BeforeValidator(units.duration), _text(r"^[0-9.]+ ?(ms|s|min|m|h|d|w)", "90s")]
Bytes = Annotated[int, BeforeValidator(units.size), _text(r"^[0-9.]+ ?([KMGTP]?i?[Bo])?$", "20 GiB")]
Ratio = Annotated[float, BeforeValidator(units.ratio), _text(r"^[0-9.]+ ?%$", "5 %")]


def _flag(value: Any) -> Any:
    # YAML reads on/off/yes/no as booleans; the loader hands them over marked (supervisor.config.scalars).
    return getattr(value, "as_bool", value)


Flag = Annotated[bool, BeforeValidator(_flag)]
Port = Annotated[int, Field(ge=1, le=65535)]
