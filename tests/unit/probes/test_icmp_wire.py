"""ICMP packets: icmplib is the oracle of what is renumbered, and nothing that comes in can raise."""

from __future__ import annotations

import errno
import socket
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.icmp_wire import Echo4, Echo6, Template, reason


# No socket is needed to build and read packets: the instances are made without opening one.
def detached(kind: Any, *, privileged: bool = True) -> Any:
    echo = kind.__new__(kind)
    echo._sock, echo._privileged = None, privileged
    return echo


ECHO4, ECHO6 = detached(Echo4), detached(Echo6)
short = st.integers(0, 0xFFFF)


@given(short, short, st.integers(0, 200))
def test_a_renumbered_packet_is_icmplibs(identifier: int, sequence: int, size: int) -> None:
    for echo in (ECHO4, ECHO6):
        payload = echo.template(identifier, size).numbered(0)[8:]
        assert len(payload) == size
        expected = echo._create_packet(identifier, sequence, payload)
        assert echo.template(identifier, size).numbered(sequence) == expected


@given(st.binary(max_size=60), short)
def test_the_checksum_holds_whatever_the_payload(payload: bytes, sequence: int) -> None:
    packet = Template(ECHO4._create_packet(7, 0, payload)).numbered(sequence)
    words = struct.unpack(f"!{(len(packet) + 1) // 2}H", packet + b"\0" * (len(packet) % 2))
    total = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    assert total == 0xFFFF


@given(st.binary(max_size=128), st.booleans())
def test_any_bytes_are_read_or_refused(packet: bytes, privileged: bool) -> None:
    for kind in (Echo4, Echo6):
        reply = detached(kind, privileged=privileged)._parse_reply(packet, "192.0.2.1", 0.0)
        assert reply is None or 0 <= reply.sequence <= 0xFFFF
        assert isinstance(kind.quoted(packet), str)


def test_what_an_error_quotes() -> None:
    request = bytes(16) + socket.inet_aton("192.0.2.9") + ECHO4.template(5, 8).numbered(77)
    packet = bytes(20) + struct.pack("!BBHI", 3, 1, 0, 0) + request
    reply = ECHO4._parse_reply(packet, "192.0.2.1", 0.0)
    assert reply is not None
    assert (reply.type, reply.code, reply.id, reply.sequence) == (3, 1, 5, 77)
    assert Echo4.quoted(packet) == "192.0.2.9"
    request = bytes(24) + socket.inet_pton(socket.AF_INET6, "2001:db8::9") + ECHO6.template(5, 8).numbered(77)
    packet = struct.pack("!BBHI", 1, 3, 0, 0) + request
    reply = ECHO6._parse_reply(packet, "2001:db8::1", 0.0)
    assert reply is not None
    assert (reply.type, reply.code, reply.id, reply.sequence) == (1, 3, 5, 77)
    assert Echo6.quoted(packet) == "2001:db8::9"


def extended(origin: int, kind: int, code: int, offender: bytes) -> bytes:
    return struct.pack("=IBBBBII", errno.EHOSTUNREACH, origin, kind, code, 0, 0, 0) + offender


def test_an_entry_of_the_error_queue() -> None:
    packet = ECHO4.template(5, 8).numbered(77)
    offender = struct.pack("=HH", socket.AF_INET, 0) + socket.inet_aton("192.0.2.1") + bytes(8)
    found = Echo4.reported(packet, [(0, 11, extended(2, 3, 1, offender))], "192.0.2.9")
    assert found == (77, "192.0.2.9", 3, 1, "192.0.2.1")
    offender = struct.pack("=HHI", socket.AF_INET6, 0, 0) + socket.inet_pton(socket.AF_INET6, "::9") + bytes(4)
    found = Echo6.reported(packet, [(41, 25, extended(3, 1, 3, offender))], "::1")
    assert found == (77, "::1", 1, 3, "::9")


@pytest.mark.parametrize("ancillary", [[], [(1, 2, b"")], [(0, 11, b"short")]], ids=["none", "another", "cut short"])
def test_an_entry_that_says_nothing(ancillary: list[tuple[int, int, bytes]]) -> None:
    assert Echo4.reported(ECHO4.template(5, 8).numbered(1), ancillary, "192.0.2.9") is None
    assert Echo4.reported(b"tiny", [(0, 11, extended(2, 3, 1, b""))], "192.0.2.9") is None


def test_an_entry_of_our_own_system_has_no_reporter() -> None:
    found = Echo4.reported(ECHO4.template(5, 8).numbered(1), [(0, 11, extended(1, 0, 0, b""))], "192.0.2.9")
    assert found is not None
    assert found.source == ""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ((socket.AF_INET, 3, 1, "192.0.2.1"), "hôte injoignable (signalé par 192.0.2.1)"),
        ((socket.AF_INET, 3, 13, "192.0.2.9"), "trafic bloqué par un filtrage"),
        ((socket.AF_INET, 11, 0, ""), "durée de vie du paquet dépassée (boucle de routage possible)"),
        ((socket.AF_INET6, 1, 3, ""), "hôte injoignable"),
        ((socket.AF_INET6, 4, 2, ""), "erreur ICMP 4/2"),
    ],
)
def test_errors_in_words(error: tuple[int, int, int, str], said: str) -> None:
    assert reason(*error, target="192.0.2.9") == said
