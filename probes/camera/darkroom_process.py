"""The darkroom: `python -m probes.camera.darkroom_process PARENT`. Decodes and examines one picture after the other.

Decoders take in what anybody may send, and libav is a large one. Here they may hang, eat memory or crash, and the
daemon kills the process. Pictures come in and findings go out through standard input, a socket; standard output and
error lead nowhere, no file can be written (RLIMIT_FSIZE 0), no core is dumped: no pixel leaves by mistake.
"""

from __future__ import annotations

import io
import os
import resource
import socket
import sys
from functools import cache
from typing import Any

from probes.camera import darkroom_wire as wire
from probes.camera.held import Kind
from probes.confinement import confine, lower

MEMORY_BYTES = 1 << 30  # virtual; a picture of 36 megapixels in two copies takes 200 MiB
MOST_PIXELS = 36_000_000
_WIDEST = 1280  # what is examined is smaller by far
_QUALITY = 90
_CODECS = {Kind.H264: "h264", Kind.H265: "hevc"}


class UndecodableError(Exception):
    """These bytes are no whole picture."""


def main() -> None:
    """Answer until the daemon closes its end."""
    channel = socket.socket(fileno=os.dup(0))
    confine(int(sys.argv[1]), MEMORY_BYTES)
    lower(resource.RLIMIT_FSIZE, 0)
    from probes.camera import picture  # noqa: F401  loaded before the first request, whose time is counted

    channel.sendall(b"+")
    with channel.makefile("rb") as incoming:
        while len(head := incoming.read(wire.REQUEST.size)) == wire.REQUEST.size:
            kind, at, reference_size, picture_size = wire.REQUEST.unpack(head)
            reference, data = incoming.read(reference_size), incoming.read(picture_size)
            channel.sendall(_answer(Kind(kind), reference, data, at))


def _answer(kind: Kind, reference: bytes, data: bytes, at: float) -> bytes:
    from probes.camera.picture import analyse

    try:
        jpeg = data if kind is Kind.JPEG else developed(kind, data)
        after, finding = analyse(reference or None, jpeg, at)
        scores = [[name, float(value)] for name, value in finding.scores]
        said = {"state": finding.state, "status": finding.status, "reason": finding.reason, "scores": scores}
        return wire.reply(after, said)
    except UndecodableError:
        failed = "undecodable"
    except MemoryError:
        failed = "memory"
    except Exception:  # noqa: BLE001  its text may hold bytes of the picture: only that there was one is told
        failed = "bug"
    return wire.reply(b"", {"failed": failed})


def developed(kind: Kind, data: bytes) -> bytes:
    """One picture of a stream as a JPEG."""
    av = _av()
    try:
        context = av.CodecContext.create(_CODECS[kind], "r")
        context.thread_count = 1
        context.options = {"max_pixels": str(MOST_PIXELS)}
        frames = context.decode(av.Packet(data)) + context.decode(None)
    except (av.FFmpegError, ValueError):
        raise UndecodableError from None
    if not frames or frames[0].is_corrupt:
        raise UndecodableError
    frame = frames[0]
    width = min(frame.width, _WIDEST)
    height = max(1, round(frame.height * width / frame.width))
    image = frame.reformat(width=width, height=height, format="rgb24").to_image()
    written = io.BytesIO()
    image.save(written, "JPEG", quality=_QUALITY)
    return written.getvalue()


@cache
def _av() -> Any:
    """libav, at the first picture of a stream; silent."""
    import av
    import av.logging

    av.logging.set_level(None)
    av.logging.set_libav_level(av.logging.PANIC)
    return av


if __name__ == "__main__":
    main()
