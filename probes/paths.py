"""Paths as people write them in the config: relative to the main file, whatever directory the daemon runs in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo, WithJsonSchema


def _anchored(value: Any, info: ValidationInfo) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError("a path is a text, like /etc/vigie/ca.pem, or ca.pem beside the main file")
    return str(Path((info.context or {}).get("base", ".")) / Path(value).expanduser())


FilePath = Annotated[str, BeforeValidator(_anchored), WithJsonSchema({"type": "string", "minLength": 1})]
