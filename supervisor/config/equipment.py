"""Equipment and sondes as they are written: the keys every type shares; the others are the type's own settings."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from probes.settings import Flag, Seconds, settings
from supervisor.config.collectivites import Pieces
from supervisor.config.fields import Address, Id, Name


@settings
class EquipmentEntry:
    """A machine with an address."""

    id: Id
    """Id, unique in the collectivité."""
    name: Name | None = None
    """Name in French, for pages; its id without it."""
    address: Address | None = None
    """Host name or IP address."""
    site: str | None = None
    """Id of the site it stands in."""
    parent: str | None = None
    """What it hangs behind: an equipment (`routeur`, its link sonde) or a sonde (`routeur/lien`)."""
    service: str | None = None
    """Service its sondes count for when they name none."""
    template: str | None = None
    """A template that brings sondes."""
    parameters: Annotated[
        dict[str, Any], WithJsonSchema({"type": "object", "description": "Parameters of the template."})
    ] = Field(default_factory=dict, alias="with")
    """Parameters of the template."""
    sondes: Pieces = ()
    """What is checked."""


@settings
class SondeEntry:
    """One periodic check of one thing."""

    id: Id
    """Id, unique in its equipment."""
    type: str
    """The technique."""
    interval: Seconds = 60.0
    """One check every so often, from 1s to 31d."""
    timeout: Seconds | None = None
    """A check is given up after this; 10s, or the interval when it is shorter."""
    attempts: int = Field(default=3, ge=1, le=100)
    """Consecutive results that confirm a trouble."""
    retry_every: Seconds | None = None
    """Cadence while a trouble is neither confirmed nor gone; 20s, or the interval when it is shorter."""
    stale_after: Seconds | None = None
    """A result holds at most this long; 2.5 times the interval."""
    parent: str | None = None
    """The sonde whose failure makes this one unreachable; null: none. The link of its equipment without it."""
    billable: Flag = True
    """Counted by billing."""
    service: str | None = None
    """Service it counts for; null: none. That of its equipment without it."""
    paused: Flag = False
    """Kept and counted, not checked."""
    incident: Literal["warning", "critical"] = "critical"
    """An incident opens when it is confirmed at least this."""


@settings
class CanaryEntry:
    """A reference target of the supervisor: when all of them fail, it is Vigie that is cut off."""

    id: Id
    """Id, unique among the canaries."""
    type: str
    """The technique."""
    address: Address | None = None
    """Host name or IP address."""
    interval: Seconds = 20.0
    """One check every so often."""
    timeout: Seconds | None = None
    """A check is given up after this; 10s, or the interval when it is shorter."""
    attempts: int = Field(default=3, ge=1, le=100)
    """Consecutive results that confirm a trouble."""
    retry_every: Seconds | None = None
    """Cadence while a trouble is neither confirmed nor gone."""
    stale_after: Seconds | None = None
    """A result holds at most this long."""
