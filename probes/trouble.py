"""What a failed connection says of the target, in French."""

from __future__ import annotations

import errno

from probes.base import Status

_OF_THE_TARGET = {
    errno.ECONNREFUSED: "connexion refusée",
    errno.ECONNRESET: "connexion réinitialisée",
    errno.ECONNABORTED: "connexion interrompue",
    errno.EPIPE: "connexion fermée par le serveur",
    errno.EHOSTUNREACH: "hôte injoignable",
    errno.EHOSTDOWN: "hôte injoignable",
    errno.ETIMEDOUT: "pas de réponse à la connexion",
}
# Trouble of the machine that checks: it says nothing of the target.
_OF_OURS = {
    errno.ENETUNREACH: "réseau injoignable depuis le superviseur",
    errno.ENETDOWN: "réseau du superviseur arrêté",
    errno.EADDRNOTAVAIL: "plus de port libre sur le superviseur",
    errno.EMFILE: "trop de connexions ouvertes sur le superviseur",
    errno.ENFILE: "trop de connexions ouvertes sur le superviseur",
    errno.EAFNOSUPPORT: "famille d'adresses absente du superviseur",
    errno.EACCES: "connexion interdite par le superviseur (pare-feu)",
    errno.EPERM: "connexion interdite par le superviseur (pare-feu)",
}


def connection_trouble(error: OSError, port: int | None) -> tuple[Status, str]:
    """The status and the message of a connection that failed or broke."""
    where = f" (port {port})" if port is not None else ""
    # asyncio raises a bare ConnectionResetError when the connection ends inside a TLS handshake.
    code = error.errno or (errno.ECONNRESET if isinstance(error, ConnectionResetError) else 0)
    if code in _OF_OURS:
        return Status.UNKNOWN, _OF_OURS[code]
    known = _OF_THE_TARGET.get(code)
    return Status.CRITICAL, (known or f"connexion impossible ({type(error).__name__})") + where
