"""The JSON Schema of the files, for editors: generated from the very models that read them."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Literal

from pydantic import TypeAdapter
from pydantic.errors import PydanticInvalidForJsonSchema

from probes.base import Probe
from supervisor.config.calendars import CalendarVersion
from supervisor.config.collectivites import Chorus, CollectiviteFile
from supervisor.config.contracts import Contract
from supervisor.config.equipment import CanaryEntry, EquipmentEntry, SondeEntry
from supervisor.config.main_file import MainFile, Sla
from supervisor.config.templates import TemplateEntry

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_MODELS = (
    CalendarVersion,
    CanaryEntry,
    Chorus,
    CollectiviteFile,
    Contract,
    EquipmentEntry,
    MainFile,
    Sla,
    SondeEntry,
    TemplateEntry,
)


def schema(which: Literal["main", "collectivite"], probes: Mapping[str, Probe]) -> dict[str, Any]:
    """The schema of `vigie.yaml` or of a collectivité's file, with the settings of every type of sonde."""
    settings = {name: probe.settings for name, probe in probes.items() if _has_schema(probe.settings)}
    kinds = {
        **{model.__name__: model for model in _MODELS},
        **{f"type {name}": kind for name, kind in settings.items()},
    }
    # All in one go: pydantic tells definitions of the same name apart only within one call.
    by_key, shared = TypeAdapter.json_schemas([(name, "validation", TypeAdapter(kind)) for name, kind in kinds.items()])
    definitions = shared["$defs"]
    found = {name: _resolve(by_key[name, "validation"], definitions) for name in kinds}
    whole = _main(found, probes) if which == "main" else _collectivite(found, probes)
    used: dict[str, Any] = {}
    _collect(whole, definitions, used)
    return {"$schema": _DIALECT, **whole, "$defs": used}


def _main(found: dict[str, dict[str, Any]], probes: Mapping[str, Probe]) -> dict[str, Any]:
    whole = found["MainFile"]
    properties = whole["properties"]
    properties["sla"] = {**found["Sla"], **_described(properties["sla"])}
    properties["calendars"]["additionalProperties"] = _one_or_many(found["CalendarVersion"])
    properties["templates"]["additionalProperties"] = found["TemplateEntry"]
    properties["canaries"]["items"] = _by_type(found["CanaryEntry"], found, probes)
    return whole


def _collectivite(found: dict[str, dict[str, Any]], probes: Mapping[str, Probe]) -> dict[str, Any]:
    whole = found["CollectiviteFile"]
    properties = whole["properties"]
    equipment = found["EquipmentEntry"]
    equipment["properties"]["sondes"]["items"] = _by_type(found["SondeEntry"], found, probes)
    properties["equipment"]["items"] = equipment
    properties["contract"] = {**_one_or_many(found["Contract"]), **_described(properties["contract"])}
    properties["chorus"]["patternProperties"] = {"^20[0-9]{2}$": found["Chorus"]}
    return whole


def _by_type(common: dict[str, Any], found: dict[str, dict[str, Any]], probes: Mapping[str, Probe]) -> dict[str, Any]:
    """Common keys, and for each `type` the keys of its settings; nothing else."""
    shared = {key: value for key, value in common.items() if key != "additionalProperties"}
    shared["properties"] = {**common["properties"], "type": {"enum": sorted(probes), "description": "The technique."}}
    return {
        **shared,
        "allOf": [
            {
                "if": {"properties": {"type": {"const": name}}, "required": ["type"]},
                "then": _open(found.get(f"type {name}", {"additionalProperties": True})),
            }
            for name in sorted(probes)
        ],
        "unevaluatedProperties": False,
    }


def _open(settings: dict[str, Any]) -> dict[str, Any]:
    # "Nothing else" is said once, of the common keys and the type's own together.
    return {key: value for key, value in settings.items() if value is not False or key != "additionalProperties"}


def _has_schema(settings: Any) -> bool:
    try:
        TypeAdapter(settings).json_schema()
    except PydanticInvalidForJsonSchema:  # a foreign technique with a type of its own: anything goes
        return False
    return True


def _resolve(one: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    reference = one.get("$ref")
    found: dict[str, Any] = definitions[reference.rpartition("/")[2]] if isinstance(reference, str) else one
    return deepcopy(found)


def _collect(part: Any, definitions: dict[str, Any], used: dict[str, Any]) -> None:
    """Gather the definitions that a schema refers to, directly or not."""
    if isinstance(part, list):
        for item in part:
            _collect(item, definitions, used)
    elif isinstance(part, dict):
        name = str(part.get("$ref", "")).rpartition("/")[2]
        if name and name not in used:
            used[name] = definitions[name]
            _collect(used[name], definitions, used)
        for value in part.values():
            _collect(value, definitions, used)


def _one_or_many(one: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}


def _described(of: dict[str, Any]) -> dict[str, Any]:
    return {"description": of["description"]} if "description" in of else {}
