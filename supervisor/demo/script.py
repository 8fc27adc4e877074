"""What goes wrong in the demo, and when: stage.yaml as it is written, and the cues it comes to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, NamedTuple

import yaml
from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError, model_validator

from probes.settings import Seconds, settings
from supervisor.config.fields import Id
from supervisor.demo.played import Mode
from supervisor.errors import VigieError

_LIFE_S = 200 * 86400.0


def _mode(value: object) -> object:
    return Mode(value) if isinstance(value, str) else value


Positive = Annotated[Seconds, Field(gt=0)]


@settings
class Fault:
    """One thing that goes wrong."""

    id: Id
    """Its name, for the command that sets it."""
    strikes: dict[str, Annotated[Mode, BeforeValidator(_mode)]]
    """How the servers and jobs whose names match these patterns behave meanwhile."""
    at: Seconds | None = None
    """So long after the start of each turn; without it, only when asked for."""
    lasts: Positive
    """So long."""
    flaps: Positive | None = None
    """It comes and goes that often meanwhile."""

    def mode_of(self, name: str) -> Mode | None:
        """How it makes that server or job behave; None when it spares it."""
        return next((mode for pattern, mode in self.strikes.items() if fnmatchcase(name, pattern)), None)


class Cue(NamedTuple):
    """A fault begins or ends, so many seconds after the start of the turn."""

    at_s: float
    fault: str
    on: bool


@settings
class Script:
    """The whole of stage.yaml."""

    turn: Positive
    """After this it all begins again."""
    certificates: dict[str, Positive] = field(default_factory=dict)
    """What is left of the certificate of an equipment, by collectivite/equipment."""
    files: dict[str, Positive] = field(default_factory=dict)
    """Certificate files to write beside the config, and what is left of them."""
    faults: tuple[Fault, ...]
    """What goes wrong."""

    @model_validator(mode="after")
    def _in_turn(self) -> Script:
        for fault in self.faults:
            if fault.at is not None and fault.at + fault.lasts > self.turn:
                raise ValueError(f"{fault.id} is not over at the end of the turn")
        return self

    def life_s(self, equipment: str) -> float:
        """What is left of the certificate of this equipment."""
        return self.certificates.get(equipment, _LIFE_S)

    def fault(self, name: str) -> Fault:
        """The fault of that name."""
        for fault in self.faults:
            if fault.id == name:
                return fault
        known = ", ".join(fault.id for fault in self.faults)
        raise VigieError(f"there is no fault '{name}' in the demo; there are {known}")

    def cues(self) -> list[Cue]:
        """Everything that happens in one turn, in order."""
        return sorted(cue for fault in self.faults if fault.at is not None for cue in _cues(fault, fault.at))

    def idle(self, names: Iterable[str]) -> list[str]:
        """Patterns that match none of these servers and jobs: mistakes of writing."""
        names = list(names)
        patterns = [pattern for fault in self.faults for pattern in fault.strikes]
        return [pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in names)]


def _cues(fault: Fault, at_s: float) -> Iterator[Cue]:
    end_s = at_s + fault.lasts
    step_s = fault.flaps or fault.lasts
    on = True
    while at_s < end_s:
        yield Cue(at_s, fault.id, on)
        at_s += step_s
        on = not on
    if not on:
        yield Cue(end_s, fault.id, on=False)


_SCRIPT: TypeAdapter[Script] = TypeAdapter(Script)


def read(path: Path) -> Script:
    """The script in this file."""
    try:
        return _SCRIPT.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise VigieError(f"{path}: not a script of the demo: {error}") from None
