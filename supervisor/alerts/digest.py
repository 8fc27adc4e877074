"""What alerts say of several incidents at once: how many of what, the worst by name, the rest by collectivité."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from supervisor.alerts.hours import hour
from supervisor.alerts.news import Item
from supervisor.alerts.plain import plain
from supervisor.alerts.standing import Standing
from supervisor.alerts.telling import NAME, Voice
from supervisor.french import NBSP, THIN, listing

LASTING = 25  # lines of what lasts; a longer mail is read by nobody
OVER = 10  # of what is over
ALSO = 15  # of what is no incident
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


def counted(found: Sequence[Standing], others: Sequence[Item] = (), *, briefly: bool = False) -> str:
    """How many of what: "2 pannes, 1 retour à la normale, 1 maintenance"; worst first."""
    counts = Counter(_words(standing, briefly) for standing in found)  # in the order of `found`, which is worst first
    counts += Counter(item.said.counted for item in others)
    return ", ".join(f"{number(many)}{NBSP}{one if many == 1 else several}" for (one, several), many in counts.items())


def _words(standing: Standing, briefly: bool) -> tuple[str, str]:
    if standing.reported and standing.rank in (2, 3):
        return _REPORTED
    return _BRIEFLY.get(standing.rank, _COUNTED[standing.rank]) if briefly else _COUNTED[standing.rank]


def places(found: Sequence[Standing], others: Sequence[Item] = ()) -> list[str]:
    """The collectivités, in the order in which they come."""
    every = [standing.fact.collectivite for standing in found]  # thousands of incidents are of few
    every += [place for item in others for place in item.latest.places]
    return list(dict.fromkeys(place for one in dict.fromkeys(every) if (place := plain(one, NAME))))


def title(found: Sequence[Standing], others: Sequence[Item] = ()) -> str:
    """The subject of a digest: "3 pannes, 1 retour à la normale : Mairie d’Arles"."""
    named, said = places(found, others), counted(found, others)
    if len(named) > _NAMED:
        return f"{said} dans {number(len(named))} collectivités"
    return f"{said} : {listing(named)}" if named else said


def opening(found: Sequence[Standing], others: Sequence[Item], voice: Voice) -> str:
    """Where things stood when it was written: "Situation à 17 h 31, dans 2 collectivités"."""
    named = places(found, others)
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
    by_place: Counter[str] = Counter()
    for name, many in Counter(standing.fact.collectivite for standing in rest).items():
        by_place[plain(name, NAME)] += many
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
