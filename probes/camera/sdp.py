"""The description of a stream (SDP), as far as its video goes."""

from __future__ import annotations

import base64
import binascii
import re
from typing import NamedTuple

from probes.camera.held import Kind
from probes.excerpt import excerpt

_KINDS = {"H264": Kind.H264, "H265": Kind.H265, "HEVC": Kind.H265}
_SETS = {Kind.H264: ("sprop-parameter-sets",), Kind.H265: ("sprop-vps", "sprop-sps", "sprop-pps")}
_MOST_SETS = 4096  # bytes


class Track(NamedTuple):
    """The video of a stream."""

    codec: str  # as a person knows it: "H264", "JPEG"
    kind: Kind | None  # None: a codec whose pictures are not looked at
    payload: int  # the number that its packets bear
    control: str  # where to ask for it
    sets: tuple[bytes, ...]  # parameter sets given beforehand, without start codes


class Description(NamedTuple):
    """What a camera says of its stream."""

    control: str  # of the whole, "" when it does not say
    video: Track | None


def read(body: bytes) -> Description:
    """The first video that is described, whatever else is."""
    general: dict[str, str] = {}
    medium: dict[str, str] | None = None
    for line in body.decode("utf-8", "replace").splitlines():
        key, equals, value = line.strip().partition("=")
        if not equals:
            continue
        if key == "m":
            if medium is not None:
                break  # the video is described as far as it will be
            words = value.split()
            if len(words) > 3 and words[0] == "video":
                medium = {"payload": words[3]}
            elif medium is None:
                general.setdefault("closed", "")  # attributes of another medium follow
        elif key == "a":
            name, _, said = value.partition(":")
            if medium is not None:
                _attribute(medium, name, said)
            elif "closed" not in general:
                general.setdefault(name, said)
    video = _track(medium) if medium is not None else None
    return Description(_uri(general.get("control", "")), video)


def _attribute(medium: dict[str, str], name: str, said: str) -> None:
    if name in ("rtpmap", "fmtp"):
        number, _, said = said.partition(" ")
        if number != medium["payload"]:
            return
    medium.setdefault(name, said)


def _track(medium: dict[str, str]) -> Track | None:
    number = medium["payload"]
    if not re.fullmatch(r"[0-9]{1,3}", number) or int(number) > 127:
        return None
    named = medium.get("rtpmap", "JPEG/90000" if number == "26" else "").partition("/")[0].strip().upper()
    kind = _KINDS.get(named)
    formats = dict(_format(part) for part in medium.get("fmtp", "").split(";"))
    sets = [one for name in _SETS.get(kind, ()) for one in formats.get(name, "").split(",")] if kind is not None else []
    decoded = tuple(found for one in sets if (found := _unit(one)))
    return Track(excerpt(named or "inconnu", 20), kind, int(number), _uri(medium.get("control", "")), decoded)


def _format(part: str) -> tuple[str, str]:
    name, _, value = part.strip().partition("=")
    return name.strip().lower(), value.strip()


def _unit(text: str) -> bytes:
    try:
        unit = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return unit if len(unit) <= _MOST_SETS else b""


def _uri(text: str) -> str:
    """Fit to be sent back in a request."""
    return (
        text.strip() if text.isascii() and text.isprintable() and len(text) <= 1024 and " " not in text.strip() else ""
    )
