"""What may be written of a `camera` sonde in the config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from probes.camera.vendors import PATHS, StreamName, Vendor
from probes.http_settings import Login
from probes.names import Family
from probes.paths import FilePath
from probes.settings import Flag, Seconds, settings
from probes.threshold import Above

_SCHEMES = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
_EXAMPLE = "rtsp://{address}/flux"

Gravity = Literal["critical", "warning", "ignore"]


def split(url: str) -> SplitResult:
    """The parts of a camera's URL; ValueError says what is wrong with it."""
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES or not parts.hostname or not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError(f"'{url}' is not an rtsp, rtsps, http or https URL; write it like {_EXAMPLE}")
    if parts.username is not None or parts.password is not None:
        raise ValueError("a URL holds no login; write login: {user, password}, with a reference to the secret")
    if "{" in parts.netloc:
        raise ValueError(f"in the host of a URL only {{address}} stands for something; write it like {_EXAMPLE}")
    if parts.port == 0:
        raise ValueError(f"'{url}' has a port that does not exist; write it like {_EXAMPLE}")
    return parts


def port_of(parts: SplitResult) -> int:
    """The port, that of the scheme by default."""
    return parts.port or _SCHEMES[parts.scheme]


def _url(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError(f"a URL is a text, like {_EXAMPLE}")
    try:
        split(value.replace("{address}", "192.0.2.1"))
    except ValueError as error:
        said = str(error).replace("192.0.2.1", "{address}")
        raise ValueError(said if "write" in said else f"'{value}' is not a URL; write it like {_EXAMPLE}") from None
    return value


@settings
class Faults:
    """How grave each fault of the picture is."""

    floutee: Gravity = "critical"
    """Out of focus, or a dirty or wet lens."""
    masquee: Gravity = "critical"
    """Covered, wholly or in part."""
    noire: Gravity = "critical"
    """Black: a dead sensor, a cap."""
    surexposee: Gravity = "critical"
    """Dazzled, or an exposure that fails."""
    figee: Gravity = "critical"
    """The same picture again and again."""
    deplacee: Gravity = "critical"
    """Turned away from what it was looking at."""


@settings
class Picture:
    """Whether what the camera sees is looked at."""

    on: Flag
    """Look at the picture: only where the prefect's authorisation of the vidéoprotection allows it."""
    faults: Faults = Faults()
    """How grave each fault is: critical, warning or ignore."""


def _picture(value: Any) -> Any:
    flag = getattr(value, "as_bool", value)
    if isinstance(flag, bool):
        return {"on": flag}
    if isinstance(value, Mapping) and "on" not in value:
        raise ValueError("looking at pictures is never implied; write picture: {on: on, …}, or picture: off")
    return value


class _OrFlag:
    """For editors: a flag may stand for the whole."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [{"type": "boolean"}, handler(schema)]}


@settings
class CameraSettings:
    """A camera, how it is reached, and whether its picture is looked at."""

    vendor: Vendor | None = None
    """Make of the camera, which gives the path of its stream."""
    source: Literal["rtsp", "snapshot"] = "rtsp"
    """With `vendor`: its video stream, or its still picture over HTTP."""
    channel: Annotated[int, Field(ge=1, le=256)] = 1
    """With `vendor`: which sensor or input, from 1."""
    stream: StreamName = "main"
    """With `vendor`: the main stream, or the lighter one."""
    url: Annotated[str, BeforeValidator(_url)] | None = None
    """Without `vendor`: rtsp://, rtsps://, http:// or https://; {address} stands for the equipment's address."""
    login: Login | None = None
    """Who logs in; nobody does by default."""
    basic_in_clear: Flag = False
    """Send the password in clear where the camera knows no better than basic authentication without TLS."""
    family: Family = "any"
    """IP version to use."""
    verify: Flag = True
    """With rtsps and https: verify the camera's certificate."""
    ca: FilePath | None = None
    """PEM file of the authorities to trust instead of the system's."""
    media: Flag = True
    """With RTSP: wait for the first packet of video, which is thrown away unread."""
    picture: Annotated[Picture, BeforeValidator(_picture), _OrFlag()] = Picture(on=False)
    """Look at what the camera shows: on, off, or {on: on, faults: {…}}."""
    answer: Above[Seconds] | None = None
    """Thresholds on the time to the camera's first answer."""
    age: Above[Seconds] | None = None
    """Thresholds on the age of a still picture, where the camera dates it."""

    @property
    def needs_address(self) -> bool:
        """A URL that names its host does without the equipment's address."""
        return self.url is None or "{address}" in self.url

    @model_validator(mode="after")
    def _coherent(self) -> CameraSettings:
        if (self.vendor is None) == (self.url is None):
            raise ValueError(f"write either vendor: {', '.join(PATHS)}; or url: {_EXAMPLE}")
        if self.vendor is not None and self.source == "snapshot" and PATHS[self.vendor].snapshot is None:
            raise ValueError(f"no still picture is known of {self.vendor}; write source: rtsp, or its url")
        if self.vendor is None and (self.source, self.channel, self.stream) != ("rtsp", 1, "main"):
            raise ValueError("source, channel and stream go with vendor; the url says all of them")
        self._check_use()
        return self

    def _check_use(self) -> None:
        """What would do nothing is not written."""
        if self._is_still:
            if not self.media:
                raise ValueError("'media' is about RTSP; a still picture is always fetched whole, remove media: off")
        elif self.age is not None:
            raise ValueError("'age' is that of a still picture; remove it, or write source: snapshot or an http url")
        elif self.picture.on and not self.media:
            raise ValueError("a picture is looked at once it has come; remove media: off, or write picture: off")

    @property
    def _is_still(self) -> bool:
        return self.source == "snapshot" if self.url is None else self.url.lower().startswith("http")

    def location(self, address: str) -> SplitResult:
        """Where to ask, for the equipment of this address."""
        host = f"[{address}]" if ":" in address else address
        if self.vendor is None:
            return split((self.url or "").replace("{address}", host))
        paths = PATHS[self.vendor]
        sub = self.stream == "sub"
        if self.source == "snapshot" and paths.snapshot is not None:
            return split(f"http://{host}{paths.snapshot(self.channel, sub)}")
        return split(f"rtsp://{host}{paths.rtsp(self.channel, sub)}")
