"""What there is to say, as the one who reads it may see it: operators everything, a commune what is its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from probes.base import Status
from supervisor.alerts.facts import Fact, News, Reader
from supervisor.domain.alerting import Channel, Topic
from supervisor.domain.contact import Contact
from supervisor.domain.link import PATH
from supervisor.domain.promise import Promises
from supervisor.proof import desk
from supervisor.store import links
from supervisor.store.incidents import Incident
from supervisor.store.notices import Notice


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """Under one configuration."""

    promises: Promises
    public_url: str | None

    def reader(self, contact: Contact) -> Reader:
        """Who reads it."""
        return Reader(
            name=contact.name,
            operator=contact.collectivite in self.promises.operators,
            collectivite=self.promises.collectivites.get(contact.collectivite, contact.collectivite),
        )

    def fact(self, contact: Contact, notice: Notice, sheet: desk.Sheet, key: bytes | None = None) -> Fact:
        """What there is to say of one thing. A commune reads of itself alone: of its services, never of another's.

        `key`: what signs its link; without it the link has its length and opens nothing.
        """
        incident = sheet.incident
        story = sheet.story
        opening = next((one for one in story.openings if one.at == notice.opening), None) if story else None
        dials = next((dials for dials in sheet.dials if dials and opening and dials[0].line in opening.lines), ())
        deadlines = [dial.clock.deadline for dial in dials if dial.applicable and dial.clock.deadline is not None]
        if opening is not None:
            services = [line.service for line in opening.lines]
        elif incident.sonde is not None:  # it never was: it is known by what it would have touched
            services = self.promises.counting(incident.sonde, self.promises.sondes.get(incident.sonde))
        else:
            services = list(incident.services or ())
        critical = notice.severity == Status.CRITICAL
        behind = self.promises.cut_off(incident.sonde) if incident.sonde and critical else []
        owner = incident.collectivite
        own = contact.collectivite in (owner, *self.promises.operators)  # operators read of everything
        if contact.collectivite not in self.promises.operators:
            owner = contact.collectivite
            services, behind = ([one for one in keys if one[0] == owner] for keys in (services, behind))
            if not services:  # another's link, that theirs hang behind: to them, these are what fails
                services, behind = behind, []
        return Fact(
            kind=notice.kind,
            percent=notice.percent,
            at=notice.at,
            severity=Status(notice.severity),
            incident=incident.number,
            collectivite=self.promises.collectivites.get(owner, owner),
            services=tuple(self._names(services)),
            behind=tuple(self._names(behind)),
            equipment=self.promises.machine(incident.sonde) if incident.sonde and own else "",
            sonde=incident.sonde or "",
            said=incident.message if own else "",
            opened_at=notice.opening,
            over_at=opening.spell.end if opening else None,
            deadline=min(deadlines, default=None),
            link=self._link(contact, incident, notice.channel, key),
            owner=owner,
            service_ids=tuple("/".join(service) for service in services),
        )

    def _link(self, contact: Contact, incident: Incident, channel: Channel, key: bytes | None) -> str | None:
        """The page of an incident, for one person at one address; none for a program, which may show it to many."""
        address = contact.address(channel)
        if self.public_url is None or address is None or channel is Channel.WEBHOOK:
            return None
        acts = contact.collectivite in self.promises.operators
        return f"{self.public_url}{PATH}{links.signed(key, incident, contact.id, address, acts=acts)}"

    def news(self, contact: Contact, topic: Topic) -> News:
        """What there is to say of something else. A commune reads of its own place alone."""
        names = self.promises.collectivites
        operator = contact.collectivite in self.promises.operators
        shown = sorted(topic.collectivites if operator else topic.collectivites & {contact.collectivite})
        return News(
            subject=topic.subject,
            name=topic.name,
            word=topic.word,
            at=topic.at,
            places=tuple(names.get(one, one) for one in shown),
            facts=_shown(topic, shown, names),
            # The first page shows every collectivité.
            link=f"{self.public_url}/" if self.public_url is not None and operator else None,
            place_ids=tuple(shown),
        )

    def _names(self, services: Sequence[tuple[str, str]]) -> Iterator[str]:
        for key in services:
            promise = self.promises.services.get(key)
            yield promise.name if promise is not None else key[1]


def _shown(topic: Topic, shown: Sequence[str], names: Mapping[str, str]) -> Mapping[str, Any]:
    """What is told by collectivité, of those that the reader may read of, by their names."""
    by_place = topic.facts.get("by_place")
    if by_place is None:
        return topic.facts
    return {**topic.facts, "by_place": [[names.get(one, one), by_place[one]] for one in shown if one in by_place]}
