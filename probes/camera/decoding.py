"""A JPEG made into the grey picture of a fixed size that the analysis looks at, or the reason why not.

Whoever sends the bytes may be hostile: the size it declares is judged before anything is decoded, only the JPEG decoder
is ever tried, and no error carries what the library says, since that could quote the bytes.
"""

from __future__ import annotations

import io
import warnings
import zlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

CELLS_X, CELLS_Y = 32, 18  # what every later step counts in
_MAX_BYTES = 16 * 1024 * 1024
_MAX_PIXELS = 40_000_000  # an 8K camera is 33 million
_MAX_SCANS = 64  # a progressive JPEG may repeat scans without end; cameras and libraries write about ten
_MAX_SCANNED = 200_000_000  # pixels of all scans together: each costs as much as a picture
_MAX_SEGMENTS = 500  # before the picture; cameras write about ten
_MOST_PIXELS = 400  # in a byte: a black picture, encoded at its shortest, has 256
_MIN_SIDE = 96  # under this a cell is three pixels
_LARGE = (640, 360)  # half of 720p, which the decoder gives for free
_SMALL = (384, 216)  # for cameras that have not even that
_GREY, _COLOURED = 3, 0.02  # distance from grey that compression makes, and part of a picture that has more


class Unreadable(NamedTuple):
    """Why there is no picture, in French."""

    reason: str


class Picture(NamedTuple):
    """What the camera saw, in grey, at a fixed size whatever the camera's."""

    grey: NDArray[np.uint8]
    width: int  # of the camera's picture
    height: int
    step: float  # quantisation step of a block's mean, in grey levels: what another encoding may change it by
    tables: int  # checksum of the quantisation tables


def decode(jpeg: bytes) -> Picture | Unreadable:
    """The grey picture. Bounded in time and memory by the limits above; never raises."""
    if len(jpeg) > _MAX_BYTES:
        return Unreadable(f"image de plus de {_MAX_BYTES // 2**20} Mio")
    if not jpeg.startswith(b"\xff\xd8"):
        return Unreadable("ce n’est pas une image JPEG")
    if not _few_segments(jpeg):
        return Unreadable("image JPEG tronquée ou endommagée")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of sizes and of damaged EXIF: neither matters here
            return _decoded(jpeg)
    except Image.DecompressionBombError:  # Pillow's own limit, far above ours: it asks before we can
        return Unreadable("image déclarée plus grande que la limite")
    except Exception:  # noqa: BLE001  # damaged files raise a dozen types; none may leave, its text might quote bytes
        return Unreadable("image JPEG tronquée ou endommagée")


def colourless(jpeg: bytes) -> bool:
    """Whether a picture that was decoded is grey but for its overlays, as in infra-red and in dense fog; no if its
    colours cannot be told. Never raises."""
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
            warnings.simplefilter("ignore")
            image.draft("RGB", (image.width // 8, image.height // 8))
            colours = np.asarray(image.convert("YCbCr"))[..., 1:].astype(np.int16) - 128
    except Exception:  # noqa: BLE001  as in `decode`
        return False
    overlay = len(colours) // 9
    return float((abs(colours[overlay:-overlay]).max(axis=-1) > _GREY).mean()) < _COLOURED


def _few_segments(jpeg: bytes) -> bool:
    """Whether the picture begins after a bounded number of segments: Pillow would read millions of comments."""
    at = 2
    for _ in range(_MAX_SEGMENTS):
        if jpeg[at : at + 2] == b"\xff\xda":
            return True
        if jpeg[at : at + 1] != b"\xff" or at + 4 > len(jpeg):
            return True  # nothing that can be walked: Pillow judges it
        at += 1 if jpeg[at + 1] == 0xFF else 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return False


def _decoded(jpeg: bytes) -> Picture | Unreadable:
    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
        width, height = image.size
        if width * height > _MAX_PIXELS:
            return Unreadable(f"image déclarée de {width} × {height} points, plus grande que la limite")
        if min(width, height) < _MIN_SIDE:
            return Unreadable(f"image de {width} × {height} points, trop petite pour être jugée")
        scans = jpeg.count(b"\xff\xda") if image.info.get("progressive") else 1
        if scans > _MAX_SCANS or scans * width * height > _MAX_SCANNED:
            return Unreadable("image JPEG faite de trop de passes")
        if len(jpeg) * _MOST_PIXELS < width * height:
            return Unreadable("image JPEG bien plus courte que la taille qu’elle déclare")
        size = _LARGE if width >= _LARGE[0] and height >= _LARGE[1] else _SMALL
        tables = getattr(image, "quantization", None) or {0: [8]}
        image.draft("L", size)
        image.load()
        grey = image if image.mode == "L" else image.convert("L")
        if grey.size != size:
            grey = grey.resize(size, Image.Resampling.BOX)
        return Picture(np.asarray(grey), width, height, min(tables[0][0], 255) / 8, zlib.crc32(repr(tables).encode()))
