"""The end of validity of a certificate, straight from its bytes.

Every HTTPS check needs this one date. Reading it here costs 3 µs and no library; the whole certificate is read by
probes/x509.py, which takes 8 MiB the first time and is loaded by the techniques that need it, when they do.
"""

from __future__ import annotations

from datetime import UTC, datetime

_SEQUENCE, _INTEGER, _VERSION, _UTC_TIME, _GENERALIZED_TIME = 0x30, 0x02, 0xA0, 0x17, 0x18


class UnreadableError(Exception):
    """These bytes hold no certificate that can be read; `message` says why, in French."""

    def __init__(self, message: str, *, password: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.password = password  # the password we were given is at fault, not the file


def not_after(der: bytes) -> float:
    """POSIX seconds of the end of validity; raises UnreadableError on whatever is not a certificate."""
    try:
        inside, _ = _enter(der, 0, _SEQUENCE)  # Certificate
        at, _ = _enter(der, inside, _SEQUENCE)  # TBSCertificate
        if der[at] == _VERSION:
            at = _after(der, at, _VERSION)
        at = _after(der, at, _INTEGER)  # serial number
        at = _after(der, at, _SEQUENCE)  # signature algorithm
        at = _after(der, at, _SEQUENCE)  # issuer
        at, _ = _enter(der, at, _SEQUENCE)  # validity
        at = _after(der, at, der[at])  # not before
        kind = der[at]
        start, end = _enter(der, at, kind)
        return _instant(kind, der[start:end].decode("ascii"))
    except (IndexError, ValueError, OverflowError):
        raise UnreadableError("certificat illisible") from None


def _enter(der: bytes, at: int, tag: int) -> tuple[int, int]:
    """Where the content of the element at `at` begins and ends."""
    if der[at] != tag:
        raise ValueError("another element is expected")
    length = der[at + 1]
    start = at + 2
    if length & 0x80:
        size = length & 0x7F
        if not 1 <= size <= 4:
            raise ValueError("no certificate is that long")
        length = int.from_bytes(der[start : start + size], "big")
        start += size
    if start + length > len(der):
        raise ValueError("cut short")
    return start, start + length


def _after(der: bytes, at: int, tag: int) -> int:
    return _enter(der, at, tag)[1]


def _instant(kind: int, text: str) -> float:
    """RFC 5280: YYMMDDHHMMSSZ for 1950 to 2049, YYYYMMDDHHMMSSZ beyond."""
    if kind == _UTC_TIME:
        text = ("19" if text[:2] >= "50" else "20") + text
    elif kind != _GENERALIZED_TIME:
        raise ValueError("a time is expected")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()
