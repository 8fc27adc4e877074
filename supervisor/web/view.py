"""What the first page shows, from the configuration and the board: the worst first, one line for one cause."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from probes.base import Status
from supervisor.config.configuration import Collectivite, Configuration
from supervisor.domain.board import Board
from supervisor.domain.sonde import Sonde
from supervisor.domain.state import ISOLATED, NO_DATA, UNCONFIRMED, UNREACHABLE, Segment
from supervisor.web.pages import Row, Trouble, View

_WORST_FIRST = (Status.CRITICAL, Status.WARNING, Status.UNKNOWN, Status.OK)
# Of one collectivité; a page of thousands of lines is read by nobody, and would cost every one of its readers.
MOST_TROUBLES = 15
_MOST_NAMES = 6


def present(configuration: Configuration, board: Board, now: int) -> View:
    """Everything as it is at this instant."""
    zone = ZoneInfo(configuration.timezone)
    sondes: dict[str, list[Sonde]] = defaultdict(list)
    for sonde in configuration.sondes.values():
        sondes[sonde.collectivite].append(sonde)
    presenter = _Presenter(configuration, board, now, zone)
    rows = [presenter.row(collectivite, sondes[name]) for name, collectivite in configuration.collectivites.items()]
    return View(
        organisation=configuration.organisation,
        at=datetime.fromtimestamp(now, zone).strftime("%d/%m/%Y à %H:%M:%S"),
        isolated=board.isolated(now),
        rows=tuple(sorted((row for row in rows if row.counts or row.paused), key=_urgency)),  # else in config order
    )


def _urgency(row: Row) -> tuple[int, bool]:
    return _WORST_FIRST.index(row.worst), not (row.troubles or row.notes)


class _Presenter:
    """One reading of the board."""

    def __init__(self, configuration: Configuration, board: Board, now: int, zone: ZoneInfo) -> None:
        self._configuration = configuration
        self._board = board
        self._now = now
        self._zone = zone

    def row(self, collectivite: Collectivite, sondes: Iterable[Sonde]) -> Row:
        counts: Counter[Status] = Counter()
        paused = 0
        troubles: list[Trouble] = []
        behind: dict[str, list[str]] = defaultdict(list)  # by the sonde they hide behind
        waiting: list[str] = []
        unstable: list[str] = []
        for sonde in sondes:
            if sonde.paused:
                paused += 1
                continue
            shown = self._board.shown(sonde.id, self._now)
            counts[shown.status] += 1
            short = sonde.id.partition("/")[2]
            if shown.cause == ISOLATED:  # said once for all, at the top of the page
                continue
            if shown.status is Status.OK:
                unstable += [short] if self._board.flapping(sonde.id) else []
            elif shown.cause == UNREACHABLE:
                behind[shown.via].append(short)
            elif shown.status is Status.UNKNOWN and sonde.id not in self._board.latest:
                waiting.append(short)
            else:
                troubles.append(self._trouble(sonde, short, shown))
        troubles.sort(key=lambda trouble: _WORST_FIRST.index(trouble.status))
        return Row(
            name=collectivite.name,
            counts={status: counts[status] for status in _WORST_FIRST if counts[status]},
            paused=paused,
            troubles=tuple(troubles[:MOST_TROUBLES]),
            more=max(0, len(troubles) - MOST_TROUBLES),
            notes=tuple(self._notes(collectivite.id, behind, waiting, unstable)),
        )

    def _trouble(self, sonde: Sonde, short: str, shown: Segment) -> Trouble:
        latest = self._board.latest.get(sonde.id)
        return Trouble(
            sonde=short,
            name=self._equipment(sonde.id),
            status=shown.status,
            since=_since(shown.start, self._now, self._zone),
            message=_why(shown, latest.result.message if latest is not None else ""),
            flapping=self._board.flapping(sonde.id),
        )

    def _notes(
        self, owner: str, behind: dict[str, list[str]], waiting: list[str], unstable: list[str]
    ) -> Iterable[str]:
        for via, names in behind.items():
            collectivite, _, short = via.partition("/")
            where = f"« {self._equipment(via)} » ({short if collectivite == owner else via})"
            yield f"{_number(names, 'injoignable', 'injoignables')} derrière {where} : {_list(names)}"
        if unstable:
            yield f"{_number(unstable, 'instable', 'instables')}, en service à cet instant : {_list(unstable)}"
        if waiting:
            yield f"{_number(waiting, 'attend son', 'attendent leur')} premier contrôle : {_list(waiting)}"

    def _equipment(self, sonde_id: str) -> str:
        owner, name, _ = sonde_id.split("/")
        collectivite = self._configuration.collectivites.get(owner)
        equipment = collectivite.equipment.get(name) if collectivite is not None else None
        return equipment.name if equipment is not None else name


def _number(names: list[str], one: str, several: str) -> str:
    return f"{len(names)} sonde {one}" if len(names) == 1 else f"{len(names)} sondes {several}"


def _list(names: list[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" et {more} de plus" if more > 0 else "")


def _why(shown: Segment, message: str) -> str:
    if shown.cause == NO_DATA:
        return "aucun résultat récent"
    if shown.cause == UNCONFIRMED:
        return f"à confirmer : {message}"
    return message or "constaté avant le redémarrage de Vigie"


def _since(start: int, now: int, zone: ZoneInfo) -> str:
    moment, today = datetime.fromtimestamp(start, zone), datetime.fromtimestamp(now, zone)
    if moment.date() == today.date():
        return moment.strftime("depuis %H:%M")
    return moment.strftime("depuis le %d/%m/%Y à %H:%M")
