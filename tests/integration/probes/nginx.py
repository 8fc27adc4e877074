"""A real nginx on loopback ports that nobody can take in between."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

_FRAME = """
daemon off; worker_processes 1; {user} pid {directory}/nginx.pid; error_log {directory}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {directory}/a; proxy_temp_path {directory}/b; fastcgi_temp_path {directory}/c;
    uwsgi_temp_path {directory}/d; scgi_temp_path {directory}/e;
    {servers}
}}
"""


def reserve() -> socket.socket:
    """A listening socket on a port of the kernel's choosing."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen(64)
    return sock


@contextlib.contextmanager
def serving(directory: Path, sockets: list[socket.socket], servers: str) -> Iterator[None]:
    """nginx with these `server` blocks, on sockets that are open already.

    The sockets are handed over as nginx hands them to its successor during an upgrade (the NGINX variable), so a
    connection made before nginx is ready waits in the kernel's queue, and no port is ever free to be taken.
    """
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.fail("nginx is missing: apt-get install nginx-light")
    configuration = directory / "nginx.conf"
    # Root's nginx serves as another user, who may not enter root's temporary directories.
    user = "user root;" if os.geteuid() == 0 else ""
    configuration.write_text(_FRAME.format(directory=directory, servers=servers, user=user))
    descriptors = [sock.fileno() for sock in sockets]
    process = subprocess.Popen(
        [program, "-c", str(configuration), "-e", str(directory / "error.log")],
        env={"NGINX": "".join(f"{descriptor};" for descriptor in descriptors)},
        pass_fds=descriptors,
        stderr=subprocess.DEVNULL,
    )
    for sock in sockets:
        sock.close()
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)
