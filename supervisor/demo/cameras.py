"""The cameras of the demo: RTSP as far as a client goes that wants to know whether video comes. There is none to see:
the packets hold nothing, and the demo looks at no picture."""

from __future__ import annotations

import asyncio
import itertools
import re
import ssl

_SDP = (
    b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\na=control:*\r\n"
    b"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:video\r\n"
)
_SAID = {
    "OPTIONS": b"Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n",
    "DESCRIBE": b"Content-Type: application/sdp\r\nContent-Length: %d\r\n" % len(_SDP),
    "SETUP": b"Session: 1;timeout=60\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n",
    "PLAY": b"Session: 1\r\n",
    "TEARDOWN": b"Session: 1\r\n",
}
_FRAME_S = 0.2  # between two packets
_EMPTY = b"\x0c\xff\x80"  # a unit of H.264 that is there to fill


async def rtsp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: ssl.SSLContext) -> None:
    """Answers each request; once it plays, sends packets that hold nothing."""
    playing: asyncio.Task[None] | None = None
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("utf-8", "replace")
            method = head.partition(" ")[0]
            number = re.search(r"(?im)^CSeq: *([0-9]{1,9})", head)
            said = _SAID.get(method)
            status = b"200 OK" if said is not None else b"501 Not Implemented"
            answer = b"RTSP/1.0 %b\r\nCSeq: %b\r\n" % (status, number[1].encode() if number else b"0")
            writer.write(answer + (said or b"") + b"\r\n" + (_SDP if method == "DESCRIBE" else b""))
            if method == "PLAY" and playing is None:
                playing = asyncio.create_task(_play(writer))
            elif method == "TEARDOWN":
                return
    finally:
        if playing is not None:
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)


async def _play(writer: asyncio.StreamWriter) -> None:
    for number in itertools.count():
        packet = b"\x80\x60" + (number & 0xFFFF).to_bytes(2, "big") + (number * 9000 & 0xFFFFFFFF).to_bytes(4, "big")
        packet += b"\0\0\0\1" + _EMPTY
        writer.write(b"$\0" + len(packet).to_bytes(2, "big") + packet)
        await writer.drain()
        await asyncio.sleep(_FRAME_S)
