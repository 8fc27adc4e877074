"""Which volumes a host had of late: one that vanishes is a finding, when none is named."""

from __future__ import annotations

from typing import Self

_REMEMBERED_S = 86400.0  # how long a volume that vanished is missed
_MOST = 100  # of one host that are taken up at once
_MISSED = 1000  # remembered, so that they may be missed


class SeenVolumes:
    """When each sonde last saw each volume, for those that name none: what vanishes is a finding."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, float]] = {}

    @classmethod
    def open(cls) -> Self:
        """Nothing was seen yet."""
        return cls()

    async def close(self) -> None:
        """Nothing is held."""

    def vanished(self, sonde: str, names: list[str], at: float) -> list[str]:
        """Those of the last day that are not there any more."""
        seen = self._seen.setdefault(sonde, {})
        seen.update(dict.fromkeys(names[:_MOST], at))
        for name in [name for name, last in seen.items() if at - last > _REMEMBERED_S]:
            del seen[name]
        for name in list(seen)[: max(0, len(seen) - _MISSED)]:  # an agent may call its volumes otherwise at each walk
            del seen[name]
        present = set(names)
        return [name for name in seen if name not in present]
