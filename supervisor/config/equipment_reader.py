"""The equipment of one collectivité, from raw values to sondes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from supervisor.config.equipment import EquipmentEntry
from supervisor.config.forms import Form, Place
from supervisor.config.profiles import ReadyMade
from supervisor.config.references import Machine, Names
from supervisor.config.sondes import Draft, SondeMaker
from supervisor.config.templates import expand
from supervisor.config.written import Known, items, known, refuse_twins, text
from supervisor.domain.sonde import Sonde


class Line(NamedTuple):
    """A sonde as it is written; `draft` is None where something is wrong with its own lines."""

    raw: dict[str, Any]
    place: Place
    draft: Draft | None


@dataclass(slots=True)
class Written:
    """An equipment that was read; what was wrong with its own lines is left out of `entry`."""

    machine: Machine
    entry: EquipmentEntry
    lines: list[Line] = field(default_factory=list)


class EquipmentReader:
    """Reads the equipment of one collectivité."""

    def __init__(self, ready: ReadyMade, maker: SondeMaker, names: Names) -> None:
        self._ready = ready
        self._maker = maker
        self._names = names

    def read(self, value: Any, place: Place, form: Form[EquipmentEntry]) -> Written | None:
        """An equipment and its sondes; what they depend on is looked at once all equipment is read."""
        entry = form.read(value, place)
        if not isinstance(value, dict):
            return None
        if entry is None:
            entry = form.salvage(value, place, {"id": "wrong", "address": "wrong.invalid"})
        whole = known(value, "sondes", "id").whole
        machine = Machine(text(value, "id"), place, parent=entry.parent, site=entry.site, whole=whole)
        written = Written(machine, entry)
        sondes = [*items(value, "sondes", place), *self._from_template(written, place)]
        refuse_twins(sondes)
        for raw, where in sondes:
            draft = self._maker.sonde(raw, entry.address or "", where)
            if isinstance(raw, dict):
                written.lines.append(Line(raw, where, draft))
                name = text(raw, "id")
                if name is not None:
                    machine.types[name] = str(raw.get("type"))
        self._names.add(machine)
        return written

    def _from_template(self, written: Written, place: Place) -> list[tuple[Any, Place]]:
        entry = written.entry
        if entry.template is None:
            if entry.parameters:
                place.key("with").wrong("there is no template to give this to, add template: … or remove it")
            return []
        wrong = self._ready.no_template(entry.template)
        if wrong is not None:
            place.key("template").wrong(wrong)
        # A template that is there but wrong is None: that was said where it is written.
        template = self._ready.templates.get(entry.template)
        expanded = None if template is None else expand(template, entry.parameters, entry.address, place)
        if template is None or expanded is None:
            written.machine.whole = False
            return []
        where = Place(place.document, (*place.keys, "template"), place.field, template.name).key("sondes")
        return [(raw, where.item(index, raw)) for index, raw in enumerate(expanded)]

    def sondes(self, written: Written, services: Known) -> Iterator[Sonde]:
        """The sondes of an equipment, once every equipment of the collectivité was read."""
        machine, entry = written.machine, written.entry
        self._check_service(entry.service, services, machine.place)
        for raw, place, draft in written.lines:
            name, named = text(raw, "id"), raw.get("parent")
            self._check_service(raw.get("service"), services, place)
            if "parent" in raw and not isinstance(named, str):
                parent = None  # `parent: null`, or a mistake that the draft already noted
            else:
                parent = self._names.parent_of(machine, name, str(raw.get("type")), named, place.key("parent"))
            if draft is not None and machine.id is not None:
                service = draft.entry.service if "service" in raw else entry.service
                identity = f"{self._names.collectivite}/{machine.id}/{name}"
                yield self._maker.finish(draft, identity, parent, service)

    @staticmethod
    def _check_service(name: Any, services: Known, place: Place) -> None:
        if isinstance(name, str) and services.lacks(name):
            place.key("service").wrong(f"there is no service '{name}', {services.near(name)}")
