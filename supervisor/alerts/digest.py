"""What alerts say of several incidents at once: how many of what, the worst by name, the rest by collectivité."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from supervisor.alerts.hours import hour
from supervisor.alerts.standing import Standing
from supervisor.alerts.telling import Voice, where
from supervisor.french import NBSP, THIN, listing

LASTING = 25  # lines of what lasts; a longer mail is read by nobody
OVER = 10  # of what is over
PLACES = 12  # collectivités that are counted by name
_NAMED = 3  # collectivités that a subject names

_COUNTED = (
    ("délai d’intervention dépassé", "délais d’intervention dépassés"),
    ("rappel de délai d’intervention", "rappels de délai d’intervention"),
    ("panne", "pannes"),
    ("point à surveiller", "points à surveiller"),
    ("retour à la normale", "retours à la normale"),
    ("fausse alerte", "fausses alertes"),
)  # by rank of a standing
_BRIEFLY = {0: ("délai dépassé", "délais dépassés"), 1: ("rappel de GTI", "rappels de GTI")}
_REPORTED = ("problème signalé", "problèmes signalés")


class Group(NamedTuple):
    """Incidents under one title."""

    title: str
    shown: Sequence[Standing]
    more: str  # of those that are not shown; "" where all are


def counted(found: Sequence[Standing], *, briefly: bool = False) -> str:
    """How many of what: "2 pannes, 1 retour à la normale"; worst first."""
    counts = Counter(_words(standing, briefly) for standing in found)  # in the order of `found`, which is worst first
    return ", ".join(f"{number(many)}{NBSP}{one if many == 1 else several}" for (one, several), many in counts.items())


def _words(standing: Standing, briefly: bool) -> tuple[str, str]:
    if standing.reported and standing.rank in (2, 3):
        return _REPORTED
    return _BRIEFLY.get(standing.rank, _COUNTED[standing.rank]) if briefly else _COUNTED[standing.rank]


def places(found: Sequence[Standing]) -> list[str]:
    """The collectivités, in the order in which they come."""
    return list(dict.fromkeys(place for place in (where(standing.fact) for standing in found) if place))


def title(found: Sequence[Standing]) -> str:
    """The subject of a digest: "3 pannes, 1 retour à la normale : Mairie d’Arles"."""
    named = places(found)
    if len(named) > _NAMED:
        return f"{counted(found)} dans {number(len(named))} collectivités"
    return f"{counted(found)} : {listing(named)}" if named else counted(found)


def opening(found: Sequence[Standing], voice: Voice) -> str:
    """Where things stood when it was written: "Situation à 17 h 31, dans 2 collectivités"."""
    named = places(found)
    across = f", dans {number(len(named))} collectivités" if len(named) > 1 else f", {named[0]}" if named else ""
    return f"Situation à {hour(voice.now, voice.zone)}{across}"


def groups(found: Sequence[Standing]) -> Iterator[Group]:
    """What lasts, then what is over; each as far as it is read."""
    lasting = [standing for standing in found if not standing.over]
    over = [standing for standing in found if standing.over]
    for name, members, most in (("En cours", lasting, LASTING), ("Terminé", over, OVER)):
        if members:
            shown = members if len(members) <= most + 1 else members[:most]  # "et 1 autre" takes the line it saves
            yield Group(f"{name} ({number(len(members))})", shown, _more(members[len(shown) :]))


def _more(rest: Sequence[Standing]) -> str:
    """ "Et 4 970 autres : Mairie d’Arles (200), Mairie de Broons (12) et 130 autres collectivités."."""
    if not rest:
        return ""
    by_place = Counter(where(standing.fact) for standing in rest)
    by_place.pop("", None)
    most = sorted(by_place.items(), key=lambda item: (-item[1], item[0]))
    named = [f"{place} ({number(many)})" for place, many in most[:PLACES]]
    left = len(most) - len(named)
    if left:
        named.append(f"{number(left)} {'autre collectivité' if left == 1 else 'autres collectivités'}")
    return f"Et {number(len(rest))} autres" + (f" : {listing(named)}." if named else ".")


def number(many: int) -> str:
    """ "4 970"."""
    return f"{many:,}".replace(",", THIN)
