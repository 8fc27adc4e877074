"""A root, an intermediate and a server's certificate: the chain that every https check verifies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

# P-256 throughout, as Let's Encrypt issues it: RSA would cost the verifying side less and the targets far more.
_CURVE = ec.SECP256R1()
_VALID = timedelta(days=90)


class Files(NamedTuple):
    """Where the chain lies, as PEM."""

    root: Path
    chain: Path  # the server's certificate, then the intermediate
    key: Path


class _Issued(NamedTuple):
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def write(directory: Path, addresses: Sequence[str]) -> Files:
    """A fresh chain for a server at these IP addresses."""
    root = _issue("Racine du banc", None, ca=True)
    intermediate = _issue("Intermédiaire du banc", root, ca=True)
    server = _issue("banc.invalid", intermediate, addresses=addresses)
    files = Files(directory / "root.pem", directory / "chain.pem", directory / "server.key")
    files.root.write_bytes(root.certificate.public_bytes(Encoding.PEM))
    files.chain.write_bytes(b"".join(each.certificate.public_bytes(Encoding.PEM) for each in (server, intermediate)))
    files.key.write_bytes(server.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


def _issue(name: str, issuer: _Issued | None, *, ca: bool = False, addresses: Sequence[str] = ()) -> _Issued:
    key = ec.generate_private_key(_CURVE)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _VALID)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if addresses:
        names = [x509.IPAddress(ip_address(address)) for address in addresses]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return _Issued(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)
