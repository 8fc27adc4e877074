"""Loads a whole config: the main file, its profile, the collectivités' files, and what they say of one another."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping
from pathlib import Path

from probes.base import Probe
from supervisor.config.calling import Calls
from supervisor.config.collectivite_reader import CollectiviteReader, Reading
from supervisor.config.configuration import Configuration, RetentionSettings
from supervisor.config.document import Document
from supervisor.config.forms import Form, Place
from supervisor.config.main_file import Billing, MainFile, Sla
from supervisor.config.profiles import ReadyMade, read_alone, read_profile
from supervisor.config.reader import Words
from supervisor.config.references import cycles
from supervisor.config.sondes import SondeMaker
from supervisor.config.wording import near, say
from supervisor.config.written import Known, items, known, refuse_twins, text
from supervisor.domain.sonde import CANARY_OWNER, FlappingRule, Sonde
from supervisor.domain.tariff import Tariff
from supervisor.errors import ConfigError

_SOCKET_BYTES = 107  # sun_path of Linux, without its final zero


def load(path: Path, probes: Mapping[str, Probe]) -> Configuration:
    """The configuration of the main file `path`; raises ConfigError with every mistake of every file."""
    return _Load(path, probes).run()


def control_path(path: Path) -> Path:
    """Where the daemon of this main file listens for commands, whatever else is wrong with the config.

    A command that only speaks to the daemon needs neither the secrets that systemd gave it nor the other files.
    """
    path = path.absolute()
    document = Document(path, path.parent, Words())
    if not isinstance(document.value, dict):
        raise ConfigError(document.mistakes)
    control = document.value.get("control")
    return path.parent / str(control) if control else _database(document, path).with_suffix(".sock")


def database_path(path: Path) -> Path:
    """The database of this main file, as far as it can be read; beside it, under the usual name, where it is gone.

    The ledger of billing is read without a config.
    """
    path = path.absolute()
    return _database(Document(path, path.parent, Words()), path)


def _database(document: Document, path: Path) -> Path:
    named = document.value.get("database") if isinstance(document.value, dict) else None
    return path.parent / str(named or "vigie.db")


def tariff_of(profile: str, path: Path | None) -> Tariff:
    """The tariff of a profile, as shipped or as the installation of the main file `path` has it.

    Of the main file only the prices are read, and only if the profile is its own: a quote needs no collectivité.
    """
    if path is None:
        return read_alone(profile, None).tariffs.tariff
    document = Document(path.absolute(), path.absolute().parent, Words())
    if not isinstance(document.value, dict):
        raise ConfigError(document.mistakes)
    ready, place = read_alone(profile, document.base), Place(document).key("billing")
    if document.value.get("profile") == profile and "billing" in document.value:
        form: Form[Billing] = Form(Billing)
        form.read(document.value["billing"], place)
        ready.price(document.value["billing"], place)
    if document.mistakes:
        raise ConfigError(document.mistakes)
    return ready.tariffs.tariff


class _Load:
    """One load: what was read so far."""

    def __init__(self, path: Path, probes: Mapping[str, Probe]) -> None:
        self._path = path.absolute()
        self._words = Words()
        self._maker = SondeMaker(probes)
        self._main = Document(self._path, self._path.parent, self._words)
        self._read_all: list[Reading] = []
        self._readings: dict[str, Reading] = {}  # by collectivité
        self._operator: Reading | None = None
        self._unread = False  # a file could not be read: what it declares is not known
        self._documents = [self._main]
        self._form: Form[MainFile] = Form(MainFile)

    def run(self) -> Configuration:
        """1 the main file, 2 the profile, 3 each collectivité's file, 4 what they say of one another."""
        place = Place(self._main)
        if self._main.value is None:
            raise ConfigError(self._main.mistakes)
        if not isinstance(self._main.value, dict):
            place.wrong(f"expected a mapping (key: value), found {say(self._main.value)}")
            raise ConfigError(self._main.mistakes)
        main = self._form.read(self._main.value, place)
        if main is None:
            main = self._form.salvage(self._main.value, place, {"organisation": "?", "profile": ""})
        ready = self._profile(main, place)
        sla = ready.promise(main.sla, place.key("sla"))
        canaries = tuple(self._canaries(place))
        if main.control is not None and len(bytes(self._path.parent / main.control)) > _SOCKET_BYTES:
            place.key("control").wrong(
                f"a Unix socket has a path of at most {_SOCKET_BYTES} bytes, choose a shorter one"
            )
        alerts = self._main.value.get("alerts", {})
        reader = CollectiviteReader(ready, self._maker, known(alerts, "webhooks", "name"))
        for file in self._files(main, place):
            self._read(file, reader)
        self._cross_check()
        Calls(alerts, place.key("alerts"), self._people()).check(ready.no_calendar)
        mistakes = [mistake for document in self._documents for mistake in document.mistakes]
        if mistakes:
            raise ConfigError(mistakes)
        return self._configuration(main, ready, sla, canaries)

    def _profile(self, main: MainFile, place: Place) -> ReadyMade:
        ready = read_profile(main.profile, place.key("profile")) if main.profile else ReadyMade("")
        ready.add(self._main.value, place)
        ready.price(self._main.value.get("billing"), place.key("billing"))
        self._documents.extend(ready.documents)
        return ready

    def _canaries(self, place: Place) -> Iterator[Sonde]:
        written = items(self._main.value, "canaries", place)
        refuse_twins(written)
        for value, at in written:
            draft = self._maker.canary(value, at)
            if draft is not None:
                identity = f"{CANARY_OWNER}/canaries/{draft.entry.id}"
                yield self._maker.finish(draft, identity, None, None)

    def _files(self, main: MainFile, place: Place) -> list[Path]:
        """The files that `include` names, each once, in the order of its patterns and then of their names."""
        base = self._path.parent
        found: dict[Path, None] = {}
        for index, pattern in self._patterns(main):
            at = place.key("include").item(index, pattern)
            names = sorted(glob.glob(pattern, root_dir=base, recursive=True))  # noqa: PTH207  skips hidden files
            files = [base / name for name in names if not (base / name).is_dir()]
            if not files:
                # A typing mistake here would take every sonde out of supervision, and out of billing.
                at.wrong(f"no file matches '{pattern}', create one or correct the pattern")
                self._unread = True
            if self._path in files:
                at.wrong(f"'{pattern}' matches the main file itself, narrow the pattern")
                self._unread = True
                files.remove(self._path)
            found.update(dict.fromkeys(files))
        return list(found)

    def _patterns(self, main: MainFile) -> list[tuple[int, str]]:
        """The patterns of `include`; where it is wrong, those that can be read."""
        written = self._main.value.get("include", [*main.include])
        if written == [*main.include]:
            return list(enumerate(main.include))
        self._unread = True
        patterns = written if isinstance(written, list) else [written]
        return [(index, one) for index, one in enumerate(patterns) if isinstance(one, str) and one.strip("\0 ")]

    def _read(self, file: Path, reader: CollectiviteReader) -> None:
        document = Document(file, self._path.parent, self._words)
        self._documents.append(document)
        reading = None if document.value is None else reader.read(document)
        document.release()
        if reading is None:
            self._unread = True
            return
        self._read_all.append(reading)
        if reading.id is None:
            self._unread = True
            return
        place, twin = Place(document), self._readings.get(reading.id)
        if twin is not None:
            what = f"'{reading.id}' is already the collectivité of {twin.document.name}, choose another id"
            place.key("collectivite").wrong(what)
            twin.declared |= reading.declared
            twin.whole = False
            return
        self._readings[reading.id] = reading
        if reading.operator and self._operator is not None:
            what = f"{self._operator.document.name} is the operator already, there is one at most: remove the line"
            place.key("operator").wrong(what)
        elif reading.operator:
            self._operator = reading

    def _cross_check(self) -> None:
        for reading in self._read_all:
            for place, name in reading.elsewhere:
                self._check_sonde(place, name)
            for place, name in reading.uses:
                owner = self._check_sonde(place, name)
                if owner is not None and owner.operator is False:
                    place.wrong(f"'{name}' is not the operator's, name a sonde of the one with operator: true")
        parents = {sonde.id: sonde.parent for reading in self._readings.values() for sonde in reading.sondes}
        for circle in cycles(parents):
            place = _parent_place(self._readings[circle[0].partition("/")[0]].document, circle)
            place.wrong(f"the parents go in a circle ({' → '.join([*circle, circle[0]])}), remove one of them")

    def _people(self) -> dict[str, Known] | None:
        """The operator's contacts; None where it may be a collectivité that could not be read."""
        if any(one.operator is None for one in self._read_all) or (self._unread and self._operator is None):
            return None
        return {one.id: one.contacts for one in self._readings.values() if one.operator and one.id is not None}

    def _check_sonde(self, place: Place, name: str) -> Reading | None:
        """The collectivité of a sonde named by its full id; None when there is no such sonde."""
        tenant = name.partition("/")[0]
        owner = self._readings.get(tenant)
        if name.count("/") != 2:
            place.wrong(f"'{name}' is not the full id of a sonde, write collectivite/equipment/sonde")
        elif owner is None:
            if not self._unread:  # else it may be in the file that could not be read
                known = near(tenant, self._readings)
                place.wrong(f"there is no sonde '{name}', for there is no collectivité '{tenant}': {known}")
        elif name not in owner.declared and owner.whole and name.rpartition("/")[0] not in owner.unsure:
            place.wrong(f"there is no sonde '{name}', {near(name, owner.declared)}")
        else:
            return owner
        return None

    def _configuration(self, main: MainFile, ready: ReadyMade, sla: Sla, canaries: tuple[Sonde, ...]) -> Configuration:
        base, readings = self._path.parent, self._readings.values()
        database = base / main.database
        return Configuration(
            path=self._path,
            organisation=main.organisation,
            profile=ready.profile,
            database=database,
            control=base / main.control if main.control else database.with_suffix(".sock"),
            listen=main.listen,
            sla=sla,
            billing_basis=main.billing.basis,
            tariff=ready.tariffs.tariff,
            calendars={name: versions for name, versions in ready.calendars.items() if versions is not None},
            collectivites={
                name: reading.collectivite
                for name, reading in self._readings.items()
                if reading.collectivite is not None
            },
            sondes={sonde.id: sonde for reading in readings for sonde in reading.sondes},
            canaries=canaries,
            flapping=FlappingRule(changes=main.flapping.changes, within_s=int(main.flapping.within)),
            retention=RetentionSettings(
                samples_s=int(main.retention.samples),
                quarters_s=int(main.retention.quarters),
                hours_s=int(main.retention.hours),
                days_s=int(main.retention.days),
            ),
            concurrency=main.pools.concurrency,
            alerts=main.alerts,
            metrics_token=main.metrics_token,
            warnings=tuple(sorted(warning for document in self._documents for warning in document.warnings)),
        )


def _parent_place(document: Document, circle: list[str]) -> Place:
    """Where a circle of parents can be cut: the first `parent` written of its sondes in this file."""
    root = Place(document)
    for identity in circle:
        _, equipment, sonde = identity.split("/")
        for machine, at in items(document.again(), "equipment", root):
            if text(machine, "id") != equipment:
                continue
            for raw, where in items(machine, "sondes", at):
                if text(raw, "id") == sonde and "parent" in raw:
                    return where.key("parent")
            if "parent" in machine:
                return at.key("parent")
    return root.key("equipment")
