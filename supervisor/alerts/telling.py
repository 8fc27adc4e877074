"""What alerts say of one incident, in French: its heading, its sentences, what there is to do.

Three people read them: the operator on call, who wants what, where, since when, how long is left and what to do; the
secretary of a mairie, who wants to know what does not work and that nothing is asked of her; the référent, who reads
what she reads and finds the number to quote. Sentences speak of "le service « … »", so that nothing has to agree with
a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from supervisor.alerts.facts import Fact, Reader
from supervisor.alerts.hours import dated, lasting, moment
from supervisor.alerts.plain import plain
from supervisor.alerts.standing import Standing, state
from supervisor.domain.alerting import Kind
from supervisor.french import listing, of, quoted

NAME = 100  # characters of a name; what is longer is cut
SAID = 300  # of what a check or a person said
_NAMES = 3  # services that are named, of many


@dataclass(frozen=True, kw_only=True, slots=True)
class Voice:
    """Who speaks to whom, and when."""

    organisation: str
    zone: ZoneInfo
    now: int
    reader: Reader

    def since(self, at: int) -> str:
        """After "depuis": "17 h 25", "hier à 17 h 25"."""
        return moment(at, self.now, self.zone)

    def on(self, at: int) -> str:
        """After a verb: "à 17 h 25", "hier à 17 h 25"."""
        return dated(at, self.now, self.zone)

    @property
    def team(self) -> str:
        """Who repairs: "l’équipe du Syndicat mixte". An équipe is feminine whatever the name behind it is."""
        name = plain(self.organisation, NAME)
        return f"l’équipe {of(name)}" if name else "notre équipe"


def names(fact: Fact) -> tuple[list[str], int]:
    """The services that are named, and how many are not."""
    return named(fact.services)


def named(services: Iterable[str]) -> tuple[list[str], int]:
    """Those that are named, and how many are not."""
    found = list(dict.fromkeys(name for name in (plain(service, NAME) for service in services) if name))
    shown = found if len(found) <= _NAMES + 1 else found[:_NAMES]
    return shown, len(found) - len(shown)


def what(fact: Fact) -> str:
    """What it is about: the services, as people know them; what counts for none, by its machine; or nothing known."""
    shown, left = names(fact)
    if not shown:
        equipment = plain(fact.equipment, NAME)
        return f"équipement {equipment}" if equipment else ""
    return ", ".join(shown) + f" et {left} autres services" if left else listing(shown)


def where(fact: Fact) -> str:
    """The collectivité."""
    return plain(fact.collectivite, NAME)


def heading(standing: Standing, voice: Voice, *, placed: bool = True) -> str:
    """What, where, since when: "Panne : Messagerie, Mairie d’Arles, depuis 17 h 25"."""
    place = where(standing.fact) if placed else ""
    parts = [what(standing.fact), place, _when(standing, voice)]
    return f"{state(standing).word} : {', '.join(part for part in parts if part)}"


def _when(standing: Standing, voice: Voice) -> str:
    fact = standing.fact
    if fact.kind is Kind.RECOVERED:
        return f"{voice.on(fact.at)}, après {_length(standing)}"
    if fact.kind is Kind.WITHDRAWN:
        return f"{denied(standing)} {voice.on(fact.opened_at)}"
    if fact.kind is Kind.BREACH:
        return f"depuis {voice.since(fact.at)}"
    if fact.kind is Kind.GTI and fact.deadline is not None:
        return f"échéance {voice.on(fact.deadline)}"
    return voice.on(fact.opened_at) if standing.reported else f"depuis {voice.since(began(fact))}"


def denied(standing: Standing) -> str:
    """What turned out never to have been."""
    if standing.reported:
        return "problème signalé"
    return "pas de panne" if standing.down else "rien d’anormal"


def _length(standing: Standing) -> str:
    if standing.times > 1:
        return f"{standing.times} interruptions"
    return lasting(standing.fact.at - standing.fact.opened_at)


def began(fact: Fact) -> int:
    """When it became what it is told as."""
    return fact.at if fact.kind is Kind.WORSENED else fact.opened_at


# --- sentences of a mail about one incident


def first(standing: Standing, voice: Voice) -> str:
    """What happened, in a sentence or two."""
    fact = standing.fact
    subject, several = _subject(fact)
    on = voice.on(fact.at)
    if standing.reported:
        return _reported(standing, voice)
    if fact.kind is Kind.RECOVERED:
        return f"{subject} {_worded(several, 'est revenu', 'sont revenus')} à la normale {on}. {_over(standing, voice)}"
    if fact.kind is Kind.WITHDRAWN:
        was = _worded(several, "n’était pas", "n’étaient pas") + (" en panne" if standing.down else " à surveiller")
        return f"Fausse alerte : {_lower(subject)} {was} {voice.on(fact.opened_at)}, contrairement à notre message."
    return _trouble(standing, voice, subject, several) + _clock(fact, voice)


def _clock(fact: Fact, voice: Voice) -> str:
    """How the time to intervene stands, or that nobody came, where that is what there is to tell."""
    if fact.kind is Kind.ESCALATED:
        return f" Personne n’a pris l’incident en charge depuis {lasting(fact.at - fact.opened_at)}."
    if fact.kind is Kind.GTI:
        share = f"est écoulé à {fact.percent} %" if fact.percent is not None else "court"
        return f" Le délai d’intervention {share} : aucune intervention n’était commencée {voice.on(fact.at)}."
    if fact.kind is Kind.BREACH:
        return (
            f" Le délai d’intervention prévu est dépassé depuis {voice.since(fact.at)} : "
            "aucune intervention n’était commencée à cette heure."
        )
    return ""


def _reported(standing: Standing, voice: Voice) -> str:
    """What a person saw and no sonde did."""
    fact = standing.fact
    subject, _ = _subject(fact)
    about = f" sur {_lower(subject)}" if names(fact)[0] or fact.equipment else _placed(fact)
    reported = f"signalé {voice.on(fact.opened_at)}{about}"
    if fact.kind is Kind.RECOVERED:
        return f"Le problème {reported} est résolu depuis {voice.since(fact.at)}. {_over(standing, voice)}"
    if fact.kind is Kind.WITHDRAWN:
        return f"Fausse alerte : le problème {reported} n’en était pas un."
    again = " de nouveau" if fact.kind is Kind.REOPENED or standing.times > 1 else ""
    return f"Un problème a été{again} {reported}." + _clock(fact, voice)


def _trouble(standing: Standing, voice: Voice, subject: str, several: bool) -> str:
    fact = standing.fact
    again = " de nouveau" if fact.kind is Kind.REOPENED or standing.times > 1 else ""
    since = voice.since(began(fact))
    if not standing.down:
        isnt = _worded(several, "n’est pas", "ne sont pas")
        watched = _worded(several, "il est", "ils sont")
        return f"{subject} {isnt} en panne, mais {watched}{again} à surveiller depuis {since}."
    warned = f", après un premier signe {voice.on(fact.opened_at)}" if fact.kind is Kind.WORSENED else ""
    return f"{subject} {_worded(several, 'est', 'sont')}{again} en panne depuis {since}{warned}.{_behind(fact)}"


def _behind(fact: Fact) -> str:
    """What cannot be reached because of it, and may well work."""
    shown, left = named(fact.behind)
    if not shown:
        return ""
    quotes = [quoted(name) for name in shown]
    said = f"{', '.join(quotes)} et {left} autres" if left else listing(quotes)
    if len(shown) + left == 1:
        return f" Le service {said} est injoignable de ce fait."
    return f" Les services {said} sont injoignables de ce fait."


def _over(standing: Standing, voice: Voice) -> str:
    fact = standing.fact
    if standing.times > 1:
        return f"Il y a eu {standing.times} interruptions ; la dernière a commencé {voice.on(fact.opened_at)}."
    length = lasting(fact.at - fact.opened_at)
    if standing.reported:
        return f"Il a duré {length}."
    word = "La panne, commencée" if standing.down else "L’alerte, donnée"
    return f"{word} {voice.on(fact.opened_at)}, a duré {length}."


def _subject(fact: Fact) -> tuple[str, bool]:
    """ "Le service « Messagerie » (Mairie d’Arles)"; and whether there are several."""
    shown, left = names(fact)
    quotes = [quoted(name) for name in shown]
    if left:
        return f"Les services {', '.join(quotes)} et {left} autres{_placed(fact)}", True
    if len(quotes) > 1:
        return f"Les services {listing(quotes)}{_placed(fact)}", True
    if quotes:
        return f"Le service {quotes[0]}{_placed(fact)}", False
    equipment = plain(fact.equipment, NAME)
    return (f"L’équipement {quoted(equipment)}" if equipment else "Le problème signalé") + _placed(fact), False


def _placed(fact: Fact) -> str:
    return f" ({where(fact)})" if where(fact) else ""


def _lower(subject: str) -> str:
    return subject[0].lower() + subject[1:]


def _worded(several: bool, one: str, more: str) -> str:
    return more if several else one


# --- what follows


def details(standing: Standing, voice: Voice) -> Iterator[tuple[str, str]]:
    """What is worth finding at a glance, by its name."""
    fact = standing.fact
    number = plain(fact.incident, NAME)
    said = plain(fact.said, SAID)
    told = "Signalement" if standing.reported else "Constat pendant l’incident" if standing.over else "Constat"
    if not voice.reader.operator:
        if said and standing.reported and not standing.over and fact.collectivite == voice.reader.collectivite:
            yield told, quoted(said)
        yield "Référence à rappeler", number
        return
    if fact.deadline is not None and not standing.over and fact.kind is not Kind.BREACH:
        passed = fact.deadline <= voice.now
        yield (
            ("Délai d’intervention" if passed else "Intervenir avant"),
            (f"dépassé depuis {voice.since(fact.deadline)}" if passed else f"{voice.since(fact.deadline)} (GTI)"),
        )
    if standing.breached and standing.over:
        yield "Délai d’intervention", "dépassé avant le retour à la normale"
    if said and fact.kind is not Kind.WITHDRAWN:
        yield told, quoted(said)
    if fact.sonde:
        yield "Sonde", plain(fact.sonde, 2 * NAME)
    yield "Incident", number


def clocked(standing: Standing, voice: Voice) -> Iterator[str]:
    """How the time to intervene stands, in a list for the operator."""
    deadline = standing.fact.deadline
    if standing.over:
        if standing.breached:
            yield "délai d’intervention dépassé"
    elif standing.fact.kind not in (Kind.GTI, Kind.BREACH) and deadline is not None:
        late = deadline <= voice.now
        yield f"délai dépassé depuis {voice.since(deadline)}" if late else f"intervenir avant {voice.since(deadline)}"


def asked(standing: Standing, voice: Voice) -> str:
    """What the reader is to do, or that there is nothing to be done."""
    if not voice.reader.operator:
        return reassured(voice, over=standing.over)
    kind = standing.fact.kind
    if kind is Kind.WITHDRAWN:
        return "À faire : rien, l’incident est annulé."
    if kind is Kind.RECOVERED:
        return "À faire : noter la cause, puis clore l’incident."
    if kind is Kind.ESCALATED:
        return (
            "À faire : prendre l’incident en charge (« vu »), ce qui arrête les rappels, puis commencer l’intervention "
            "et l’enregistrer (« j’interviens »), ce qui arrête le délai d’intervention."
        )
    if kind is Kind.BREACH:
        return "À faire : commencer l’intervention et l’enregistrer (« j’interviens »), ce qui arrête le dépassement."
    if not standing.down and not standing.reported:
        return "À faire : vérifier avant que la situation ne s’aggrave."
    return (
        "À faire : commencer l’intervention et l’enregistrer (« j’interviens »). "
        "Un simple « vu » n’arrête pas le délai d’intervention."
    )


def reassured(voice: Voice, *, over: bool) -> str:
    """That nothing is asked of them."""
    if over:
        return "Vous n’avez rien à faire."
    return (
        f"Vous n’avez rien à faire : {voice.team} est prévenue et s’en occupe. "
        "Vous recevrez un message au retour à la normale."
    )
