"""What agents tell of file systems besides their size: inodes (UCD-SNMP-MIB), and whether they can be written.

Each is a walk of its own, for the sondes that ask for it.
"""

from __future__ import annotations

from probes.base import Run
from probes.snmp.walks import Walks
from probes.snmp.words import Oid, Peer, read_oid
from probes.volumes import volume_name

_DISKS = read_oid("1.3.6.1.4.1.2021.9.1")  # dskEntry; Net-SNMP fills it for `includeAllDisks`
_NODES = ((*_DISKS, 2), (*_DISKS, 10))  # dskPath, dskPercentNode
_SYSTEMS = read_oid("1.3.6.1.2.1.25.3.8.1")  # hrFSEntry
_ACCESS = ((*_SYSTEMS, 2), (*_SYSTEMS, 5))  # hrFSMountPoint, hrFSAccess
_READ_ONLY = 2


async def read_inodes(peer: Peer, run: Run, sonde: str) -> dict[str, float]:
    """The share of their inodes that is free, by volume; those that are not told of are not there."""
    used = await _by_name(_NODES, peer, run, sonde)
    return {name: 1 - percent / 100 for name, percent in used.items() if 0 <= percent <= 100}


async def read_locks(peer: Peer, run: Run, sonde: str) -> dict[str, bool]:
    """Whether each volume is read-only."""
    access = await _by_name(_ACCESS, peer, run, sonde)
    return {name: number == _READ_ONLY for name, number in access.items()}


async def _by_name(columns: tuple[Oid, ...], peer: Peer, run: Run, sonde: str) -> dict[str, int]:
    table = await run.shared.use(Walks).table(peer, columns, run, sonde)
    return {
        volume_name(name): number
        for name, number in table.rows.values()
        if isinstance(name, bytes) and isinstance(number, int)
    }
