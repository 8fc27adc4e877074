"""From packets of video to one whole picture: H.264 (RFC 6184) and H.265 (RFC 7798) over RTP (RFC 3550).

Only what a picture that depends on no other is made of: a key picture and its parameter sets. Nothing is decoded here.
"""

from __future__ import annotations

from typing import NamedTuple

from probes.camera.held import Held, Kind

_START = b"\0\0\0\1"
_MOST_BYTES = 8 * 1024 * 1024  # of one picture; a key picture of a 4K camera has 1 or 2 MiB


class _Rtp(NamedTuple):
    payload: int
    marker: bool
    sequence: int
    time: int
    data: bytes


class _Codec(NamedTuple):
    header: int  # bytes before the body of a unit
    aggregate: int  # type of a packet of several units
    fragment: int  # type of a part of a unit
    sets: frozenset[int]  # types of parameter sets
    sequence_set: int  # the one that comes with key pictures
    key: frozenset[int]  # types of a picture, or a part of one, that depends on no other
    remarks: frozenset[int]  # types that hold no part of a picture
    slices: frozenset[int]  # types that do


_CODECS = {
    Kind.H264: _Codec(1, 24, 28, frozenset({7, 8}), 7, frozenset({5}), frozenset({6, 9}), frozenset(range(1, 6))),
    Kind.H265: _Codec(
        2, 48, 49, frozenset({32, 33, 34}), 33, frozenset(range(16, 22)), frozenset({35, 39, 40}), frozenset(range(32))
    ),
}


class Assembler:
    """Takes packets in the order of their arrival, and gives the first whole key picture."""

    def __init__(self, kind: Kind, payload: int, sets: tuple[bytes, ...]) -> None:
        self._kind = kind
        self._codec = _CODECS[kind]
        self._payload = payload
        self._sets = {(self._type(unit), unit): unit for unit in sets if len(unit) > self._codec.header}
        self._units: list[bytes] = []
        self._fragment: bytearray | None = None
        self._size = 0
        self._time: int | None = None
        self._next: int | None = None
        self._broken = True  # until the first picture of which we saw the beginning
        self.packets = 0  # of the video, whatever they hold
        self.dependent = 0  # pictures that were whole, and need others to be seen

    def feed(self, data: bytes) -> Held | None:
        """One packet; the picture, once it is whole."""
        packet = _rtp(data)
        if packet is None or packet.payload != self._payload or not packet.data:
            return None
        self.packets += 1
        done = None
        gap = self._next is not None and packet.sequence != self._next
        if self._time is None:
            self._broken = False  # a camera begins with the beginning of a picture; if not, no key unit begins it
        elif packet.time != self._time:
            if gap:  # what was lost may be of either
                self._drop()
            done = self._end()  # a camera that marks no ends
        if gap:
            self._drop()
        self._time, self._next = packet.time, (packet.sequence + 1) & 0xFFFF
        self._unpack(packet.data)
        if done is None and packet.marker:
            done = self._end()
        return done

    def _end(self) -> Held | None:
        """The picture that was being received is over."""
        units, broken = self._units, self._broken or self._fragment is not None
        self._units, self._fragment, self._size, self._broken = [], None, 0, False
        types = {self._type(unit) for unit in units}
        # Some cameras never send a whole key picture again, and refresh it bit by bit: their parameter sets say where.
        if broken or not (types & self._codec.key or self._codec.sequence_set in types):
            self.dependent += not broken and bool(types) and types <= self._codec.slices | self._codec.remarks
            return None
        if not types - self._codec.sets - self._codec.remarks:
            self._keep(units)
            return None
        before = [] if self._codec.sequence_set in types else list(self._sets.values())
        return Held(self._kind, b"".join(_START + unit for unit in [*before, *units]))

    def _keep(self, units: list[bytes]) -> None:
        """Parameter sets that came with a time of their own belong to the picture after them."""
        own = [unit for unit in units if self._type(unit) in self._codec.sets]
        self._sets = {(self._type(unit), unit): unit for unit in own}

    def _unpack(self, data: bytes) -> None:
        codec = self._codec
        if len(data) <= codec.header:
            return
        kind = self._type(data)
        if kind == codec.aggregate:
            self._several(data[codec.header :])
        elif kind == codec.fragment:
            self._part(data)
        else:
            self._add(data)

    def _several(self, data: bytes) -> None:
        while len(data) > 2:
            size = int.from_bytes(data[:2], "big")
            unit, data = data[2 : 2 + size], data[2 + size :]
            if len(unit) != size or size <= self._codec.header:
                self._drop()
                return
            self._add(unit)

    def _part(self, data: bytes) -> None:
        head = self._codec.header
        if len(data) < head + 2:
            self._drop()
            return
        flags = data[head]
        if flags & 0x80:
            if self._kind is Kind.H264:
                header = bytes([(data[0] & 0xE0) | (flags & 0x1F)])
            else:
                header = bytes([(data[0] & 0x81) | ((flags & 0x3F) << 1), data[1]])
            self._fragment = bytearray(header)
        if self._fragment is None:  # its beginning was lost
            self._drop()
            return
        self._fragment += data[head + 1 :]
        self._grown(len(data))
        if flags & 0x40 and self._fragment is not None:
            unit, self._fragment = bytes(self._fragment), None
            self._units.append(unit)

    def _add(self, unit: bytes) -> None:
        if self._fragment is not None:
            self._drop()
            return
        self._units.append(bytes(unit))
        self._grown(len(unit))

    def _grown(self, size: int) -> None:
        self._size += size
        if self._size > _MOST_BYTES:
            self._drop()

    def _drop(self) -> None:
        """This picture will not be whole."""
        self._units, self._fragment, self._size, self._broken = [], None, 0, True

    def _type(self, unit: bytes) -> int:
        return unit[0] & 0x1F if self._kind is Kind.H264 else (unit[0] >> 1) & 0x3F


def _rtp(data: bytes) -> _Rtp | None:
    """The parts of a packet; None when it is none."""
    if len(data) < 12 or data[0] >> 6 != 2:
        return None
    start = 12 + 4 * (data[0] & 0x0F)
    if data[0] & 0x10:
        if len(data) < start + 4:
            return None
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    end = len(data) - (data[-1] if data[0] & 0x20 else 0)
    if start > end:
        return None
    sequence, time = int.from_bytes(data[2:4], "big"), int.from_bytes(data[4:8], "big")
    return _Rtp(data[1] & 0x7F, bool(data[1] & 0x80), sequence, time, data[start:end])


def is_video(data: bytes, payload: int) -> bool:
    """Is it a packet of this video? Its content is not looked at."""
    packet = _rtp(data)
    return packet is not None and packet.payload == payload and bool(packet.data)
