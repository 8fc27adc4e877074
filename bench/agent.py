"""A real snmpd that answers on every loopback address: each is a host with 13 volumes, one of 3 TiB, and a UPS.

The values are written in its configuration (`override`), so that a table costs it little and is the same on every
machine; the interfaces are the machine's own.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.check import Check, Make, loopback
from bench.processes import BenchError, Process

STORAGE = "1.3.6.1.2.1.25.2.3.1"  # hrStorageEntry
COLUMNS = (2, 3, 4, 5, 6)  # type, name, units, size, used
VOLUMES = 13
CHARGE = "1.3.6.1.2.1.33.1.2.4.0"  # upsEstimatedChargeRemaining
INTERFACE = "lo"
USER, AUTH_PASSWORD, PRIVACY_PASSWORD = "vigie", "authentifie", "chiffrement"
_SHARING = 5  # sondes of one host

_CONFIG = f"""rocommunity public
createUser {USER} SHA-256 {AUTH_PASSWORD} AES {PRIVACY_PASSWORD}
rouser {USER} priv
override .{CHARGE} integer 97
"""
_MODULES = (
    "override,system_mib,ifTable,ifXTable,snmp_mib,vacm_conf,vacm_vars,usmConf,usmUser,usmStats,snmpEngine"  # no others
)
_AUTH_FILE, _PRIVACY_FILE = "snmp-auth", "snmp-privacy"


@contextlib.contextmanager
def serving(directory: Path) -> Iterator[Mapping[str, Make]]:
    """The agent, and the checks that ask it."""
    directory.mkdir()
    (directory / _AUTH_FILE).write_text(AUTH_PASSWORD)
    (directory / _PRIVACY_FILE).write_text(PRIVACY_PASSWORD)
    with _snmpd(directory) as agent:
        port = agent.wait_for(lambda: _port(agent.pid), 60, "a port of snmpd")
        yield _makers(directory, port)


def _makers(directory: Path, port: int) -> Mapping[str, Make]:
    secrets = {"auth_password": directory / _AUTH_FILE, "privacy_password": directory / _PRIVACY_FILE}
    user = {"version": 3, "user": USER, **{name: {"file": str(path)} for name, path in secrets.items()}}
    disk = {"type": "disk"}

    def maker(kind: str, settings: Mapping[str, Any], access: Mapping[str, Any], sharing: int = 1) -> Make:
        def make(number: int) -> Check:
            address = loopback(number // sharing, 32)
            asked = {**settings, "access": {**access, "port": port}}
            return Check(kind=kind, address=address, settings=asked, probed=f"{address}:{port}")

        return make

    return {
        "disk": maker("disk", disk, {}),
        "disk-shared": maker("disk-shared", disk, {}, _SHARING),
        "disk-v1": maker("disk-v1", disk, {"version": 1}),
        "disk-v3": maker("disk-v3", disk, user),
        "interface": maker("interface", {"type": "interface", "interfaces": [INTERFACE]}, {}),
        "snmp": maker("snmp", {"type": "snmp", "oid": CHARGE, "below": {"warning": 50, "critical": 20}}, {}),
    }


def _snmpd(directory: Path) -> Process:
    program = shutil.which("snmpd", path="/usr/sbin:/usr/bin")
    if program is None:
        raise BenchError("snmpd is missing: apt-get install snmpd")
    config = directory / "snmpd.conf"
    config.write_text(_CONFIG + "".join(_volume(row) for row in range(1, VOLUMES + 1)))
    command = [program, "-f", "-Lo", "-C", "-c", str(config), "-I", _MODULES, "udp:0.0.0.0:0"]
    return Process(command, directory / "snmpd.log", env={"SNMP_PERSISTENT_DIR": str(directory), "MIBS": ""})


def _volume(row: int) -> str:
    # The last is of 3 TiB in units of 1 KiB: more than fits its 32 bits and a sign.
    unit, size = (4096, 26_214_400) if row < VOLUMES else (1024, 3 * 2**30 - 2**32)
    values = (
        "object_id .1.3.6.1.2.1.25.2.1.4",
        f'octet_str "/srv/{row}"',
        f"integer {unit}",
        f"integer {size}",
        f"integer {9_000_000 + row}",
    )
    return "".join(
        f"override .{STORAGE}.{column}.{row} {value}\n" for column, value in zip(COLUMNS, values, strict=True)
    )


def _port(pid: int) -> int | None:
    """The UDP port that a process holds, once it does."""
    sockets = set()
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            sockets.add(str(path.readlink()))
    for line in Path(f"/proc/{pid}/net/udp").read_text().splitlines()[1:]:
        words = line.split()
        if f"socket:[{words[9]}]" in sockets:
            return int(words[1].rpartition(":")[2], 16)
    return None
