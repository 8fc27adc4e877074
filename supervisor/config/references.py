"""Who names whom: the sondes of a collectivité by their short names, and the parent of each (SPEC 3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from supervisor.config.forms import Place
from supervisor.config.wording import near

LINK = "link"  # the type whose sonde stands for its equipment


@dataclass(slots=True)
class Machine:
    """An equipment as far as references go."""

    id: str | None  # None: it cannot be read
    place: Place
    types: dict[str, str] = field(default_factory=dict)  # its sondes, and the type of each
    parent: str | None = None  # as written
    site: str | None = None
    whole: bool = True  # False: it has sondes that are not known, those of a template that could not be used say

    @property
    def link(self) -> str | None:
        """The sonde that stands for it: its first link."""
        return next((name for name, kind in self.types.items() if kind == LINK), None)


class Names:
    """What one collectivité declares, so that what it names can be found."""

    def __init__(self, collectivite: str, *, whole: bool) -> None:
        self.collectivite = collectivite
        self._whole = whole  # False: it has equipment whose name could not be read
        self.machines: dict[str, Machine] = {}
        self.sites: dict[str, tuple[str, Place]] = {}  # the parent written of a site, and where
        self.hung: list[tuple[str, Place]] = []  # every such parent
        self.elsewhere: list[tuple[Place, str]] = []  # names of other collectivités' sondes, checked once all are read
        self._parents: dict[str, str | None] = {}

    def add(self, machine: Machine) -> None:
        """Make it known by its name; another one of the same name, which is a mistake, has its sondes all the same."""
        if machine.id is None:
            return
        first = self.machines.setdefault(machine.id, machine)
        for name, kind in machine.types.items():
            first.types.setdefault(name, kind)
        first.whole = first.whole and machine.whole

    def parent_of(
        self, machine: Machine, sonde: str | None, kind: str, written: str | None, place: Place
    ) -> str | None:
        """The parent of a sonde: the one it names, else the link of its equipment, else its equipment's parent."""
        if written is not None:
            parent = self._sonde(written, machine, place)
            if sonde is not None and parent == self._full(machine.id, sonde):
                place.wrong("a sonde is not its own parent, name another one or remove the line")
                return None
            return parent
        link = machine.link
        if link is not None and kind != LINK:
            return self._full(machine.id, link)
        return self._parent_of_machine(machine)

    def check_parents(self, machines: Iterable[Machine]) -> None:
        """See that what equipment and sites name as their parents exists, even when no sonde asks."""
        for machine in machines:
            self._parent_of_machine(machine)
        for written, place in self.hung:
            self._equipment(written, place)

    def _parent_of_machine(self, machine: Machine) -> str | None:
        if machine.id is None:
            return self._find_parent(machine)
        if machine.id not in self._parents:
            self._parents[machine.id] = self._find_parent(machine)
        return self._parents[machine.id]

    def _find_parent(self, machine: Machine) -> str | None:
        if machine.parent is not None:
            place = machine.place.key("parent")
            parent = self._equipment(machine.parent, place)
            if parent is not None and parent.startswith(self._full(machine.id, "")):
                place.wrong(f"'{machine.id}' is not its own parent, name another equipment or remove the line")
                return None
            return parent
        if machine.site in self.sites:
            parent = self._equipment(*self.sites[machine.site])
            # The router that links the site stands in it too: it does not hang behind itself.
            if parent is not None and not parent.startswith(self._full(machine.id, "")):
                return parent
        return None

    def _equipment(self, written: str, place: Place) -> str | None:
        """The sonde that `routeur`, `routeur/lien` or `syndicat/coeur/lien` stands for."""
        if "/" in written:
            return self._sonde(written, None, place)
        machine = self.machines.get(written)
        if machine is None and not self._whole:
            return None
        if machine is None:
            place.wrong(f"there is no equipment '{written}', {near(written, self.machines)}")
        elif machine.link is None and not machine.whole:
            return None
        elif machine.link is None:
            place.wrong(f"'{written}' has no link sonde, name one of its sondes: {_slashed(machine)}")
        else:
            return self._full(written, machine.link)
        return None

    def _sonde(self, written: str, own: Machine | None, place: Place) -> str | None:
        """The full id of `lien`, `routeur/lien` or `syndicat/coeur/lien`."""
        parts = written.split("/")
        if len(parts) == 1 and own is not None and (written in own.types or not own.whole):
            return self._full(own.id, written)
        if len(parts) == 1 and own is not None:
            parts = [own.id or "", *parts]
        if len(parts) == 3 and parts[0] != self.collectivite:
            self.elsewhere.append((place, written))
            return written
        equipment, sonde = parts[-2:] if len(parts) in (2, 3) else ("", "")
        machine = self.machines.get(equipment)
        if machine is None and equipment and not self._whole:
            return None
        if machine is None or (sonde not in machine.types and machine.whole):
            place.wrong(f"there is no sonde '{written}', {near(written, self._short(own))}")
            return None
        return self._full(equipment, sonde)

    def _short(self, own: Machine | None) -> Iterator[str]:
        if own is not None:
            yield from own.types
        for machine in self.machines.values():
            for sonde in machine.types:
                yield f"{machine.id}/{sonde}"

    def _full(self, equipment: str | None, sonde: str) -> str:
        return f"{self.collectivite}/{equipment}/{sonde}"


def _slashed(machine: Machine) -> str:
    return ", ".join(f"{machine.id}/{sonde}" for sonde in machine.types) or "it has none"


def cycles(parents: Mapping[str, str | None]) -> Iterable[list[str]]:
    """Every circle of parents, each once, beginning with its first sonde in config order."""
    settled: set[str] = set()
    for start in parents:
        path: dict[str, None] = {}
        here: str | None = start
        while here is not None and here not in settled and here not in path:
            path[here] = None
            here = parents.get(here)
        if here is not None and here in path:
            walked = list(path)
            yield walked[walked.index(here) :]
        settled.update(path)
