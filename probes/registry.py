"""Which techniques there are: ours by name, others through the entry-point group `vigie.probes`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import entry_points

from probes import certificate, disk, dns, domain, heartbeat, http, imap, link, mail_loop, smtp, tcp, tls
from probes.base import Probe
from probes.camera import check as camera
from probes.snmp import interface, value

BUILTIN = (
    link.PROBE,
    disk.PROBE,
    interface.PROBE,
    value.PROBE,
    camera.PROBE,
    http.PROBE,
    tcp.PROBE,
    tls.PROBE,
    certificate.PROBE,
    dns.PROBE,
    domain.PROBE,
    smtp.PROBE,
    imap.PROBE,
    mail_loop.PROBE,
    heartbeat.PROBE,
)
GROUP = "vigie.probes"


def load() -> Mapping[str, Probe]:
    """Every technique by its type; a foreign one may not take the name of ours, and always runs isolated."""
    probes = {probe.type: probe for probe in BUILTIN}
    for entry in entry_points(group=GROUP):
        probe = entry.load()
        if not isinstance(probe, Probe):
            raise TypeError(f"entry point {entry.value}: expected a probes.base.Probe, found {type(probe).__name__}")
        if probe.type in probes:
            raise ValueError(f"entry point {entry.value}: the type '{probe.type}' already exists")
        probes[probe.type] = replace(probe, isolated=True)
    return probes
