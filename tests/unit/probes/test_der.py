"""The end of validity read from the bytes: as the library reads it, and nothing but UnreadableError on garbage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from probes.der import UnreadableError, not_after

KEY = generate_private_key(SECP256R1())
START = datetime(1990, 1, 1, tzinfo=UTC)


def certificate(end: datetime, names: int = 1) -> bytes:
    """A certificate that ends then, with as long a subject as wanted."""
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "mairie" * 9)] * names)
    builder = x509.CertificateBuilder(name, name, KEY.public_key(), 2**100 + 1, START, end)
    return builder.sign(KEY, SHA256()).public_bytes(Encoding.DER)


@pytest.mark.parametrize("names", [1, 3, 40])
@pytest.mark.parametrize(
    "end", ["1999-12-31 23:59:59", "2026-11-21 03:04:05", "2049-12-31 23:59:59", "2050-01-01 00:00:00"]
)
def test_reads_what_the_library_reads(end: str, names: int) -> None:
    """2049 is the last year written with two digits."""
    moment = datetime.fromisoformat(f"{end}+00:00")
    der = certificate(moment, names)
    assert not_after(der) == moment.timestamp() == x509.load_der_x509_certificate(der).not_valid_after_utc.timestamp()


@given(st.integers(0, 2_000_000_000))
def test_any_instant(seconds: int) -> None:
    moment = START + timedelta(seconds=seconds + 1)
    assert not_after(certificate(moment)) == moment.timestamp()


WHOLE = certificate(datetime(2030, 1, 1, tzinfo=UTC))


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_a_changed_byte_is_read_or_refused(position: int, value: int) -> None:
    der = bytearray(WHOLE)
    der[position] = value
    try:
        read: float | str = not_after(bytes(der))
    except UnreadableError as error:
        read = error.message
    assert isinstance(read, float) or read == "certificat illisible"


@given(st.binary(max_size=200))
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableError):
        not_after(b"\x30\x82" + data)


@given(st.integers(0, len(WHOLE) - 1))
def test_a_certificate_cut_short_is_refused(length: int) -> None:
    with pytest.raises(UnreadableError):
        not_after(WHOLE[:length])
