"""Who is trusted in a TLS handshake, the contexts that say so to OpenSSL, and its refusals in French."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import NamedTuple, Self

from probes.paths import FilePath
from probes.secret import Secret
from probes.settings import settings
from probes.trouble import file_trouble


@settings
class ClientCertificate:
    """The certificate shown to a server that asks for one."""

    certificate: FilePath
    """PEM file of the certificate, with its chain if the server wants it."""
    key: FilePath | None = None
    """PEM file of its private key; not needed when the certificate's file holds it."""
    password: Secret | None = None
    """What the private key is encrypted with."""


class Trust(NamedTuple):
    """All that makes one TLS context differ from another."""

    verify: bool = True  # hostname and chain; off: whatever the server shows is accepted
    ca: str | None = None  # PEM file of the authorities to trust *instead of* the system's
    client: ClientCertificate | None = None
    protocols: tuple[str, ...] = ()  # ALPN


class TrustError(Exception):
    """A file that the settings name cannot be used; `message` says which, in French."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class TlsContexts:
    """One context for each distinct trust: making one costs 20 ms (it parses the system's authorities)."""

    def __init__(self) -> None:
        self._contexts: dict[Trust, tuple[tuple[int, ...], ssl.SSLContext]] = {}

    @classmethod
    def open(cls) -> Self:
        """Nothing is held until a context is asked for."""
        return cls()

    async def close(self) -> None:
        """Forget the contexts."""
        self._contexts.clear()

    def context(self, trust: Trust) -> ssl.SSLContext:
        """The context of this trust, made anew when one of its files changed (a renewed client certificate)."""
        stamp = _stamp(trust)
        known = self._contexts.get(trust)
        if known is None or known[0] != stamp:
            known = self._contexts[trust] = (stamp, _make(trust))
        return known[1]


def _stamp(trust: Trust) -> tuple[int, ...]:
    named = [trust.ca, trust.client and trust.client.certificate, trust.client and trust.client.key]
    try:
        return tuple(Path(name).stat().st_mtime_ns for name in named if name)
    except OSError as error:
        raise TrustError(f"fichier de certificat inaccessible : {error.filename} ({file_trouble(error)})") from None


def _make(trust: Trust) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=trust.ca)
    except (ssl.SSLError, OSError):
        raise TrustError(f"fichier d'autorités illisible : {trust.ca}") from None
    if not trust.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if trust.protocols:
        context.set_alpn_protocols(list(trust.protocols))
    if trust.client is not None:
        _show(context, trust.client)
    return context


def _show(context: ssl.SSLContext, client: ClientCertificate) -> None:
    # Never None: OpenSSL would ask on the terminal for the password of an encrypted key.
    password = client.password.reveal() if client.password is not None else ""
    try:
        context.load_cert_chain(client.certificate, client.key, password)
    except (ssl.SSLError, OSError):
        raise TrustError(
            f"certificat client inutilisable : {client.certificate} (fichier, clé ou mot de passe)"
        ) from None


# OpenSSL's X509_V_ERR_* codes; the others are rare enough to be told in its own words.
_REFUSALS = {
    9: "certificat pas encore valable",
    10: "certificat expiré",
    18: "certificat auto-signé",
    19: "autorité inconnue (la chaîne finit par une racine qui n'est pas de confiance)",
    20: "autorité inconnue ou certificat intermédiaire manquant",
    21: "autorité inconnue ou certificat intermédiaire manquant",
    23: "certificat révoqué",
    24: "chaîne de certificats invalide (l'émetteur n'est pas une autorité)",
    26: "certificat prévu pour un autre usage",
    66: "clé du certificat trop courte",
    67: "clé d'une autorité trop courte",
    68: "signature du certificat trop faible",
}
EXPIRED, NOT_YET_VALID, UNKNOWN_ISSUERS, WRONG_NAMES = 10, 9, (20, 21), (62, 64)

_NOT_TLS = "réponse qui n'est pas du TLS"
_TOO_OLD = "protocole TLS du serveur trop ancien"
_CLIENT_NEEDED = "le serveur exige un certificat client"
_CLIENT_REFUSED = "le serveur refuse notre certificat client"
_WEAK = "chiffrement du serveur trop faible"
_BROKEN = {
    "WRONG_VERSION_NUMBER": _NOT_TLS,
    "RECORD_LAYER_FAILURE": _NOT_TLS,
    "HTTP_REQUEST": _NOT_TLS,
    "PACKET_LENGTH_TOO_LONG": _NOT_TLS,
    "UNSUPPORTED_PROTOCOL": _TOO_OLD,
    "TLSV1_ALERT_PROTOCOL_VERSION": _TOO_OLD,
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "le serveur refuse la négociation TLS",
    "TLSV1_UNRECOGNIZED_NAME": "le serveur ne connaît pas ce nom",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": _CLIENT_NEEDED,
    "TLSV1_ALERT_UNKNOWN_CA": _CLIENT_REFUSED,
    "SSLV3_ALERT_BAD_CERTIFICATE": _CLIENT_REFUSED,
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": _CLIENT_REFUSED,
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": _CLIENT_REFUSED,
    "DH_KEY_TOO_SMALL": _WEAK,
    "EE_KEY_TOO_SMALL": _WEAK,
    "CA_MD_TOO_WEAK": _WEAK,
    "UNEXPECTED_EOF_WHILE_READING": "connexion fermée pendant la négociation TLS",
}


def refusal(error: ssl.SSLError, name: str) -> str:
    """Why a handshake failed, in French; `name` is what the certificate should have been for."""
    if isinstance(error, ssl.SSLCertVerificationError):
        code = getattr(error, "verify_code", 0)
        if code in WRONG_NAMES:
            return f"le certificat n'est pas au nom de {name}"
        return _REFUSALS.get(code) or f"certificat refusé ({getattr(error, 'verify_message', 'sans raison')})"
    reason = error.reason or type(error).__name__
    return _BROKEN.get(reason) or f"négociation TLS impossible ({reason.lower().replace('_', ' ')})"
