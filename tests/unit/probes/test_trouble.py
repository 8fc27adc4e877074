"""What a failed connection or handshake says, and of whom."""

from __future__ import annotations

import errno
import ssl

import pytest

from probes.base import Status
from probes.trouble import connection_trouble
from probes.trust import refusal


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), Status.CRITICAL, "connexion refusée (port 443)"),
        (ConnectionResetError(errno.ECONNRESET, "x"), Status.CRITICAL, "connexion réinitialisée (port 443)"),
        (ConnectionResetError(), Status.CRITICAL, "connexion réinitialisée (port 443)"),
        (OSError(errno.EHOSTUNREACH, "x"), Status.CRITICAL, "hôte injoignable (port 443)"),
        (OSError(errno.ENETUNREACH, "x"), Status.UNKNOWN, "réseau injoignable depuis le superviseur"),
        (OSError(errno.EMFILE, "x"), Status.UNKNOWN, "trop de connexions ouvertes sur le superviseur"),
        (OSError("secret text"), Status.CRITICAL, "connexion impossible (OSError) (port 443)"),
    ],
)
def test_connections(error: OSError, status: Status, message: str) -> None:
    assert connection_trouble(error, 443) == (status, message)


def _alert(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}] text")
    error.reason = reason
    return error


def test_handshakes() -> None:
    assert refusal(_alert("TLSV13_ALERT_CERTIFICATE_REQUIRED"), "a") == "le serveur exige un certificat client"
    assert refusal(_alert("SOME_NEW_REASON"), "a") == "négociation TLS impossible (some new reason)"
    unusual = ssl.SSLCertVerificationError(1, "x")
    unusual.verify_code, unusual.verify_message = 99, "odd"
    assert refusal(unusual, "a") == "certificat refusé (odd)"
    unusual.verify_code = 64
    assert refusal(unusual, "192.0.2.1") == "le certificat n'est pas au nom de 192.0.2.1"
