"""What the first page shows, from the configuration and the board."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

from probes.base import Status
from supervisor.config.configuration import Configuration
from supervisor.domain.board import Board
from supervisor.domain.sonde import Sonde
from supervisor.domain.state import ISOLATED, UNREACHABLE, Segment
from supervisor.web.pages import Row, Trouble, View

_WORST_FIRST = (Status.CRITICAL, Status.WARNING, Status.UNKNOWN)


def present(configuration: Configuration, board: Board, now: int) -> View:
    """Everything as it is at this instant."""
    zone = ZoneInfo(configuration.timezone)
    counts: dict[str, Counter[Status]] = {name: Counter() for name in configuration.collectivites}
    troubles: dict[str, list[tuple[int, Trouble]]] = {name: [] for name in configuration.collectivites}
    for sonde in configuration.sondes.values():
        shown = board.shown(sonde.id, now)
        counts[sonde.collectivite][shown.status] += 1
        if shown.status is not Status.OK and not sonde.paused:
            trouble = _trouble(sonde, shown, board, now, zone)
            troubles[sonde.collectivite].append((_WORST_FIRST.index(shown.status), trouble))
    rows = tuple(
        Row(
            name=collectivite.name,
            counts={status: counts[name][status] for status in (*_WORST_FIRST[:2], Status.OK, Status.UNKNOWN)},
            troubles=tuple(trouble for _, trouble in sorted(troubles[name], key=lambda pair: pair[0])),
        )
        for name, collectivite in configuration.collectivites.items()
        if counts[name]
    )
    return View(
        organisation=configuration.organisation,
        at=datetime.fromtimestamp(now, zone).strftime("%H:%M:%S"),
        isolated=board.isolated(now),
        rows=rows,
    )


def _trouble(sonde: Sonde, shown: Segment, board: Board, now: int, zone: ZoneInfo) -> Trouble:
    latest = board.latest.get(sonde.id)
    return Trouble(
        sonde=sonde.id.partition("/")[2],
        status=shown.status,
        since=_since(shown.start, now, zone) if latest is not None else "",
        message=_why(shown, latest.result.message if latest is not None else ""),
        flapping=board.flapping(sonde.id),
    )


def _why(shown: Segment, message: str) -> str:
    if shown.cause == UNREACHABLE:
        return f"injoignable, derrière {shown.via.partition('/')[2]}"
    if shown.cause == ISOLATED:
        return "Vigie est coupée du réseau"
    return message or "pas encore contrôlée"


def _since(start: int, now: int, zone: ZoneInfo) -> str:
    moment, today = datetime.fromtimestamp(start, zone), datetime.fromtimestamp(now, zone)
    if moment.date() == today.date():
        return moment.strftime("depuis %H:%M")
    return moment.strftime("depuis le %d/%m/%Y à %H:%M")
