"""What there may be to tell, on a Friday in a commune of Moselle, and the words it is told in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from probes.base import Status
from supervisor.alerts.composing import composer
from supervisor.alerts.facts import Composed, Fact, Reader
from supervisor.domain.alerting import Channel, Kind

PARIS = ZoneInfo("Europe/Paris")
LINK = "https://vigie.exemple.fr/i/123a45xX3f8Kp0QmZ7w"
TOWN = "Mairie de Ségolène-les-Étangs"
ON_CALL = Reader(name="Astreinte", operator=True, collectivite="Moselle Fibre")
SECRETARY = Reader(name="Accueil", operator=False, collectivite=TOWN)


def at(wall: str) -> int:
    """That time in Metz: "03-06 17:25" of 2026, or with its year."""
    whole = wall if wall.count("-") == 2 else f"2026-{wall}"
    return int(datetime.fromisoformat(whole).replace(tzinfo=PARIS).timestamp())


def fact(kind: Kind = Kind.OPENED, wall: str = "03-06 17:25", **changed: object) -> Fact:
    """Friday 6 March, 17:25: the mail of a commune."""
    told: dict[str, object] = {
        "kind": kind,
        "percent": None,
        "at": at(wall),
        "severity": Status.CRITICAL,
        "incident": "INC-2026-000123",
        "collectivite": TOWN,
        "services": ("Messagerie",),
        "behind": (),
        "equipment": "routeur",
        "sonde": "segolene/routeur/lien",
        "said": "192.0.2.1 ne répond pas (3 requêtes ICMP)",
        "opened_at": at("03-06 17:25"),
        "over_at": None,
        "deadline": at("03-09 09:55"),
        "link": LINK,
    }
    return Fact(**{**told, **changed})  # type: ignore[arg-type]


def mail(reader: Reader, wall: str, *facts: Fact, organisation: str = "Moselle Fibre") -> Composed:
    """As it is read at that time."""
    return composer(organisation, PARIS, 1)(Channel.MAIL, reader, facts, [], at(wall))


def sms(reader: Reader, wall: str, *facts: Fact, segments: int = 1, organisation: str = "Moselle Fibre") -> str:
    """As it is read at that time."""
    return composer(organisation, PARIS, segments)(Channel.SMS, reader, facts, [], at(wall)).text


def plain_spaces(text: str) -> str:
    """With spaces that can be typed: where they do not break is tested by itself."""
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


def many(count: int) -> Sequence[Fact]:
    """A storm over 130 communes."""
    return [
        fact(incident=f"INC-2026-{n:06d}", collectivite=f"Commune {n % 130}", services=(f"Service {n % 7}",))
        for n in range(count)
    ]
