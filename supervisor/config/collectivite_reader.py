"""One collectivité's file, from its raw values to its part of the configuration."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from supervisor.config.collectivites import AtLeast, CollectiviteFile, Service
from supervisor.config.configuration import Collectivite, Equipment, ServiceSettings
from supervisor.config.contacts import misplaced
from supervisor.config.document import Document
from supervisor.config.equipment import EquipmentEntry
from supervisor.config.equipment_reader import EquipmentReader, Written
from supervisor.config.forms import Form, Place
from supervisor.config.orders import check_contracts
from supervisor.config.profiles import ReadyMade
from supervisor.config.references import Names
from supervisor.config.sondes import SondeMaker
from supervisor.config.wording import say
from supervisor.config.written import Known, items, known, refuse_twins, text, texts
from supervisor.domain.contact import same_person
from supervisor.domain.sonde import CANARY_OWNER, Sonde


@dataclass(slots=True)
class Reading:
    """What a file gave; what is wrong is left out."""

    id: str | None  # None: it cannot be read
    document: Document
    operator: bool | None  # None: likewise
    contacts: Known  # their names
    whole: bool  # False: it may have more equipment than `declared` is of
    collectivite: Collectivite | None = None
    sondes: list[Sonde] = field(default_factory=list)
    declared: set[str] = field(default_factory=set)  # full ids of its sondes, right or wrong
    unsure: set[str] = field(default_factory=set)  # equipment that may have more sondes than `declared`
    elsewhere: list[tuple[Place, str]] = field(default_factory=list)  # parents in other collectivités
    uses: list[tuple[Place, str]] = field(default_factory=list)  # the operator's sondes that its services use


class CollectiviteReader:
    """Reads the collectivités of one load."""

    def __init__(self, ready: ReadyMade, maker: SondeMaker, webhooks: Known) -> None:
        self._ready = ready
        self._maker = maker
        self._webhooks = webhooks
        self._file: Form[CollectiviteFile] = Form(CollectiviteFile)
        self._equipment: Form[EquipmentEntry] = Form(EquipmentEntry)

    def read(self, document: Document) -> Reading | None:
        """Everything of a file: 1 its own keys, 2 its equipment, then who names whom, 3 its services."""
        raw, place = document.value, Place(document)
        written = self._file.read(raw, place)
        if not isinstance(raw, dict):
            return None
        if written is None:
            written = self._file.salvage(raw, place, {"collectivite": "wrong", "name": "wrong"})
        reading = Reading(
            id=text(raw, "collectivite"),
            document=document,
            operator=_operator(raw),
            contacts=known(raw, "contacts", "name"),
            whole=known(raw, "equipment", "id").whole,
        )
        if reading.id == CANARY_OWNER:
            place.key("collectivite").wrong(f"'{CANARY_OWNER}' is reserved for Vigie itself, choose another id")
        for key in ("services", "sites", "equipment"):
            refuse_twins(items(raw, key, place))
        machines = self._read_equipment(raw, place, reading)
        self._check_contacts(raw, place, reading.operator)
        self._check_services(raw, place, reading)
        reading.collectivite = self._collectivite(written, machines, place)
        self._count_services(written, place, reading)
        if self._ready.tariff is not None:
            at, tariff = place.key("contract"), self._ready.tariff
            check_contracts(tariff, written.contract, written.population, raw.get("contract"), at)
        return reading

    def _read_equipment(self, raw: dict[str, Any], place: Place, reading: Reading) -> list[Written]:
        names = Names(reading.id or "", whole=reading.whole)
        reader = EquipmentReader(self._ready, self._maker, names)
        found = [reader.read(value, at, self._equipment) for value, at in items(raw, "equipment", place)]
        machines = [machine for machine in found if machine is not None]
        sites, services = known(raw, "sites", "id"), known(raw, "services", "id")
        for site, at in items(raw, "sites", place):
            name, parent = text(site, "id"), text(site, "parent")
            if parent is not None:
                names.hung.append((parent, at.key("parent")))
                names.sites[name or ""] = names.hung[-1]
        names.check_parents(machine.machine for machine in machines)
        for machine in machines:
            name = machine.machine.site
            if name is not None and sites.lacks(name):
                machine.machine.place.key("site").wrong(f"there is no site '{name}', {sites.near(name)}")
            reading.sondes.extend(reader.sondes(machine, services))
        for machine_id, named in names.machines.items():
            reading.declared.update(f"{reading.id}/{machine_id}/{sonde}" for sonde in named.types)
            if not named.whole:
                reading.unsure.add(f"{reading.id}/{machine_id}")
        reading.elsewhere = names.elsewhere
        return machines

    def _collectivite(self, written: CollectiviteFile, machines: list[Written], place: Place) -> Collectivite:
        if written.contract and written.siret is None and not written.operator:
            place.key("siret").warn("missing beside a contract, its contributions cannot be called: add it")
        self._check_calendar(written.calendar, place.key("calendar"))
        calendar = written.calendar or self._ready.profile.calendar
        services = [self._service(service, calendar) for service in written.services]
        return Collectivite(
            id=written.collectivite,
            name=written.name,
            operator=written.operator,
            insee=written.insee,
            siret=written.siret,
            chorus={int(year): chorus for year, chorus in written.chorus.items()},
            population=written.population,
            location=written.location,
            good_friday=written.good_friday,
            calendar=calendar,
            contracts=written.contract,
            contacts=written.contacts,
            services={service.id: service for service in services},
            sites={site.id: site for site in written.sites},
            equipment={
                entry.id: Equipment(
                    id=entry.id, name=entry.name or entry.id, address=entry.address or "", site=entry.site
                )
                for entry in (machine.entry for machine in machines)
            },
        )

    def _check_contacts(self, raw: dict[str, Any], place: Place, operator: bool | None) -> None:
        seen: set[str] = set()
        for contact, at in items(raw, "contacts", place):
            name, webhook = text(contact, "name"), text(contact, "webhook")
            if name is not None:
                if same_person(name) in seen:
                    at.key("name").wrong(f"{say(name.strip())} is above already; a contact is known by its name")
                seen.add(same_person(name))
            self._check_calendar(text(contact, "hours"), at.key("hours"))
            if webhook is not None and self._webhooks.lacks(webhook):
                at.key("webhook").wrong(f"there is no webhook '{webhook}', {self._webhooks.near(webhook)}")
            wrong = misplaced(word for word, _ in texts(contact, "about", at)) if operator is False else None
            if wrong is not None:
                at.key("about").wrong(wrong)

    def _check_calendar(self, name: str | None, place: Place) -> None:
        wrong = None if name is None else self._ready.no_calendar(name)
        if wrong is not None:
            place.wrong(wrong)

    def _check_services(self, raw: dict[str, Any], place: Place, reading: Reading) -> None:
        """Hold what services name against what there is, and note the sondes that they use."""
        for service, at in items(raw, "services", place):
            name = text(service, "id")
            if name is not None and service.get("name") is None and self._ready.no_service(name):
                at.key("name").wrong(f"missing, add it (the profile's catalogue has no service '{name}')")
            self._check_calendar(text(service, "calendar"), at.key("calendar"))
            reading.uses.extend((there, used) for used, there in texts(service, "uses", at))

    def _service(self, service: Service, calendar: str) -> ServiceSettings:
        known = self._ready.profile.catalogue.get(service.id)
        return ServiceSettings(
            id=service.id,
            name=service.name or (known.name if known else service.id),
            rule=service.rule,
            uses=service.uses,
            since=service.since,
            calendar=service.calendar or calendar,
            when_unreachable=service.when_unreachable,
        )

    @staticmethod
    def _count_services(written: CollectiviteFile, place: Place, reading: Reading) -> None:
        """Note rules that ask for more sondes than there are."""
        counted = Counter(sonde.service for sonde in reading.sondes)
        for index, service in enumerate(written.services):
            at = place.key("services").item(index, {"id": service.id})
            there = counted[service.id] + len(service.uses)
            if isinstance(service.rule, AtLeast) and service.rule.k > there:
                at.key("rule").warn(
                    f"at_least {service.rule.k} of {there} sondes can never be up, lower it or add sondes"
                )


def _operator(raw: dict[str, Any]) -> bool | None:
    value = raw.get("operator", False)
    value = getattr(value, "as_bool", value)  # as a flag is read: `yes` is one
    return value if isinstance(value, bool) else None
