"""Cameras: what was learnt of their pictures, kept over restarts."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from importlib.metadata import version

from probes.camera import check as camera
from probes.camera.book import Known, ReferenceBook
from supervisor.config.configuration import Configuration
from supervisor.domain.sonde import Sonde
from supervisor.store import references
from supervisor.store.batch import Reference
from supervisor.store.connection import open_for_reading
from supervisor.store.recorder import Recorder

# A reference changes a little with every picture. Written each time, 1,000 cameras would write 20 GB a day; a crash
# loses this much of what was learnt.
WRITE_EVERY_S = 900.0


class Cameras:
    """The book of references, and what of it goes to disk: the first, each change of state, and one now and then."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._written: dict[str, Known] = {}
        self.book = ReferenceBook(self._learnt)

    def configure(self, sondes: Mapping[str, Sonde]) -> None:
        """These are looked at; what is known of others, removed or looked at no more, is forgotten."""
        looked_at = {s.id for s in sondes.values() if s.type == camera.PROBE.type and s.settings.picture.on}
        for sonde in self.book.admit(looked_at):
            self._forgotten(sonde)

    def recall(self, connection: sqlite3.Connection) -> None:
        """Take up what earlier runs learnt; of cameras that are looked at no more, it goes."""
        for reference in references.read(connection):
            self._written[reference.sonde] = _known(reference)
            self.book.recall(reference.sonde, self._written[reference.sonde])

    def learn_anew(self, sonde: str) -> None:
        """Forget this one. Noted too: a flush under way may hold what a check learnt just before."""
        self.book.forget(sonde)
        self._forgotten(sonde)

    def settle(self) -> None:
        """Note what was learnt since it was last written: the process ends."""
        for sonde, written in list(self._written.items()):
            known = self.book.of(sonde)
            if known is not None and known is not written:
                self._note(sonde, known)

    def _learnt(self, sonde: str, known: Known) -> None:
        written = self._written.get(sonde)
        if written is None or known.state != written.state or abs(known.at - written.at) >= WRITE_EVERY_S:
            self._note(sonde, known)

    def _note(self, sonde: str, known: Known) -> None:
        self._written[sonde] = known
        self._recorder.note_reference(Reference(sonde, int(known.at), known.state, known.reference))

    def _forgotten(self, sonde: str) -> None:
        self._written.pop(sonde, None)
        self._recorder.note_reference(Reference(sonde, 0))


def _known(reference: Reference) -> Known:
    return Known(reference.data or b"", reference.state, float(reference.t))


def references_of(configuration: Configuration, sonde: Sonde) -> tuple[ReferenceBook, str]:
    """For a command: what is known of one camera, and a line that says so."""
    book = ReferenceBook()
    if not configuration.database.exists():
        return book, "the daemon has never run here: nothing was learnt of this picture"
    with open_for_reading(configuration.database, version("vigie")) as connection:
        found = references.read(connection, sonde.id)
    if not found:
        return book, "nothing was learnt of this picture yet"
    book.recall(sonde.id, _known(found[0]))
    return book, f"{len(found[0].data or b'')} bytes were learnt of this picture"
