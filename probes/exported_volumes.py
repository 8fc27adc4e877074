"""What node_exporter and windows_exporter say of volumes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from probes.excerpt import excerpt
from probes.exposition import Sample
from probes.volumes import COMPACT_DISC, FIXED_DISK, NAME_LIMIT, OTHER, READ_ONLY, Volume

_NODE = "node_filesystem_"
_WINDOWS = ("windows_logical_disk_", "wmi_logical_disk_")  # the second until wmi_exporter changed its name
METRICS = (
    *(_NODE + name for name in ("size_bytes", "avail_bytes", "free_bytes", "readonly", "device_error")),
    *(_NODE + name for name in ("files", "files_free")),
    *(prefix + name for prefix in _WINDOWS for name in ("size_bytes", "free_bytes", "readonly", "info")),
)
_LARGEST = 2**63
_DRIVE = re.compile(r"([A-Za-z]):(\\.*)?")
# File systems that hold no files of anybody, or nothing that fills up.
_PSEUDO = re.compile(
    r"autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devfs|devpts|devtmpfs|efivarfs|fdescfs|fusectl|hugetlbfs|mqueue"
    r"|fuse\.(gvfsd-fuse|lxcfs|portal|snapfuse)|nsfs|nullfs|overlay|proc|procfs|pstore|ramfs|rootfs|rpc_pipefs"
    r"|securityfs|selinuxfs|sysfs|tmpfs|tracefs"
)
_IMAGES = frozenset({"cd9660", "cramfs", "erofs", "iso9660", "romfs", "squashfs", "udf"})
# On a disk, which systems turn read-only by themselves when it fails. Others (NFS, ZFS) are so because somebody chose.
_TURNED = re.compile(r"btrfs|exfat|ext[234]|f2fs|jfs|msdos|ntfs3?|reiserfs|ufs|vfat|xfs")
_NOT_DISKS = frozenset({"cdrom", "removable", "ramdisk"})  # of windows_exporter's `type`
UNREADABLE = "illisible (montage coupé ou disque en panne)"


@dataclass(slots=True)
class _Said:
    """What was said of one volume, over several lines."""

    kind: str = ""  # fstype, or the type of a Windows drive
    values: dict[str, float] = field(default_factory=dict)  # by the end of the metric's name; the first of each

    def number(self, name: str) -> float:
        """NaN when nothing was said."""
        return self.values.get(name, math.nan)

    def on(self, name: str) -> bool:
        """Whether it is set."""
        value = self.number(name)
        return value != 0 and not math.isnan(value)


def exported(samples: Iterable[Sample]) -> list[Volume]:
    """The volumes, in the exporter's order. One that comes twice counts once: the one that holds files."""
    nodes: dict[tuple[str, str, str], _Said] = {}
    drives: dict[str, _Said] = {}
    for name, labels, value in samples:
        if name.startswith(_NODE):
            key = (labels.get("mountpoint", ""), labels.get("device", ""), labels.get("fstype", ""))
            nodes.setdefault(key, _Said(key[2])).values.setdefault(name.removeprefix(_NODE), value)
            continue
        drive = drives.setdefault(labels.get("volume", ""), _Said())
        drive.kind = labels.get("type", drive.kind)
        drive.values.setdefault(name.partition("_logical_disk_")[2], value)
    found = [_node(mount, said) for (mount, _, _), said in nodes.items() if mount]
    found += [_drive(name, said) for name, said in drives.items() if name]
    volumes: dict[str, Volume] = {}
    for volume in found:
        known = volumes.setdefault(volume.name, volume)
        if volume.holds_files and not known.holds_files:
            volumes[volume.name] = volume
    return list(volumes.values())


def _node(mount: str, said: _Said) -> Volume:
    name = excerpt(mount, NAME_LIMIT)
    kind = OTHER if _PSEUDO.fullmatch(said.kind) else COMPACT_DISC if said.kind in _IMAGES else FIXED_DISK
    trouble = UNREADABLE if said.on("device_error") else ""
    if kind == FIXED_DISK and said.on("readonly"):
        kind, trouble = (FIXED_DISK, READ_ONLY) if _TURNED.fullmatch(said.kind) else (OTHER, trouble)
    # What the system keeps for root is of no use to the services of the host: `avail` leaves it out.
    free = said.number("avail_bytes") if "avail_bytes" in said.values else said.number("free_bytes")
    return Volume(name, kind, *_sizes(said.number("size_bytes"), free), trouble, _inodes(said))


def _inodes(said: _Said) -> float | None:
    total, free = said.number("files"), said.number("files_free")
    # Some file systems make inodes as they need them, and say that they have none.
    return free / total if 0 < total < _LARGEST and 0 <= free <= total else None


def _drive(volume: str, said: _Said) -> Volume:
    drive = _DRIVE.fullmatch(volume)
    # As its SNMP agent names it; a folder where a volume is mounted keeps its path.
    name = volume if drive is None else f"{drive[1].upper()}:{drive[2] or chr(92)}"
    held = drive is not None and said.kind not in _NOT_DISKS and not said.on("readonly")
    return Volume(
        excerpt(name, NAME_LIMIT),
        FIXED_DISK if held else OTHER,
        *_sizes(said.number("size_bytes"), said.number("free_bytes")),
    )


def _sizes(size: float, free: float) -> tuple[int, int]:
    """Size and use in bytes; 0 when they make no sense."""
    # Some systems say less than nothing when users have filled even what was root's.
    if not (0 < size < _LARGEST and -size <= free <= size):
        return 0, 0
    return int(size), int(size) - max(0, int(free))
