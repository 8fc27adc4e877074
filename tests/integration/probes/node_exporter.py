"""A real node_exporter on a port of the kernel's choosing, which sees the mounts that the test decides."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

USER, PASSWORD = "vigie", "essai"
_HASH = "$2b$04$abcdefghijklmnopqrstuut6krXVlYOPTwZMVn7Y1avn16ArTDPRa"  # bcrypt of PASSWORD
_LISTENING = re.compile(r'msg="Listening on" address=127\.0\.0\.1:(\d+)')


class Machine:
    """What the exporter believes to be its machine: a list of mounts over a directory of the test."""

    def __init__(self, directory: Path) -> None:
        self.root = directory / "root"
        self.root.mkdir()
        self._proc = directory / "proc" / "1"
        self._proc.mkdir(parents=True)
        self._web = directory / "web.yml"
        self._web.write_text("{}\n", encoding="utf-8")
        self.port = 0
        self.mount("/dev/sda1 / ext4 rw")

    def mount(self, *lines: str) -> None:
        """These are the mounts from now on, as in /proc/mounts; the places are made, but for those of /absent."""
        for line in lines:
            place = line.split()[1]
            if not place.startswith("/absent"):
                (self.root / place.lstrip("/")).mkdir(parents=True, exist_ok=True)
        (self._proc / "mounts").write_text("".join(f"{line} 0 0\n" for line in lines), encoding="utf-8")

    def protect(self, certificate: Path, key: Path) -> None:
        """TLS, and a login."""
        self._web.write_text(
            f"tls_server_config: {{cert_file: {certificate}, key_file: {key}}}\n"
            f"basic_auth_users: {{{USER}: {_HASH}}}\n",
            encoding="utf-8",
        )

    @property
    def url(self) -> str:
        return f"http://{{address}}:{self.port}/metrics"

    @property
    def access(self) -> dict[str, str]:
        """The setting `exporter` that asks it."""
        return {"url": self.url}

    @contextlib.contextmanager
    def running(self) -> Iterator[Machine]:
        """The exporter, running."""
        program = shutil.which("prometheus-node-exporter")
        if program is None:
            pytest.fail("node_exporter is missing: apt-get install prometheus-node-exporter")
        command = [
            program,
            "--web.listen-address=127.0.0.1:0",
            f"--web.config.file={self._web}",
            "--collector.disable-defaults",
            "--collector.filesystem",
            "--collector.loadavg",
            "--collector.filesystem.mount-points-exclude=^$",
            "--collector.filesystem.fs-types-exclude=^$",
            f"--path.procfs={self._proc.parent}",
            f"--path.rootfs={self.root}",
        ]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
            try:
                assert process.stderr is not None
                for line in process.stderr:
                    if found := _LISTENING.search(line):
                        self.port = int(found[1])
                        break
                else:
                    pytest.fail("node_exporter did not start")
                yield self
            finally:
                process.terminate()
