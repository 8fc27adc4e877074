"""Takes secrets out of texts before anybody reads them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from urllib.parse import quote, quote_plus

MASK = "***"
_SHORT = 4  # a secret of fewer characters is masked as a whole word only: masking every "a" would mask the log
_LINE = 12  # lines of a key at least this long are masked one by one too
_MARGIN = 65536  # of a longer text, what is far from where it will be cut is dropped unread
_SPELLINGS: tuple[Callable[[str], str], ...] = (
    lambda text: repr(text)[1:-1],
    lambda text: json.dumps(text)[1:-1],
    lambda text: quote(text, safe="", errors="replace"),
    lambda text: quote_plus(text, errors="replace"),
)


class Redactor:
    """Masks the secrets it is given, in the forms they take in a log."""

    def __init__(self, secrets: Callable[[], Iterable[str]]) -> None:
        self._secrets = secrets
        self._known: tuple[str, ...] = ()
        self._forms: tuple[str, ...] = ()

    def clean(self, text: str, limit: int) -> str:
        """`text` without secrets, at most `limit` characters: its beginning."""
        # Masked first and cut afterwards: half a secret would pass.
        masked = self._masked(text[: limit + _MARGIN])
        return masked if len(masked) <= limit else masked[: limit - 1] + "…"

    def clean_ends(self, text: str, limit: int) -> str:
        """`text` without secrets, at most `limit` characters: its two ends, of a traceback that tell the most."""
        if len(text) > 2 * (limit + _MARGIN):
            text = text[: limit + _MARGIN] + text[-limit - _MARGIN :]
        masked = self._masked(text)
        head = limit // 8
        return masked if len(masked) <= limit else f"{masked[:head]}\n…\n{masked[head + 3 - limit :]}"

    def _masked(self, text: str) -> str:
        known = tuple(self._secrets())
        if known != self._known:
            self._known, self._forms = known, _forms(known)
        for form in self._forms:
            if form in text:
                alone = rf"(?<!\w){re.escape(form)}(?!\w)"
                text = re.sub(alone, MASK, text) if len(form) < _SHORT else text.replace(form, MASK)
        return text


def _forms(secrets: Iterable[str]) -> tuple[str, ...]:
    """Every spelling to look for, the longest first so that no secret is left in the middle of another."""
    forms = {line for secret in secrets for line in _lines(secret)}
    for _ in range(2):  # twice: JSON in a repr, a URL in JSON
        forms |= {spell(form) for form in forms for spell in _SPELLINGS}
    return tuple(sorted(filter(None, forms), key=len, reverse=True))


def _lines(secret: str) -> set[str]:
    # Line by line as well: a traceback may show one line of a key.
    return {secret} | {line for line in secret.splitlines() if len(line) >= _LINE and not line.startswith("-----")}
