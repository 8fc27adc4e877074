"""The JSON Schema follows the models: every key, every type, every description."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

import pytest

from probes.base import Probe, Result, Run, Status, Target
from supervisor.config.collectivites import CollectiviteFile
from supervisor.config.document import Document
from supervisor.config.equipment import CanaryEntry, EquipmentEntry, SondeEntry
from supervisor.config.main_file import MainFile
from supervisor.config.schema import schema
from tests.unit.config.places import GOOD


def parts(of: Any) -> Iterator[dict[str, Any]]:
    """Every mapping of a schema."""
    if isinstance(of, dict):
        yield of
    for below in of.values() if isinstance(of, dict) else of if isinstance(of, list) else ():
        yield from parts(below)


def keys(of: type[Any]) -> set[str]:
    """The keys that may be written of a class: the names of its fields, or what the file calls them."""
    return {described.alias or name for name, described in of.__pydantic_fields__.items()}


def resolve(whole: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    reference = part.get("$ref")
    found: dict[str, Any] = whole["$defs"][reference.rpartition("/")[2]] if reference else part
    return found


def threshold(whole: dict[str, Any], setting: dict[str, Any]) -> str:
    """What the warning of a threshold looks like."""
    kind = resolve(whole, next(part for part in setting["anyOf"] if "$ref" in part))
    return json.dumps(kind["properties"]["warning"])


@pytest.mark.parametrize("which", ["main", "collectivite"])
def test_every_reference_leads_somewhere_and_every_definition_is_used(
    which: Literal["main", "collectivite"], probes: Mapping[str, Probe]
) -> None:
    whole = json.loads(json.dumps(schema(which, probes)))
    used = {part["$ref"].removeprefix("#/$defs/") for part in parts(whole) if "$ref" in part}
    assert used == set(whole["$defs"])
    assert whole["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("which", ["main", "collectivite"])
def test_every_key_has_a_description(which: Literal["main", "collectivite"], probes: Mapping[str, Probe]) -> None:
    whole = schema(which, probes)
    for part in parts(whole):
        if part.get("type") == "object" and "title" in part:
            for name, described in part.get("properties", {}).items():
                # A secret says what it is by itself; a threshold's two values need no more than their names.
                if name not in ("file", "env", "credential", "warning", "critical", "k"):
                    # One that says the same as what it refers to is dropped by pydantic.
                    said = described.get("description") or resolve(whole, described).get("description")
                    assert said, f"{part['title']}.{name}"


def test_the_keys_are_those_of_the_models(probes: Mapping[str, Probe]) -> None:
    main, commune = schema("main", probes), schema("collectivite", probes)
    equipment = commune["properties"]["equipment"]["items"]
    sonde = equipment["properties"]["sondes"]["items"]
    canary = main["properties"]["canaries"]["items"]
    for written, model in (
        (main, MainFile),
        (commune, CollectiviteFile),
        (equipment, EquipmentEntry),
        (sonde, SondeEntry),
        (canary, CanaryEntry),
    ):
        assert set(written["properties"]) == keys(model)
        refused = "unevaluatedProperties" if "allOf" in written else "additionalProperties"
        assert written[refused] is False
    assert {field.name for field in fields(SondeEntry)} == set(sonde["properties"])


def test_each_type_brings_its_settings(probes: Mapping[str, Probe]) -> None:
    whole = schema("collectivite", probes)
    sonde = whole["properties"]["equipment"]["items"]["properties"]["sondes"]["items"]
    assert sonde["properties"]["type"]["enum"] == sorted(probes)
    by_type = {one["if"]["properties"]["type"]["const"]: one["then"] for one in sonde["allOf"]}
    for name, probe in probes.items():
        assert set(by_type[name]["properties"]) == keys(probe.settings)
        assert "additionalProperties" not in by_type[name]  # it would refuse the common keys
    assert by_type["tcp"]["required"] == ["port"]
    # Thresholds on a duration and on a ratio bear the same name in pydantic: they must not be mixed up.
    assert "%" in threshold(whole, by_type["link"]["properties"]["loss"])
    assert "ms|s|min" in threshold(whole, by_type["link"]["properties"]["rtt"])


def test_what_is_read_piece_by_piece_is_described_all_the_same(probes: Mapping[str, Probe]) -> None:
    main, commune = schema("main", probes), schema("collectivite", probes)
    one, many = main["properties"]["calendars"]["additionalProperties"]["anyOf"]
    assert "timezone" in one["properties"]
    assert many["items"] == one
    day, period = one["properties"]["closed"]["items"]["anyOf"]  # a day alone, or from and to
    assert (day["format"], set(period["properties"])) == ("date", {"from", "to"})
    assert set(main["properties"]["sla"]["properties"]) == {"target", "gti", "period", "exclude"}
    assert "sondes" in main["properties"]["templates"]["additionalProperties"]["properties"]
    contract = commune["properties"]["contract"]["anyOf"][0]
    assert set(contract["properties"]) == {"start", "end", "notice", "sondes", "offer", "options", "units", "audit"}
    (chorus,) = commune["properties"]["chorus"]["patternProperties"].values()
    assert set(chorus["properties"]) == {"service", "engagement"}


class Opaque:
    """Something that pydantic cannot describe."""


@dataclass(frozen=True)
class Loose:
    """Settings of a foreign technique."""

    __pydantic_config__ = {"arbitrary_types_allowed": True}  # noqa: RUF012  pydantic's own name
    thing: Opaque


async def silent(_: Target, __: Loose, ___: Run) -> Result:
    return Result(Status.OK, "")


def test_a_foreign_technique_that_cannot_be_described_accepts_anything(probes: Mapping[str, Probe]) -> None:
    whole = schema("collectivite", {**probes, "loose": Probe(type="loose", settings=Loose, check=silent)})
    sonde = whole["properties"]["equipment"]["items"]["properties"]["sondes"]["items"]
    (then,) = [one["then"] for one in sonde["allOf"] if one["if"]["properties"]["type"]["const"] == "loose"]
    assert then == {"additionalProperties": True}


def test_the_good_files_have_no_key_that_the_schema_lacks(probes: Mapping[str, Probe]) -> None:
    for which, path in (("main", "vigie.yaml"), ("collectivite", "collectivites/exemple.yaml")):
        written = Document(GOOD / "everything" / path, GOOD).value
        known = schema(which, probes)["properties"]  # type: ignore[arg-type]
        assert set(written) <= set(known)
        assert set(known) - set(written) <= {"operator"}, "every key is shown in tests/config/good/everything"
