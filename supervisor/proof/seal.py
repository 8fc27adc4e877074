"""Digests that anybody can take again with a few lines of any language: SHA-256 of canonical JSON.

Canonical: keys sorted, no spaces, ASCII. A part is sealed by its own digest, which the head lists; a closing by the
digest of everything else in its row, the digest of the closing before it included. Whoever alters an old closing
therefore has to alter every later one too, and the last digest is on paper by then: `vigie close` prints it.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from supervisor.store.closings import Closing


def canonical(document: Any) -> str:
    """One text for one document."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def digest(text: str) -> str:
    """Of a text as it is stored."""
    return hashlib.sha256(text.encode()).hexdigest()


def chained(closing: Closing) -> str:
    """What the digest of a closing has to be."""
    sealed = {
        "month": closing.month,
        "version": closing.version,
        "closed_at": closing.closed_at,
        "author": closing.author,
        "reason": closing.reason,
        "head": closing.head,
        "previous": closing.previous,
    }
    return digest(canonical(sealed))
