"""Keys, signatures and ciphers of SNMP 3: the standard's own examples, and whatever somebody may send."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.secret import Secret
from probes.snmp import usm
from probes.snmp.access import SnmpAccess
from probes.snmp.usm import Keys, Stamp
from probes.snmp.wire import GET, WireError, encode_pdu

ENGINE = bytes.fromhex("000000000000000000000002")
NOBODY = Keys("sha256", b"", b"")
OID = (1, 3, 6, 1, 2, 1, 1, 3, 0)


@pytest.mark.parametrize(
    ("name", "stretched", "local"),
    [  # RFC 3414, A.3
        ("md5", "9faf3283884e92834ebc9847d8edd963", "526f5eed9fcce26f8964c2930787d82b"),
        ("sha1", "9fb5cc0381497b3793528939ff788d5d79145211", "6695febc9288e36282235fc7151f128497b38f3f"),
    ],
)
def test_keys_of_the_standard(name: str, stretched: str, local: str) -> None:
    key = usm.stretch(b"maplesyrup", name)
    assert key.hex() == stretched
    assert usm.localise(key, ENGINE, name).hex() == local


def access(auth: Any = "sha256", privacy: Any = "aes128") -> SnmpAccess:
    secret = Secret("maplesyrup")
    return SnmpAccess(
        version=3, user="vigie", auth=auth, auth_password=secret, privacy=privacy, privacy_password=secret
    )


@pytest.mark.parametrize(("privacy", "size"), [("aes128", 16), ("aes192", 24), ("aes256", 32), ("aes256-cisco", 32)])
@pytest.mark.parametrize("auth", ["md5", "sha", "sha224", "sha256", "sha384", "sha512"])
def test_keys_are_as_long_as_their_cipher_asks(auth: str, privacy: str, size: int) -> None:
    how = access(auth, privacy)
    keys = usm.keys_for(usm.passwords(how), how, ENGINE)
    assert len(keys.ciphering) == size
    assert usm.keys_for(usm.passwords(how), how, ENGINE + b"1").signing != keys.signing


KEYS = usm.keys_for(usm.passwords(access()), access(), ENGINE)
STAMP = Stamp(ENGINE, 3, 100)
SEALED = usm.write(7, STAMP, b"vigie", KEYS, b"", encode_pdu(GET, 7, (OID,), 0), 5)


def test_what_was_written_is_read() -> None:
    number, message = usm.read(SEALED)
    assert (number, message.stamp, message.user) == (7, STAMP, b"vigie")
    assert message.signed
    assert message.encrypted
    assert usm.is_signed_with(KEYS, message)
    pdu = usm.open_pdu(message, KEYS, {})
    assert (pdu.kind, pdu.request, pdu.bindings) == (GET, 7, [(OID, None)])
    assert encode_pdu(GET, 7, (OID,), 0) not in SEALED  # nobody reads it on the way


def test_no_two_messages_are_encrypted_alike() -> None:
    again = usm.write(7, STAMP, b"vigie", KEYS, b"", encode_pdu(GET, 7, (OID,), 0), 6)
    assert usm.read(again)[1].data[-40:] != SEALED[-40:]


@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
def test_a_byte_that_was_changed_is_noticed(place: int, by: int) -> None:
    changed = bytearray(SEALED)
    changed[place] ^= by
    try:
        _, message = usm.read(bytes(changed))
    except WireError:
        return
    # What stands behind the message is no part of it, and nothing does here.
    assert not usm.is_signed_with(KEYS, message)


@given(st.binary(max_size=200) | st.integers(0, len(SEALED)).map(lambda size: SEALED[:size]))
def test_noise(data: bytes) -> None:
    with contextlib.suppress(WireError):
        _, message = usm.read(data)
        usm.is_signed_with(KEYS, message)
        usm.open_pdu(message, KEYS, {})


@pytest.mark.parametrize(
    "stamp",
    [Stamp(ENGINE, -1, 0), Stamp(ENGINE, 1 << 40, 0), Stamp(ENGINE, 0, -5), Stamp(b"", 0, 0), Stamp(b"a" * 40, 0, 0)],
)
def test_clocks_and_names_that_make_no_sense(stamp: Stamp) -> None:
    assert not usm.is_identity(stamp)
    honest = usm.read(SEALED)[1]
    with pytest.raises(WireError):
        usm.open_pdu(honest._replace(stamp=stamp), KEYS, {})


def test_without_keys_nothing_is_signed_nor_opened() -> None:
    clear = usm.write(7, STAMP, b"vigie", NOBODY, b"", encode_pdu(GET, 7, (OID,), 0), 5)
    _, message = usm.read(clear)
    assert not message.signed
    assert not message.encrypted
    assert not usm.is_signed_with(KEYS, message)
    assert usm.open_pdu(message, NOBODY, {}).request == 7
    with pytest.raises(WireError):
        usm.open_pdu(usm.read(SEALED)[1], NOBODY, {})


def test_keys_are_not_shown() -> None:
    said = repr(KEYS) + str(KEYS)
    assert repr(KEYS.signing) not in said
    assert repr(KEYS.ciphering) not in said
    assert KEYS.signing.hex() not in said
