"""What describes the API to programs: `/api/v1/openapi.json`, OpenAPI 3.1. Public: it holds no figure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from supervisor.web.resources import CSV, JSON, MACHINE, ROOT, TYPES, Parameter, Resource
from supervisor.web.schemas import REFERENCE, SCHEMAS, TEXT

_TOKEN = "token"  # noqa: S105  the name of the scheme
_FORMS = {
    JSON: "what `vigie billing … --json` prints",
    CSV: "for a French spreadsheet (semicolons, decimal commas, byte order mark)",
    MACHINE: "for a program (commas, decimal points, the words of the JSON)",
}
_REFUSALS = {
    "400": "A parameter is wrong or missing, or asks for the future; `error` says which, and what would be right.",
    "401": "The token is missing, wrong or revoked.",
    "404": "No such collectivité.",
    "406": "The answer has none of the types that `Accept` lists.",
    "409": "The ledger lacks something that the answer takes, such as a price; `error` says what.",
    "503": "The database cannot be read now.",
}


def document(resources: Iterable[Resource]) -> dict[str, Any]:
    """The description of these resources."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Vigie",
            "version": "1",
            "description": "What is counted, and what is called, from the ledger alone. A strong `ETag` comes with "
            "every answer: asked for again with `If-None-Match`, what did not change is a 304 without a body.",
            "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        },
        "servers": [{"url": "/"}],
        "paths": {
            f"{ROOT}/openapi.json": {"get": _own()},
            **{ROOT + resource.path: {"get": _operation(resource)} for resource in resources},
        },
        "components": {
            "securitySchemes": {
                _TOKEN: {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Made by `vigie token create --role billing`, for one program.",
                }
            },
            "schemas": SCHEMAS,
        },
    }


def _own() -> dict[str, Any]:
    return {
        "operationId": "openapi",
        "summary": "This description",
        "security": [],
        "responses": {"200": {"description": "OpenAPI 3.1", "content": {TYPES[JSON]: {"schema": {"type": "object"}}}}},
    }


def _operation(resource: Resource) -> dict[str, Any]:
    content: dict[str, Any] = {
        kind: {"schema": {"$ref": REFERENCE + resource.schema} if kind == TYPES[JSON] else TEXT}
        for kind in resource.types
    }
    asked = {each.name for each in resource.parameters}
    refusals = {status: why for status, why in _REFUSALS.items() if status != "404" or "collectivite" in asked}
    return {
        "operationId": resource.name,
        "summary": resource.summary,
        "description": resource.meaning,
        "security": [{_TOKEN: []}],
        "parameters": [*map(_parameter, resource.parameters), _format(resource)],
        "responses": {
            "200": {"description": resource.summary, "headers": {"ETag": {"schema": TEXT}}, "content": content},
            "304": {"description": "It is still what `If-None-Match` names."},
            **{status: _refusal(why) for status, why in refusals.items()},
        },
    }


def _refusal(why: str) -> dict[str, Any]:
    return {"description": why, "content": {TYPES[JSON]: {"schema": {"$ref": REFERENCE + "Error"}}}}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": "query",
        "required": parameter.required,
        "description": parameter.meaning,
        "schema": {"type": "string", "pattern": parameter.pattern},
        "example": parameter.example,
    }


def _format(resource: Resource) -> dict[str, Any]:
    said = "; ".join(f"`{form}`: {_FORMS[form]}" for form in resource.forms)
    return {
        "name": "format",
        "in": "query",
        "required": False,
        "description": f"{said}. Without it, `Accept` decides.",
        "schema": {"type": "string", "enum": list(resource.forms)},
    }
