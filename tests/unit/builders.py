"""Small things that many tests build."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from probes.base import Target
from supervisor.domain.sonde import Sonde
from supervisor.domain.state import NO_DATA, Change


def sonde(
    sonde_id: str = "exemple/web/site",
    *,
    kind: str = "tcp",
    settings: object = None,
    interval_s: float = 60,
    attempts: int = 3,
    retry_every_s: float = 20,
    timeout_s: float = 10,
    stale_after_s: int = 150,
    parent: str | None = None,
    billable: bool = True,
    paused: bool = False,
) -> Sonde:
    """A sonde of which only what the test is about is said."""
    return Sonde(
        id=sonde_id,
        type=kind,
        target=Target(sonde=sonde_id, address="127.0.0.1"),
        settings=settings,
        interval_s=interval_s,
        timeout_s=timeout_s,
        attempts=attempts,
        retry_every_s=retry_every_s,
        stale_after_s=stale_after_s,
        parent=parent,
        service=None,
        billable=billable,
        paused=paused,
    )


def painted(changes: Iterable[Change], until: Mapping[str, int]) -> dict[tuple[str, int], tuple[str, str]]:
    """What these changes leave of every second, each sonde's last stretch running to its `until`."""
    stretches: dict[str, list[tuple[int, int | None, str, str]]] = {}
    for change in changes:
        known, upto = stretches.get(change.sonde, []), change.upto
        later = [s for s in known if upto is not None and s[0] >= upto]
        kept = [s for s in known if s[0] < change.trim]
        if kept and (kept[-1][1] is None or kept[-1][1] > change.trim):
            kept[-1] = (kept[-1][0], change.trim, *kept[-1][2:])
        ends = [s.start for s in change.paint[1:]] + [None]
        for segment, end in zip(change.paint, ends, strict=False):
            if upto is not None:
                end = min(upto, upto if end is None else end)
            kept.append((segment.start, end, str(segment.status), segment.cause))
        stretches[change.sonde] = kept + later
    cells = {}
    for sonde_id, of_sonde in stretches.items():
        for start, end, status, cause in of_sonde:
            for t in range(start, until[sonde_id] if end is None else end):
                cells[sonde_id, t] = (status, cause)
    assert all(cause != NO_DATA for _, cause in cells.values())
    return cells
