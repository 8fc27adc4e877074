"""What may be written of the SNMP techniques."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from probes.disk import DiskSettings
from probes.secret import Secret
from probes.snmp.access import SnmpAccess
from probes.snmp.interface import InterfaceSettings
from probes.snmp.value import SnmpSettings
from probes.snmp.words import read_oid, say_oid

LONG, SHORT = Secret("assez-long"), Secret("court")
OID = "1.3.6.1.2.1.1.3.0"


def read(kind: type[Any], **written: Any) -> Any:
    return TypeAdapter(kind).validate_python(written)


@pytest.mark.parametrize(
    ("kind", "written", "words"),
    [
        (SnmpAccess, {"version": 2}, "'2c'"),
        (SnmpAccess, {"user": "vigie"}, "write version: 3"),
        (SnmpAccess, {"auth_password": LONG}, "belongs to version 3"),
        (SnmpAccess, {"version": 1, "context": "x"}, "belongs to version 3"),
        (SnmpAccess, {"version": 3}, "needs a user"),
        (SnmpAccess, {"version": 3, "user": "a", "community": LONG}, "belongs to versions 1 and 2c"),
        (SnmpAccess, {"version": 3, "user": "a", "privacy_password": LONG}, "needs 'auth_password'"),
        (SnmpAccess, {"version": 3, "user": "a", "auth_password": SHORT}, "fewer than 8"),
        (SnmpAccess, {"version": 3, "user": "a", "auth": "sha3"}, "sha512"),
        (SnmpAccess, {"community": "public"}, "never written in the config"),
        (SnmpSettings, {}, "oid"),
        (SnmpSettings, {"oid": "SNMPv2-MIB::sysUpTime.0"}, "is not an OID"),
        (SnmpSettings, {"oid": OID, "of": "x"}, "is not an OID"),
        (SnmpSettings, {"oid": OID, "labels": OID}, "needs 'rows'"),
        (SnmpSettings, {"oid": OID, "hex": True, "above": {"warning": 1}}, "'hex' is for texts"),
        (SnmpSettings, {"oid": OID, "scale": 0}, "greater than 0"),
        (SnmpSettings, {"oid": OID, "states": {"ok": []}}, "at least 1"),
        (SnmpSettings, {"oid": OID, "states": {"ok": [1, 2], "warning": [2]}}, "state 2 cannot be both"),
        (SnmpSettings, {"oid": OID, "below": {"warning": "dix"}}, "is not a ratio"),
        (InterfaceSettings, {}, "interfaces"),
        (InterfaceSettings, {"interfaces": []}, "at least 1"),
        (DiskSettings, {"free": {"warning": "5 %", "critical": "10 %"}}, "must be above"),
        (DiskSettings, {"free_size": {"warning": "beaucoup"}}, "is not a size"),
        (DiskSettings, {"full_within": {}}, "no time is given; write it like 7d"),
        (DiskSettings, {"full_within": "0s"}, "write more than 0 and at most 365d"),
        (DiskSettings, {"full_within": {"warning": "366d", "critical": "7d"}}, "at most 365d"),
        (DiskSettings, {"exporter": {"url": "http://{adress}:9100/metrics"}}, "only {address} stands for something"),
        (DiskSettings, {"exporter": {"url": "http://a/metrics"}, "access": {}}, "write access: or exporter:"),
        (DiskSettings, {"mounts": ["/srv", " "]}, "an empty name means no volume"),
        (DiskSettings, {"exclude": [""]}, "an empty name means no volume"),
        (DiskSettings, {"exclude": ["*"]}, "leaves no volume"),
        (DiskSettings, {"mounts": ["D:\\"], "exclude": ["/srv", "d:"]}, "is in mounts and left out"),
        (DiskSettings, {"mounts": ["/srv/*"], "exclude": ["/srv/*"]}, "is in mounts and left out"),
        (DiskSettings, {"exporter": {"url": "9100"}}, "is not an http or https URL"),
        (DiskSettings, {"exporter": {"basic": {"user": "a", "password": LONG}}}, "url"),
        (
            DiskSettings,
            {"exporter": {"url": "http://a/", "basic": {"user": "a", "password": LONG}, "bearer": LONG}},
            "two logins",
        ),
    ],
)
def test_refused(kind: type[Any], written: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        read(kind, **written)
    assert words in str(refusal.value)
    assert "assez-long" not in str(refusal.value)
    assert "court" not in str(refusal.value)


@pytest.mark.parametrize(
    "text", ["", "1", "a.b", "1.3.-6", "3.1", "0.40", "1.3." + "1." * 127 + "1", "1.3.4294967296", "1..3", "1.²"]
)
def test_what_is_not_an_oid(text: str) -> None:
    with pytest.raises(ValueError, match="OID"):
        read_oid(text)


def test_oids() -> None:
    assert read_oid(f" .{OID}") == (1, 3, 6, 1, 2, 1, 1, 3, 0)
    assert say_oid(read_oid(OID)) == OID
    assert read_oid("2.999") == (2, 999)


def test_a_disk_has_thresholds_unless_it_has_others() -> None:
    assert read(DiskSettings).free == read(DiskSettings, free={"warning": "10 %", "critical": "5 %"}).free
    assert read(DiskSettings, free_size={"critical": "20 GiB"}).free is None
    assert read(DiskSettings, free_size={"critical": "20 GiB"}).free_size.critical == 20 << 30


def test_secrets_show_nowhere() -> None:
    access = read(SnmpAccess, version=3, user="vigie", auth_password=LONG, privacy_password=LONG)
    assert "assez-long" not in repr(access)
    assert access == read(SnmpAccess, version=3, user="vigie", auth_password=LONG, privacy_password=LONG)
    assert hash(access) != hash(read(SnmpAccess, version=3, user="vigie", auth_password=LONG))


def test_percentages_are_ratios() -> None:
    settings = read(SnmpSettings, oid=OID, below={"warning": "10 %", "critical": 0.01})
    assert (settings.below.warning, settings.below.critical) == (0.1, 0.01)
