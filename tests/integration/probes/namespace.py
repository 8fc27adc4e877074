"""A network of its own for a test: addresses that nobody else has, and settings that break nothing."""

from __future__ import annotations

import asyncio
import ctypes
import os
import shlex
import subprocess
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

from tests.integration.probes.running import PATIENCE_S
from tests.patient_loop import PatientLoop

T = TypeVar("T")
_CLONE_NEWNET = 0x40000000
_CAPABILITY_VERSION_3 = 0x20080522
_LIBC = ctypes.CDLL(None, use_errno=True)


class Namespace:
    """A network namespace held by one thread: it lives and dies with it, whatever becomes of the test."""

    def __init__(self) -> None:
        if os.geteuid() != 0:
            pytest.fail("the tests of ICMP make network namespaces: run them as root")
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="namespace")
        self.id = self._thread.submit(_enter).result()
        self.run("ip link set lo up")

    def call(self, function: Callable[..., T], *arguments: object) -> T:
        """Call a function inside."""
        return self._thread.submit(function, *arguments).result()

    def run(self, *commands: str) -> None:
        """Run commands inside, in order."""
        for command in commands:
            self._thread.submit(subprocess.run, shlex.split(command), check=True, capture_output=True).result()

    def set(self, name: str, value: str) -> None:
        """Write one of the namespace's own sysctls."""
        path = Path("/proc/sys/net", *name.split("."))
        self._thread.submit(path.write_text, value).result()

    def play(self, scenario: Callable[[], Awaitable[T]], *, privileged: bool = True) -> T:
        """Run a coroutine inside. Without privilege the thread gives its capabilities up, and never has them back."""

        async def main() -> T:
            return await asyncio.wait_for(scenario(), 2 * PATIENCE_S)

        if not privileged:
            self._thread.submit(_give_up_capabilities).result()
        return self._thread.submit(_run, main()).result()

    def close(self) -> None:
        """End the thread, and with it the namespace."""
        self._thread.shutdown()


def _run(main: Coroutine[None, None, T]) -> T:
    # As the tests of this directory: a deadline is for what hangs, not for a busy machine.
    with asyncio.Runner(loop_factory=PatientLoop) as runner:
        return runner.run(main)


def _enter() -> int:
    if _LIBC.unshare(_CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "unshare")
    return threading.get_native_id()


def _give_up_capabilities() -> None:
    # The system call is the thread's own: the other threads of the tests keep what they have.
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    none = (ctypes.c_uint32 * 6)()
    if _LIBC.capset(header, none):
        raise OSError(ctypes.get_errno(), "capset")
