"""One collectivité's file, from its raw values to its part of the configuration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from supervisor.config.collectivites import AtLeast, CollectiviteFile, Service
from supervisor.config.configuration import Collectivite, Equipment, ServiceSettings
from supervisor.config.contacts import misplaced, twice
from supervisor.config.document import Document
from supervisor.config.equipment import EquipmentEntry
from supervisor.config.equipment_reader import EquipmentReader, Written, items, refuse_twins
from supervisor.config.forms import Form, Place
from supervisor.config.orders import check_contracts
from supervisor.config.profiles import ReadyMade
from supervisor.config.references import Names
from supervisor.config.sondes import SondeMaker
from supervisor.config.wording import near, say
from supervisor.domain.sonde import CANARY_OWNER, Sonde


@dataclass(slots=True)
class Reading:
    """What a file gave; what is wrong is left out."""

    id: str
    document: Document
    operator: bool
    collectivite: Collectivite | None = None
    sondes: list[Sonde] = field(default_factory=list)
    declared: set[str] = field(default_factory=set)  # full ids of its sondes, right or wrong
    unsure: set[str] = field(default_factory=set)  # equipment that may have more sondes than `declared`
    elsewhere: list[tuple[Place, str]] = field(default_factory=list)  # parents in other collectivités
    uses: list[tuple[Place, str]] = field(default_factory=list)  # the operator's sondes that its services use


class CollectiviteReader:
    """Reads the collectivités of one load."""

    def __init__(self, ready: ReadyMade, maker: SondeMaker, webhooks: Collection[str] | None) -> None:
        self._ready = ready
        self._maker = maker
        self._webhooks = webhooks  # their names; None: the main file is wrong, and may name others
        self._file: Form[CollectiviteFile] = Form(CollectiviteFile)
        self._equipment: Form[EquipmentEntry] = Form(EquipmentEntry)

    def read(self, document: Document) -> Reading | None:
        """Everything of a file: 1 its own keys, 2 its equipment, then who names whom, 3 its services."""
        raw, place = document.value, Place(document)
        written = self._file.read(raw, place)
        if not isinstance(raw, dict) or not isinstance(raw.get("collectivite"), str):
            return None
        if written is None:
            written = self._file.salvage(raw, place, {"collectivite": "wrong", "name": "wrong"})
        reading = Reading(raw["collectivite"], document, operator=written.operator)
        if reading.id == CANARY_OWNER:
            place.key("collectivite").wrong(f"'{CANARY_OWNER}' is reserved for Vigie itself, choose another id")
        for key in ("services", "sites", "equipment"):
            refuse_twins(items(raw, key, place))
        machines = self._read_equipment(raw, place, reading)
        reading.collectivite = self._collectivite(written, machines, place)
        self._read_services(written, place, reading)
        if self._ready.tariff is not None:
            at, tariff = place.key("contract"), self._ready.tariff
            check_contracts(tariff, written.contract, written.population, raw.get("contract"), at)
        return reading

    def _read_equipment(self, raw: dict[str, Any], place: Place, reading: Reading) -> list[Written]:
        names = Names(reading.id)
        reader = EquipmentReader(self._ready, self._maker, names)
        found = [reader.read(value, at, self._equipment) for value, at in items(raw, "equipment", place)]
        machines = [machine for machine in found if machine is not None]
        sites = {site["id"]: at for site, at in items(raw, "sites", place) if _named(site)}
        services = {service["id"] for service, _ in items(raw, "services", place) if _named(service)}
        for site, at in items(raw, "sites", place):
            if _named(site) and isinstance(site.get("parent"), str):
                names.sites[site["id"]] = (site["parent"], at.key("parent"))
        for machine in machines:
            name = machine.machine.site
            if name is not None and name not in sites:
                machine.machine.place.key("site").wrong(f"there is no site '{name}', {near(name, sites)}")
            reading.sondes.extend(reader.sondes(machine, services))
        for machine_id, known in names.machines.items():
            reading.declared.update(f"{reading.id}/{machine_id}/{sonde}" for sonde in known.types)
            if not known.whole:
                reading.unsure.add(f"{reading.id}/{machine_id}")
        reading.elsewhere = names.elsewhere
        return machines

    def _collectivite(self, written: CollectiviteFile, machines: list[Written], place: Place) -> Collectivite:
        if written.contract and written.siret is None and not written.operator:
            place.key("siret").warn("missing beside a contract, its contributions cannot be called: add it")
        self._check_contacts(written, place.key("contacts"))
        calendar = self._calendar(written.calendar, place, self._ready.profile.calendar)
        services = [
            self._service(service, place.key("services").item(index, {"id": service.id}), calendar)
            for index, service in enumerate(written.services)
        ]
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

    def _check_contacts(self, written: CollectiviteFile, place: Place) -> None:
        for index in twice(written.contacts):
            named = place.item(index, None).key("name")
            named.wrong(f"{say(written.contacts[index].name)} is above already; a contact is known by its name")
        for index, contact in enumerate(written.contacts):
            at = place.item(index, None)
            wrong = self._ready.no_calendar(contact.hours) if contact.hours is not None else None
            if wrong is not None:
                at.key("hours").wrong(wrong)
            name, known = contact.webhook, self._webhooks
            if name is not None and known is not None and name not in known:
                at.key("webhook").wrong(f"there is no webhook '{name}', {near(name, sorted(known))}")
            wrong = None if written.operator else misplaced(contact.about or ())
            if wrong is not None:
                at.key("about").wrong(wrong)

    def _calendar(self, name: str | None, place: Place, otherwise: str) -> str:
        if name is None:
            return otherwise
        wrong = self._ready.no_calendar(name)
        if wrong is not None:
            place.key("calendar").wrong(wrong)
        return name

    def _service(self, service: Service, place: Place, calendar: str) -> ServiceSettings:
        known = self._ready.profile.catalogue.get(service.id)
        if service.name is None and known is None and self._ready.whole:
            place.key("name").wrong(f"missing, add it (the profile's catalogue has no service '{service.id}')")
        return ServiceSettings(
            id=service.id,
            name=service.name or (known.name if known else service.id),
            rule=service.rule,
            uses=service.uses,
            since=service.since,
            calendar=self._calendar(service.calendar, place, calendar),
            when_unreachable=service.when_unreachable,
        )

    @staticmethod
    def _read_services(written: CollectiviteFile, place: Place, reading: Reading) -> None:
        """Note what services use, and rules that ask for more sondes than there are."""
        counted = Counter(sonde.service for sonde in reading.sondes)
        for index, service in enumerate(written.services):
            at = place.key("services").item(index, {"id": service.id})
            used = at.key("uses")
            reading.uses.extend((used.item(i, name), name) for i, name in enumerate(service.uses))
            there = counted[service.id] + len(service.uses)
            if isinstance(service.rule, AtLeast) and service.rule.k > there:
                at.key("rule").warn(
                    f"at_least {service.rule.k} of {there} sondes can never be up, lower it or add sondes"
                )


def _named(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("id"), str)
