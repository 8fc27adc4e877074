"""The secrets of a configuration, for the filter that keeps them out of the logs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from probes.secret import Secret
from supervisor.config.configuration import Configuration


def secrets_of(configuration: Configuration) -> frozenset[str]:
    """Every secret value that it holds."""
    sondes = (*configuration.sondes.values(), *configuration.canaries)
    distinct = {id(sonde.settings): sonde.settings for sonde in sondes}  # equal settings are one object
    holders = [configuration.metrics_token, configuration.alerts, *distinct.values()]
    return frozenset(value for holder in holders for value in _secrets(holder))


def secrets_in(settings: Any) -> frozenset[str]:
    """Every secret value of one part of a configuration."""
    return frozenset(_secrets(settings))


def _secrets(value: Any) -> Iterator[str]:
    if isinstance(value, Secret):
        yield value.reveal()
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _secrets(inner)
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from _secrets(inner)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _secrets(getattr(value, field.name))
