"""What the backends of SNMP and its sondes say to one another: OIDs, values, failures."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from probes.base import Status
from probes.names import Address
from probes.snmp.access import SnmpAccess

Oid = tuple[int, ...]
# Numbers as int (float for Net-SNMP's opaque floats), texts as bytes, IP addresses as their text in bytes;
# None is "there is no such thing".
Value = int | float | bytes | Oid | None
Binding = tuple[Oid, Value]


class Peer(NamedTuple):
    """An agent, and how it lets itself be read. Two sondes with equal peers share walks."""

    address: Address
    access: SnmpAccess


class SnmpFailureError(Exception):
    """Nothing usable came; `status` is what that says of the target."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message  # in French


def silence(peer: Peer) -> SnmpFailureError:
    """No answer in time. A wrong community looks like a closed port: agents do not answer those they do not know."""
    doubt = "chiffrement refusé" if peer.access.version == 3 else "communauté refusée"
    return SnmpFailureError(
        Status.CRITICAL, f"aucune réponse SNMP du port {peer.access.port} (agent arrêté, ou {doubt})"
    )


def unreadable(peer: Peer) -> SnmpFailureError:
    """Something came, and it made no sense."""
    return SnmpFailureError(Status.CRITICAL, f"réponses SNMP illisibles (port {peer.access.port})")


class ErrorStatusError(Exception):
    """The agent answered with an error of the PDU: too big, no such name."""

    def __init__(self, code: int, index: int) -> None:
        super().__init__(f"error-status {code} at {index}")
        self.code = code
        self.index = index  # 1 for the first of the OIDs asked; 0 for none of them


class Backend(Protocol):
    """What sends one request and gives its answer."""

    async def get(self, peer: Peer, oids: tuple[Oid, ...], timeout_s: float) -> list[Binding]:
        """The values of these OIDs. Raises SnmpFailureError or ErrorStatusError."""

    async def next(self, peer: Peer, oids: tuple[Oid, ...], repetitions: int, timeout_s: float) -> list[Binding]:
        """What follows these OIDs, `repetitions` times (once for version 1), interleaved."""

    async def close(self) -> None:
        """Give back what it holds."""


def read_oid(text: str) -> Oid:
    """The OID of `1.3.6.1.2.1.1.3.0` or `.1.3.6.…`; ValueError says what is wrong."""
    parts = text.strip().removeprefix(".").split(".")
    if len(parts) < 2 or not all(part.isascii() and part.isdigit() and len(part) <= 10 for part in parts):
        raise ValueError(f"'{text}' is not an OID; write it with numbers, like 1.3.6.1.2.1.1.3.0")
    oid = tuple(int(part) for part in parts)
    if oid[0] > 2 or (oid[0] < 2 and oid[1] > 39) or max(oid) >= 1 << 32 or len(oid) > 128:
        raise ValueError(f"'{text}' is not an OID that SNMP can carry")
    return oid


def say_oid(oid: Oid) -> str:
    """The OID as people write it."""
    return ".".join(map(str, oid))
