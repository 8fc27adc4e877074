"""The body of an HTTP answer, read up to a bound, whatever the server sends."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

import aiohttp

from probes.base import Status
from probes.units import say_size
from probes.visiting import VisitError

_SLACK = 65536  # compressed bytes allowed beyond the bound: what does not compress comes out a little longer
_ZLIB, _GZIP, _RAW = 15, 31, -15  # zlib's window bits for each wrapping


class Body(NamedTuple):
    """What was read of a body, decompressed."""

    data: bytes
    complete: bool  # False: there was more than the bound


async def read_body(response: aiohttp.ClientResponse, limit: int) -> Body:
    """The body, decompressed, up to `limit` bytes of it; raises VisitError when it cannot be read."""
    parts: list[bytes] = []
    complete = await pour_body(response, limit, parts.append)
    data = b"".join(parts)
    return Body(data if complete else data[:limit], complete)


async def pour_body(response: aiohttp.ClientResponse, limit: int, take: Callable[[bytes], object]) -> bool:
    """Hand on the body piece by piece, decompressed, until it is over (True) or longer than `limit` (False)."""
    decompress = _decompressor(response.headers.get("Content-Encoding", ""))
    size = raw = 0
    try:
        while chunk := await response.content.readany():
            raw += len(chunk)
            if decompress is not None:
                chunk = decompress(chunk, limit + 1 - size)
            size += len(chunk)
            take(chunk)
            if size > limit or raw > limit + _SLACK:
                return False
    except zlib.error:
        raise VisitError(Status.CRITICAL, "décompression de la réponse impossible") from None
    except aiohttp.ClientPayloadError:
        raise VisitError(Status.CRITICAL, f"réponse incomplète ou mal formée ({say_size(raw)} reçus)") from None
    except aiohttp.ClientConnectionError:
        raise VisitError(Status.CRITICAL, f"connexion perdue pendant la réponse ({say_size(raw)} reçus)") from None
    if raw and isinstance(decompress, _Inflate) and not decompress.finished:
        raise VisitError(Status.CRITICAL, "réponse compressée incomplète")
    return True


class _Inflate:
    """Decompresses gzip or deflate, never more than asked."""

    __slots__ = ("_object", "_wrapping")

    def __init__(self, wrapping: int) -> None:
        self._wrapping = wrapping
        self._object: Any = None

    @property
    def finished(self) -> bool:
        """The compressed stream came to its end."""
        return self._object is not None and bool(self._object.eof)

    def __call__(self, data: bytes, most: int) -> bytes:
        if self._object is None:
            # "deflate" means zlib's wrapping; some servers send the bare stream, and browsers take both.
            bare = self._wrapping == _ZLIB and data[0] & 0x0F != 8
            self._object = zlib.decompressobj(_RAW if bare else self._wrapping)
        # What follows the end of the stream is ignored, as browsers do.
        return b"" if self._object.eof else bytes(self._object.decompress(data, most))


def _decompressor(encoding: str) -> Callable[[bytes, int], bytes] | None:
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return None
    if name in ("gzip", "x-gzip"):
        return _Inflate(_GZIP)
    if name == "deflate":
        return _Inflate(_ZLIB)
    raise VisitError(Status.CRITICAL, "encodage de réponse non demandé")
