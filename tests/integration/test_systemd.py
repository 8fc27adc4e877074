"""The unit, the account and the directories, as systemd itself reads them; and what the sandbox costs Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SYSTEMD = ROOT / "systemd"
UNIT = SYSTEMD / "vigie.service"
PROGRAM = "/opt/vigie/bin/vigie"


class Section(dict[str, list[str]]):
    """Keys may come several times in a unit."""

    def one(self, key: str) -> str:
        (value,) = self[key]
        return value


def service() -> Section:
    section = Section()
    lines = UNIT.read_text().partition("[Service]")[2].partition("[Install]")[0].splitlines()
    for line in lines:
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            section.setdefault(key, []).append(value)
    return section


def systemd(tool: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    if shutil.which(tool) is None:
        pytest.fail(f"{tool} is missing: apt-get install systemd")
    return subprocess.run([tool, *map(str, arguments)], capture_output=True, text=True, timeout=300, check=False)


def verify(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """The unit as installed beside its program, which verify wants to be there."""
    program = folder / "vigie"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = folder / "vigie.service"
    unit.write_text(text.replace(PROGRAM, str(program)))
    return systemd("systemd-analyze", "verify", unit)


def test_verify_has_nothing_to_say(tmp_path: Path) -> None:
    done = verify(tmp_path, UNIT.read_text())
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("WatchdogSec=60s", "WatchdogSeconds=60s"),
        ("ProtectSystem=strict", "ProtectSystem=very"),
        (f"ExecStart={PROGRAM}", "ExecStart=/opt/vigie/bin/no-such-program"),
    ],
)
def test_verify_speaks_up_when_the_unit_is_wrong(tmp_path: Path, right: str, wrong: str) -> None:
    """It exits with 0 all the same on most mistakes: only its standard error counts."""
    text = UNIT.read_text()
    assert right in text
    assert verify(tmp_path, text.replace(right, wrong)).stderr


def test_exposure_is_at_most_2() -> None:
    done = systemd("systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", UNIT)
    assert done.returncode == 0, done.stdout


def test_the_one_capability_is_raw_sockets() -> None:
    unit = service()
    assert unit.one("AmbientCapabilities") == unit.one("CapabilityBoundingSet") == "CAP_NET_RAW"
    assert unit.one("NoNewPrivileges") == "yes"


def test_the_manager_and_the_daemon_speak_the_same_way() -> None:
    unit = service()
    assert unit.one("Type") == "notify", "systemd 252 of Debian 12 has no notify-reload"
    start, reload = unit.one("ExecStart").split(), unit.one("ExecReload").split()
    assert start == [PROGRAM, "run", "--config", "/etc/vigie/vigie.yaml"]
    assert reload == [PROGRAM, "reload", "--config", "/etc/vigie/vigie.yaml"]
    assert "WatchdogSec" in unit


def test_the_account_of_the_unit_is_created(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    done = systemd("systemd-sysusers", f"--root={tmp_path}", "--dry-run", SYSTEMD / "vigie.sysusers")
    assert done.returncode == 0, done.stderr
    unit = service()
    assert f"Creating user '{unit.one('User')}' " in done.stderr
    assert f"Creating group '{unit.one('Group')}' " in done.stderr


def tmpfiles(root: Path, text: str) -> subprocess.CompletedProcess[str]:
    """Read by systemd-tmpfiles, which changes nothing: --clean needs no privilege, and resolves users like --create."""
    (root / "etc").mkdir()
    (root / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\nvigie:x:999:999::/var/lib/vigie:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\nvigie:x:999:\n")
    file = root / "vigie.conf"
    file.write_text(text)
    return systemd("systemd-tmpfiles", f"--root={root}", "--clean", file)


def test_the_directories_are_understood(tmp_path: Path) -> None:
    done = tmpfiles(tmp_path, (SYSTEMD / "vigie.tmpfiles").read_text())
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "line", ["d /etc/vigie 0750 nobody-we-know vigie -", "d /etc/vigie rwx root vigie -", "? /etc"]
)
def test_a_mistake_in_the_directories_would_be_seen(tmp_path: Path, line: str) -> None:
    assert tmpfiles(tmp_path, line + "\n").returncode != 0


def test_the_config_is_root_s_and_readable_by_vigie_alone() -> None:
    unit = service()
    directory = f"/etc/{unit.one('ConfigurationDirectory')}"
    lines = [line.split() for line in (SYSTEMD / "vigie.tmpfiles").read_text().splitlines() if line[:1] == "d"]
    assert directory in [line[1] for line in lines]
    for kind, path, mode, user, group, age in lines:
        assert path.startswith(directory)
        assert (kind, mode, user, group, age) == ("d", unit.one("ConfigurationDirectoryMode"), "root", "vigie", "-")


# What MemoryDenyWriteExecute= installs, in BPF: mmap of memory both writable and executable, and any mprotect to
# executable, are refused. Written out because only a booted systemd would do it for us.
SANDBOXED = """
import ctypes, errno, mmap, platform, struct, sys

MMAP, MPROTECT = {"x86_64": (9, 10), "aarch64": (222, 226)}[platform.machine()]
NUMBER, THIRD_ARGUMENT = 0, 32
LOAD, EQUAL, SET, AND, RETURN = 0x20, 0x15, 0x45, 0x54, 0x06
WRITE_EXEC, EXEC = mmap.PROT_WRITE | mmap.PROT_EXEC, mmap.PROT_EXEC
program = [
    (LOAD, 0, 0, NUMBER),
    (EQUAL, 2, 0, MMAP),
    (EQUAL, 4, 0, MPROTECT),
    (RETURN, 0, 0, 0x7FFF0000),
    (LOAD, 0, 0, THIRD_ARGUMENT),
    (AND, 0, 0, WRITE_EXEC),
    (EQUAL, 3, 2, WRITE_EXEC),
    (LOAD, 0, 0, THIRD_ARGUMENT),
    (SET, 1, 0, EXEC),
    (RETURN, 0, 0, 0x7FFF0000),
    (RETURN, 0, 0, 0x00050000 | errno.EPERM),
]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
fprog = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(program), ctypes.addressof(code)))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, fprog) == 0, ctypes.get_errno()
try:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | WRITE_EXEC)
    sys.exit("the filter does not hold")
except PermissionError:
    pass
page = mmap.mmap(-1, 4096)
address = ctypes.addressof(ctypes.c_char.from_buffer(page))
libc.mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
assert libc.mprotect(address, 4096, EXEC) == -1
assert libc.mprotect(address, 4096, mmap.PROT_READ) == 0

import probes.registry, supervisor.notify
import jinja2, prometheus_client, ssl, sqlite_utils, yaml
from cryptography.hazmat.primitives.asymmetric import ec
dict(probes.registry.load())
ec.generate_private_key(ec.SECP256R1())
ssl.create_default_context()
sqlite_utils.Database(memory=True).execute("select 1").fetchone()
assert ctypes.CDLL(None).prctl(1, 0) == 0
print("alive")
"""


def test_python_and_the_libraries_live_without_writable_executable_memory() -> None:
    assert service().one("MemoryDenyWriteExecute") == "yes"
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", SANDBOXED], capture_output=True, text=True, timeout=300, env=environ, check=False
    )
    assert done.stdout == "alive\n", done.stderr
