"""Where pictures are looked at: nothing hangs it for good, and nothing of a picture comes out."""

from __future__ import annotations

import asyncio
import gc
import io
import logging
import os
import resource
import signal
import subprocess
import sys
import traceback
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from probes.base import Result, Run, Shared, Status, Target
from probes.camera import check, darkroom, darkroom_process, rtp, snapshot
from probes.camera.book import Known, ReferenceBook
from probes.camera.check import PROBE
from probes.camera.darkroom import Darkroom, DarkroomError
from probes.camera.held import Held, Kind
from probes.camera.picture import State
from probes.camera.states import LABELS
from probes.holdoff import HoldOff
from tests.integration.probes.hostile import answering, listening, response
from tests.integration.probes.rtsp_talk import encoded, playing, talking
from tests.integration.probes.running import Runner, measured, shared, until
from tests.integration.probes.test_camera_snapshot import jpeg

__all__ = ["shared"]

PICTURE = Held(Kind.JPEG, jpeg())
LONG_S = 60.0  # to start a process on a machine that is busy


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What looks at pictures, or is killed, does so once the machine lets it run."""
    monkeypatch.setattr(darkroom, "EXAMINE_S", LONG_S)
    monkeypatch.setattr(darkroom, "GONE_WITHIN_S", LONG_S)


@pytest.fixture
async def room() -> AsyncIterator[Darkroom]:
    opened = Darkroom(examine_s=LONG_S, holdoff=HoldOff(first_s=0.0))
    yield opened
    await opened.close()


async def develop(room: Darkroom, picture: Held = PICTURE, within_s: float = LONG_S) -> str:
    return (await room.develop("a/b/c", picture, b"", 1.7e9, within_s)).state


def test_the_words_are_those_of_the_function() -> None:
    """The daemon does not load what looks at pictures, and knows its words all the same."""
    assert set(LABELS) == {str(state) for state in State}
    named = {"critical": 0, **{label: 0 for state, label in LABELS.items() if state in check.FAULTS}}
    assert set(named) - {"critical"} == set(
        check.CameraSettings.__dataclass_fields__["picture"].default.faults.__slots__
    )


def test_the_daemon_loads_none_of_it() -> None:
    """A daemon without cameras does not pay for them."""
    loading = "import sys, supervisor.app, supervisor.service, probes.registry"
    script = f"{loading}; dict(probes.registry.load()); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "probes.camera.darkroom" in done.stdout.split()
    assert not {"av", "numpy", "PIL", "probes.camera.picture"} & set(done.stdout.split())


async def test_one_process_serves_one_after_the_other(room: Darkroom) -> None:
    assert await develop(room) in LABELS
    assert await develop(room) in LABELS
    assert room.started == 1


async def test_never_more_than_two(room: Darkroom) -> None:
    states = await asyncio.gather(*(develop(room) for _ in range(20)))
    assert set(states) <= set(LABELS)
    assert room.started <= 2
    assert room.lost == 0


async def test_a_picture_that_hangs_it_is_told_and_the_next_one_is_served() -> None:
    room = Darkroom(examine_s=LONG_S, holdoff=HoldOff(first_s=0.0))
    try:
        assert await develop(room) in LABELS
        (pid,) = room.pids
        room._examine_s = 0.2
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(DarkroomError, match="elle a fait échouer l'examen") as refusal:
            await develop(room)
        assert refusal.value.status is Status.UNKNOWN
        assert room.lost == 1
        room._examine_s = LONG_S
        assert await develop(room) in LABELS
        assert room.pids != [pid]
    finally:
        await room.close()


async def test_one_that_is_killed_between_two_pictures_is_replaced(room: Darkroom) -> None:
    await develop(room)
    (process,) = room._all
    assert process._process is not None
    os.kill(process._process.pid, signal.SIGKILL)
    await process.gone.wait()
    assert await develop(room) in LABELS
    assert (room.started, room.lost) == (2, 0)


async def test_a_sonde_that_brings_it_down_waits() -> None:
    room = Darkroom(examine_s=0.0, holdoff=HoldOff(first_s=900.0))
    try:
        with pytest.raises(DarkroomError, match="elle a fait échouer l'examen"):
            await develop(room)
        with pytest.raises(DarkroomError, match="l'examen a échoué 1 fois de suite, nouvel essai dans"):
            await develop(room)
    finally:
        await room.close()


async def test_who_is_out_of_time_costs_no_process(room: Darkroom) -> None:
    with pytest.raises(DarkroomError, match="le superviseur n'en a pas eu le temps"):
        await develop(room, within_s=0.0)
    waiting = asyncio.create_task(develop(room))
    await until(lambda: bool(room._tasks) or waiting.done())  # its picture is being looked at, or was
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert await develop(room) in LABELS
    assert room.lost == 0


def leads_nowhere(pid: int) -> bool:
    return all(Path(f"/proc/{pid}/fd/{descriptor}").samefile(os.devnull) for descriptor in (1, 2))


async def test_it_can_write_no_file_and_leave_no_core(room: Darkroom) -> None:
    await develop(room)
    (pid,) = room.pids
    assert resource.prlimit(pid, resource.RLIMIT_FSIZE)[0] == 0
    assert resource.prlimit(pid, resource.RLIMIT_CORE)[0] == 0
    assert resource.prlimit(pid, resource.RLIMIT_AS)[0] == darkroom_process.MEMORY_BYTES
    assert leads_nowhere(pid)


async def test_it_ends_with_the_daemon(room: Darkroom) -> None:
    await develop(room)
    (process,) = room._all
    await room.close()
    assert process.gone.is_set()


def bomb() -> bytes:
    """A JPEG that says to be 65,500 pixels wide and high."""
    data = bytearray(jpeg())
    start = data.index(b"\xff\xc0") + 5
    data[start : start + 4] = (65500).to_bytes(2, "big") * 2
    return bytes(data)


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff\xd9", jpeg()[:2000], bomb(), zlib.compress(bytes(99))])
async def test_what_is_no_picture_is_survived(room: Darkroom, data: bytes) -> None:
    assert await develop(room, Held(Kind.JPEG, data)) == "non évaluable"
    with pytest.raises(DarkroomError, match="flux vidéo indéchiffrable"):
        await develop(room, Held(Kind.H265, data))
    assert room.lost == 0


async def test_a_picture_out_of_bounds_is_not_even_sent(room: Darkroom) -> None:
    with pytest.raises(DarkroomError, match="elle est trop grande"):
        await develop(room, Held(Kind.JPEG, bytes(17 << 20)))
    assert room.started == 0


# --- what is learnt


async def test_what_is_learnt_goes_from_picture_to_picture(shared: Shared) -> None:
    noted: list[tuple[str, Known]] = []
    book = ReferenceBook(lambda sonde, known: noted.append((sonde, known)))
    shared.provide(book)
    run = Runner(PROBE, shared)
    async with listening(answering(response(jpeg(), Content_Type="image/jpeg"))) as server:
        url = f"http://{{address}}:{server.port}/"
        await run(url=url)
        assert noted == []  # nobody looks
        await run(url=url, picture=True, timeout_s=LONG_S, at=1000.0)
        await run(url=url, picture=True, timeout_s=LONG_S, at=2000.0)
    assert [(sonde, known.at) for sonde, known in noted] == [("essai/web/site", 1000.0), ("essai/web/site", 2000.0)]
    assert book.of("essai/web/site") == noted[-1][1]
    assert len(noted[-1][1].reference) <= 16 * 1024


async def test_a_picture_that_cannot_be_told_neither_alarms_nor_ends_an_alarm(shared: Shared) -> None:
    book = ReferenceBook()
    shared.provide(book)
    run = Runner(PROBE, shared)
    async with listening(answering(response(bomb(), Content_Type="image/jpeg"))) as server:
        url = f"http://{{address}}:{server.port}/"
        told = await run(url=url, picture=True, timeout_s=LONG_S)
        assert told.status is Status.OK
        assert "image non évaluable (" in told.message
        for state, ignored, status in (
            ("masquée", "critical", Status.UNKNOWN),
            ("masquée", "ignore", Status.OK),
            ("nette", "critical", Status.OK),
        ):
            book.recall("essai/web/site", Known(b"", state, 0.0))
            faults = {"on": True, "faults": {"masquee": ignored}}
            told = await run(url=url, picture=faults, timeout_s=LONG_S)
            assert told.status is status, told.message
            known = book.of("essai/web/site")
            assert known is not None
            assert known.state == state
            assert measured(told)["state"] in (0.0, 1.0)


# --- nothing of it comes out


def fragments() -> list[bytes]:
    """Pieces of the two pictures of these tests, long enough not to be anywhere by chance."""
    pieces = []
    for data in (jpeg(), encoded()):
        pieces += [data[start : start + 12] for start in range(len(data) // 4, len(data) - 12, 997)]
    return pieces


def shows(text: str) -> bool:
    """Does it hold any of a picture: as bytes, as their escapes, in hexadecimal, in base64?"""
    return any(
        repr(piece)[2:-1] in text or piece.hex() in text or piece.decode("latin-1") in text for piece in fragments()
    )


def test_the_net_would_catch_something() -> None:
    assert shows(repr(jpeg()))
    assert shows(encoded().hex())
    assert not shows(repr(PICTURE))
    with pytest.raises(TypeError, match="not written anywhere"):
        io.BytesIO().write(__import__("pickle").dumps(PICTURE))


def everything(result: Result, run: Runner, caplog: pytest.LogCaptureFixture) -> str:
    """All that anybody is given of a run."""
    return "\n".join([repr(result), *run.trace, caplog.text])


@pytest.mark.parametrize("where", ["develop", "feed", "fault", "heard"])
async def test_a_bug_shows_nothing(
    shared: Shared, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, where: str
) -> None:
    """Whatever fails with the picture in its hands, even with its bytes in the words of the exception."""
    caplog.set_level(logging.DEBUG)

    def fail(*arguments: Any) -> Any:
        held = [each.reveal() if isinstance(each, Held) else each for each in arguments]
        raise RuntimeError(jpeg(), encoded(), held)

    if where == "develop":
        monkeypatch.setattr(Darkroom, "develop", fail)
    elif where == "feed":
        monkeypatch.setattr(rtp.Assembler, "feed", fail)
    elif where == "fault":
        monkeypatch.setattr(snapshot, "_fault", fail)
    else:
        monkeypatch.setattr("probes.camera.darkroom_wire.heard", fail)
    target = Target(sonde="a/b/c", address="127.0.0.1")
    stream, still = listening(talking(playing(encoded()))), listening(answering(response(jpeg())))
    async with stream as one, still as other:
        for url in (f"rtsp://127.0.0.1:{one.port}/", f"http://127.0.0.1:{other.port}/"):
            run = Run(shared=shared, at=1.7e9, timeout_s=LONG_S, trace=[])
            settings = check.CameraSettings(url=url, picture=True)
            result = await check.check(target, settings, run)
            told = repr(result) + "\n".join(run.trace or [])
            assert not shows(told)
            if "erreur interne" in result.message:
                assert result.status is Status.UNKNOWN
                assert "RuntimeError (test_camera_darkroom.py:" in result.message
    gc.collect()
    assert not shows(caplog.text)


async def test_no_exception_holds_any_of_it_in_its_variables(shared: Shared) -> None:
    """As a log that prints the variables of each frame would: of what `check` lets out when it is cancelled."""
    run = Run(shared=shared, at=1.7e9, timeout_s=LONG_S, trace=[])

    async def cut(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(3600)

    async with listening(talking(cut)) as server:
        settings = check.CameraSettings(url=f"rtsp://127.0.0.1:{server.port}/", picture=True)
        task = asyncio.create_task(check.check(Target(sonde="a/b/c", address="127.0.0.1"), settings, run))
        await until(lambda: run.stage == "attente de la vidéo")
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as cancelled:
            await task
    told = "".join(traceback.TracebackException.from_exception(cancelled.value, capture_locals=True).format())
    assert "_receive" in told
    assert not shows(told)


async def test_what_goes_well_shows_nothing_either(shared: Shared, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    run = Runner(PROBE, shared)
    async with listening(talking(playing(encoded()))) as one, listening(answering(response(jpeg()))) as other:
        for url in (f"rtsp://{{address}}:{one.port}/", f"http://{{address}}:{other.port}/"):
            result = await run(url=url, picture=True, timeout_s=LONG_S)
            assert measured(result)["state"] in (0.0, 1.0)
            assert not shows(everything(result, run, caplog))


def test_libav_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    """It prints what it does not like, on the standard error of the process."""
    with pytest.raises(darkroom_process.UndecodableError):
        darkroom_process.developed(Kind.H264, encoded()[: len(encoded()) // 2])
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("codec", "kind"), [("libx264", Kind.H264), ("libx265", Kind.H265)])
def test_a_picture_of_a_stream_becomes_a_jpeg_that_is_small_enough(codec: str, kind: Kind) -> None:
    with Image.open(io.BytesIO(darkroom_process.developed(kind, encoded(1920, 1080, 90, codec)))) as image:
        assert (image.format, image.size) == ("JPEG", (1280, 720))
        low, high = image.convert("L").getextrema()
        assert 80 <= float(str(low)) <= float(str(high)) <= 100
