"""A DNS server that answers every question with one address: `python -m bench.dns_responder DESCRIPTOR`.

A process of its own, on a UDP socket that the bench has bound, so that its CPU is nobody's figure.
"""

from __future__ import annotations

import socket
import sys

_HEADER = 12
# The question's name again (a pointer to it), A, IN, 300 s, 4 bytes: 192.0.2.1.
_RECORD = b"\xc0\x0c" + b"\x00\x01" + b"\x00\x01" + b"\x00\x00\x01\x2c" + b"\x00\x04" + bytes([192, 0, 2, 1])
_FLAGS_AND_COUNTS = b"\x81\x80" + b"\x00\x01" + b"\x00\x01" + b"\x00\x00" + b"\x00\x00"


def answer(query: bytes) -> bytes:
    """The reply to a query, what follows its question (EDNS) left out."""
    end = _HEADER
    while query[end]:
        end += query[end] + 1
    return query[:2] + _FLAGS_AND_COUNTS + query[_HEADER : end + 5] + _RECORD


def serve(sock: socket.socket) -> None:
    """Answer until the process is ended."""
    while True:
        query, sender = sock.recvfrom(4096)
        sock.sendto(answer(query), sender)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as bound:
        serve(bound)
