"""Which techniques there are: ours by name, others through the entry-point group `vigie.probes`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from importlib.metadata import entry_points

from probes.base import Probe

# Ours, each with the module of this package whose `PROBE` it is: imported when it is first asked for, since together
# they take longer to import than most commands of the command line take.
MODULES = {
    "link": "link",
    "disk": "disk",
    "interface": "snmp.interface",
    "snmp": "snmp.value",
    "camera": "camera.check",
    "http": "http",
    "tcp": "tcp",
    "tls": "tls",
    "certificate": "certificate",
    "dns": "dns",
    "domain": "domain",
    "smtp": "smtp",
    "imap": "imap",
    "mail-loop": "mail_loop",
    "heartbeat": "heartbeat",
}
GROUP = "vigie.probes"


class Techniques(Mapping[str, Probe]):
    """Every technique by its type."""

    def __init__(self, foreign: Mapping[str, Probe]) -> None:
        self._known = dict(foreign)

    def __getitem__(self, kind: str) -> Probe:
        if kind not in self._known:
            self._known[kind] = import_module(f"probes.{MODULES[kind]}").PROBE
        return self._known[kind]

    def __contains__(self, kind: object) -> bool:
        return kind in MODULES or kind in self._known

    def __iter__(self) -> Iterator[str]:
        yield from MODULES
        yield from (kind for kind in self._known if kind not in MODULES)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def load() -> Techniques:
    """Every technique by its type; a foreign one may not take the name of ours, and always runs isolated."""
    foreign: dict[str, Probe] = {}
    for entry in entry_points(group=GROUP):
        probe = entry.load()
        if not isinstance(probe, Probe):
            raise TypeError(f"entry point {entry.value}: expected a probes.base.Probe, found {type(probe).__name__}")
        if probe.type in MODULES or probe.type in foreign:
            raise ValueError(f"entry point {entry.value}: the type '{probe.type}' already exists")
        foreign[probe.type] = replace(probe, isolated=True)
    return Techniques(foreign)
