"""What is checked: real servers on loopback, in processes of their own whose CPU is not counted."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench import agent, certificates, post
from bench.check import Check, Make, loopback
from bench.processes import BenchError, Process

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
    server {{
        {http} root {directory}/www;
        location /rdap/ {{ default_type application/rdap+json; return 200 '{registration}'; }}
    }}
    server {{
        {https} root {directory}/www;
        ssl_certificate {chain}; ssl_certificate_key {key};
        ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache off; ssl_session_tickets off;  # every handshake is whole
    }}
}}
"""


@dataclass(frozen=True, slots=True)
class Targets:
    """What there is to check, by kind."""

    web: tuple[tuple[str, int], ...]
    root: Path  # the authority to trust
    makers: Mapping[str, Make]

    def check(self, kind: str, number: int) -> Check:
        """The `number`-th check of a kind."""
        return self.makers[kind](number)


@contextlib.contextmanager
def serving(directory: Path) -> Iterator[Targets]:
    """All servers, those of ours on sockets that are bound before they start: no port can be lost to another."""
    with contextlib.ExitStack() as stack:
        web, tls = ([_listening(address) for address in _WEB_ADDRESSES] for _ in range(2))
        smtp, imap = (_listening(_WEB_ADDRESSES[0]) for _ in range(2))
        asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        asked.bind(("127.0.0.1", 0))
        files = certificates.write(directory, _WEB_ADDRESSES)
        makers = {
            **_pings(),
            **_pages([sock.getsockname() for sock in web], [sock.getsockname() for sock in tls], files),
            "dns": _question(asked.getsockname()[1]),
            "heartbeat": lambda _: Check(kind="heartbeat", address="", settings={"type": "heartbeat", "every": "1d"}),
            **stack.enter_context(agent.serving(directory / "agent")),
            **stack.enter_context(post.serving(directory / "post", files, smtp, imap)),
        }
        stack.enter_context(_nginx(directory, web, tls, files))
        descriptor = asked.fileno()
        responder = [sys.executable, "-m", "bench.dns_responder", str(descriptor)]
        stack.enter_context(Process(responder, directory / "dns.log", pass_fds=[descriptor]))
        at = tuple(sock.getsockname() for sock in web)
        for sock in (*web, *tls, smtp, imap, asked):
            sock.close()
        yield Targets(at, files.root, makers)


def _pings() -> dict[str, Make]:
    """Each sonde has an address of its own."""

    def maker(kind: str, settings: Mapping[str, Any]) -> Make:
        def make(number: int) -> Check:
            address = loopback(number, 16)
            return Check(kind=kind, address=address, settings=settings, probed=address)

        return make

    return {"link1": maker("link1", {"type": "link", "packets": 1}), "link3": maker("link3", {"type": "link"})}


def _question(port: int) -> Make:
    server = f"127.0.0.1:{port}"
    settings = {"type": "dns", "name": QUESTION, "resolver": server}
    return lambda _: Check(kind="dns", address="127.0.0.1", settings=settings, probed=server)


def _pages(web: list[tuple[str, int]], tls: list[tuple[str, int]], files: certificates.Files) -> dict[str, Make]:
    """What is asked of nginx, or read of its files; the sondes share its addresses."""
    ca = {"ca": str(files.root)}

    def page(number: int) -> Check:
        address, port = web[number % len(web)]
        url = f"http://{address}:{port}/"
        return Check(kind="http", address=address, settings={"type": "http", "url": url}, probed=url)

    def secure(number: int) -> Check:
        address, port = tls[number % len(tls)]
        url = f"https://{address}:{port}/"
        return Check(kind="https", address=address, settings={"type": "http", "url": url, **ca}, probed=url)

    def port_of(kind: str, places: list[tuple[str, int]], settings: Mapping[str, Any]) -> Make:
        def make(number: int) -> Check:
            address, port = places[number % len(places)]
            asked = {"type": kind, "port": port, **settings}
            return Check(kind=kind, address=address, settings=asked, probed=f"{address}:{port}")

        return make

    def domain(number: int) -> Check:
        address, port = web[number % len(web)]
        asked = {"type": "domain", "name": f"d{number}.exemple.invalid", "server": f"http://{address}:{port}/rdap/"}
        return Check(kind="domain", address=address, settings=asked)

    def certificate(_: int) -> Check:
        return Check(kind="certificate", address="", settings={"type": "certificate", "path": str(files.chain)})

    return {
        "http": page,
        "https": secure,
        "tcp": port_of("tcp", web, {}),
        "tls": port_of("tls", tls, ca),
        "domain": domain,
        "certificate": certificate,
    }


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
            registration=_registration(),
        )
    )
    descriptors = [sock.fileno() for sock in (*web, *tls)]
    # The NGINX variable is how nginx hands its sockets to its successor during an upgrade.
    inherited = {"NGINX": "".join(f"{descriptor};" for descriptor in descriptors)}
    command = [program, "-c", str(configuration), "-e", str(directory / "nginx.error")]
    return Process(command, directory / "nginx.log", inherited, descriptors)


def _registration() -> str:
    """What a registry publishes of any domain."""
    expires_at = datetime.now(UTC) + timedelta(days=240)
    events = [{"eventAction": "expiration", "eventDate": expires_at.isoformat()}]
    return json.dumps({"objectClassName": "domain", "status": ["active"], "events": events})


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
