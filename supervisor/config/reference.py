"""docs/configuration.md, written from the models: `make docs`. A test holds the file against them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from probes import registry
from probes.base import Probe
from supervisor.config.schema import schema

_HEAD = """# Configuration

One main file and one file per collectivité, in YAML. `vigie check` says everything that is wrong with them;
`vigie check --schema main` and `--schema collectivite` print the JSON Schemas that editors understand. Durations are
written like `30s`, `5min`, `8h`, `2d`; sizes like `20 GiB` or `40 Go`; ratios like `5 %`; secrets are references:
`{file: PATH}`, `{env: NAME}` or `{credential: NAME}`. Paths are relative to the main file.

This page is made from the models by `make docs`.
"""
_TABLE = "| key | default | |\n|---|---|---|\n"


def reference(probes: Mapping[str, Probe]) -> str:
    """The whole page."""
    main, collectivite = schema("main", probes), schema("collectivite", probes)
    sonde = collectivite["properties"]["equipment"]["items"]["properties"]["sondes"]["items"]
    parts = [
        _HEAD,
        "\n## The main file\n\n",
        _TABLE,
        *_rows(main, main, ""),
        "\n## A collectivité's file\n\n",
        _TABLE,
        *_rows(collectivite, collectivite, ""),
        "\n## The settings of each type of sonde\n\n",
        "Beside the keys that every sonde has. [sondes/](sondes/) says what each measures and how to choose.\n",
    ]
    for case in sorted(sonde["allOf"], key=lambda case: str(case["if"]["properties"]["type"]["const"])):
        kind = case["if"]["properties"]["type"]["const"]
        parts += [f"\n### `{kind}`\n\n{case['then'].get('description', '')}\n\n", _TABLE]
        parts += _rows(case["then"], collectivite, "")
    return "".join(parts)


def _rows(node: dict[str, Any], root: dict[str, Any], prefix: str) -> Iterator[str]:
    required = node.get("required", ())
    for key, value in sorted(node.get("properties", {}).items(), key=lambda pair: pair[0] not in required):
        name = f"{prefix}{key}"
        if key in required:
            default = "required"
        else:
            default = _default(value["default"]) if value.get("default") not in (None, [], {}) else ""
        yield f"| `{name}` | {default} | {_said(value, root)} |\n"
        for inner, step in _inside(value, root):
            yield from _rows(inner, root, f"{name}{step}.")


def _said(value: dict[str, Any], root: dict[str, Any]) -> str:
    if "description" not in value and "$ref" in value:
        value = root["$defs"][value["$ref"].rpartition("/")[2]]
    return str(value.get("description", "")).replace("|", "¦").replace("\n", " ")


def _default(value: Any) -> str:
    text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
    return f"`{text}`"


def _inside(value: dict[str, Any], root: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """The mappings that may be written there, and how their keys are reached."""
    if "$ref" in value:
        value = root["$defs"][value["$ref"].rpartition("/")[2]]
    if {"file", "env", "credential"} == set(value.get("properties", ())):
        return  # a secret: explained once, above
    if "properties" in value:
        yield value, ""
    for choice in value.get("anyOf", ()):
        yield from _inside(choice, root)
    for kind, target in value.get("discriminator", {}).get("mapping", {}).items():
        yield from ((inner, f"({kind}){step}") for inner, step in _inside({"$ref": target}, root))
    if isinstance(value.get("items"), dict):
        yield from ((inner, f"[]{step}") for inner, step in _inside(value["items"], root))
    names = (value.get("additionalProperties"), *value.get("patternProperties", {}).values())
    for named in names:
        if isinstance(named, dict):
            yield from ((inner, f".NAME{step}") for inner, step in _inside(named, root))


if __name__ == "__main__":
    sys.stdout.write(reference(registry.load()))
