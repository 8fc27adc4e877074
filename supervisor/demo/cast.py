"""Who is on stage: the servers and jobs that the sondes of the demo's config look at."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import NamedTuple

from yarl import URL

from probes.camera.settings import CameraSettings, port_of
from probes.disk import DiskSettings
from probes.dns import DnsSettings
from probes.dns_exchange import Server
from probes.domain import DomainSettings
from probes.heartbeat import HeartbeatSettings
from probes.http_settings import HttpSettings
from probes.imap import ImapSettings
from probes.mail_loop import MailLoopSettings
from probes.smtp import SmtpSettings
from probes.snmp.access import SnmpAccess
from probes.snmp.interface import InterfaceSettings
from probes.snmp.value import SnmpSettings
from probes.tcp import TcpSettings
from probes.tls import TlsSettings
from supervisor.config.configuration import Configuration
from supervisor.demo.names import Entry
from supervisor.demo.played import Place
from supervisor.domain.sonde import Sonde

# Every kind has one port, whatever the address, as in real life; these are the words after $ in the config.
KINDS = (
    "https", "smtp", "imap", "dns", "ssh", "sip", "pgsql", "mariadb", "printer", "smb", "meter", "snmp", "camera"
)  # fmt: skip
_ANYWHERE = "127.77.0.1"
_OFTEN = 0.5  # a job calls twice in the time it has
_FULL = 0.62  # of its quota is used


class Job(NamedTuple):
    """Something that calls in when it is done."""

    sonde: str
    every_s: float
    size_bytes: int


def choose_ports() -> dict[str, int]:
    """A port for each kind, chosen by the system; all are held until the last one is known, so that none is twice."""
    with ExitStack() as held:
        ports: dict[str, int] = {}
        for kind in KINDS:
            sock = held.enter_context(socket.socket())
            sock.bind((_ANYWHERE, 0))
            ports[kind] = sock.getsockname()[1]
        return ports


def places(configuration: Configuration, ports: Mapping[str, int]) -> list[Place]:
    """Where servers stand: every address and port that a sonde or a canary looks at."""
    kinds = {port: kind for kind, port in ports.items()}
    owners = _owners(configuration)
    found: dict[tuple[str, int], Place] = {}
    for sonde in (*configuration.sondes.values(), *configuration.canaries):
        for address, port in _looked_at(sonde):
            name, owner = owners.get(address, (f"internet/{address}", "Internet"))
            kind = kinds[port]
            found[address, port] = Place(name=f"{name}/{kind}", owner=owner, kind=kind, address=address)
    return list(found.values())


def _owners(configuration: Configuration) -> dict[str, tuple[str, str]]:
    """Of each address: "collectivite/equipment", and the name of the collectivité."""
    return {
        equipment.address: (f"{collectivite.id}/{equipment.id}", collectivite.name)
        for collectivite in configuration.collectivites.values()
        for equipment in collectivite.equipment.values()
    }


def _looked_at(sonde: Sonde) -> Iterator[tuple[str, int]]:
    address, settings = sonde.target.address, sonde.settings
    if isinstance(settings, TcpSettings | TlsSettings | SmtpSettings | ImapSettings):
        if settings.port is not None:
            yield address, settings.port
    elif isinstance(settings, MailLoopSettings):
        yield settings.smtp.address or address, settings.smtp.port or 0
        yield settings.imap.address or address, settings.imap.port or 0
    elif isinstance(settings, HttpSettings | DomainSettings):
        written = settings.url if isinstance(settings, HttpSettings) else settings.server or ""
        url = URL(written.replace("{address}", address))
        yield url.host or "", url.port or 0
    elif isinstance(settings, DiskSettings | InterfaceSettings | SnmpSettings):
        yield address, (settings.access or SnmpAccess()).port
    elif isinstance(settings, CameraSettings):
        where = settings.location(address)
        yield where.hostname or "", port_of(where)
    elif isinstance(settings, DnsSettings):
        server = Server.read(settings.resolver)
        yield server.address.host, server.port


def zone(configuration: Configuration) -> list[Entry]:
    """What the name servers answer: what the sondes expect."""
    return [
        Entry(sonde.settings.name or sonde.target.address, sonde.settings.record, sonde.settings.expect)
        for sonde in (*configuration.sondes.values(), *configuration.canaries)
        if isinstance(sonde.settings, DnsSettings)
    ]


def jobs(configuration: Configuration) -> list[Job]:
    """What is expected to call in."""
    return [
        Job(sonde.id, sonde.settings.every * _OFTEN, int(sonde.settings.quota.limit * _FULL))
        for sonde in configuration.sondes.values()
        if isinstance(sonde.settings, HeartbeatSettings) and sonde.settings.every and sonde.settings.quota
    ]
