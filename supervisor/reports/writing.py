"""Files of reports: each is there whole, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from supervisor.domain.period import Period
from supervisor.errors import VigieError


def file_name(period: Period, collectivite: str | None, ending: str) -> str:
    """ "rapport-2026-03-exemple.pdf"; "synthese-2026-03.pdf" for all of them."""
    when = period.name.replace("..", "_")
    return f"synthese-{when}{ending}" if collectivite is None else f"rapport-{when}-{collectivite}{ending}"


def write(path: Path, content: bytes) -> None:
    """Put the file there, in place of the one of that name.

    It is written beside it, made durable, then renamed: a crash leaves the old one, and at worst a `.tmp` file. A link
    is followed; a device or a pipe is written to, or it would be gone: `--output /dev/null` is a habit.
    """
    target = path.resolve()
    if target.is_dir():
        raise VigieError(f"{path}: cannot be written: it is a directory, name the file")
    beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(content)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with beside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(target)
        except OSError:
            beside.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise VigieError(f"{path}: cannot be written: {error.strerror}") from error
