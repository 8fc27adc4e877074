"""An RTSP server that says what a test wants, step by step, and pictures to say."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from fractions import Fraction
from functools import cache

import av
import numpy as np

from tests.integration.probes.hostile import Handler

SDP = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\na=control:*\r\n"
    b"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:trackID=0\r\n"
)
Media = Callable[[asyncio.StreamWriter], Awaitable[None]]


def reply(number: int, status: str = "200 OK", body: bytes = b"", **headers: str) -> bytes:
    """One answer."""
    lines = [f"RTSP/1.0 {status}", f"CSeq: {number}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def nothing(writer: asyncio.StreamWriter) -> None:
    """No media."""


def talking(media: Media = nothing, sdp: bytes = SDP, **said: bytes | None) -> Handler:
    """Answers as a camera does, but for the methods of which `said` gives the answer (None: never an answer)."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sending: asyncio.Task[None] | None = None
        try:
            for number in itertools.count(1):
                head = await reader.readuntil(b"\r\n\r\n")
                method = head.split()[0].decode()
                if method in said:
                    answer = said[method]
                    if answer is None:
                        await reader.read()
                        return
                    writer.write(answer.replace(b"CSeq: 0", b"CSeq: %d" % number))
                elif method == "DESCRIBE":
                    writer.write(reply(number, body=sdp, Content_Type="application/sdp"))
                elif method == "SETUP":
                    transport = "RTP/AVP/TCP;unicast;interleaved=0-1"
                    writer.write(reply(number, Session="4242;timeout=60", Transport=transport))
                else:
                    writer.write(reply(number))
                if method == "PLAY":
                    sending = asyncio.create_task(media(writer))
        finally:
            if sending is not None:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)

    return handler


def framed(data: bytes, channel: int = 0) -> bytes:
    """Media between the words."""
    return b"$" + bytes([channel]) + len(data).to_bytes(2, "big") + data


def packet(payload: bytes, sequence: int, *, marker: bool = False, time: int = 0, number: int = 96) -> bytes:
    """One packet of RTP."""
    head = bytes([0x80, number | (0x80 if marker else 0)])
    return head + sequence.to_bytes(2, "big") + time.to_bytes(4, "big") + b"\0\0\0\1" + payload


def packets(stream: bytes, first: int = 0, time: int = 0, size: int = 1400) -> list[bytes]:
    """A picture of H.264 with its start codes, cut as RFC 6184 has it: whole units, and parts of long ones."""
    units = [unit for unit in stream.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1") if unit]
    payloads: list[bytes] = []
    for unit in units:
        if len(unit) <= size:
            payloads.append(unit)
            continue
        parts = [unit[1:][start : start + size] for start in range(0, len(unit) - 1, size)]
        for index, part in enumerate(parts):
            flags = (0x80 if index == 0 else 0) | (0x40 if index == len(parts) - 1 else 0)
            payloads.append(bytes([(unit[0] & 0xE0) | 28, flags | (unit[0] & 0x1F)]) + part)
    last = len(payloads) - 1
    return [
        packet(payload, (first + index) & 0xFFFF, marker=index == last, time=time)
        for index, payload in enumerate(payloads)
    ]


@cache
def encoded(width: int = 320, height: int = 240, level: int = -1, codec: str = "libx264") -> bytes:
    """One key picture with start codes: noise of a fixed seed, or all of one level."""
    encoder = av.CodecContext.create(codec, "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency"}
    pixels = np.full((height, width, 3), max(level, 0), dtype=np.uint8)
    if level < 0:
        pixels = np.random.default_rng(1).integers(0, 255, pixels.shape, dtype=np.uint8)
    frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuv420p")
    frame.pts = 0
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])


def playing(stream: bytes) -> Media:
    """Sends this picture again and again."""

    async def media(writer: asyncio.StreamWriter) -> None:
        sequence = 0
        for turn in itertools.count():
            for data in packets(stream, sequence, turn * 9000):
                writer.write(framed(data))
                sequence = (sequence + 1) & 0xFFFF
            await writer.drain()
            await asyncio.sleep(0.01)

    return media
