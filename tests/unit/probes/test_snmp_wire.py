"""Messages of SNMP 1 and 2c, held against pysnmp's own coder, and against anything that is not one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto.api import v1, v2c

from probes.snmp.wire import GET, GET_BULK, GET_NEXT, WireError, decode, encode, opaque
from probes.snmp.words import Oid

OIDS = st.builds(
    lambda first, second, rest: (first, second, *rest),
    st.integers(0, 1),
    st.integers(0, 39),
    st.lists(st.integers(0, (1 << 32) - 1), min_size=1, max_size=20),
)
VALUES = st.one_of(
    st.integers(-(1 << 31), (1 << 31) - 1).map(lambda n: (v2c.Integer32(n), n)),
    st.integers(0, (1 << 32) - 1).flatmap(
        lambda n: st.sampled_from([(kind(n), n) for kind in (v2c.Counter32, v2c.Gauge32, v2c.TimeTicks)])
    ),
    st.integers(0, (1 << 64) - 1).map(lambda n: (v2c.Counter64(n), n)),
    st.binary(max_size=300).map(lambda octets: (v2c.OctetString(octets), octets)),
    OIDS.map(lambda oid: (v2c.ObjectIdentifier(oid), oid)),
    st.just((v2c.Null(""), None)),
    st.just((v2c.IpAddress("192.0.2.7"), b"192.0.2.7")),
)


def response(bindings: list[tuple[Oid, Any]], number: int = 7, status: int = 0, place: int = 0) -> bytes:
    pdu = v2c.ResponsePDU()
    v2c.apiPDU.set_defaults(pdu)
    v2c.apiPDU.set_request_id(pdu, number)
    v2c.apiPDU.set_error_status(pdu, status)
    v2c.apiPDU.set_error_index(pdu, place)
    v2c.apiPDU.set_varbinds(pdu, bindings)
    message = v2c.Message()
    v2c.apiMessage.set_defaults(message)
    v2c.apiMessage.set_community(message, b"public")
    v2c.apiMessage.set_pdu(message, pdu)
    return bytes(encoder.encode(message))


@given(st.lists(st.tuples(OIDS, VALUES), max_size=5), st.integers(0, (1 << 31) - 1))
def test_answers_are_read_as_pysnmp_wrote_them(bindings: list[tuple[Oid, tuple[Any, Any]]], number: int) -> None:
    answer = decode(response([(oid, written) for oid, (written, _) in bindings], number), {})
    assert (answer.version, answer.community, answer.request, answer.status) == (1, b"public", number, 0)
    assert answer.bindings == [(oid, value) for oid, (_, value) in bindings]


@given(
    st.sampled_from([GET, GET_NEXT, GET_BULK]),
    st.lists(OIDS, min_size=1, max_size=40),
    st.integers(0, (1 << 31) - 1),
    st.integers(1, 100),
)
def test_pysnmp_reads_what_is_asked(kind: int, oids: list[Oid], number: int, repetitions: int) -> None:
    data = encode(kind, 1, b"lecture", number, tuple(oids), repetitions)
    message, rest = decoder.decode(data, asn1Spec=v2c.Message())
    pdu = v2c.apiMessage.get_pdu(message)
    assert rest == b""
    assert bytes(v2c.apiMessage.get_community(message)) == b"lecture"
    assert int(v2c.apiPDU.get_request_id(pdu)) == number
    assert [tuple(oid) for oid, _ in v2c.apiPDU.get_varbinds(pdu)] == oids
    if kind == GET_BULK:
        assert int(v2c.apiBulkPDU.get_max_repetitions(pdu)) == repetitions
        assert int(v2c.apiBulkPDU.get_non_repeaters(pdu)) == 0


def test_version_1() -> None:
    message, _ = decoder.decode(encode(GET, 0, b"public", 5, ((1, 3, 6),), 0), asn1Spec=v1.Message())
    assert int(message["version"]) == 0
    assert isinstance(v1.apiMessage.get_pdu(message), type(v1.GetRequestPDU()))


def test_errors_have_their_place() -> None:
    answer = decode(response([((1, 3, 6), v2c.Null(""))], status=2, place=1), {})
    assert (answer.status, answer.place) == (2, 1)


@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(WireError):
        decode(noise, {})


@given(st.data())
def test_an_answer_that_was_damaged_is_read_or_refused(data: st.DataObject) -> None:
    """Never anything but WireError, and OIDs that are remembered are never half read."""
    whole = bytearray(response([((1, 3, 6, 1, number), v2c.OctetString(b"x" * number)) for number in range(1, 5)]))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    known: dict[bytes, Oid] = {}
    try:
        decode(bytes(whole[: data.draw(st.integers(0, len(whole)))]), known)
    except WireError:
        pass
    for oid in known.values():
        assert len(oid) >= 2
        assert all(number < 1 << 32 for number in oid)


def test_what_is_remembered_is_what_is_read() -> None:
    known: dict[bytes, Oid] = {}
    data = response([((1, 3, 6, 1, 4, 1, 99999, 300), v2c.Integer32(1))])
    first, again = decode(data, known), decode(data, known)
    assert first == again
    assert list(known.values()) == [(1, 3, 6, 1, 4, 1, 99999, 300)]


def test_a_large_counter_without_its_zero() -> None:
    data = response([((1, 3, 6), v2c.Counter32(0x7F000001))]).replace(b"\x41\x04\x7f", b"\x41\x04\xff")
    assert decode(data, {}).bindings == [((1, 3, 6), 0xFF000001)]


def test_numbers_inside_an_opaque() -> None:
    assert opaque(bytes.fromhex("9f780442c80000")) == 100.0
    assert opaque(bytes.fromhex("9f7908405e000000000000")) == 120.0
    assert opaque(b"\x9f\x78\x04") == b"\x9f\x78\x04"


def test_long_identifiers_that_an_agent_makes_up_are_not_remembered() -> None:
    long = (1, 3, *range(1_000_000, 1_000_100))
    known: dict[bytes, Oid] = {}
    assert decode(response([(long, v2c.Integer32(1))]), known).bindings == [(long, 1)]
    assert not known
