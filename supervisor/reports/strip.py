"""The days of a service as a drawing: a shape, a colour and a letter a day. The same drawing on screen and on paper.

Up to a month it is laid out in weeks, as on a wall calendar, which a telephone can show; longer periods are months
of 31 columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final, NamedTuple
from xml.sax.saxutils import escape

from supervisor.reports.days import Day, DayState
from supervisor.reports.sheet import Figure, Key
from supervisor.reports.wording import NBSP, count, date_of, listing, month_name, ordinal, typeset

_INK: Final = "#1b1f24"
_SOFT: Final = "#57606a"
# Fonts of a browser, then the one that the PDF embeds.
_FONTS: Final = "system-ui, sans-serif, Libertinus Serif"
_MOST_DATES: Final = 12  # named one by one in the words of a drawing


class _Look(NamedTuple):
    letter: str
    said: str  # in the legend
    days: tuple[str, str]  # "jour disponible", "jours disponibles"
    ink: str
    shape: str  # SVG of 20 × 20 around (0, 0)


_LOOKS: Final = {
    DayState.AVAILABLE: _Look(
        "D",
        "disponible pendant tout le temps de service",
        ("jour disponible", "jours disponibles"),
        "#0f4424",
        '<circle r="9" fill="#e2f2e6" stroke="#1a6e3c"/>',
    ),
    DayState.INTERRUPTED: _Look(
        "P",
        "en panne une partie du temps de service",
        ("jour de panne partielle", "jours de panne partielle"),
        "#3d2800",
        '<rect x="-9" y="-9" width="18" height="18" fill="#fff" stroke="#8a5a00"/>'
        '<rect x="-9" y="1" width="18" height="8" fill="#f6d58c"/>',
    ),
    DayState.DOWN: _Look(
        "N",
        "non disponible, en panne pendant tout le temps mesuré",
        ("jour de panne complète", "jours de panne complète"),
        "#fff",
        '<rect x="-9" y="-9" width="18" height="18" fill="#9c1c16" stroke="#9c1c16"/>',
    ),
    DayState.PARTLY: _Look(
        "M",
        "mesuré en partie, sans panne comptée",
        ("jour mesuré en partie", "jours mesurés en partie"),
        _INK,
        '<circle r="9" fill="#fff" stroke="#4f5b66" stroke-dasharray="3 2"/>',
    ),
    DayState.UNMEASURED: _Look(
        "I",
        "inconnu, rien n’a été mesuré",
        ("jour inconnu", "jours inconnus"),
        _INK,
        '<path d="M0-10 10 0 0 10-10 0Z" fill="#e6e9ec" stroke="#4f5b66" stroke-dasharray="3 2"/>',
    ),
    DayState.SPARED: _Look(
        "E",
        "en partie exclu du calcul, disponible le reste du temps",
        ("jour exclu en partie", "jours exclus en partie"),
        "#33256b",
        '<path d="M-4-9H4L9-4V4L4 9H-4L-9 4V-4Z" fill="#fff" stroke="#4b3a8c"/>'
        '<path d="M-9 1H9V4L4 9H-4L-9 4Z" fill="#d9d2ef"/>',
    ),
    DayState.EXCLUDED: _Look(
        "X",
        "entièrement exclu du calcul",
        ("jour entièrement exclu", "jours entièrement exclus"),
        "#33256b",
        '<path d="M-4-9H4L9-4V4L4 9H-4L-9 4V-4Z" fill="#e9e5f6" stroke="#4b3a8c"/>',
    ),
    DayState.CLOSED: _Look("F", "fermé ou hors engagement", ("jour fermé", "jours fermés"), _SOFT, ""),
    DayState.COMING: _Look("", "à venir", ("jour à venir", "jours à venir"), _SOFT, ""),
}
_UNNAMED: Final = (DayState.AVAILABLE, DayState.CLOSED, DayState.COMING)


def figure(name: str, when: str, days: Sequence[Day]) -> Figure:
    """The drawing of one service."""
    width, height, drawn = _weeks(days) if len(days) <= 31 else _months(days)
    svg, alt = _svg(width, height, drawn), _words(name, when, days)
    return Figure(title=typeset(name), svg=svg, alt=alt, width=width, height=height)


def legend(days: Sequence[Day]) -> tuple[Key, ...]:
    """The shapes that these days show."""
    shown = {day.state for day in days}
    return tuple(
        Key(svg=_svg(22, 22, [_cell(11, 11, state)]), text=typeset(f"{look.letter} : {look.said}"))
        for state, look in _LOOKS.items()
        if state in shown and look.letter
    )


def _weeks(days: Sequence[Day]) -> tuple[int, int, list[str]]:
    column, row, top = 30, 40, 16
    drawn = [_text(column * n + 15, 11, letter, 11, _SOFT) for n, letter in enumerate("LMMJVSD")]
    before = days[0].date.weekday()
    for place, day in enumerate(days, start=before):
        x, y = column * (place % 7) + 15, top + row * (place // 7)
        drawn.append(_text(x, y + 12, str(day.date.day), 11, _SOFT))
        drawn.append(_cell(x, y + 26, day.state))
    return column * 7, top + row * ((before + len(days) - 1) // 7 + 1), drawn


def _months(days: Sequence[Day]) -> tuple[int, int, list[str]]:
    column, row, left, top = 22, 24, 72, 16
    drawn = [_text(left + column * n + 11, 11, str(n + 1), 10, _SOFT) for n in range(31)]
    rows = 0
    for (_, number), group in groupby(days, key=lambda day: (day.date.year, day.date.month)):
        y = top + row * rows + 12
        drawn.append(_text(left - 6, y + 4, month_name(number), 11, _INK, "end"))
        drawn.extend(_cell(left + column * (day.date.day - 1) + 11, y, day.state) for day in group)
        rows += 1
    return left + column * 31, top + row * rows, drawn


def _cell(x: int, y: int, state: DayState) -> str:
    look = _LOOKS[state]
    return f'<g transform="translate({x} {y})">{look.shape}{_text(0, 4, look.letter, 11, look.ink)}</g>'


def _text(x: int, y: int, text: str, size: int, ink: str, anchor: str = "middle") -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="{ink}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(width: int, height: int, drawn: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="{_FONTS}">{"".join(drawn)}</svg>'
    )


def _words(name: str, when: str, days: Sequence[Day]) -> str:
    """What the drawing shows, to those who do not see it: how many days of each, and which were not well."""
    return typeset(f"{name}, jour par jour, {when} : {' ; '.join(_counts(days))}.")


def _counts(days: Sequence[Day]) -> Iterator[str]:
    for state, look in _LOOKS.items():
        found = [day for day in days if day.state is state]
        if found:
            named = f" ({_dates(found)})" if state not in _UNNAMED else ""
            yield f"{count(len(found), *look.days)}{named}"


def _dates(days: Sequence[Day]) -> str:
    """ "les 3, 5 et 6 mars", by month."""
    more = len(days) - _MOST_DATES
    months = []
    for _, group in groupby(days[:_MOST_DATES], key=lambda day: (day.date.year, day.date.month)):
        found = list(group)
        numbers = listing([ordinal(day.date.day) for day in found])
        named = f"{numbers}{NBSP}{month_name(found[0].date.month)}"
        months.append(f"les {named}" if len(found) > 1 else f"le {date_of(found[0].date).rpartition(NBSP)[0]}")
    return listing(months) + (f" et {more} de plus" if more > 0 else "")
