"""`tcp`: connect to a port; optionally say something and expect an answer."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
import time
from typing import Annotated

from pydantic import Field, model_validator

from probes.base import Measurement, Probe, Result, Run, Status, Target
from probes.excerpt import excerpt
from probes.names import Address, Family, NameFailureError, Names, literal
from probes.pattern import Patience, SearchTooLongError
from probes.settings import Bytes, Port, Seconds, settings
from probes.threshold import Above, Verdict
from probes.trouble import connection_trouble
from probes.units import say_duration, say_size

_ESCAPE = re.compile(rb"\\(x[0-9A-Fa-f]{2}|.|$)", re.DOTALL)
_PLAIN = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"0": b"\0", b"\\": b"\\"}
_CONNECT_SHARE = 0.9  # of the run's time shared between the addresses of a name, should the first ones not answer
_READS = 1000  # an answer that comes byte by byte is searched again at each of them
_QUOTED = 60  # characters of an unexpected answer that the message shows
# Close with a reset: a connection that carried nothing has nothing to lose, and 20,000 polite closes a minute would
# keep as many ports in TIME_WAIT on our side. Once something was said the close is polite: a reset could destroy what
# the target has not read yet, and fills its log with errors.
_RESET = struct.pack("ii", 1, 0)


@settings
class TcpSettings:
    """Settings of `tcp`."""

    port: Port
    """Port to connect to."""
    family: Family = "any"
    """Which addresses of a name to use: any, ipv4 or ipv6."""
    send: str = ""
    r"""Sent once connected; \r, \n, \t, \0, \\ and \x41 are understood. Needs `expect`."""
    expect: re.Pattern[str] | None = None
    """Regular expression to be found in what the target says."""
    max_bytes: Annotated[Bytes, Field(ge=1, le=1 << 16)] = 4096
    """Most that is read of the answer; what is expected must be found in it."""
    connect_time: Above[Seconds] | None = None
    """Thresholds on the time to connect."""
    response_time: Above[Seconds] | None = None
    """Thresholds on the time from the connection to the expected answer. Needs `expect`."""

    @model_validator(mode="after")
    def _coherent(self) -> TcpSettings:
        if self.expect is None:
            for name in ("send", "response_time"):
                if getattr(self, name):
                    raise ValueError(f"'{name}' needs 'expect': without it no answer is read")
        _unescape(self.send)
        return self


async def check(target: Target, settings: TcpSettings, run: Run) -> Result:
    """Connect to the first address that answers; then, if asked, talk."""
    verdict = Verdict(run)
    try:
        addresses = await _addresses(target.address, settings.family, run)
        sock, connect_s = await _connect(addresses, settings, run)
    except NameFailureError as failure:
        return Result(failure.status, failure.message)
    except OSError as error:
        return Result(*connection_trouble(error, settings.port))
    with sock:
        verdict.measurements.append(Measurement("connect_seconds", connect_s))
        verdict.judge(settings.connect_time, connect_s, "délai de connexion", say_duration)
        if settings.expect is None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        else:
            await _talk(sock, settings, run, verdict)
    return verdict.result(f"connexion établie en {say_duration(connect_s)} (port {settings.port})")


async def _addresses(host: str, family: Family, run: Run) -> list[Address]:
    address = literal(host)
    if address is not None and family == "any":
        return [address]
    run.stage = f"résolution du nom {host}"
    return await run.shared.use(Names).find(host, family, run.timeout_s)


async def _connect(addresses: list[Address], settings: TcpSettings, run: Run) -> tuple[socket.socket, float]:
    """A connected socket and how long that took; the last address's error when none accepts.

    The addresses are tried one after the other, in the system's order, each for its share of the time: every run then
    tries the same one first, and its time to connect means the same thing from one run to the next, which racing them
    would not give.
    """
    ends_at = time.monotonic() + run.timeout_s * _CONNECT_SHARE
    *others, last = addresses
    for tried, address in enumerate(others):
        share_s = max(0.0, ends_at - time.monotonic()) / (len(addresses) - tried)
        try:
            async with asyncio.timeout(share_s):
                return await _connect_to(address, settings.port, run)
        except TimeoutError:  # before OSError, of which it is a kind
            run.note(f"{address.host}: no answer in {share_s:.1f} s, trying the next address")
        except OSError as error:
            run.note(f"{address.host}: {error.strerror or error}, trying the next address")
    return await _connect_to(last, settings.port, run)


async def _connect_to(address: Address, port: int, run: Run) -> tuple[socket.socket, float]:
    run.stage = f"connexion au port {port}"
    sock = socket.socket(address.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    started_s = time.perf_counter()
    try:
        await asyncio.get_running_loop().sock_connect(sock, address.at(port))
    except BaseException:
        sock.close()
        raise
    connect_s = time.perf_counter() - started_s
    if run.trace is not None:
        run.note(f"connected to {address.host} port {port} in {connect_s * 1000:.2f} ms")
    return sock, connect_s


async def _talk(sock: socket.socket, settings: TcpSettings, run: Run, verdict: Verdict) -> None:
    """Send, then read until what is expected is found, the target closes, or enough was read."""
    loop = asyncio.get_running_loop()
    started_s = time.perf_counter()
    heard, patience = b"", Patience()
    try:
        if settings.send:
            run.stage = "envoi de la requête"
            await loop.sock_sendall(sock, _unescape(settings.send))
        run.stage = f"réponse attendue du port {settings.port}"
        answered = False
        for _ in range(_READS):
            chunk = await loop.sock_recv(sock, settings.max_bytes - len(heard))
            heard += chunk
            answered = _answered(settings, heard, patience)
            if answered or not chunk or len(heard) >= settings.max_bytes:
                break
    except OSError as error:
        verdict.find(*connection_trouble(error, settings.port))
        return
    except SearchTooLongError as error:
        verdict.find(Status.UNKNOWN, error.message)
        return
    response_s = time.perf_counter() - started_s
    if run.trace is not None:
        run.note(f"read {len(heard)} bytes in {response_s * 1000:.2f} ms: {excerpt(heard)}")
    if answered:
        verdict.measurements.append(Measurement("response_seconds", response_s))
        verdict.judge(settings.response_time, response_s, "délai de réponse", say_duration)
    else:
        verdict.find(Status.CRITICAL, _unexpected(heard, settings))


def _answered(settings: TcpSettings, heard: bytes, patience: Patience) -> bool:
    return settings.expect is not None and patience.found(settings.expect, heard.decode("utf-8", "replace"))


def _unexpected(heard: bytes, settings: TcpSettings) -> str:
    if not heard:
        return f"connexion fermée sans réponse (port {settings.port})"
    if len(heard) >= settings.max_bytes:
        return f"réponse attendue absente des {say_size(settings.max_bytes)} lus : « {excerpt(heard, _QUOTED)} »"
    return f"réponse inattendue : « {excerpt(heard, _QUOTED)} »"


def _unescape(text: str) -> bytes:
    r"""The bytes to send: UTF-8, with \r, \n, \t, \0, \\ and \xNN."""
    return _ESCAPE.sub(_escaped, text.encode())


def _escaped(match: re.Match[bytes]) -> bytes:
    code = match[1]
    if code.startswith(b"x") and len(code) == 3:
        return bytes.fromhex(code[1:].decode())
    if code not in _PLAIN:
        raise ValueError(f"'\\{code.decode('utf-8', 'replace')}' is not an escape; write \\\\ for a backslash")
    return _PLAIN[code]


PROBE = Probe(
    type="tcp",
    settings=TcpSettings,
    check=check,
    measures=("connect_seconds", "response_seconds"),
    on_timeout=Status.CRITICAL,
)
