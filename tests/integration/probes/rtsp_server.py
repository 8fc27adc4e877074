"""A real RTSP server: GStreamer's, in a process of the system's Python, where its bindings are.

Run as a script it serves; imported it starts such a process.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_RAW = "video/x-raw,format=I420,width={width},height={height},framerate=10/1"
_SOURCE = "videotestsrc is-live=true pattern={pattern} ! " + _RAW
_H264 = "( " + _SOURCE + " ! x264enc tune=zerolatency key-int-max=10 speed-preset=ultrafast ! rtph264pay name=pay0 )"
STREAMS = {
    "/h264": _H264.format(pattern="smpte", width=640, height=360),
    "/hd": _H264.format(pattern="smpte", width=1920, height=1080),
    "/black": _H264.format(pattern="black", width=640, height=360),
    "/h265": "( "
    + _SOURCE.format(pattern="smpte", width=640, height=360)
    + " ! x265enc tune=zerolatency key-int-max=10 speed-preset=ultrafast ! rtph265pay name=pay0 )",
    "/jpeg": "( " + _SOURCE.format(pattern="smpte", width=320, height=240) + " ! jpegenc ! rtpjpegpay name=pay0 )",
    "/sound": "( audiotestsrc is-live=true ! alawenc ! rtppcmapay name=pay0 )",
}
USER, PASSWORD = "vigie", 'très: secret "0"'


def main() -> None:
    """Serve until killed; arguments: none, basic or digest, and for TLS the PEM file."""
    import gi

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    gi.require_version("GstRtsp", "1.0")
    from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer

    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    who, certificate = sys.argv[1:3]
    if who != "none" or certificate:
        server.set_auth(_door(Gio, GstRtsp, GstRtspServer, who, certificate))
    for path, launch in STREAMS.items():
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(launch)
        factory.set_shared(False)  # one that is being given up by its last viewer answers 503 to the next
        if who != "none":
            role = GstRtspServer.RTSPPermissions()
            role.add_role("user")
            role.add_permission_for_role("user", "media.factory.access", True)
            role.add_permission_for_role("user", "media.factory.construct", True)
            factory.set_permissions(role)
        server.get_mount_points().add_factory(path, factory)
    server.attach(None)
    sys.stdout.write(f"{server.get_bound_port()}\n")
    sys.stdout.flush()
    GLib.MainLoop().run()


def _door(gio: Any, rtsp: Any, server: Any, who: str, certificate: str) -> Any:
    auth = server.RTSPAuth()
    if certificate:
        auth.set_tls_certificate(gio.TlsCertificate.new_from_file(certificate))
    token = server.RTSPToken()
    token.set_string("media.factory.role", "user")
    if who == "basic":
        auth.set_supported_methods(rtsp.RTSPAuthMethod.BASIC)
        auth.add_basic(server.RTSPAuth.make_basic(USER, PASSWORD), token)
    elif who == "digest":
        auth.set_supported_methods(rtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(USER, PASSWORD, token)
    else:
        anonymous = server.RTSPToken()
        anonymous.set_string("media.factory.role", "user")
        auth.set_default_token(anonymous)
    return auth


@contextlib.contextmanager
def serving(who: str = "none", certificate: str = "") -> Iterator[int]:
    """The server, and its port."""
    process = subprocess.Popen(
        ["/usr/bin/python3", str(Path(__file__)), who, certificate],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "the RTSP server did not start: apt-get install gir1.2-gst-rtsp-server-1.0 (tests/debian-packages)"
        yield int(line)
    finally:
        process.kill()
        process.wait(60)
        if process.stdout is not None:
            process.stdout.close()


if __name__ == "__main__":
    main()
