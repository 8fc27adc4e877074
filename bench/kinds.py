"""Every kind of check that the bench knows: what it is called, how many run, what it is held against.

A new technique gets a line here, a target that makes its checks (see `targets.serving`) and, where an exporter of
Prometheus does the like, its module in `exporters`.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Exporter = Literal["blackbox", "snmp"]


class Goal(NamedTuple):
    """What was set out to reach."""

    cpu_ms: float
    ratio: float | None = None  # so many times cheaper than Prometheus


class Kind(NamedTuple):
    """One way to use one technique."""

    label: str
    exporter: Exporter | None = None  # which of Prometheus's does the like
    goal: Goal | None = None
    sondes: int = 2000  # every 10 s in a full run


KINDS = {
    "link1": Kind("`link`, 1 packet", "blackbox", Goal(0.10, 12)),
    "link3": Kind("`link`, 3 packets", None, Goal(0.20)),  # blackbox sends one packet and can send no more
    "http": Kind("`http`, new connection", "blackbox", Goal(0.45, 4)),
    "https": Kind("`http` over TLS, full handshake", "blackbox", Goal(1.6, 1.7)),
    "tcp": Kind("`tcp`", "blackbox", Goal(0.20, 7)),
    "dns": Kind("`dns`", "blackbox", Goal(0.15, 10)),
    "tls": Kind("`tls`", "blackbox", sondes=1000),
    "certificate": Kind("`certificate`, a file of two"),
    "domain": Kind("`domain`, RDAP in clear", sondes=1000),
    "smtp": Kind("`smtp`, STARTTLS", "blackbox", sondes=500),
    "imap": Kind("`imap`, STARTTLS", "blackbox", sondes=500),
    "mail-loop": Kind("`mail-loop`, STARTTLS at both ends", sondes=200),
    "disk": Kind("`disk`, 13 volumes, SNMP 2c", "snmp", Goal(0.6, 4)),
    "disk-shared": Kind("`disk`, five sondes of a host", None),
    "disk-v1": Kind("`disk`, 13 volumes, SNMP 1", "snmp", sondes=1000),
    "disk-v3": Kind("`disk`, 13 volumes, SNMP 3 authPriv", "snmp", sondes=300),
    "interface": Kind("`interface`, one port, SNMP 2c", "snmp"),
    "snmp": Kind("`snmp`, one value, SNMP 2c", "snmp"),
    "heartbeat": Kind("`heartbeat`, looked at", sondes=1000),
}
# Whose Prometheus figure a row is held against, when it has none of its own.
COMPARED_WITH = {"link3": "link1"}
