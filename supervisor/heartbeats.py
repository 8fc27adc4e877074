"""Heartbeats: who may call, and what a call sets in motion."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from importlib.metadata import version

from probes import heartbeat
from probes.heartbeat import HeartbeatBook
from supervisor.clock import Clock
from supervisor.config.configuration import Configuration
from supervisor.domain.sonde import Sonde
from supervisor.engine.engine import Engine
from supervisor.store import beats, ledger, meta
from supervisor.store.batch import Beat
from supervisor.store.connection import open_for_reading
from supervisor.store.recorder import Recorder

KEY = "heartbeat_key"


def own_key(connection: sqlite3.Connection) -> bytes:
    """The key that makes the tokens, drawn at first use. It lives in the database: a restored backup knows them."""
    return meta.own_key(connection, KEY)


class Heartbeats:
    """The calls that come in over HTTP."""

    def __init__(self, key: bytes, recorder: Recorder, engine: Engine, clock: Clock) -> None:
        self._key = key
        self._recorder = recorder
        self._engine = engine
        self._clock = clock
        self._by_token: dict[str, str] = {}
        self._sondes: set[str] = set()
        self.book = HeartbeatBook()

    def configure(self, sondes: Mapping[str, Sonde], since: Mapping[str, float]) -> None:
        """These may call; `since` tells from when each has been expected to."""
        beating = [sonde for sonde in sondes.values() if sonde.type == heartbeat.PROBE.type]
        self._by_token = {heartbeat.token(self._key, s.id, s.settings.generation): s.id for s in beating}
        for sonde in beating:
            self.book.know(sonde.id, since.get(sonde.id, self._clock.wall()))
        now = {sonde.id for sonde in beating}
        for gone in self._sondes - now:
            self.book.forget(gone)
        self._sondes = now

    def recall(self, connection: sqlite3.Connection) -> None:
        """Take up the calls of earlier runs."""
        for sonde_id in self._sondes:
            for beat in beats.of_sonde(connection, sonde_id):
                self.book.record(
                    sonde_id, heartbeat.Beat(beat.t, beat.exit_code, beat.size_bytes, beat.duration_s, beat.message)
                )

    async def receive(self, token: str, said: Mapping[str, str]) -> bool:
        """One call: kept, then on disk, then looked at. A caller that got its answer has been heard for good."""
        sonde_id = self._by_token.get(token)
        if sonde_id is None:
            return False
        beat = heartbeat.heard(self._clock.wall(), said)
        self.book.record(sonde_id, beat)
        self._recorder.note_beat(
            Beat(sonde_id, int(beat.at), beat.exit_code, beat.size_bytes, beat.duration_s, beat.message)
        )
        await self._recorder.flush()
        self._engine.recheck(sonde_id)
        return True


def beats_of(configuration: Configuration, sonde: Sonde) -> tuple[HeartbeatBook, str]:
    """For a command: the calls of one sonde from the database, and a line that says where it is called."""
    book = HeartbeatBook()
    if not configuration.database.exists():
        return book, "the daemon has never run here: no call was received"
    with open_for_reading(configuration.database, version("vigie")) as connection:
        known = meta.get(connection, KEY)
        for beat in beats.of_sonde(connection, sonde.id):
            book.record(
                sonde.id, heartbeat.Beat(beat.t, beat.exit_code, beat.size_bytes, beat.duration_s, beat.message)
            )
        since = ledger.standing(connection).get(sonde.id)
    if since is not None:
        book.know(sonde.id, float(since.since))
    if known is None:
        return book, "the daemon has never run here: no address to call yet"
    token = heartbeat.token(bytes.fromhex(known), sonde.id, sonde.settings.generation)
    listen = configuration.listen
    return book, f"to be called at http://{listen.host}:{listen.port}/beat/{token}?exit=0&size=…&duration=…"
