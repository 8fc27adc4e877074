"""Reads whole certificates and the files that hold them. Reads, never trusts.

Imported by the techniques at their first use: the library takes 8 MiB, which a supervisor of links and web sites
need not carry.
"""

from __future__ import annotations

import re

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import pkcs7, pkcs12
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtensionOID, NameOID

from probes.der import UnreadableError
from probes.excerpt import excerpt
from probes.validity import MAX_CERTIFICATES, Certificate

# Whatever bytes a stranger serves: cryptography refuses them with one of these.
_GARBAGE = (ValueError, TypeError, x509.InvalidVersion, UnsupportedAlgorithm, x509.DuplicateExtension)
_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----.+?-----END \1-----", re.DOTALL)
_ASN1_SEQUENCE, _ASN1_INTEGER, _ASN1_OID = 0x30, 0x02, 0x06


def read_der(der: bytes) -> Certificate:
    """One certificate; raises UnreadableError."""
    try:
        return _facts(x509.load_der_x509_certificate(der))
    except _GARBAGE:
        raise UnreadableError("certificat illisible") from None


def read_file(data: bytes, password: str | None = None) -> list[Certificate]:
    """Every certificate of a file, whatever its format: PEM bundle, DER, PKCS#7 or PKCS#12; raises UnreadableError."""
    try:
        found = _pem(data) if b"-----BEGIN " in data else _binary(data, password)
        if not found:
            raise UnreadableError("aucun certificat dans le fichier")
        return [_facts(certificate) for certificate in found[:MAX_CERTIFICATES]]
    except _GARBAGE:
        raise UnreadableError("certificat illisible") from None


def _facts(certificate: x509.Certificate) -> Certificate:
    subject, issuer = certificate.subject, certificate.issuer
    subject_id, issuer_id = subject.public_bytes(), issuer.public_bytes()
    return Certificate(
        name=_called(subject) or _alternative(certificate) or excerpt(subject.rfc4514_string(), 60) or "sans nom",
        issuer=_called(issuer) or excerpt(issuer.rfc4514_string(), 60) or "sans nom",
        not_before=certificate.not_valid_before_utc.timestamp(),
        not_after=certificate.not_valid_after_utc.timestamp(),
        self_issued=subject_id == issuer_id,
        names_its_issuer=_names_its_issuer(certificate),
        subject_id=subject_id,
        issuer_id=issuer_id,
    )


def _called(name: x509.Name) -> str:
    for attribute in name.get_attributes_for_oid(NameOID.COMMON_NAME):
        return excerpt(attribute.value, 60)
    return ""


def _alternative(certificate: x509.Certificate) -> str:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, *_GARBAGE):
        return ""
    for name in names.get_values_for_type(x509.DNSName):
        return excerpt(name, 60)
    return ""


def _names_its_issuer(certificate: x509.Certificate) -> bool:
    try:
        access = certificate.extensions.get_extension_for_oid(ExtensionOID.AUTHORITY_INFORMATION_ACCESS).value
    except (x509.ExtensionNotFound, *_GARBAGE):
        return False
    return isinstance(access, x509.AuthorityInformationAccess) and any(
        entry.access_method == AuthorityInformationAccessOID.CA_ISSUERS for entry in access
    )


def _pem(data: bytes) -> list[x509.Certificate]:
    found: list[x509.Certificate] = []
    for block in _BLOCK.finditer(data):
        label = block.group(1)
        if label in (b"CERTIFICATE", b"X509 CERTIFICATE"):
            found.append(x509.load_pem_x509_certificate(block.group()))
        elif label in (b"PKCS7", b"CMS"):
            found += pkcs7.load_pem_pkcs7_certificates(block.group())
        if len(found) > MAX_CERTIFICATES:
            break
    return found


def _binary(data: bytes, password: str | None) -> list[x509.Certificate]:
    # The three formats begin with a SEQUENCE; what it begins with tells them apart, so that a wrong password is not
    # reported as a file of another kind.
    kind = _first_inside(data)
    if kind == _ASN1_SEQUENCE:
        return [x509.load_der_x509_certificate(data)]
    if kind == _ASN1_OID:
        return list(pkcs7.load_der_pkcs7_certificates(data))
    if kind == _ASN1_INTEGER:
        return _pkcs12(data, password)
    raise UnreadableError("format de fichier inconnu (ni PEM, ni DER, ni PKCS#7, ni PKCS#12)")


def _pkcs12(data: bytes, password: str | None) -> list[x509.Certificate]:
    try:
        store = pkcs12.load_pkcs12(data, None if password is None else password.encode())
    except ValueError as error:
        if "password" in str(error).lower():
            needed = (
                "mot de passe du fichier PKCS#12 incorrect" if password else "fichier PKCS#12 : mot de passe requis"
            )
            raise UnreadableError(needed, password=True) from None
        raise
    held = [store.cert, *store.additional_certs]
    return [entry.certificate for entry in held if entry is not None]


def _first_inside(data: bytes) -> int:
    """The tag of the first element inside the outer SEQUENCE; 0 when there is none."""
    if len(data) < 2 or data[0] != _ASN1_SEQUENCE:
        return 0
    start = 2 + (data[1] & 0x7F if data[1] & 0x80 else 0)
    return data[start] if start < len(data) else 0
