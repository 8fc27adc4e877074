"""Foreign techniques in real worker processes, found through a real entry point."""

from __future__ import annotations

import asyncio
import importlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from probes import isolated, process
from probes.base import Measurement, Result, Status, Target
from probes.holdoff import HoldOff
from probes.isolated import Workers
from probes.process import Limits
from probes.secret import Secret

ROOT = Path(__file__).parents[3]
TARGET = Target(sonde="exemple/web/site", address="127.0.0.1")
MODULE = "vigie_foreign_under_test"
TIMEOUT_S = 0.3
LONG_S = 60.0  # for what answers: a busy machine may not let a worker run for seconds
ENDLESS_S = 3600.0
MIB = 1 << 20


def install(folder: Path, entry: str = f"{MODULE}:PROBE") -> None:
    """A distribution as pip would leave it, with one entry point."""
    shutil.copy(Path(__file__).with_name("foreign.py"), folder / f"{MODULE}.py")
    info = folder / f"{MODULE}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {MODULE}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[vigie.probes]\nforeign = {entry}\n")


@pytest.fixture(autouse=True)
def _ended_when_they_are_let(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is killed ends once the machine lets it run."""
    monkeypatch.setattr(process, "ENDS_WITHIN_S", LONG_S)
    monkeypatch.setattr(isolated, "GONE_WITHIN_S", LONG_S)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{tmp_path}")
    return tmp_path


@pytest.fixture
def foreign(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    install(folder)
    monkeypatch.syspath_prepend(str(folder))
    yield importlib.import_module(MODULE)
    del sys.modules[MODULE]


@asynccontextmanager
async def pool(limits: Limits | None = None, holdoff: HoldOff | None = None) -> AsyncIterator[Workers]:
    workers = Workers("exemple/1", limits, holdoff)
    try:
        yield workers
    finally:
        await workers.close()


def patient() -> HoldOff:
    """Never refuses a run."""
    return HoldOff(first_s=0.0)


Check = Callable[..., Any]


@pytest.fixture
def check(foreign: ModuleType) -> Check:
    async def run(workers: Workers, how: str, *, timeout_s: float = TIMEOUT_S, at: float = 0.0, **more: Any) -> Result:
        trace = more.pop("trace", None)
        settings = foreign.Behaviour(how=how, **more)
        return await workers.run("foreign", TARGET, settings, timeout_s, at, trace)

    return run


def gone(pid: int) -> bool:
    """No such process, or only its remains (a container may have no init that reaps)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(LONG_S):
        while not condition():  # noqa: ASYNC110  a condition of another process or thread
            await asyncio.sleep(0.01)


async def test_a_check_gets_its_settings_and_secrets_and_gives_its_measurements(check: Check) -> None:
    async with pool() as workers:
        begun = time.monotonic()
        first = await check(workers, "tell", secret=Secret("s3cret"), timeout_s=LONG_S, at=1000.0)
        took_s = time.monotonic() - begun
        again = await check(workers, "tell", timeout_s=LONG_S)
    pid, secret, at = first.message.split()
    assert first.status is Status.OK
    assert secret == "s3cret"
    assert 1000.0 <= float(at) <= 1000.0 + took_s, "the wait for a worker counts in the instant of the run"
    assert first.measurements == (Measurement("delay_seconds", 0.5, (("mount", "/srv"),)),)
    assert 0.0 < first.duration_s <= took_s
    assert again.message.split()[0] == pid, "a worker serves again"
    assert int(pid) != os.getpid()
    assert workers.started == 1


async def test_a_worker_inherits_neither_credentials_nor_the_notify_socket(
    check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "/nowhere")
    monkeypatch.setenv("SMTP_PASSWORD", "s3cret")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/nowhere")
    trace: list[str] = []
    async with pool() as workers:
        await check(workers, "tell", timeout_s=LONG_S, trace=trace)
    assert "PATH" in trace[0]
    assert not any(name in trace[0] for name in ("NOTIFY_SOCKET", "SMTP_PASSWORD", "CREDENTIALS_DIRECTORY"))


async def test_what_a_technique_prints_goes_to_the_log(check: Check, caplog: pytest.LogCaptureFixture) -> None:
    async with pool() as workers:
        assert (await check(workers, "tell", timeout_s=LONG_S)).status is Status.OK
        await until(lambda: "a word on standard output" in caplog.text)


@pytest.mark.parametrize("how", ["block", "spin", "stubborn"])
async def test_a_technique_that_does_not_let_go_is_killed(check: Check, how: str) -> None:
    limits = Limits(grace_s=0.7)
    async with pool(limits, patient()) as workers:
        result = await check(workers, how)
        assert result.status is Status.UNKNOWN
        assert re.fullmatch(r"sonde arrêtée : elle bloquait son processus depuis \d+ s", result.message)
        assert workers.killed == 1
        after = await check(workers, "tell", timeout_s=LONG_S)
        assert after.status is Status.OK, "the next check has a new worker"
        assert workers.started == 2


async def test_a_silent_target_is_a_timeout_and_costs_no_process(check: Check) -> None:
    async with pool(Limits(grace_s=30.0)) as workers:
        result = await check(workers, "silence")
        assert result[:2] == (Status.CRITICAL, "pas de réponse en 300 ms (attente de la réponse)")
        assert (workers.started, workers.killed) == (1, 0)


async def test_a_pool_that_spins_leaves_another_in_peace(check: Check) -> None:
    async with pool(Limits(slots=1), patient()) as spoilt, pool() as sound:
        await check(sound, "tell", timeout_s=LONG_S)
        spinning = asyncio.create_task(check(spoilt, "spin", timeout_s=ENDLESS_S))
        await until(lambda: spoilt.started == 1)
        results = [await check(sound, "tell", timeout_s=LONG_S) for _ in range(20)]
        assert not spinning.done()
        spinning.cancel()
        assert all(result.status is Status.OK for result in results)
        assert sound.started == 1


async def test_a_worker_that_grew_is_replaced(check: Check) -> None:
    limits = Limits(resident_bytes=200 * MIB)
    async with pool(limits) as workers:
        small = await check(workers, "leak", size=MIB, timeout_s=LONG_S)
        large = await check(workers, "leak", size=200 * MIB, timeout_s=LONG_S)
        fresh = await check(workers, "leak", size=MIB, timeout_s=LONG_S)
    assert small.message == large.message, "only its size after a check retires it"
    assert fresh.message != large.message
    assert (workers.recycled, workers.killed, workers.started) == (1, 0, 2)


async def test_memory_beyond_the_limit_is_refused_to_the_check_alone(check: Check) -> None:
    async with pool(Limits(memory_bytes=1 << 30)) as workers:
        result = await check(workers, "leak", size=1 << 30, timeout_s=LONG_S)
        assert result[:2] == (Status.UNKNOWN, "sonde arrêtée : plus de 1 Gio de mémoire")
        assert workers.recycled == 1
        assert (await check(workers, "tell", timeout_s=LONG_S)).status is Status.OK


async def test_the_size_of_the_daemon_is_not_the_workers(check: Check) -> None:
    """ru_maxrss of a new process starts at its parent's: judged by it, every worker would be worn from birth."""
    ballast = bytearray(os.urandom(1) * (300 * MIB))
    async with pool(Limits(resident_bytes=200 * MIB)) as workers:
        await check(workers, "tell", timeout_s=LONG_S)
    assert len(ballast) == 300 * MIB
    assert workers.recycled == 0


async def test_a_worker_is_replaced_after_so_many_checks(check: Check) -> None:
    async with pool(Limits(runs=2)) as workers:
        pids = [(await check(workers, "tell", timeout_s=LONG_S)).message.split()[0] for _ in range(3)]
    assert pids[0] == pids[1] != pids[2]
    assert (workers.started, workers.recycled) == (2, 1)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("leave", "sonde arrêtée : son processus s'est terminé (code 3)"),
        ("crash", "sonde arrêtée : son processus a été tué (signal SIGSEGV)"),
    ],
)
async def test_a_worker_that_dies_says_how(check: Check, how: str, said: str) -> None:
    async with pool(None, patient()) as workers:
        result = await check(workers, how, timeout_s=LONG_S)
        assert result[:2] == (Status.UNKNOWN, said)
        assert workers.crashed == 1
        assert (await check(workers, "tell", timeout_s=LONG_S)).status is Status.OK


async def test_the_kernel_ends_what_spins_when_the_daemon_cannot(check: Check) -> None:
    """The daemon's own deadline is put out of reach, as if its loop were stuck."""
    async with pool(Limits(grace_s=60.0), patient()) as workers:
        result = await check(workers, "spin")
    assert result[:2] == (Status.UNKNOWN, "sonde arrêtée : son processus a été tué (signal SIGXCPU)")


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("lie", "la technique foreign a rendu « int » au lieu d'un résultat"),
        ("nonsense", "la technique a rendu un résultat inutilisable"),
    ],
)
async def test_a_result_that_is_none_is_unknown(check: Check, how: str, said: str) -> None:
    async with pool() as workers:
        assert (await check(workers, how, timeout_s=LONG_S))[:2] == (Status.UNKNOWN, said)
        assert workers.crashed == 0


async def test_an_exception_is_unknown_and_its_text_stays_inside(check: Check) -> None:
    async with pool() as workers:
        result = await check(workers, "fail", timeout_s=LONG_S)
    assert result.status is Status.UNKNOWN
    assert "KeyError" in result.message
    assert "mot de passe" not in result.message


async def test_a_giant_message_is_cut_and_made_printable(check: Check) -> None:
    async with pool() as workers:
        result = await check(workers, "boast", size=20 * MIB, timeout_s=LONG_S)
    assert result.status is Status.OK
    assert result.message.startswith("[2J éé")
    assert result.message.endswith("…")
    assert len(result.message) == 500


async def test_garbage_on_the_channel_is_unknown(check: Check) -> None:
    async with pool(None, patient()) as workers:
        result = await check(workers, "garble", timeout_s=LONG_S)
        assert result.status is Status.UNKNOWN
        assert result.message.startswith("sonde arrêtée : ")
        assert (workers.crashed, workers.killed) == (1, 0)


async def test_a_flood_on_standard_output_is_held_back(check: Check, caplog: pytest.LogCaptureFixture) -> None:
    async with pool(Limits(grace_s=0.5), patient()) as workers, asyncio.timeout(LONG_S):
        while "more lines left out" not in caplog.text:  # unless the machine did not let it print
            result = await check(workers, "flood")
            assert result.message.startswith("sonde arrêtée : elle bloquait")
    assert len(caplog.records) < 100 * workers.started


async def test_what_a_killed_technique_started_dies_with_it(check: Check, caplog: pytest.LogCaptureFixture) -> None:
    def children() -> list[int]:
        words = [record.getMessage().split() for record in caplog.records]
        return [int(word[-1]) for word in words if word[-2:-1] == ["child"]]

    async with pool(None, patient()) as workers:
        breeding = asyncio.create_task(check(workers, "breed", timeout_s=ENDLESS_S))
        await until(lambda: len(children()) == 1)
        assert not gone(children()[0])
        breeding.cancel()
        await until(lambda: gone(children()[0]))


async def test_a_sonde_that_kills_its_worker_every_time_is_left_alone(check: Check) -> None:
    async with pool(None, HoldOff(first_s=60.0)) as workers:
        await check(workers, "leave", timeout_s=LONG_S)
        refused = await check(workers, "leave", timeout_s=LONG_S)
        assert refused[:2] == (
            Status.UNKNOWN,
            "sonde non exécutée : un processus perdu, nouvel essai dans 60 s",
        )
        assert workers.started == 1


async def test_a_check_does_not_wait_for_ever_for_a_free_worker(check: Check) -> None:
    async with pool(Limits(slots=1), patient()) as workers:
        await check(workers, "tell", timeout_s=LONG_S)
        blocked = asyncio.create_task(check(workers, "silence", timeout_s=ENDLESS_S))
        await until(lambda: not workers._idle)
        result = await check(workers, "tell", timeout_s=0.1)
        assert result[:2] == (
            Status.UNKNOWN,
            "sonde non exécutée : le processus de son pool est pris depuis 100 ms",
        )
        blocked.cancel()


async def test_a_cancelled_check_takes_its_worker_away(check: Check) -> None:
    async with pool() as workers:
        await check(workers, "tell", timeout_s=LONG_S)
        running = asyncio.create_task(check(workers, "silence", timeout_s=ENDLESS_S))
        await until(lambda: not workers._idle)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert (await check(workers, "tell", timeout_s=LONG_S)).status is Status.OK
        assert workers.started == 2


async def test_an_idle_worker_that_died_is_replaced_without_a_word(check: Check) -> None:
    async with pool() as workers:
        pid = int((await check(workers, "tell", timeout_s=LONG_S)).message.split()[0])
        os.kill(pid, 9)
        await until(lambda: not any(process.alive for process in workers._processes))
        assert (await check(workers, "tell", timeout_s=LONG_S)).status is Status.OK
        assert (workers.started, workers.crashed) == (2, 0)


async def test_closing_ends_every_process_at_once(check: Check, caplog: pytest.LogCaptureFixture) -> None:
    async with pool() as workers:
        idle = int((await check(workers, "tell", timeout_s=LONG_S)).message.split()[0])
        blocked = asyncio.create_task(check(workers, "block", timeout_s=ENDLESS_S))
        other = asyncio.create_task(check(workers, "block", timeout_s=ENDLESS_S))
        await until(lambda: workers.started == 2)
        async with asyncio.timeout(LONG_S):  # not as long as the checks
            await workers.close()
        assert gone(idle)
        assert (await blocked).status is Status.UNKNOWN
        assert (await other).status is Status.UNKNOWN
        late = await check(workers, "tell")
        assert late.status is Status.UNKNOWN
        assert workers.started == 2
    assert "stuck" not in caplog.text


async def test_techniques_that_do_not_load_are_said_and_not_retried_at_once(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    install(folder, entry="no_such_module:PROBE")
    async with pool() as workers:
        result = await workers.run("foreign", TARGET, None, TIMEOUT_S, 0.0)
        assert result.status is Status.UNKNOWN
        assert "techniques impossibles à charger : ModuleNotFoundError" in result.message
        await until(lambda: "no_such_module" in caplog.text)
        again = await workers.run("foreign", TARGET, None, TIMEOUT_S, 0.0)
        assert again.message.startswith("sonde non exécutée : un processus perdu")
        assert workers.started == 1


async def test_settings_that_cannot_travel_are_said(check: Check) -> None:
    async with pool() as workers:
        result = await workers.run("foreign", TARGET, lambda: None, TIMEOUT_S, 0.0)
    assert result[:2] == (
        Status.UNKNOWN,
        "sonde non exécutée : ses réglages sont intransmissibles",
    )


DAEMON = f"""
import asyncio, sys
import {MODULE} as foreign
from probes.base import Target
from probes.isolated import Workers

async def main():
    workers = Workers("exemple/1")
    target = Target(sonde="exemple/web/site", address="")
    result = await workers.run("foreign", target, foreign.Behaviour(how="tell"), 60.0, 0.0)
    print(result.message.split()[0], flush=True)
    await workers.run("foreign", target, foreign.Behaviour(how="block"), 3600.0, 0.0)

asyncio.run(main())
"""


def test_a_killed_daemon_leaves_no_orphan(foreign: ModuleType) -> None:
    with subprocess.Popen([sys.executable, "-c", DAEMON], stdout=subprocess.PIPE, text=True) as daemon:
        assert daemon.stdout is not None
        worker = int(daemon.stdout.readline())
        daemon.kill()
    deadline = time.monotonic() + LONG_S
    while not gone(worker):
        assert time.monotonic() < deadline
        time.sleep(0.01)
