"""What Prometheus's exporters are told: one module a kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench import agent
from bench.kinds import Exporter
from bench.targets import QUESTION, Targets

PATHS: dict[Exporter, str] = {"blackbox": "/probe", "snmp": "/snmp"}

_IF, _IFX = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"  # ifEntry, ifXEntry
_LOOPBACK = 1  # ifIndex of `lo` on Linux
# What `interface` asks for, and what is kept of it.
_PORT = {
    f"{_IF}.7": ("ifAdminStatus", "gauge"),
    f"{_IF}.8": ("ifOperStatus", "gauge"),
    f"{_IFX}.15": ("ifHighSpeed", "gauge"),
    f"{_IFX}.6": ("ifHCInOctets", "counter"),
    f"{_IFX}.10": ("ifHCOutOctets", "counter"),
    f"{_IF}.14": ("ifInErrors", "counter"),
    f"{_IF}.20": ("ifOutErrors", "counter"),
    f"{_IFX}.19": ("ifCounterDiscontinuityTime", "gauge"),
}


def _blackbox(targets: Targets) -> dict[str, Any]:
    """`link3` has no module of its own: blackbox sends one packet and can send no more."""
    v4 = {"preferred_ip_protocol": "ip4"}
    tls = {**v4, "tls_config": {"ca_file": str(targets.root)}}
    icmp = {"prober": "icmp", "icmp": v4}
    modules: dict[str, Any] = {
        "link1": icmp,
        "link3": icmp,
        "http": {"prober": "http", "http": v4},
        "https": {"prober": "http", "http": tls},
        "tcp": {"prober": "tcp", "tcp": v4},
        "tls": {"prober": "tcp", "tcp": {**tls, "tls": True}},
        "dns": {"prober": "dns", "dns": {**v4, "query_name": QUESTION, "query_type": "A"}},
        "smtp": {"prober": "tcp", "tcp": {**tls, "query_response": _SMTP}},
        "imap": {"prober": "tcp", "tcp": {**tls, "query_response": _IMAP}},
    }
    return {"modules": modules}


# A session as far as `smtp` and `imap` go without a login.
_SMTP = [
    {"expect": "^220 "},
    {"send": "EHLO vigie.invalid\r"},
    {"expect": "^250-STARTTLS"},
    {"expect": "^250 "},
    {"send": "STARTTLS\r"},
    {"expect": "^220 "},
    {"starttls": True},
    {"send": "EHLO vigie.invalid\r"},
    {"expect": "^250 "},
    {"send": "QUIT\r"},
    {"expect": "^221 "},
]
_IMAP = [
    {"expect": r"^\* OK .*STARTTLS"},
    {"send": "1 STARTTLS\r"},
    {"expect": "^1 OK"},
    {"starttls": True},
    {"send": "2 CAPABILITY\r"},
    {"expect": "^2 OK"},
    {"send": "3 LOGOUT\r"},
    {"expect": "^3 OK"},
]


def _snmp(_: Targets) -> dict[str, Any]:
    """What its generator writes for the same values. It is not told to keep the columns that name nothing."""
    index = [{"labelname": "index", "type": "gauge"}]
    mount = {
        "labels": ["index"],
        "labelname": "mount",
        "oid": f"{agent.STORAGE}.3",
        "type": "DisplayString",
    }
    sizes = [
        {"name": name, "oid": f"{agent.STORAGE}.{column}", "type": "gauge", "help": "-", "indexes": index,
         "lookups": [mount]}
        for column, name in ((4, "units"), (5, "size"), (6, "used"))
    ]  # fmt: skip
    storage = {"walk": [f"{agent.STORAGE}.{column}" for column in agent.COLUMNS], "metrics": sizes}
    port = [
        {"name": name, "oid": oid, "type": kind, "help": "-", "indexes": index} for oid, (name, kind) in _PORT.items()
    ]
    user = {
        "security_level": "authPriv",
        "username": agent.USER,
        "password": agent.AUTH_PASSWORD,
        "auth_protocol": "SHA256",
        "priv_protocol": "AES",
        "priv_password": agent.PRIVACY_PASSWORD,
    }
    return {
        "disk": storage,
        "disk-v1": {**storage, "version": 1},
        "disk-v3": {**storage, "version": 3, "auth": user},
        "interface": {"get": [f"{oid}.{_LOOPBACK}" for oid in _PORT], "metrics": port},
        "snmp": {
            "get": [agent.CHARGE],
            "metrics": [{"name": "charge", "oid": agent.CHARGE, "type": "gauge", "help": "-"}],
        },
    }


CONFIGS: dict[Exporter, Callable[[Targets], dict[str, Any]]] = {"blackbox": _blackbox, "snmp": _snmp}
