"""A real snmpd on a port of the kernel's choosing, whose values the test decides."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from probes.secret import Secret
from tests.integration.probes import snmp_table

COMMUNITY = "lecture-seule"
PASSWORD = {"auth_password": Secret("authentifie-moi"), "privacy_password": Secret("chiffre-moi-ça")}
# Only these: the machine's own disks and interfaces are of no use to a test, and slow it.
_MODULES = "system_mib,snmp_mib,vacm_conf,vacm_vars,usmConf,usmUser,usmStats,snmpEngine,pass,pass_persist"
USERS = {
    "sha-aes128": "SHA {a} AES {p}",
    "sha256-aes128": "SHA-256 {a} AES {p}",
    "sha512-aes256": "SHA-512 {a} AES-256 {p}",
    "sha224-aes192": "SHA-224 {a} AES-192 {p}",
    "sha384-aes256-cisco": "SHA-384 {a} AES-256-C {p}",
    "sha512-aes192-cisco": "SHA-512 {a} AES-192-C {p}",
    "sha-aes256": "SHA {a} AES-256 {p}",
    "sha-aes256-cisco": "SHA {a} AES-256-C {p}",
    "md5-aes192": "MD5 {a} AES-192 {p}",
    "md5-des": "MD5 {a} DES {p}",
    "auth-sha256": "SHA-256 {a}",
    "noauth": "",
}
_SERVED = (
    "1.3.6.1.2.1.2",
    "1.3.6.1.2.1.10",
    "1.3.6.1.2.1.25",
    "1.3.6.1.2.1.31",
    "1.3.6.1.2.1.33",
    "1.3.6.1.2.1.43",
    "1.3.6.1.4.1.2021",
    "1.3.6.1.4.1.6574",
    "1.3.6.1.4.1.99999",
)
_CLONED = "0x80001f8880a1b2c3d4e5f60718"  # the identity of machines copied from one image
STORAGE = "1.3.6.1.2.1.25.2.3.1"
KINDS = {"ram": 2, "swap": 3, "disk": 4, "cd": 7, "flash": 9, "network": 10, "other": 1}


class Agent:
    """A running snmpd."""

    def __init__(
        self,
        directory: Path,
        *,
        allowed: str = "",
        host: str = "127.0.0.1",
        port: int = 0,
        starts: int = 0,
        user: str = "sha256-aes128",
    ) -> None:
        directory.mkdir(exist_ok=True)
        self._directory = directory
        self.host = host
        self._starts = starts  # of a clone: the identity of all clones, started so many times before
        self._table = directory / "table"
        self._user = user  # the only one of version 3: each takes 20 ms of every start
        self._allowed = allowed  # views: the OIDs that may be read
        self._values: dict[str, tuple[str, str]] = {}
        self._process: subprocess.Popen[str] | None = None
        self.port = port
        self.set({})

    def set(self, values: Mapping[str, tuple[str, Any]]) -> None:
        """These are the values from now on: (type of pass_persist, value) by OID."""
        self._values = {oid: (kind, str(value)) for oid, (kind, value) in values.items()}
        lines = [f"{oid} {kind} {value}\n" for oid, (kind, value) in self._values.items()]
        fresh = self._table.with_suffix(".new")
        fresh.write_text("".join(lines), encoding="utf-8")
        fresh.replace(self._table)

    def change(self, values: Mapping[str, tuple[str, Any]]) -> None:
        """These values in place of what they were."""
        self.set({**self._values, **values})

    def start(self, state: str = "state") -> None:
        """Start it; with another `state` it is another agent (engine id) at the same port."""
        program = shutil.which("snmpd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if program is None:
            pytest.fail("snmpd is missing: apt-get install snmpd")
        configuration = self._directory / "snmpd.conf"
        configuration.write_text(self._configuration())
        persistent = self._directory / state
        persistent.mkdir(exist_ok=True)
        remembered = persistent / "snmpd.conf"  # written when it stops: its identity, and how often it started
        if self._starts and not remembered.exists():
            remembered.write_text(f"engineBoots {self._starts}\noldEngineID {_CLONED}\n", encoding="utf-8")
        self._process = subprocess.Popen(
            [
                program,
                "-f",
                "-Lo",
                "-C",
                "-c",
                f"{configuration},{remembered}",
                "-I",
                _MODULES,
                f"udp:{self.host}:{self.port}",
            ],
            env={**os.environ, "SNMP_PERSISTENT_DIR": str(persistent), "MIBS": ""},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._process.stdout is not None
        said = []
        for line in self._process.stdout:
            said.append(line)
            if line.startswith("NET-SNMP version"):  # said once its sockets are open
                break
        else:
            pytest.fail("snmpd did not start: " + "".join(said))
        self.port = _port(self._process.pid, self.host)

    def stop(self) -> None:
        """Stop it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def _configuration(self) -> str:
        words = {"a": PASSWORD["auth_password"].reveal(), "p": PASSWORD["privacy_password"].reveal()}
        level = {"auth-sha256": "auth", "noauth": "noauth"}.get(self._user, "priv")
        user = [
            f"createUser {self._user} {USERS[self._user].format(**words)}",
            f"rouser {self._user} {level} {self._allowed}",
        ]
        # Without what is installed: the first question waits for it to start.
        program = f"{sys.executable} -I -S {snmp_table.__file__} {self._table}"
        served = [f"pass_persist .{root} {program}" for root in _SERVED]
        identity = [f"exactEngineID {_CLONED}"] if self._starts else []
        return "\n".join([*identity, f"rocommunity {COMMUNITY} default {self._allowed}", *user, *served]) + "\n"


def storage(*volumes: Mapping[str, Any]) -> dict[str, tuple[str, Any]]:
    """The storage table of volumes told by `name`, `size` and `used` (in units), `unit`, `kind`."""
    values: dict[str, tuple[str, Any]] = {}
    for index, volume in enumerate(volumes, 1):
        values[f"{STORAGE}.1.{index}"] = ("integer", index)
        values[f"{STORAGE}.2.{index}"] = ("objectid", f".1.3.6.1.2.1.25.2.1.{KINDS[volume.get('kind', 'disk')]}")
        values[f"{STORAGE}.3.{index}"] = ("string", volume["name"])
        values[f"{STORAGE}.4.{index}"] = ("integer", volume.get("unit", 4096))
        values[f"{STORAGE}.5.{index}"] = ("integer", _signed(volume["size"]))
        values[f"{STORAGE}.6.{index}"] = ("integer", _signed(volume["used"]))
    return values


def column(table: str, number: int, kind: str, values: Iterable[Any]) -> dict[str, tuple[str, Any]]:
    """A column of a table, its rows numbered from 1."""
    return {f"{table}.{number}.{index}": (kind, value) for index, value in enumerate(values, 1)}


def _signed(count: int) -> int:
    # What agents do of a count beyond 2^31: the field has 32 bits and a sign.
    return count - (1 << 32) if count >= 1 << 31 else count


def _port(process: int, host: str) -> int:
    """The UDP port that a process holds on this address, which the kernel may not show at the first look.

    Its list is read in parts, between which the sockets of others come and go.
    """
    ends_at = time.monotonic() + 60
    while (port := _port_seen(process, host)) is None:
        assert time.monotonic() < ends_at, "snmpd holds no port"
        time.sleep(0.02)
    return port


def _port_seen(process: int, host: str) -> int | None:
    sockets = set()
    for descriptor in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            target = str(descriptor.readlink())
            if target.startswith("socket:["):
                sockets.add(target[8:-1])
    for line in Path("/proc/net/udp").read_text().splitlines()[1:]:
        words = line.split()
        address, _, port = words[1].partition(":")
        if words[9] in sockets and address == socket.inet_aton(host)[::-1].hex().upper():
            return int(port, 16)
    return None
