"""The loop of the integration tests: what hangs ends at its deadline, what the machine takes long for does not."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from tests.patient_loop import PatientLoop

DEADLINE_S = 0.05
T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=PatientLoop) as runner:
        return runner.run(main)


async def exchange() -> None:
    """A word to and fro, of ends that are both slower than the deadline."""
    loop = asyncio.get_running_loop()
    near, far = socket.socketpair()
    with near, far:
        for end in (near, far):
            end.setblocking(False)
        for one, other in ((near, far), (far, near)):
            time.sleep(2 * DEADLINE_S)  # noqa: ASYNC251  the process is not let run
            await loop.sock_sendall(one, b"x")
            assert await loop.sock_recv(other, 1) == b"x"


def test_a_machine_that_is_slow_is_waited_for() -> None:
    async def main() -> None:
        async with asyncio.timeout(DEADLINE_S):
            await exchange()

    run(main())


def test_what_hangs_ends_at_its_deadline() -> None:
    async def main() -> None:
        near, far = socket.socketpair()
        with near, far:
            near.setblocking(False)
            async with asyncio.timeout(DEADLINE_S):
                await asyncio.get_running_loop().sock_recv(near, 1)

    with pytest.raises(TimeoutError):
        run(main())


def test_who_never_stops_talking_is_cut_too() -> None:
    async def main() -> None:
        async with asyncio.timeout(DEADLINE_S):
            while True:  # noqa: ASYNC110
                await asyncio.sleep(0)

    with pytest.raises(TimeoutError):
        run(main())
