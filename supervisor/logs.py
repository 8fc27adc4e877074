"""Logs: text for a person at a terminal, one JSON object a line for everything else; never a secret.

What a target answers ends up in logs, so nothing in a record can end its line, move the cursor or reverse the
direction of the text, and no line is longer than the journal keeps in one piece.
"""

from __future__ import annotations

import json
import logging
import math
import os
import sys
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

from supervisor.redaction import Redactor

LEVELS = ("debug", "info", "warning", "error")
LINE_BYTES = 40_000  # journald cuts lines at 48 KiB (LineMax)
_MESSAGE_CHARS = 4_000
_EXTRA_CHARS = 1_000
_TRACE_CHARS = 16_000
_EXTRAS = 32
_OWN_KEYS = ("time", "level", "logger", "message", "exception")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
_PRIORITY = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}
_FRENCH_SPACES = "\u00a0\u202f"  # before : ; ! ? in every French message; Python calls them unprintable

Secrets = Callable[[], Iterable[str]]


def configure(level: str, *, secrets: Secrets = tuple, stream: TextIO | None = None) -> logging.Handler:
    """Send every log record of the process to `stream` (standard error), and what would bypass the log as well.

    `secrets` is asked at every record, because a reload changes them.
    """
    handler = build(stream or sys.stderr, secrets)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)
    # An exception that nobody catches is printed by the interpreter, past every filter.
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)
    # In a destructor: the object itself would be printed by the default hook, and may hold anything.
    sys.unraisablehook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)
    return handler


def build(stream: TextIO, secrets: Secrets = tuple) -> logging.Handler:
    """A handler that writes to `stream` in the form that suits it."""
    handler = _Handler(stream)
    handler.addFilter(Redaction(Redactor(secrets)))
    handler.setFormatter(TextFormatter() if stream.isatty() else JsonFormatter(priority=_is_journal(stream)))
    return handler


class Redaction(logging.Filter):
    """Puts the final texts in the record, secrets taken out: message, extra fields, traceback."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """Always lets the record through. Never raises: the caller that logs is not prepared for it."""
        record.msg = self._redactor.clean(_message(record), _MESSAGE_CHARS)
        record.args = None
        for key in _extra_keys(record):
            setattr(record, key, self._extra(getattr(record, key)))
        if record.exc_info and not record.exc_text:
            record.exc_text = _PLAIN.formatException(record.exc_info)
        if record.stack_info:
            record.exc_text = "\n".join(filter(None, (record.exc_text, record.stack_info)))
        record.exc_info = record.stack_info = None
        if record.exc_text:
            record.exc_text = self._redactor.clean_ends(record.exc_text, _TRACE_CHARS)
        return True

    def _extra(self, value: Any) -> Any:
        if value is None or isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
            return value  # NaN is no JSON
        try:
            text = str(value)
        except Exception:  # noqa: BLE001  anybody's __str__
            text = f"<{type(value).__name__}>"
        return self._redactor.clean(text, _EXTRA_CHARS)


class JsonFormatter(logging.Formatter):
    """One object a line: time (UTC), level, logger, message, the extra fields, exception."""

    def __init__(self, *, priority: bool) -> None:
        super().__init__()
        self._priority = priority  # begin with "<3>", from which the journal knows the level (and takes it away)

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        extras = {(f"{key}_" if key in _OWN_KEYS else key): getattr(record, key) for key in _extra_keys(record)}
        exception = {"exception": record.exc_text} if record.exc_text else {}
        line = _json(told | extras | exception)
        if len(line.encode()) > LINE_BYTES:
            line = _json(told | {"message": told["message"][:_EXTRA_CHARS], "truncated": True})
        prefix = f"<{_PRIORITY.get(record.levelno, 6)}>" if self._priority else ""
        return prefix + line


class TextFormatter(logging.Formatter):
    """Local time, level, logger, message, extra fields; a traceback on lines of its own, set back."""

    def format(self, record: logging.LogRecord) -> str:
        """The lines, without the last end."""
        time = datetime.fromtimestamp(record.created, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        extras = "".join(f" {key}={getattr(record, key)}" for key in _extra_keys(record))
        line = f"{time} {record.levelname:<7} {record.name}: {record.getMessage()}{extras}"
        trace = (record.exc_text or "").splitlines()
        return "\n".join((_escaped(line), *(f"    {_escaped(text)}" for text in trace)))


class _Handler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  logging's own name
        """A log that cannot be written is lost in silence: standard error, where logging would print the record and
        its arguments in clear, is this very stream."""


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt | SystemExit):
        return
    logging.getLogger("supervisor").critical("uncaught exception", exc_info=(kind, error or kind(), trace))


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001  arguments that do not fit their text: say so, without showing them
        text = record.msg if isinstance(record.msg, str) else f"<{type(record.msg).__name__}>"
        return f"{text} (its arguments do not fit)"


def _extra_keys(record: logging.LogRecord) -> list[str]:
    return [key for key in vars(record) if key not in _STANDARD][:_EXTRAS]


def _is_journal(stream: TextIO) -> bool:
    """Whether the stream is the one that systemd connected to the journal, and not a file it was redirected to."""
    try:
        told = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{told.st_dev}:{told.st_ino}"


def _json(told: dict[str, Any]) -> str:
    text = json.dumps(told, ensure_ascii=False)
    return text if text.isprintable() else "".join(c if _plain(c) else json.dumps(c)[1:-1] for c in text)


def _escaped(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if _plain(c) else c.encode("unicode_escape").decode() for c in text)


def _plain(character: str) -> bool:
    return character.isprintable() or character in _FRENCH_SPACES


_PLAIN = logging.Formatter()
