"""Where the usual makes of cameras give their video and their still pictures, as their manuals say.

Cameras number their channels from 1 or from 0, and their streams in as many ways: here `channel` counts from 1, and the
stream is `main` (the recorded one) or `sub` (the lighter one).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

Vendor = Literal["axis", "bosch", "dahua", "hanwha", "hikvision", "reolink", "uniview", "vivotek"]
StreamName = Literal["main", "sub"]
_Path = Callable[[int, bool], str]  # channel from 1, and whether the lighter stream is wanted


class Paths(NamedTuple):
    """The paths of one make, the query included."""

    rtsp: _Path
    snapshot: _Path | None = None  # None: it has none, or one that wants the password in its URL


PATHS: dict[Vendor, Paths] = {
    # VAPIX: what the URL does not say is as the camera's own settings say.
    "axis": Paths(
        lambda channel, sub: f"/axis-media/media.amp?camera={channel}" + ("&resolution=640x360" if sub else ""),
        lambda channel, sub: f"/axis-cgi/jpg/image.cgi?camera={channel}" + ("&resolution=640x360" if sub else ""),
    ),
    "bosch": Paths(
        lambda channel, sub: f"/rtsp_tunnel?h26x=4&line={channel}&inst={2 if sub else 1}",
        lambda channel, _: f"/snap.jpg?JpegCam={channel}",
    ),
    "dahua": Paths(
        lambda channel, sub: f"/cam/realmonitor?channel={channel}&subtype={int(sub)}",
        lambda channel, _: f"/cgi-bin/snapshot.cgi?channel={channel}",
    ),
    # Profile 1 is MJPEG, 2 the H.264 or H.265 one, 3 the lighter one as delivered. Only several sensors are numbered.
    "hanwha": Paths(
        lambda channel, sub: (f"/{channel - 1}" if channel > 1 else "") + f"/profile{3 if sub else 2}/media.smp",
        lambda channel, _: f"/stw-cgi/video.cgi?msubmenu=snapshot&action=view&Profile=1&Channel={channel - 1}",
    ),
    "hikvision": Paths(
        lambda channel, sub: f"/Streaming/Channels/{channel}{'02' if sub else '01'}",
        lambda channel, sub: f"/ISAPI/Streaming/channels/{channel}{'02' if sub else '01'}/picture",
    ),
    "reolink": Paths(lambda channel, sub: f"/h264Preview_{channel:02}_{'sub' if sub else 'main'}"),
    "uniview": Paths(lambda channel, sub: f"/unicast/c{channel}/s{int(sub)}/live"),
    "vivotek": Paths(
        lambda channel, sub: f"/live{channel}s{2 if sub else 1}.sdp",
        lambda channel, sub: f"/cgi-bin/viewer/video.jpg?channel={channel - 1}&streamid={int(sub)}",
    ),
}
