"""The words every technique shares: what is checked, what one run found, and the shape of a probe."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, Protocol, Self, TypeVar


class Status(StrEnum):
    """What a run, or a state, says. The strings are stored, exported and read by people: they never change."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"
    UNKNOWN = "unknown"

    @property
    def severity(self) -> int:
        """0 ok, 1 warning, 2 critical, 3 unknown: the value of `vigie_sonde_status`."""
        return _SEVERITY[self]


_SEVERITY = {Status.OK: 0, Status.WARNING: 1, Status.CRITICAL: 2, Status.UNKNOWN: 3}


class Measurement(NamedTuple):
    """One number that a run measured. A NamedTuple: five of them are built at every check."""

    name: str  # snake_case with its base unit last, as in Prometheus: "rtt_seconds", "loss_ratio", "size_bytes"
    value: float  # in that base unit
    labels: tuple[tuple[str, str], ...] = ()  # what distinguishes it from others of that name: (("mount", "/srv"),)


class Result(NamedTuple):
    """What one run of a sonde found, and why. The time it holds for is added by whoever ran it."""

    status: Status
    message: str  # in French, one line, read by people in mails and pages: says what was seen, never a secret
    measurements: tuple[Measurement, ...] = ()
    duration_s: float = 0.0  # set by the runner


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """The thing a sonde looks at."""

    sonde: str  # "collectivite/equipment/sonde", for a probe that keeps something per sonde
    address: str  # host name or IP address of the equipment; "" when the technique has no address (heartbeat)


class Resource(Protocol):
    """Something costly that the checks of one process share: a socket, a session, a TLS context."""

    @classmethod
    def open(cls) -> Self:
        """Build it; called inside the running event loop, at first use."""

    async def close(self) -> None:
        """Give back what it holds; called once, when the process stops."""


R = TypeVar("R", bound=Resource)


class Shared:
    """What the checks of one event loop share: each kind of resource is opened at first use, all close together."""

    def __init__(self) -> None:
        self._open: dict[type[Resource], Resource] = {}

    def use(self, kind: type[R]) -> R:
        """The one resource of this kind, opened now if need be."""
        resource = self._open.get(kind)
        if resource is None:
            resource = self._open[kind] = kind.open()
        return resource  # type: ignore[return-value]  # the dict maps each kind to its own instance

    def provide(self, resource: Resource) -> None:
        """Hand over a resource that the caller built (the heartbeat book, which the application owns)."""
        self._open[type(resource)] = resource

    async def close(self) -> None:
        """Close what was opened, in reverse order."""
        while self._open:
            _, resource = self._open.popitem()
            await resource.close()


@dataclass(slots=True)
class Run:
    """One run in progress: what it may use, and where it says what it is doing."""

    shared: Shared
    at: float  # POSIX time of the start of the run: the only "now" a probe may compare dates with
    timeout_s: float  # after this the runner cancels the run
    stage: str = ""  # in French, what is being waited for: completes the message of a run that timed out
    trace: list[str] | None = None  # English lines of reasoning, kept only for `vigie probe`
    interval_s: float = 60.0  # of the sonde: how long what its neighbours read may serve it too

    def note(self, line: str) -> None:
        """Explain a step to the person who runs `vigie probe`; costs nothing otherwise."""
        if self.trace is not None:
            self.trace.append(line)


Check = Callable[[Target, Any, Run], Awaitable[Result]]
SettingsClass = type[Any]  # named here because inside Probe the word `type` is the field


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """A technique: how its settings are written in the config, and the coroutine that checks."""

    type: str  # the word in the config: "link"
    settings: SettingsClass  # a pydantic dataclass made with @probes.settings.settings
    check: Check  # async (target, settings, run) -> Result
    measures: tuple[str, ...] = field(default=())  # every Measurement.name it may return (docs, metrics, dashboards)
    # What a run that outlives its timeout says of the *target*: CRITICAL where silence is the finding (network
    # techniques), UNKNOWN where only the technique itself can hang.
    on_timeout: Status = Status.UNKNOWN
    needs_address: bool = True  # False: the technique works without an equipment address
    # Modules that its checks import when they first need them: they are loaded before the clock of the check runs.
    loads: tuple[str, ...] = ()
    # Foreign techniques (found through the entry-point group) run in a process of their own, see probes/isolated.py.
    isolated: bool = False
