"""A picture in memory, which nothing shows by accident: no log, no message, no traceback that prints its variables."""

from __future__ import annotations

from enum import IntEnum


class Kind(IntEnum):
    """What the bytes are; the numbers go to the darkroom."""

    JPEG = 0
    H264 = 1  # one access unit with its parameter sets, start codes before each unit (Annex B)
    H265 = 2


class Held:
    """The bytes of one picture. `reveal` gives them; they are to be handed to the darkroom and to nothing else."""

    __slots__ = ("_data", "kind")

    def __init__(self, kind: Kind, data: bytes) -> None:
        self.kind = kind
        self._data = data

    def reveal(self) -> bytes:
        """The bytes themselves."""
        return self._data

    def __len__(self) -> int:
        return len(self._data)

    def __repr__(self) -> str:
        return f"<{self.kind.name} picture, {len(self._data)} bytes>"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a picture is not written anywhere")
