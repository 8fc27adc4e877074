"""`heartbeat`: the thing calls in when it has done its work (a backup that ended), and is missed when it does not.

The web server receives the calls and keeps them in the `HeartbeatBook`; the check looks at the last one. The address
to call holds a token made from the process's key and the sonde's id: no secret is ever written in the config.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
from collections import deque
from collections.abc import Mapping
from typing import Annotated, NamedTuple, Self

from pydantic import Field, model_validator

from probes.base import Measurement, Probe, Result, Run, Status, Target
from probes.excerpt import excerpt
from probes.heartbeat_schedule import Schedule, expected
from probes.settings import Bytes, Ratio, Seconds, settings
from probes.threshold import Above, Below, Verdict
from probes.units import duration, say_duration, say_limit, say_ratio, say_size, size
from probes.validity import day

EARLY_S = 300.0  # a call this long before its time counts for that time: clocks differ, and short jobs end at once
KEEP = 10  # calls remembered for each sonde, for `vigie probe`
_MESSAGE_LIMIT = 200
_LARGEST = 2**63 - 1  # what a database column holds


class Beat(NamedTuple):
    """One call, and what it said."""

    at: float  # POSIX time of its arrival
    exit_code: int | None = None
    size_bytes: int | None = None
    duration_s: float | None = None
    message: str = ""  # whatever the caller wants to be read, printable and short


class HeartbeatBook:
    """The calls received, by sonde. The application owns it, fills it from the store, and provides it to the checks."""

    def __init__(self) -> None:
        self._beats: dict[str, deque[Beat]] = {}
        self._known: dict[str, float] = {}

    @classmethod
    def open(cls) -> Self:
        """An empty book: what a check finds when nobody provided one."""
        return cls()

    async def close(self) -> None:
        """Nothing is held."""

    def record(self, sonde: str, beat: Beat) -> None:
        """A call came in, or is read back from the store; in order of arrival."""
        self._beats.setdefault(sonde, deque(maxlen=KEEP)).append(beat)

    def know(self, sonde: str, since: float) -> None:
        """The sonde exists since that instant: the first call is expected from then on."""
        self._known.setdefault(sonde, since)

    def known_since(self, sonde: str) -> float | None:
        """When the sonde came to exist; None when nobody said."""
        return self._known.get(sonde)

    def recent(self, sonde: str) -> tuple[Beat, ...]:
        """The last calls, oldest first."""
        return tuple(self._beats.get(sonde, ()))

    def forget(self, sonde: str) -> None:
        """The sonde was removed."""
        self._beats.pop(sonde, None)
        self._known.pop(sonde, None)


def token(key: bytes, sonde: str, generation: int) -> str:
    """What a caller puts in the address to be recognised as this sonde: 130 bits nobody can guess without `key`."""
    digest = hmac.digest(key, f"heartbeat\n{sonde}\n{generation}".encode(), hashlib.sha256)
    return base64.b32encode(digest).decode().lower()[:26]


def heard(at: float, said: Mapping[str, str]) -> Beat:
    """The call as its parameters tell it (`exit`, `size`, `duration`, `message`); ValueError says what is wrong."""
    unknown = sorted(set(said) - {"exit", "size", "duration", "message"})
    if unknown:
        raise ValueError(f"unknown parameter {excerpt(unknown[0], 40)!r}; send exit, size, duration or message")
    return Beat(
        at,
        exit_code=_number(said, "exit", -(2**31), 2**31 - 1),
        size_bytes=_size(said),
        duration_s=_duration(said),
        message=excerpt(said.get("message", ""), _MESSAGE_LIMIT),
    )


def _number(said: Mapping[str, str], name: str, least: int, most: int) -> int | None:
    text = said.get(name, "").strip()
    if not text:
        return None
    if not text.removeprefix("-").isascii() or not text.removeprefix("-").isdigit() or len(text) > 20:
        raise ValueError(f"{name} is a whole number")
    value = int(text)
    if not least <= value <= most:
        raise ValueError(f"{name} is out of range")
    return value


def _size(said: Mapping[str, str]) -> int | None:
    text = said.get("size", "").strip()
    if not text or text.isdigit():
        return _number(said, "size", 0, _LARGEST)
    value = int(size(text[:40]))
    if value > _LARGEST:
        raise ValueError("size is out of range")
    return value


def _duration(said: Mapping[str, str]) -> float | None:
    text = said.get("duration", "").strip()[:40]
    if not text:
        return None
    try:
        value = float(text)  # a script that does the subtraction sends bare seconds
    except ValueError:
        value = duration(text)
    if not math.isfinite(value) or value < 0:
        raise ValueError("duration is a number of seconds, or like 1h30m")
    return value


@settings
class ExitCodes:
    """What exit codes mean; any other is critical."""

    ok: tuple[int, ...] = (0,)
    """Codes that mean success."""
    warning: tuple[int, ...] = ()
    """Codes that mean success with reservations (1 for tar, rsync's 24)."""

    @model_validator(mode="after")
    def _apart(self) -> ExitCodes:
        if both := set(self.ok) & set(self.warning):
            raise ValueError(f"the exit code {min(both)} cannot be both ok and a warning; keep it in one list")
        return self


@settings
class Quota:
    """A share of a limit that may be used."""

    limit: Annotated[Bytes, Field(gt=0)]
    """What is allowed, like 40 Go."""
    warning: Ratio = 0.8
    """Used ratio that is a warning."""
    critical: Ratio = 0.95
    """Used ratio that is critical."""

    @model_validator(mode="after")
    def _ordered(self) -> Quota:
        if self.warning >= self.critical:
            raise ValueError("the warning ratio must be below the critical one")
        return self


@settings
class HeartbeatSettings:
    """A job that calls when it is done: when it should, and what it should say."""

    every: Annotated[Seconds, Field(gt=0)] | None = None
    """A call is expected at most this long after the one before."""
    schedule: Schedule | None = None
    """Calls are expected at these local times."""
    grace: Seconds = 3600.0
    """How late a call may be: the time the job takes, and some more."""
    older_than: Above[Seconds] | None = None
    """Thresholds on the time since the last call."""
    exit: ExitCodes = ExitCodes()
    """What the exit code means, when one is sent."""
    size: Below[Bytes] = Below(critical=0)
    """Thresholds on the size sent; an empty backup is critical."""
    quota: Quota | None = None
    """The size sent, held against a limit."""
    duration: Above[Seconds] | None = None
    """Thresholds on the duration sent."""
    generation: Annotated[int, Field(ge=1)] = 1
    """Raise it by one to void an address that leaked: the token to call changes."""

    @model_validator(mode="after")
    def _awaited(self) -> HeartbeatSettings:
        if self.every is None and self.schedule is None and self.older_than is None:
            raise ValueError("nothing says when a call is missed; write every: 24h, schedule: or older_than:")
        if self.every is not None and self.schedule is not None:
            raise ValueError("calls are awaited either every so often or on a schedule; keep one of the two")
        return self


async def check(target: Target, settings: HeartbeatSettings, run: Run) -> Result:
    """Look at the last call; waits for nothing."""
    book = run.shared.use(HeartbeatBook)
    beats = book.recent(target.sonde)
    if run.trace is not None:
        for beat in beats:
            run.note(f"call {day(beat.at)}: {beat}")
    return judge(settings, beats[-1] if beats else None, book.known_since(target.sonde), run)


def judge(settings: HeartbeatSettings, last: Beat | None, known_since: float | None, run: Run) -> Result:
    """What the last call, or its absence, amounts to at `run.at`."""
    verdict = Verdict(run)
    since = last.at if last is not None else known_since
    if since is not None:
        _judge_delay(verdict, settings, since, run.at)
    if last is None:
        # Nothing is known to work or to fail until the first call has had its time.
        verdict.find(Status.UNKNOWN, "aucun appel reçu depuis la mise en place")
        return verdict.result("")
    age_s = max(0.0, run.at - last.at)
    verdict.measurements.append(Measurement("age_seconds", age_s))
    said = [f"dernier appel il y a {say_duration(age_s)}"]
    _judge_exit(verdict, settings, last, said)
    _judge_size(verdict, settings, last, said)
    _judge_duration(verdict, settings, last, said)
    return verdict.result(", ".join(said))


def _judge_delay(verdict: Verdict, settings: HeartbeatSettings, since: float, at: float) -> None:
    due = None
    if settings.every is not None:
        due = since + settings.every
    elif settings.schedule is not None:
        awaited = expected(settings.schedule, at - settings.grace)
        due = awaited if since < awaited - EARLY_S else None
    if due is not None and at >= due + settings.grace:
        verdict.find(Status.CRITICAL, f"appel attendu depuis {say_duration(at - due)}")
    verdict.judge(settings.older_than, max(0.0, at - since), "sans appel depuis", say_duration)


def _judge_exit(verdict: Verdict, settings: HeartbeatSettings, last: Beat, said: list[str]) -> None:
    code = last.exit_code
    if code is None:
        return
    verdict.measurements.append(Measurement("exit_code", code))
    said.append(f"code {code}")
    if code not in settings.exit.ok:
        status = Status.WARNING if code in settings.exit.warning else Status.CRITICAL
        quoted = f" « {last.message} »" if last.message else ""
        verdict.find(status, f"le traitement a fini avec le code {code}{quoted}")


def _judge_size(verdict: Verdict, settings: HeartbeatSettings, last: Beat, said: list[str]) -> None:
    if last.size_bytes is None:
        # That it is not empty is asked of everybody, and of those who tell a size alone.
        if settings.quota is not None or settings.size.warning is not None or settings.size.critical:
            verdict.find(Status.UNKNOWN, "taille non communiquée par l'appel")
        return
    verdict.measurements.append(Measurement("size_bytes", last.size_bytes))
    said.append(say_size(last.size_bytes))
    verdict.judge(settings.size, last.size_bytes, "taille", say_size)
    if settings.quota is not None:
        used = last.size_bytes / settings.quota.limit
        verdict.measurements.append(Measurement("quota_ratio", used))
        quota = Above(warning=settings.quota.warning, critical=settings.quota.critical)
        verdict.judge(quota, used, f"quota de {say_limit(settings.quota.limit)} occupé à", say_ratio)


def _judge_duration(verdict: Verdict, settings: HeartbeatSettings, last: Beat, said: list[str]) -> None:
    if last.duration_s is None:
        if settings.duration is not None:
            verdict.find(Status.UNKNOWN, "durée non communiquée par l'appel")
        return
    verdict.measurements.append(Measurement("run_seconds", last.duration_s))
    said.append(f"durée {say_duration(last.duration_s)}")
    verdict.judge(settings.duration, last.duration_s, "durée", say_duration)


PROBE = Probe(
    type="heartbeat",
    settings=HeartbeatSettings,
    check=check,
    measures=("age_seconds", "exit_code", "size_bytes", "quota_ratio", "run_seconds"),
    on_timeout=Status.UNKNOWN,
    needs_address=False,
)
