"""The equipment of one collectivité, from raw values to sondes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from supervisor.config.equipment import EquipmentEntry
from supervisor.config.forms import Form, Place
from supervisor.config.profiles import ReadyMade
from supervisor.config.references import Machine, Names
from supervisor.config.sondes import Draft, SondeMaker
from supervisor.config.templates import expand
from supervisor.config.wording import near, say
from supervisor.domain.sonde import Sonde


@dataclass(slots=True)
class Written:
    """An equipment that was read; `entry` is None where something is wrong with its own lines."""

    machine: Machine
    entry: EquipmentEntry | None
    drafts: list[Draft] = field(default_factory=list)


def items(parent: Any, key: str, place: Place) -> list[tuple[Any, Place]]:
    """The items of a list as it is written below `key`, each with its place."""
    values = parent.get(key) if isinstance(parent, dict) else None
    where = place.key(key)
    return [(value, where.item(i, value)) for i, value in enumerate(values)] if isinstance(values, list) else []


def refuse_twins(entries: list[tuple[Any, Place]]) -> None:
    """Note every id that an earlier entry of the list already has."""
    first: dict[str, Place] = {}
    for value, place in entries:
        name = value.get("id") if isinstance(value, dict) else None
        if not isinstance(name, str):
            continue
        if name in first:
            place.key("id").wrong(f"'{name}' is already the id of line {first[name].line}, choose another one")
        else:
            first[name] = place.key("id")


class EquipmentReader:
    """Reads the equipment of one collectivité."""

    def __init__(self, ready: ReadyMade, maker: SondeMaker, names: Names) -> None:
        self._ready = ready
        self._maker = maker
        self._names = names

    def read(self, value: Any, place: Place, form: Form[EquipmentEntry]) -> Written | None:
        """An equipment and the drafts of its sondes; what they depend on is looked at once all are read."""
        entry = form.read(value, place)
        name = value.get("id") if isinstance(value, dict) else None
        if not isinstance(name, str):
            return None
        machine = Machine(name, place)
        if entry is not None:
            machine.parent, machine.site = entry.parent, entry.site
        written = Written(machine, entry)
        sondes = [*items(value, "sondes", place), *self._from_template(entry, place)]
        refuse_twins(sondes)
        for raw, where in sondes:
            draft = self._maker.sonde(raw, where)
            if draft is not None:
                written.drafts.append(draft)
            if isinstance(raw, dict) and isinstance(raw.get("id"), str):
                machine.types[raw["id"]] = str(raw.get("type"))
        self._names.machines.setdefault(name, machine)
        return written

    def _from_template(self, entry: EquipmentEntry | None, place: Place) -> Iterator[tuple[Any, Place]]:
        if entry is None:
            return
        if entry.template is None:
            if entry.parameters:
                place.key("with").wrong("there is no template to give this to, add template: … or remove it")
            return
        wrong = self._ready.no_template(entry.template)
        if wrong is not None:
            place.key("template").wrong(wrong)
        template = self._ready.templates.get(entry.template)
        if template is None:  # or there, but wrong: said where it is written
            return
        where = Place(place.document, (*place.keys, "template"), place.field, template.name).key("sondes")
        for index, raw in enumerate(expand(template, entry.parameters, entry.address, place)):
            yield raw, where.item(index, raw)

    def sondes(self, written: Written, services: set[str]) -> Iterator[Sonde]:
        """The sondes of an equipment, once every equipment of the collectivité was read."""
        machine, entry = written.machine, written.entry
        if entry is None:
            return
        if entry.service is not None and entry.service not in services:
            self._no_service(entry.service, services, machine.place)
        for draft in written.drafts:
            sonde = draft.entry
            if "parent" in draft.written and sonde.parent is None:
                parent = None
            else:
                parent = self._names.parent_of(machine, sonde.id, sonde.parent, draft.place.key("parent"))
            service = sonde.service if "service" in draft.written else entry.service
            if sonde.service is not None and sonde.service not in services:
                self._no_service(sonde.service, services, draft.place)
            identity = f"{self._names.collectivite}/{machine.id}/{sonde.id}"
            made = self._maker.finish(draft, identity, entry.address or "", parent, service)
            if made is not None:
                yield made

    @staticmethod
    def _no_service(name: str, services: set[str], place: Place) -> None:
        place.key("service").wrong(f"there is no service {say(name)}, {near(name, services)}")
