"""From a sonde as it is written to the `Sonde` the rest of Vigie sees: type, settings, every default."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from probes.base import Probe, Status, Target
from supervisor.config.equipment import CanaryEntry, SondeEntry
from supervisor.config.fields import plain_duration
from supervisor.config.forms import Form, Place
from supervisor.config.wording import near, say
from supervisor.domain.sonde import Sonde

_TIMEOUT_S = 10.0
_RETRY_EVERY_S = 20.0
_STALE_INTERVALS = 2.5
_MIN_INTERVAL_S = 1.0
_MAX_INTERVAL_S = 31 * 86400.0


@dataclass(frozen=True, slots=True)
class Draft:
    """A sonde whose own lines are right; what it depends on is not looked at yet."""

    entry: SondeEntry
    settings: Any
    probe: Probe
    address: str


class SondeMaker:
    """Makes the sondes of one load; equal settings and numbers are kept once."""

    def __init__(self, probes: Mapping[str, Probe]) -> None:
        self._probes = probes
        self._sondes: Form[SondeEntry] = Form(SondeEntry)
        self._canaries: Form[CanaryEntry] = Form(CanaryEntry)
        self._sonde_keys = tuple(field.name for field in fields(SondeEntry))
        self._canary_keys = tuple(field.name for field in fields(CanaryEntry))
        self._settings: dict[tuple[str, tuple[str, ...]], Form[Any]] = {}
        self._kept: dict[Any, Any] = {}

    def sonde(self, value: Any, address: str, place: Place) -> Draft | None:
        """What is written of a sonde of an equipment that has this address."""
        entry, probe, settings = self._read(value, place, self._sondes, self._sonde_keys)
        return _draft(entry, probe, settings, address, place)

    def canary(self, value: Any, place: Place) -> Draft | None:
        """What is written of a reference target of the supervisor itself."""
        entry, probe, settings = self._read(value, place, self._canaries, self._canary_keys)
        if entry is None:
            return _draft(
                None, probe, settings, str(value.get("address", "")) if isinstance(value, dict) else "", place
            )
        common = SondeEntry(
            id=entry.id,
            type=entry.type,
            interval=entry.interval,
            timeout=entry.timeout,
            attempts=entry.attempts,
            retry_every=entry.retry_every,
            stale_after=entry.stale_after,
            billable=False,
        )
        return _draft(common, probe, settings, entry.address or "", place)

    def finish(self, draft: Draft, identity: str, parent: str | None, service: str | None) -> Sonde:
        """The sonde of that full id, once its parent and service are known."""
        entry, keep = draft.entry, self._keep
        timeout_s = entry.timeout if entry.timeout is not None else min(_TIMEOUT_S, entry.interval)
        retry_s = entry.retry_every if entry.retry_every is not None else min(_RETRY_EVERY_S, entry.interval)
        stale_s = entry.stale_after if entry.stale_after is not None else _STALE_INTERVALS * entry.interval
        return Sonde(
            id=identity,
            type=draft.probe.type,
            target=Target(sonde=identity, address=draft.address),
            settings=keep(draft.settings),
            interval_s=keep(entry.interval),
            timeout_s=keep(timeout_s),
            attempts=entry.attempts,
            retry_every_s=keep(retry_s),
            stale_after_s=keep(math.floor(stale_s)),
            parent=parent,
            service=service,
            billable=entry.billable,
            paused=entry.paused,
            incident_from=Status(entry.incident),
        )

    def _read(self, value: Any, place: Place, form: Form[Any], keys: tuple[str, ...]) -> tuple[Any, Probe | None, Any]:
        """The common keys of a sonde, its probe, and the settings of that probe."""
        if not isinstance(value, dict):
            place.wrong(f"expected a sonde like {{id: lien, type: link}}, found {say(value)}")
            return None, None, None
        common = {key: value[key] for key in keys if key in value}
        entry = form.read(common, place)
        kind = value.get("type")
        probe = self._probes.get(kind) if isinstance(kind, str) else None
        if probe is None:
            if isinstance(kind, str):
                place.key("type").wrong(f"there is no type '{kind}', {near(kind, self._probes)}")
            return entry, None, None
        own = self._settings.get((probe.type, keys))
        if own is None:
            own = self._settings[probe.type, keys] = Form(probe.settings, also=keys)
        settings = own.read({key: below for key, below in value.items() if key not in common}, place)
        return entry, probe, settings

    def _keep(self, value: Any) -> Any:
        """The first value that was equal to this one; 50,000 sondes have a few dozen different settings."""
        try:
            return self._kept.setdefault((value.__class__, value), value)
        except TypeError:  # settings of a foreign technique that cannot be hashed
            return value


def _draft(entry: SondeEntry | None, probe: Probe | None, settings: Any, address: str, place: Place) -> Draft | None:
    """What was read, or None where something of it is wrong: what only whole entries can have wrong is noted here."""
    right = entry is not None and _coherent(entry, place)
    if probe is None or settings is None:
        return None
    # Settings may do without what their technique needs in general: a full URL, anchors of its own.
    if not address and getattr(settings, "needs_address", probe.needs_address):
        place.wrong(f"'{probe.type}' looks at an address and none is given, add address: …")
        return None
    return Draft(entry, settings, probe, address) if entry is not None and right else None


def _coherent(entry: SondeEntry, place: Place) -> bool:
    """See that the durations of a sonde fit together."""
    interval = entry.interval
    if not _MIN_INTERVAL_S <= interval <= _MAX_INTERVAL_S:
        place.key("interval").wrong(f"{plain_duration(interval)} is out of bounds, write from 1s to 31d")
        return False
    wrong = []
    if entry.timeout is not None and not 0 < entry.timeout <= interval:
        wrong.append(
            ("timeout", entry.timeout, f"write more than 0 and at most the interval, {plain_duration(interval)}")
        )
    if entry.retry_every is not None and not _MIN_INTERVAL_S <= entry.retry_every <= interval:
        wrong.append(("retry_every", entry.retry_every, f"write from 1 s to the interval, {plain_duration(interval)}"))
    if entry.stale_after is not None and entry.stale_after < interval:
        remedy = f"every check would leave a gap; write at least the interval, {plain_duration(interval)}"
        wrong.append(("stale_after", entry.stale_after, remedy))
    for key, value, remedy in wrong:
        place.key(key).wrong(f"{plain_duration(value)} does not fit, {remedy}")
    return not wrong
