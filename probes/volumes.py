"""Volumes: their names and sizes, which of them hold files, and what HOST-RESOURCES-MIB says of them."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import NamedTuple

from probes.excerpt import excerpt
from probes.snmp.walks import Rows
from probes.snmp.words import Oid, Value, read_oid

_TYPES = read_oid("1.3.6.1.2.1.25.2.1")  # hrStorageTypes
OTHER, FIXED_DISK, COMPACT_DISC = 1, 4, 7  # as hrStorageTypes counts them, whoever tells of a volume
_FILES = {FIXED_DISK, 9, 10}  # flash memory, network disk: not memory, optical discs, removable or RAM disks
_MASK = 0xFFFFFFFF
NAME_LIMIT = 120
READ_ONLY = "en lecture seule (disque en panne ?)"
_WINDOWS = re.compile(r"([A-Za-z]:)\\(?: |$)")  # "D:\ Label:Données  Serial Number 1a2b3c4d"
_PSEUDO = re.compile(
    r"/(proc|sys|dev|run|snap)(/.*)?|/var/snap/.*|/var/lib/(docker|containerd|containers|kubelet|lxcfs)/.*"
    r"|(virtual|swap|physical|real|cached|shared) (memory|space)|memory buffers",
    re.IGNORECASE,
)


class Volume(NamedTuple):
    """A volume of a host, as its agent or exporter tells."""

    name: str  # the mount point, or the drive as `D:\\`, printable
    kind: int  # the last number of its hrStorageType; 0 when it says none of those
    size_bytes: int  # 0 when what was said makes no sense
    used_bytes: int
    trouble: str = ""  # in French: what is wrong with it besides being full
    free_inodes: float | None = None  # the share that is free; None when nobody says, or it has none

    @property
    def free_bytes(self) -> int:
        """What is left."""
        return max(0, self.size_bytes - self.used_bytes)

    @property
    def free_ratio(self) -> float:
        """The share that is left, of a volume whose size makes sense."""
        return self.free_bytes / self.size_bytes

    @property
    def told(self) -> bool:
        """Whether anything can be said of it."""
        return self.size_bytes > 0 or self.trouble != ""

    @property
    def for_files(self) -> bool:
        """Whether files are held there, by its kind and its name."""
        return self.kind in _FILES and _PSEUDO.fullmatch(self.name) is None

    @property
    def holds_files(self) -> bool:
        """Whether it is of interest when nobody named it."""
        return self.for_files and self.told


def read_volumes(rows: Rows) -> list[Volume]:
    """The volumes, in the agent's order. A name that comes twice (bind mounts) counts once: its first line."""
    volumes: dict[str, Volume] = {}
    for kind, name, unit, size, used in rows.values():
        if isinstance(name, bytes) and name:
            said = volume_name(name)
            volumes.setdefault(said, Volume(said, _kind(kind), *_sizes(unit, size, used)))
    return list(volumes.values())


def choose(volumes: list[Volume], mounts: tuple[str, ...], exclude: tuple[str, ...]) -> list[Volume]:
    """Those to look at. A plain name takes whatever bears it; a pattern, or nothing, only what holds files."""
    if not mounts and not exclude:
        return [volume for volume in volumes if volume.holds_files]
    plain = _plain(mounts)
    return [
        volume
        for volume in volumes
        if not _named(exclude, volume)
        and (_named(plain, volume) or (volume.holds_files and (not mounts or _named(mounts, volume))))
    ]


def untold(volumes: list[Volume], mounts: tuple[str, ...], exclude: tuple[str, ...]) -> list[Volume]:
    """Those that would be looked at besides if what was said of their sizes made sense."""
    plain = _plain(mounts)
    return [
        volume
        for volume in volumes
        if not volume.told  # hardly any: the rest is looked at for those alone
        and volume.for_files
        and not _named(exclude, volume)
        and not _named(plain, volume)
        and (not mounts or _named(mounts, volume))
    ]


def _plain(mounts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(mount for mount in mounts if not is_pattern(mount))


def _named(mounts: tuple[str, ...], volume: Volume) -> bool:
    return any(matching(mount, volume.name) for mount in mounts)


def matching(mount: str, name: str) -> bool:
    r"""Whether a name or pattern of the config means that volume. `D:`, `d:\` and `D:\` are one drive."""
    if mount in (name, "*"):
        return True
    mount, name = _bare(mount), _bare(name)
    # Only * and ? are special: a bracket in a name is a bracket.
    return fnmatchcase(name, mount.replace("[", "[[]")) if is_pattern(mount) else name == mount


def _bare(name: str) -> str:
    if re.fullmatch(r"[A-Za-z?*]:\\?", name):
        return name[:2].upper()
    return name.rstrip("/") or name


def is_pattern(mount: str) -> bool:
    """Whether it may mean several."""
    return "*" in mount or "?" in mount


def volume_name(octets: bytes) -> str:
    """The name of a volume, as agents write it."""
    text = octets.decode("utf-8", "replace")
    drive = _WINDOWS.match(text)
    # The label and the serial number of a Windows volume change with the wind; its letter is what people know.
    return f"{drive[1].upper()}\\" if drive else excerpt(text.strip(), NAME_LIMIT)


def _kind(value: Value) -> int:
    oid: Oid = value if isinstance(value, tuple) else ()
    return oid[-1] if oid[:-1] == _TYPES else 0


def _sizes(unit: Value, size: Value, used: Value) -> tuple[int, int]:
    """Size and use in bytes. They are counts of units in a signed field: beyond 2^31 they come negative."""
    if not (isinstance(unit, int) and isinstance(size, int) and isinstance(used, int)) or unit <= 0:
        return 0, 0
    return (size & _MASK) * unit, (used & _MASK) * unit
