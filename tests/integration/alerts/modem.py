"""A real gammu-smsd with its dummy phone: a modem that keeps what it sends in a directory."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_CONFIG = """\
[gammu]
model = dummy
connection = none
device = {here}/phone
smsc = +33609001390
[smsd]
service = files
inboxpath = {here}/spool/inbox/
outboxpath = {here}/spool/outbox/
sentsmspath = {here}/spool/sent/
errorsmspath = {here}/spool/error/
logfile = {here}/smsd.log
debuglevel = 255
commtimeout = 1
maxretries = 1
retrytimeout = 1
receivefrequency = 0
statusfrequency = 0
checksecurity = 0
checkbattery = 0
checksignal = 0
checknetwork = 0
"""


@dataclass(frozen=True)
class Modem:
    """Where everything is."""

    here: Path

    @property
    def spool(self) -> Path:
        return self.here / "spool"

    def log(self) -> str:
        """What the daemon says, for a test that fails."""
        return (self.here / "smsd.log").read_text(errors="replace")

    @contextmanager
    def daemon(self, locale: str = "C.UTF-8") -> Iterator[None]:
        """gammu-smsd."""
        if shutil.which("gammu-smsd") is None:
            pytest.fail("gammu-smsd is missing: apt-get install gammu-smsd")
        process = subprocess.Popen(
            ["gammu-smsd", "-c", str(self.here / "smsdrc")],
            env={**os.environ, "LC_ALL": locale},
            stdout=subprocess.DEVNULL,
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(60)


def modem(here: Path) -> Modem:
    """Its directories and its configuration; nothing runs yet."""
    for name in ("phone", "spool/inbox", "spool/outbox", "spool/sent", "spool/error"):
        (here / name).mkdir(parents=True)
    (here / "smsdrc").write_text(_CONFIG.format(here=here))
    return Modem(here)
