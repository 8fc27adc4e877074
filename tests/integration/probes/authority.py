"""A certificate authority for tests: chains that are good, late, early, incomplete or nobody's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Identity:
    """A certificate, its key, and the certificates between it and its root."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    between: tuple[x509.Certificate, ...] = ()

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def chain_pem(self) -> bytes:
        return self.pem + b"".join(certificate.public_bytes(Encoding.PEM) for certificate in self.between)

    def write(self, directory: Path, name: str, *, whole_chain: bool = True) -> tuple[Path, Path]:
        """The certificate's file and the key's."""
        certificate, key = directory / f"{name}.pem", directory / f"{name}.key"
        certificate.write_bytes(self.chain_pem if whole_chain else self.pem)
        key.write_bytes(self.key_pem)
        return certificate, key


def root(name: str = "Racine d'essai") -> Identity:
    return _issue(name, None, authority=True)


def intermediate(parent: Identity, name: str = "Intermédiaire d'essai") -> Identity:
    made = _issue(name, parent, authority=True)
    return Identity(made.certificate, made.key, (made.certificate,))


def leaf(
    parent: Identity | None,
    *names: str,
    start: datetime = NOW - DAY,
    end: datetime = NOW + 90 * DAY,
    names_its_issuer: bool = False,
) -> Identity:
    """A server's (or anybody's) certificate; self-signed without a parent."""
    return _issue(names[0], parent, names=names, start=start, end=end, names_its_issuer=names_its_issuer)


def _issue(
    common_name: str,
    parent: Identity | None,
    *,
    authority: bool = False,
    names: tuple[str, ...] = (),
    start: datetime = NOW - DAY,
    end: datetime = NOW + 900 * DAY,
    names_its_issuer: bool = False,
) -> Identity:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if parent is None else parent.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if names:
        alternatives = x509.SubjectAlternativeName([_general(name) for name in names])
        builder = builder.add_extension(alternatives, critical=False)
    if names_its_issuer:
        place = x509.UniformResourceIdentifier("http://autorite.invalid/intermediaire.crt")
        access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, place)
        builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    signed = builder.sign(key if parent is None else parent.key, hashes.SHA256())
    return Identity(signed, key, () if parent is None else parent.between)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
