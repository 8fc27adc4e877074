"""What a failed connection says of the target, and a file that cannot be read of our own machine, in French."""

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

_OF_A_FILE = {
    errno.ENOENT: "absent",
    errno.EACCES: "droits insuffisants",
    errno.EPERM: "droits insuffisants",
    errno.EISDIR: "c'est un dossier",
    errno.ENOTDIR: "chemin impossible",
    errno.ELOOP: "liens en boucle",
    errno.ENAMETOOLONG: "nom trop long",
    errno.EIO: "disque en panne",
    errno.ESTALE: "montage réseau perdu",
    errno.EMFILE: "trop de fichiers ouverts",
    errno.ENFILE: "trop de fichiers ouverts",
}


def file_trouble(error: OSError) -> str:
    """Why a file cannot be read."""
    if error.errno is None:  # raised by us, in French
        return str(error)
    return _OF_A_FILE.get(error.errno, f"erreur {errno.errorcode.get(error.errno, error.errno)}")


def connection_trouble(error: OSError, port: int | None) -> tuple[Status, str]:
    """The status and the message of a connection that failed or broke."""
    where = f" (port {port})" if port is not None else ""
    # asyncio raises a bare ConnectionResetError when the connection ends inside a TLS handshake.
    code = error.errno or (errno.ECONNRESET if isinstance(error, ConnectionResetError) else 0)
    if code in _OF_OURS:
        return Status.UNKNOWN, _OF_OURS[code]
    known = _OF_THE_TARGET.get(code)
    return Status.CRITICAL, (known or f"connexion impossible ({type(error).__name__})") + where
