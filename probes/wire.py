"""What the daemon and a worker process say to each other: one line of JSON each way for each check.

Both ends validate what they read. The worker's end runs somebody else's code, so nothing that comes from it is
believed: sizes are bounded, numbers are finite, messages are one printable line.
"""

from __future__ import annotations

import pickle
from base64 import b64decode, b64encode
from typing import Annotated, Any, TypeVar

from pydantic import Field, TypeAdapter
from pydantic_core import to_json

from probes.base import Measurement, Result, Status
from probes.settings import settings

LINE_LIMIT = 1024 * 1024  # bytes of one line: 1,000 measurements with long labels fit in it
MESSAGE_LIMIT = 500  # characters; a message is read in mails and pages
MEASUREMENTS_LIMIT = 1000
NOTES_LIMIT = 200

T = TypeVar("T")
_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=100)]
_Label = tuple[_Name, Annotated[str, Field(max_length=200)]]
_Value = Annotated[float, Field(allow_inf_nan=False)]
_Measured = tuple[_Name, _Value, Annotated[tuple[_Label, ...], Field(max_length=10)]]


@settings
class Hello:
    """First line to a new worker: what it has to impose on itself before it loads anybody's code."""

    parent: int
    """Process id of the daemon: a worker whose parent is another one is an orphan, and exits."""
    memory_bytes: int
    """Virtual memory it may not exceed (RLIMIT_AS)."""
    resident_bytes: int
    """Resident memory above which, after a check, it declares itself worn."""


@settings
class Ready:
    """First line from a worker, once its techniques are loaded."""

    failed: str = ""
    """Why they could not be; "" when all is well."""


@settings
class Request:
    """One check to do."""

    type: str
    sonde: str
    address: str
    settings: str
    """The sonde's settings, secrets included, as `settings_text` writes them; a socket pair carries them, no file."""
    timeout_s: float
    at: float
    trace: bool
    """Whether the reasoning is wanted (`vigie probe`)."""


@settings
class Reply:
    """What one check found."""

    status: Status
    message: Annotated[str, Field(max_length=MESSAGE_LIMIT, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
    duration_s: _Value
    measurements: Annotated[tuple[_Measured, ...], Field(max_length=MEASUREMENTS_LIMIT)] = ()
    notes: Annotated[tuple[str, ...], Field(max_length=NOTES_LIMIT)] = ()
    worn: bool = False
    """The worker asks to be replaced: it has grown, or ran out of memory."""

    def result(self) -> Result:
        """As the rest of Vigie knows it."""
        return Result(self.status, self.message, tuple(Measurement(*m) for m in self.measurements), self.duration_s)


def line(said: Hello | Ready | Request | Reply) -> bytes:
    """`said`, ready to be written."""
    return to_json(said, inf_nan_mode="constants") + b"\n"


def heard(kind: type[T], text: bytes) -> T:
    """What a line says; ValueError when it is not a `kind`."""
    return TypeAdapter(kind).validate_json(text)


def settings_text(value: Any) -> str:
    """The settings of a sonde as text that `settings_value` reads back.

    Pickled, not JSON: a secret refuses to be written and read as plain text, on purpose, and a technique's
    validators need not accept their own output. Safe in this direction: the daemon writes, the worker reads.
    ValueError when they cannot be pickled (a class of no module, a lock).
    """
    try:
        return b64encode(pickle.dumps(value)).decode()
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise ValueError(f"these settings cannot leave the process: {error}") from None


def settings_value(text: str) -> Any:
    """The settings that `settings_text` wrote: the same values, not validated a second time."""
    return pickle.loads(b64decode(text))  # noqa: S301  written by the daemon, see above


def one_line(text: str) -> str:
    """`text` with nothing in it that could break a line, a log or a page, and not longer than a message."""
    printable = "".join(c if c.isprintable() else " " for c in text[: MESSAGE_LIMIT * 2])
    short = " ".join(printable.split())
    return short if len(short) <= MESSAGE_LIMIT else short[: MESSAGE_LIMIT - 1] + "…"
