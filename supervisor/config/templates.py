"""Templates: a whole service or machine in one line of config."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import Field, model_validator

from probes.settings import Flag, settings
from supervisor.config.collectivites import Pieces
from supervisor.config.fields import Name
from supervisor.config.forms import Form, Place
from supervisor.config.wording import near
from supervisor.config.written import items

ADDRESS = "address"  # the parameter every template has: the address of the equipment
_PARAMETER = re.compile(r"\{([a-z][a-z0-9_]*)\}")


@settings
class ParameterEntry:
    """One thing that differs from use to use."""

    description: Name
    """What it is, in French."""
    required: Flag = True
    """Whether it must be given; false: without it, the keys of a sonde that use it are left out."""
    default: Any = None
    """What it is when it is not given; makes it optional."""

    @model_validator(mode="before")
    @classmethod
    def _optional(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.get("default") is not None and "required" not in value:
            return {**value, "required": False}
        return value

    @model_validator(mode="after")
    def _coherent(self) -> ParameterEntry:
        if self.required and self.default is not None:
            raise ValueError("a parameter that is required has no use for a default, keep one of the two")
        return self


@settings
class TemplateEntry:
    """Sondes that check that a service works, or a machine."""

    description: Name
    """What it checks, in French."""
    parameters: dict[str, ParameterEntry] = Field(default_factory=dict)
    """What differs from use to use; `address` always exists."""
    sondes: Pieces
    """Sondes, where `{name}` stands for a parameter and `when: name` asks that it be given."""


@dataclass(frozen=True, slots=True)
class Template:
    """A template that was read, ready to be used."""

    name: str
    description: str
    parameters: dict[str, ParameterEntry]
    sondes: tuple[dict[str, Any], ...]  # as written


_FORM: Form[TemplateEntry] = Form(TemplateEntry)


def read_template(name: str, value: Any, place: Place) -> Template | None:
    """The template written at `place`, or None after noting what is wrong with it."""
    entry = _FORM.read(value, place)
    found = list(_wrong(value, place))
    for where, what in found:
        where.wrong(what)
    return None if found or entry is None else Template(name, entry.description, entry.parameters, entry.sondes)


def _wrong(template: Any, place: Place) -> Iterator[tuple[Place, str]]:
    parameters = template.get("parameters", {}) if isinstance(template, dict) else None
    if not isinstance(parameters, dict):
        return  # which there are is not known
    if ADDRESS in parameters:
        where = place.key("parameters").key(ADDRESS)
        yield where, "'address' is always the equipment's, rename the parameter"
    for sonde, at in items(template, "sondes", place):
        if not isinstance(sonde, dict):
            yield at, "expected a sonde, write {id: …, type: …}"
            continue
        when = sonde.get("when")
        if when is not None and str(when) not in parameters:
            yield at.key("when"), f"there is no parameter '{when}', {near(str(when), parameters)}"
        for key, name in _used(sonde):
            if name != ADDRESS and name not in parameters:
                known = near(name, [ADDRESS, *parameters])
                yield at.key(key), f"there is no parameter '{name}', {known}"


def _used(sonde: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every (key of the sonde, parameter used below it)."""
    for key, value in sonde.items():
        for name in _names(value):
            yield key, name


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from _PARAMETER.findall(value)
    elif isinstance(value, dict):
        for below in value.values():
            yield from _names(below)
    elif isinstance(value, list):
        for below in value:
            yield from _names(below)


def expand(template: Template, given: dict[str, Any], address: str | None, place: Place) -> list[dict[str, Any]] | None:
    """The sondes the template makes of the equipment at `place`, as if written out; None where it cannot."""
    found: list[tuple[Place, str]] = []
    for name in given:
        if name not in template.parameters:
            what = f"{template.name} has no parameter '{name}', {near(name, template.parameters)}"
            found.append((place.key("with").key(name), what))
    values: dict[str, Any] = {ADDRESS: address}
    for name, parameter in template.parameters.items():
        values[name] = given.get(name, parameter.default)
        if values[name] is None and parameter.required:
            what = f"{template.name} needs '{name}' ({parameter.description}), add with: {{{name}: …}}"
            found.append((place.key("template"), what))
    sondes = [sonde for sonde in template.sondes if "when" not in sonde or values[sonde["when"]] is not None]
    if address is None and any(name == ADDRESS for sonde in sondes for _, name in _used(sonde)):
        found.append((place.key("template"), f"{template.name} needs the equipment's address, add address: …"))
    for where, what in found:
        where.wrong(what)
    return None if found else [_fill(sonde, values) for sonde in sondes]


def _fill(sonde: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _put(value, values)
        for key, value in sonde.items()
        if key != "when" and all(values[name] is not None for name in _names(value))
    }


def _put(value: Any, values: dict[str, Any]) -> Any:
    if isinstance(value, str):
        alone = _PARAMETER.fullmatch(value)
        if alone:
            return values[alone[1]]
        return _PARAMETER.sub(lambda match: _text(values[match[1]]), value)
    if isinstance(value, dict):
        return {key: _put(below, values) for key, below in value.items()}
    if isinstance(value, list):
        return [_put(below, values) for below in value]
    return value


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
