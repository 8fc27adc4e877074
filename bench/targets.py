"""What is checked: real servers on loopback, in processes of their own whose CPU is not counted."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import certificates
from bench.processes import BenchError, Process

KINDS = ("link1", "link3", "http", "https", "tcp", "dns")
QUESTION = "www.banc.invalid"
# One web server on several addresses: 200 new connections a second to a single one would use up its ports in
# TIME_WAIT, which is a figure of the kernel and of nobody's checks.
_WEB_ADDRESSES = tuple(f"127.0.1.{number}" for number in range(1, 9))
_PAGE_BYTES = 4096

_NGINX = """
daemon off; worker_processes 1; {user} pid {directory}/nginx.pid; error_log {directory}/nginx.error;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    client_body_temp_path {directory}/a; proxy_temp_path {directory}/b; fastcgi_temp_path {directory}/c;
    uwsgi_temp_path {directory}/d; scgi_temp_path {directory}/e;
    server {{ {http} root {directory}/www; }}
    server {{
        {https} root {directory}/www;
        ssl_certificate {chain}; ssl_certificate_key {key};
        ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache off; ssl_session_tickets off;  # every handshake is whole
    }}
}}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One thing to check, in the words of both systems."""

    kind: str
    address: str  # of the equipment
    settings: Mapping[str, Any]  # of the sonde, its type included
    probed: str  # the target as blackbox_exporter wants it; its module is named after the kind


@dataclass(frozen=True, slots=True)
class Targets:
    """Where everything is."""

    web: tuple[tuple[str, int], ...]
    tls: tuple[tuple[str, int], ...]
    dns_port: int
    root: Path  # the authority to trust

    def check(self, kind: str, number: int) -> Check:
        """The `number`-th check of a kind: pings go to as many addresses, the others share the servers."""
        if kind in ("link1", "link3"):
            row, last = divmod(number, 250)
            address = f"127.{16 + row // 250}.{row % 250}.{last + 1}"
            settings = {"type": "link", "packets": 1} if kind == "link1" else {"type": "link"}
            return Check(kind=kind, address=address, settings=settings, probed=address)
        if kind == "dns":
            server = f"127.0.0.1:{self.dns_port}"
            asked = {"type": "dns", "name": QUESTION, "resolver": server}
            return Check(kind=kind, address="127.0.0.1", settings=asked, probed=server)
        servers = self.tls if kind == "https" else self.web
        address, port = servers[number % len(servers)]
        if kind == "tcp":
            return Check(kind=kind, address=address, settings={"type": "tcp", "port": port}, probed=f"{address}:{port}")
        url = f"{kind}://{address}:{port}/"
        page: dict[str, Any] = {"type": "http", "url": url}
        if kind == "https":
            page["ca"] = str(self.root)
        return Check(kind=kind, address=address, settings=page, probed=url)


@contextlib.contextmanager
def serving(directory: Path) -> Iterator[Targets]:
    """nginx and a DNS responder, each on sockets that are bound before it starts: no port can be lost to another."""
    with contextlib.ExitStack() as stack:
        web = [_listening(address) for address in _WEB_ADDRESSES]
        tls = [_listening(address) for address in _WEB_ADDRESSES]
        asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        asked.bind(("127.0.0.1", 0))
        files = certificates.write(directory, _WEB_ADDRESSES)
        targets = Targets(
            tuple(sock.getsockname() for sock in web),
            tuple(sock.getsockname() for sock in tls),
            asked.getsockname()[1],
            files.root,
        )
        stack.enter_context(_nginx(directory, web, tls, files))
        descriptor = asked.fileno()
        responder = [sys.executable, "-m", "bench.dns_responder", str(descriptor)]
        stack.enter_context(Process(responder, directory / "dns.log", pass_fds=[descriptor]))
        for sock in (*web, *tls, asked):
            sock.close()
        yield targets


def _listening(address: str) -> socket.socket:
    sock = socket.socket()
    sock.bind((address, 0))
    sock.listen(1024)
    return sock


def _nginx(directory: Path, web: list[socket.socket], tls: list[socket.socket], files: certificates.Files) -> Process:
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        raise BenchError("nginx is missing: apt-get install nginx-light")
    (directory / "www").mkdir()
    (directory / "www" / "index.html").write_text("<!doctype html>".ljust(_PAGE_BYTES, "."))
    configuration = directory / "nginx.conf"
    configuration.write_text(
        _NGINX.format(
            directory=directory,
            user="user root;" if os.geteuid() == 0 else "",  # its worker must enter our directory
            http=" ".join(f"listen {_name(sock)};" for sock in web),
            https=" ".join(f"listen {_name(sock)} ssl;" for sock in tls),
            chain=files.chain,
            key=files.key,
        )
    )
    descriptors = [sock.fileno() for sock in (*web, *tls)]
    # The NGINX variable is how nginx hands its sockets to its successor during an upgrade.
    inherited = {"NGINX": "".join(f"{descriptor};" for descriptor in descriptors)}
    command = [program, "-c", str(configuration), "-e", str(directory / "nginx.error")]
    return Process(command, directory / "nginx.log", inherited, descriptors)


def _name(sock: socket.socket) -> str:
    address, port = sock.getsockname()
    return f"{address}:{port}"


class Breakable:
    """A TCP server that can be made to fail: connections are refused from then on."""

    def __init__(self) -> None:
        self._sock = _listening("127.0.2.1")
        self.address, self.port = self._sock.getsockname()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # the socket was shut down: that is how it fails
            while True:
                self._sock.accept()[0].close()

    def fail(self) -> None:
        """Refuse connections from now on."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._sock.close()
