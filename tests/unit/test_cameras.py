"""What of the references of cameras goes to disk, and when."""

from __future__ import annotations

from typing import Any, cast

import pytest

from probes.camera.book import Known
from probes.camera.settings import CameraSettings
from supervisor.cameras import WRITE_EVERY_S, Cameras
from supervisor.store.batch import Batch, Reference
from supervisor.store.recorder import Recorder
from supervisor.store.references import Learning, learn_anew, learnings, read
from tests.unit.builders import sonde
from tests.unit.store.database import Memory, memory

ID = "a/e/video"


class Notes:
    """What a recorder was told."""

    def __init__(self) -> None:
        self.noted: list[Reference] = []

    def note_reference(self, reference: Reference) -> None:
        self.noted.append(reference)


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def cameras(notes: Notes) -> Cameras:
    made = Cameras(cast("Recorder", notes))
    made.configure({ID: looked_at(on=True)})
    return made


def looked_at(*, on: bool) -> Any:
    settings = CameraSettings(vendor="axis", picture=cast("Any", on))
    return sonde(ID, kind="camera", settings=settings)


def learn(cameras: Cameras, at: float, state: str = "nette") -> None:
    cameras.book.learn(ID, cameras.book.of(ID), Known(b"%d" % at, state, at))


def test_the_first_each_change_of_state_and_one_now_and_then(cameras: Cameras, notes: Notes) -> None:
    for at in (0.0, 60.0, WRITE_EVERY_S - 1, WRITE_EVERY_S, WRITE_EVERY_S + 60):
        learn(cameras, at)
    learn(cameras, WRITE_EVERY_S + 120, "masquée")
    assert [reference.t for reference in notes.noted] == [0, WRITE_EVERY_S, WRITE_EVERY_S + 120]
    learn(cameras, WRITE_EVERY_S + 180, "masquée")
    cameras.settle()
    assert notes.noted[-1] == Reference(ID, int(WRITE_EVERY_S + 180), "masquée", b"1080")
    cameras.settle()
    assert len(notes.noted) == 4


def test_what_is_forgotten_is_noted_too(cameras: Cameras, notes: Notes) -> None:
    learn(cameras, 0.0)
    cameras.learn_anew(ID)
    assert notes.noted[-1] == Reference(ID, 0)
    learn(cameras, 1.0)
    assert notes.noted[-1].data == b"1"
    cameras.configure({ID: looked_at(on=False)})
    assert notes.noted[-1] == Reference(ID, 0)
    learn(cameras, 2.0)
    assert len(notes.noted) == 4


# --- on disk


def kept(database: Memory) -> list[tuple[str, bytes | None]]:
    return [(reference.sonde, reference.data) for reference in read(database.connection)]


def test_the_latest_takes_the_place_of_the_one_before() -> None:
    with memory() as database:
        database.apply(
            Batch(references={ID: Reference(ID, 1, "nette", b"one"), "b/e/v": Reference("b/e/v", 1, "", b"x")})
        )
        database.apply(Batch(references={ID: Reference(ID, 2, "nette", b"two")}))
        assert kept(database) == [(ID, b"two"), ("b/e/v", b"x")]
        assert [reference.sonde for reference in read(database.connection, ID)] == [ID]
        database.apply(Batch(references={ID: Reference(ID, 0)}))
        assert kept(database) == [("b/e/v", b"x")]


def test_it_goes_with_its_sonde_and_comes_with_it_again() -> None:
    with memory() as database:
        first = Batch(references={ID: Reference(ID, 1, "nette", b"one")})
        database.apply(first)
        removed = Batch(references={ID: Reference(ID, 2, "nette", b"two")})
        removed.forget(ID)
        assert removed.references == {}
        removed.references[ID] = Reference(ID, 3, "nette", b"three")
        later = Batch()
        later.forget(ID)
        database.apply(removed)
        assert kept(database) == [(ID, b"three")]
        database.apply(later)
        assert kept(database) == []


def test_who_asked_for_it_to_be_learnt_anew_stays_on_record() -> None:
    with memory() as database:
        database.apply(Batch(references={ID: Reference(ID, 1, "nette", b"one")}))
        assert learn_anew(database.connection, Learning(ID, 5, "Jeanne", "réorientée"))
        assert not learn_anew(database.connection, Learning(ID, 6, "Paul", "encore"))
        assert kept(database) == []
        assert learnings(database.connection) == [
            Learning(ID, 5, "Jeanne", "réorientée"),
            Learning(ID, 6, "Paul", "encore"),
        ]
