"""Addresses of loopback that no other process uses, another run of the tests neither, and ports kept for them.

A port that was just seen free may be taken before a server binds it, or while the server restarts. On an address that
nobody else knows only a socket of every address can take it, and the kernel gives such a one no port that is taken on
any address: a socket of ours that holds it on a third address is enough.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager


def _own(first: int) -> str:
    # Ids of processes end at 2^22.
    pid = os.getpid()
    return f"127.{first + (pid >> 16)}.{pid >> 8 & 255}.{pid & 255}"


ADDRESS, NEIGHBOUR = _own(128), _own(192)
_KEEPER = _own(64)


@contextmanager
def kept_ports(count: int) -> Iterator[list[int]]:
    """Ports of the kernel's choosing, free on both addresses for TCP and UDP until something of ours binds them."""
    with ExitStack() as held:
        yield [_kept(held) for _ in range(count)]


@contextmanager
def kept_port() -> Iterator[int]:
    """One such port."""
    with kept_ports(1) as (port,):
        yield port


def _kept(held: ExitStack) -> int:
    while True:
        with ExitStack() as attempt:
            stream = attempt.enter_context(socket.socket())
            stream.bind((_KEEPER, 0))
            port = int(stream.getsockname()[1])
            datagrams = attempt.enter_context(socket.socket(type=socket.SOCK_DGRAM))
            try:
                datagrams.bind((_KEEPER, port))
            except OSError:  # somebody has it for UDP
                continue
            held.enter_context(attempt.pop_all())
            return port
