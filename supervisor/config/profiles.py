"""Profiles: the ready-made settings of an operator, shipped or beside the main file."""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from pathlib import Path
from typing import Any

from pydantic import Field

from probes.settings import settings
from supervisor.config.calendars import Calendar, CalendarVersion
from supervisor.config.configuration import CatalogueEntry, Profile
from supervisor.config.document import Document
from supervisor.config.fields import Id, Name
from supervisor.config.forms import Form, Place
from supervisor.config.main_file import Named, Sla
from supervisor.config.share import share_dir
from supervisor.config.tariffs import TariffReader
from supervisor.config.templates import Template, read_template
from supervisor.config.wording import near
from supervisor.config.written import items, text
from supervisor.domain.tariff import Tariff
from supervisor.errors import ConfigError, VigieError

_BASE = "commun"  # what the shipped profiles share: extended by them, never asked for by itself
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_LONGEST = 100  # characters: no file system takes many more


@settings
class CatalogueLine:
    """A service that the convention names."""

    id: Id
    """Id; a collectivité's service of the same id takes its name from here."""
    name: Name
    """Name in French."""
    article: Name
    """Where the convention names it."""
    template: str | None = None
    """Template that checks it."""


@settings
class ProfileFile:
    """A profile as it is written; what it lacks comes from the one it extends."""

    extends: str | None = None
    """Another profile, whose calendars, templates and settings this one completes."""
    title: Name | None = None
    """Name of the operator."""
    source: Name | None = None
    """The convention it comes from."""
    calendar: str | None = None
    """Name of the calendar services are promised on."""
    help_desk: str | None = None
    """Name of the calendar people answer on."""
    calendars: Named = Field(default_factory=dict)
    """Calendars by name."""
    sla: Named = Field(default_factory=dict)
    """What is promised."""
    services: tuple[CatalogueLine, ...] = ()
    """Services the convention names."""
    templates: Named = Field(default_factory=dict)
    """Templates by name."""
    tariff: Named = Field(default_factory=dict)
    """What the operator asks for its services."""


_FORM: Form[ProfileFile] = Form(ProfileFile)
_SLA: Form[Sla] = Form(Sla)
_CALENDAR: Form[tuple[CalendarVersion, ...]] = Form(Calendar)


class ReadyMade:
    """What a profile brings, then what the main file adds to it. What is wrong leaves a hole, never an exception."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.documents: list[Document] = []
        self.catalogue: dict[str, CatalogueEntry] = {}
        self.calendars: dict[str, tuple[CalendarVersion, ...] | None] = {}  # None: written, but wrong
        self.templates: dict[str, Template | None] = {}  # likewise
        self._said: dict[str, tuple[str, Place]] = {}  # title, source, calendar, help_desk, and where
        self._lines: dict[str, tuple[str | None, Place]] = {}  # services of the catalogue: template, and where
        self._torn = self._services_torn = False  # what declares calendars and templates, or services, is unreadable
        self.tariffs = TariffReader()
        self._sla: dict[str, Any] = {}  # as written, so that the main file can change a part of it

    @property
    def profile(self) -> Profile:
        """The profile itself."""
        said = {key: value for key, (value, _) in self._said.items()}
        return Profile(
            name=self.name,
            title=said.get("title", ""),
            source=said.get("source", ""),
            calendar=said.get("calendar", ""),
            help_desk=said.get("help_desk", said.get("calendar", "")),
            catalogue=self.catalogue,
        )

    def absorb(self, document: Document) -> None:
        """Put the values of a profile's file over those of the one it extends."""
        place, value = Place(document), document.value
        entry = None if value is None else _FORM.read(value, place)
        if not isinstance(value, dict):
            return
        if entry is None:
            entry = _FORM.salvage(value, place, {})
            self._services_torn = self._services_torn or not isinstance(value.get("services", []), list)
        self.add(value, place)
        if _SLA.read(entry.sla, place.key("sla")) is not None:
            self._sla.update(entry.sla)
        self.tariffs.absorb(entry.tariff, place.key("tariff"))
        for line, at in items(value, "services", place):
            name, template = text(line, "id"), text(line, "template")
            self._services_torn = self._services_torn or name is None
            self._lines[name or ""] = (template, at.key("template"))
        for line in entry.services:
            self.catalogue[line.id] = CatalogueEntry(
                id=line.id, name=line.name, article=line.article, template=line.template
            )
        for key in _SAID:
            said = getattr(entry, key)
            if said is not None or value.get(key) is not None:
                self._said[key] = (said or "", place.key(key))

    def add(self, written: dict[str, Any], place: Place) -> None:
        """Add the calendars and templates of a file."""
        calendars, templates = (written.get(key, {}) for key in ("calendars", "templates"))
        if not isinstance(calendars, dict) or not isinstance(templates, dict):
            self._torn = True
        for name, value in calendars.items() if isinstance(calendars, dict) else ():
            self.calendars[name] = _CALENDAR.read(value, place.key("calendars").key(name))
        for name, value in templates.items() if isinstance(templates, dict) else ():
            self.templates[name] = read_template(name, value, place.key("templates").key(name))

    def check(self, place: Place) -> None:
        """See that nothing is missing, and that calendars and templates that are named exist."""
        for key in _REQUIRED:
            if key not in self._said and self.whole:
                place.key(key).wrong("missing, add it or extend a profile that has it")
        for key in ("calendar", "help_desk"):
            name, where = self._said.get(key, ("", place))
            wrong = self.no_calendar(name) if name else None
            if wrong is not None:
                where.wrong(wrong)
        for template, where in self._lines.values():
            wrong = self.no_template(template) if template is not None else None
            if wrong is not None:
                where.wrong(wrong)

    def price(self, billing: Any, place: Place) -> None:
        """Lay the prices of the main file's section `billing`, written at `place`, over the profile's."""
        if self.whole:
            self.tariffs.price(billing, place)

    def no_calendar(self, name: str) -> str | None:
        """What to say of a calendar that does not exist."""
        return (
            None
            if self._there(name, self.calendars)
            else f"there is no calendar '{name}', {near(name, self.calendars)}"
        )

    def no_template(self, name: str) -> str | None:
        """What to say of a template that does not exist."""
        return (
            None
            if self._there(name, self.templates)
            else f"there is no template '{name}', {near(name, self.templates)}"
        )

    def no_service(self, name: str) -> bool:
        """Whether it is certain that the catalogue has no service of that name."""
        return not self._services_torn and not self._there(name, self._lines)

    @property
    def whole(self) -> bool:
        """Whether all that the profile declares was read."""
        values = [document.value for document in self.documents]
        if self._torn or not values or not all(isinstance(value, dict) for value in values):
            return False
        return values[0].get("extends") is None  # else what the most general file extends was not found

    @property
    def tariff(self) -> Tariff | None:
        """Its tariff; None where it could not all be read: nobody is told that an offer does not exist which may."""
        return self.tariffs.tariff if self.whole and self.tariffs.whole else None

    def _there(self, name: str, known: Container[str]) -> bool:
        # Nobody is told that a name does not exist while the file that may hold it cannot be read.
        return name in known or not self.whole

    def promise(self, value: dict[str, Any], place: Place) -> Sla:
        """The SLA, with what is written at `place` instead of the profile's."""
        if _SLA.read(value, place) is None:
            return Sla()
        return _SLA.read({**self._sla, **value}, place) or Sla()


_SAID = ("title", "source", "calendar", "help_desk")
_REQUIRED = ("title", "source", "calendar")


def read_profile(name: str, place: Place) -> ReadyMade:
    """The profile of that name, asked for at `place` of the main file."""
    return _read(name, place.document.base, place.wrong)


def read_alone(name: str, base: Path | None) -> ReadyMade:
    """The profile of that name for one who asks with no config, or with that of the directory `base`."""

    def refuse(what: str) -> None:
        raise VigieError(f"profile: {what}")

    ready = _read(name, base or share_dir() / "config", refuse)
    mistakes = [mistake for document in ready.documents for mistake in document.mistakes]
    if mistakes:
        raise ConfigError(mistakes)
    return ready


def _read(name: str, base: Path, refuse: Callable[[str], None]) -> ReadyMade:
    ready = ReadyMade(name)
    ready.documents = _chain(name, base, refuse)
    for document in ready.documents:
        ready.absorb(document)
    if ready.documents:
        ready.check(Place(ready.documents[-1]))
    return ready


def _chain(name: str, base: Path, refuse: Callable[[str], None]) -> list[Document]:
    """The file of a profile after those it extends, the most general first."""
    places = (base / "profiles", share_dir() / "config" / "profiles")
    chain: list[Document] = []
    seen: list[str] = []
    wanted: Any = name
    while isinstance(wanted, str):
        if wanted in seen:
            refuse(f"{' → '.join([*seen, wanted])} goes in a circle, remove one 'extends'")
            break
        seen.append(wanted)
        path = _find(wanted, places)
        if path is None:
            known = {file.stem for where in places for file in where.glob("*.yaml")}
            if not chain:
                known.discard(_BASE)
            refuse(f"there is no profile '{wanted}', {near(wanted, known)}")
            break
        document = Document(path, base)
        chain.append(document)
        if not isinstance(document.value, dict):
            break
        wanted = document.value.get("extends")
        refuse = Place(document).key("extends").wrong
    return chain[::-1]


def _find(name: str, places: tuple[Path, ...]) -> Path | None:
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        return None
    return next((path for where in places if (path := where / f"{name}.yaml").is_file()), None)
