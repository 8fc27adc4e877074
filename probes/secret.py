"""Passwords and keys, by reference only: the config says where a secret is, never what it is."""

from __future__ import annotations

import hmac
import os
import re
from pathlib import Path
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

MAX_BYTES = 65536  # a key with its chain is a few kilobytes; a log file named by mistake is not read whole
HOW = "write {file: PATH}, {env: NAME} or {credential: NAME}"
_SOURCES = ("file", "env", "credential")
_NAME = re.compile(r"[A-Za-z0-9_.@-]+")


class Secret:
    """A secret read from where the config says it is; `reveal()` gives it, nothing else shows it.

    Two secrets are equal when their values are, so that a reload sees that a password was changed in place.
    """

    __slots__ = ("_source", "_value")

    def __init__(self, value: str, source: str = "given") -> None:
        self._value = value
        self._source = source

    def reveal(self) -> str:
        """The secret itself: to be handed to whatever needs it, never to a message, a log or a metric."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({self._source})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    @classmethod
    def read(cls, reference: Any, base: Path) -> Secret:
        """What `{file: PATH}`, `{env: NAME}` or `{credential: NAME}` refers to; ValueError says why not."""
        if isinstance(reference, Secret):
            return reference
        if not isinstance(reference, dict):
            raise ValueError(f"a secret is never written in the config; {HOW}")
        if len(reference) != 1 or next(iter(reference)) not in _SOURCES:
            raise ValueError(f"this is not a reference to a secret; {HOW}")
        ((source, name),) = reference.items()
        if not isinstance(name, str) or not name:
            raise ValueError(f"the name of a secret is a text; {HOW}")
        if source == "env":
            value = _from_environment(name)
        elif source == "credential":
            value = _from_file(_credential(name))
        else:
            value = _from_file(base / Path(name).expanduser())
        return cls(value, f"{source}: {name}")

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            lambda value, info: cls.read(value, Path((info.context or {}).get("base", ".")))
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        one = {source: {"type": "string", "minLength": 1} for source in _SOURCES}
        return {
            "type": "object",
            "description": "Where the secret is: a file, an environment variable or a systemd credential.",
            "properties": one,
            "additionalProperties": False,
            "minProperties": 1,
            "maxProperties": 1,
        }


def _from_environment(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise ValueError(f"the environment variable {name} is {'empty' if value == '' else 'not set'}; set it")
    return value


def _credential(name: str) -> Path:
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    if not _NAME.fullmatch(name):
        raise ValueError(f"'{name}' is not the name of a systemd credential; use letters, digits, '.', '_', '-', '@'")
    if directory is None:
        raise ValueError(
            f"systemd gave no credential; add LoadCredential={name}:PATH to the unit, or write {{file: PATH}}"
        )
    return Path(directory) / name


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        text = data.decode()
    except OSError as error:
        raise ValueError(f"the secret file {path} cannot be read ({error.strerror}); create it or correct it") from None
    except UnicodeDecodeError:
        raise ValueError(f"the secret file {path} is not UTF-8 text; write the secret as text") from None
    if len(data) > MAX_BYTES:
        raise ValueError(f"the secret file {path} is larger than {MAX_BYTES // 1024} KiB; name the right file")
    # Editors and `echo` end a file with a newline that is no part of the secret.
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise ValueError(f"the secret file {path} is empty; write the secret in it")
    return text
