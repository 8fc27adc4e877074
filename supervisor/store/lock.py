"""One process at a time works on a database: the lock file beside it."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from supervisor.store.errors import StoreError, explain


class DatabaseLock:
    """`flock` on `DATABASE.lock`, held until released or until the process ends, however it ends.

    The file is never removed: between its removal and the next creation two processes could each lock their own.
    """

    def __init__(self, database: Path) -> None:
        self.path = database.with_name(f"{database.name}.lock")
        try:
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"{self.path}: the lock file cannot be opened: {explain(error)}") from None
        try:
            give_to_owner_of_directory(self._descriptor, self.path)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = self._holder()
            os.close(self._descriptor)
            if not isinstance(error, BlockingIOError):
                raise StoreError(f"{self.path}: the lock cannot be taken: {explain(error)}") from None
            raise StoreError(
                f"{database}: in use by process {holder}; stop it first (`systemctl stop vigie` for the service), "
                "or let the command go through the running daemon's control socket"
            ) from None
        # The pid is for people: on a full disk it may be missing, and the lock holds all the same.
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def _holder(self) -> str:
        with contextlib.suppress(OSError):
            return os.pread(self._descriptor, 32, 0).decode("ascii", "replace").strip() or "of unknown number"
        return "of unknown number"

    def release(self) -> None:
        """Let another process in."""
        os.close(self._descriptor)


def give_to_owner_of_directory(descriptor: int, path: Path) -> None:
    """What root creates beside the daemon's files belongs to the daemon, or it could not start any more."""
    if os.geteuid() == 0:
        directory = path.parent.stat()
        found = os.fstat(descriptor)
        if found.st_size == 0 and (found.st_uid, found.st_gid) != (directory.st_uid, directory.st_gid):
            os.fchown(descriptor, directory.st_uid, directory.st_gid)
