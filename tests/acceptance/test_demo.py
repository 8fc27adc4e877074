"""The real `vigie demo`, from outside: its pages, its metrics, its faults, its end.

Two of them run side by side: one whose faults come by themselves, one whose faults the tests set.
"""

from __future__ import annotations

import contextlib
import email
import email.policy
import json
import os
import re
import selectors
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from supervisor.demo.run import command_fault

DEADLINE_S = 120.0  # generous: the machine may be slow; nothing waits for it when all is well
ENDS_WITHIN_S = 60.0
SONDES_AT_LEAST = 60
WELL_AT_LEAST = 60

_LINE = re.compile(r"Vigie demo: open (http://127\.0\.0\.1:\d+)/ — .+; Ctrl-C stops\n")
_STATUS = re.compile(r'vigie_sonde_status\{[^}]*sonde="([^"]+)"[^}]*\} (\d)')
# Of what was seen live alone: the demo has a past too.
_HISTORY = (
    "select status, cause from interval join sonde on sonde.key = interval.sonde where id = ? and interval.start >= ?"
)
OK, WARNING, CRITICAL, UNKNOWN = range(4)
ROUTER, PAGE = "les-trois-lanternes/routeur/lien", "les-trois-lanternes/site/page"
FAULTS = ("acces-coupe", "sauvegarde-en-echec", "disque-plein", "bourrage")
ANSWERING = "val-tourmaline/serveur/ssh"  # of the machine whose disk is full
TROUBLED = {  # what they do
    ROUTER: CRITICAL,
    PAGE: UNKNOWN,
    "sainte-ondine-sur-vaire/coffre/appel": CRITICAL,
    "val-tourmaline/serveur/volumes": CRITICAL,
    "vieux-fanal/imprimante/etat": CRITICAL,
}

OF_THE_MACHINE = ("the event loop ", "time broke: ")


class Demo:
    """One running `vigie demo`."""

    def __init__(self, directory: Path, *options: str) -> None:
        self.directory = directory
        self.begun_at = int(time.time())
        self.errors = directory.with_suffix(".err")
        command = [sys.executable, "-m", "supervisor", "demo", "--port", "0", "--directory", str(directory), *options]
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        try:
            self.url = self._ready()
            (self.stage,) = children(self.process.pid)
        except BaseException:
            self.close()
            raise

    def _ready(self) -> str:
        assert self.process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while selector.select(DEADLINE_S):
                line = self.process.stdout.readline()
                if found := _LINE.fullmatch(line):
                    return found[1]
                assert "ICMP is not allowed" in line, self.errors.read_text(encoding="utf-8")
        raise AssertionError("the demo said nothing")

    def get(self, path: str) -> str:
        try:
            with urllib.request.urlopen(f"{self.url}{path}", timeout=DEADLINE_S) as answer:  # noqa: S310  our own
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            log = self.errors.read_text(encoding="utf-8")
            raise AssertionError(f"{path}: {error.code} {error.read().decode()}\n{log}") from None

    def wait_ready(self) -> None:
        """It does its whole work; on a busy machine something may be late for a moment."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            try:
                assert self.get("/readyz") == "ok\n"
                return
            except AssertionError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.2)

    def statuses(self) -> dict[str, int]:
        """Of every sonde, as the metrics say."""
        return {sonde: int(status) for sonde, status in _STATUS.findall(self.get("/metrics"))}

    def faults(self, state: str) -> None:
        """All of them, the first as a person sets it; the others without starting a command for each."""
        first, *others = FAULTS
        command = [
            sys.executable,
            "-m",
            "supervisor",
            "demo",
            "--directory",
            str(self.directory),
            "fault",
            first,
            state,
        ]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=DEADLINE_S)
        assert f"{first}: {state}\n" in done.stdout
        for name in others:
            command_fault(self.directory, name, state == "on")

    def wait(self, true: Callable[[dict[str, int]], bool]) -> list[dict[str, int]]:
        """Look until this is true of the statuses; gives all that was seen on the way."""
        seen = []
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            seen.append(self.statuses())
            if true(seen[-1]):
                return seen
            time.sleep(0.2)
        raise AssertionError(f"not in {DEADLINE_S} s; not ok: { {k: v for k, v in seen[-1].items() if v} }")

    def wait_for_history(self, sonde: str, status: str, cause: str = "") -> set[str]:
        """Look until the database tells this of the sonde; gives every status it had since the demo was started."""
        told: list[tuple[str, str]] = []
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            with contextlib.closing(sqlite3.connect(f"file:{self.directory}/vigie.db?mode=ro", uri=True)) as database:
                told = database.execute(_HISTORY, [sonde, self.begun_at]).fetchall()
            if (status, cause) in told:
                return {status for status, _ in told}
            time.sleep(0.2)
        raise AssertionError(f"not in {DEADLINE_S} s; {sonde} was {told}")

    def mail(self, to: str) -> EmailMessage:
        """The first mail to somebody."""
        return email.message_from_bytes(self._letter(to, "eml"), policy=email.policy.default)

    def sms(self, to: str) -> str:
        """The first SMS to somebody."""
        return self._letter(to, "sms.txt").decode()

    def _letter(self, to: str, kind: str) -> bytes:
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            found = sorted((self.directory / "courrier").glob(f"*-{to}.{kind}"))
            if found and (content := found[0].read_bytes()):
                return content
            time.sleep(0.2)
        raise AssertionError(f"nothing for {to} in {DEADLINE_S} s")

    def complaints(self) -> list[str]:
        """What it logged, but of a machine that did not let it run."""
        lines = self.errors.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if not any(said in line for said in OF_THE_MACHINE)]

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(ENDS_WITHIN_S)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def last_month() -> str:
    """As `vigie sla` wants it."""
    first = datetime.now(ZoneInfo("Europe/Paris")).date().replace(day=1)
    return f"{first - timedelta(days=1):%Y-%m}"


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def gone(pid: int) -> bool:
    """Whether a process has ended, within the time it has."""
    deadline = time.monotonic() + ENDS_WITHIN_S
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":  # ended; whoever adopted it has not looked yet
            return True
        time.sleep(0.05)
    return False


def intact(directory: Path) -> bool:
    with contextlib.closing(sqlite3.connect(directory / "vigie.db")) as database:
        return bool(database.execute("pragma integrity_check").fetchall() == [("ok",)])


@pytest.fixture(scope="module")
def by_itself(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Faults come and go."""
    demo = Demo(tmp_path_factory.mktemp("scenario") / "demo")
    yield demo
    demo.close()


@pytest.fixture(scope="module")
def driven(by_itself: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Faults are set by the tests; the other demo lives its life meanwhile."""
    demo = Demo(tmp_path_factory.mktemp("driven") / "demo", "--no-scenario")
    yield demo
    demo.close()


class Troubles(NamedTuple):
    """What was seen of faults that the tests set."""

    page: str  # while they lasted
    during: dict[str, int]  # statuses then
    seen: list[dict[str, int]]  # statuses, from the first fault to the end of the last one


@pytest.fixture(scope="module")
def troubles(driven: Demo) -> Troubles:
    """Faults of four collectivités, all at once: nothing of theirs is shared, and each takes its sonde's intervals."""
    driven.wait(lambda seen: all(seen[sonde] == OK for sonde in (*TROUBLED, ANSWERING)))
    driven.faults("on")
    seen = driven.wait(lambda seen: all(seen[sonde] == status for sonde, status in TROUBLED.items()))
    page, during = driven.get("/"), driven.statuses()
    driven.faults("off")
    seen += driven.wait(lambda seen: all(seen[sonde] == OK for sonde in TROUBLED))
    return Troubles(page, during, seen)


def test_it_answers_and_every_sonde_has_a_status(driven: Demo) -> None:
    assert driven.get("/healthz") == "ok\n"
    driven.wait_ready()
    page = driven.get("/")
    assert "Syndicat mixte numérique du Val-de-Brume" in page
    assert "Les Trois-Lanternes" in page
    statuses = driven.statuses()
    assert len(statuses) >= SONDES_AT_LEAST
    driven.wait(lambda seen: list(seen.values()).count(OK) >= WELL_AT_LEAST)


def test_what_its_people_are_told_is_there_to_be_opened(driven: Demo, troubles: Troubles) -> None:
    assert troubles.during
    mail = driven.mail("referent@les-trois-lanternes.example")
    assert "Accès Internet" in mail["Subject"]
    body = mail.get_body(("plain",))
    assert body is not None
    (link,) = re.findall(rf"{driven.url}(/i/\S+)", body.get_content())
    assert "Accès Internet" in driven.get(link)
    assert driven.sms("+33600000005").startswith("Panne : Accès Internet depuis ")


def test_last_month_is_worth_a_statement(driven: Demo) -> None:
    command = [sys.executable, "-m", "supervisor", "sla", "--period", last_month(), "--json"]
    command += ["--config", str(driven.directory / "vigie.yaml")]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=DEADLINE_S)
    statement = json.loads(done.stdout)
    verdicts = [service["verdict"] for service in statement["services"]]
    assert {verdict: verdicts.count(verdict) for verdict in ("missed", "undetermined")} == {
        "missed": 1,
        "undetermined": 1,
    }
    assert len({line["incident"] for line in statement["gti"]}) >= 11


def test_a_cut_access_is_one_trouble_and_comes_back(driven: Demo, troubles: Troubles) -> None:
    behind = [sonde for sonde in troubles.seen[0] if sonde.startswith("les-trois-lanternes/") and sonde != ROUTER]
    assert "derrière «\u00a0Routeur de la mairie\u00a0» (routeur/lien)" in troubles.page
    alarms = {sonde for statuses in troubles.seen for sonde in behind if statuses[sonde] not in (OK, UNKNOWN)}
    assert not alarms, driven.errors.read_text(encoding="utf-8")
    assert "critical" not in driven.wait_for_history(PAGE, "unknown", "unreachable")


def test_a_backup_that_fails_is_seen_at_its_call(troubles: Troubles) -> None:
    assert "disque de sauvegarde non monté" in troubles.page


def test_machines_tell_of_themselves(troubles: Troubles) -> None:
    """A full disk and a paper jam, of machines that go on answering."""
    assert troubles.during[ANSWERING] == OK
    assert "espace libre" in troubles.page


def test_a_certificate_near_its_end_is_a_warning(driven: Demo) -> None:
    driven.wait(lambda seen: seen["val-tourmaline/site/page"] == WARNING)
    assert "expiration du certificat dans" in driven.get("/")


def test_an_unknown_fault_is_refused(driven: Demo) -> None:
    command = [sys.executable, "-m", "supervisor", "demo", "--directory", str(driven.directory), "fault", "x", "on"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=DEADLINE_S)
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no fault 'x' in the demo" in done.stderr


def test_a_second_demo_in_the_same_directory_is_refused(driven: Demo) -> None:
    command = [sys.executable, "-m", "supervisor", "demo", "--port", "0", "--directory", str(driven.directory)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=DEADLINE_S)
    assert (done.returncode, done.stdout) == (2, "")
    assert "a demo runs in" in done.stderr
    driven.wait_ready()


def test_something_happens_by_itself(by_itself: Demo) -> None:
    by_itself.wait_for_history("saint-eloy-des-brumes/site/page", "critical")


def test_killed_it_leaves_no_process_and_a_sound_database(by_itself: Demo) -> None:
    by_itself.end(signal.SIGKILL)
    assert gone(by_itself.stage)
    assert intact(by_itself.directory)


def test_when_its_servers_die_it_says_so(tmp_path: Path) -> None:
    demo = Demo(tmp_path / "demo")
    try:
        os.kill(demo.stage, signal.SIGKILL)
        assert demo.process.wait(ENDS_WITHIN_S) == 2
        assert "the demo's servers stopped" in demo.errors.read_text(encoding="utf-8")
    finally:
        demo.close()


def test_told_to_stop_it_leaves_no_process_and_a_sound_database(driven: Demo) -> None:
    assert driven.end(signal.SIGTERM) == 0
    assert gone(driven.stage)
    assert driven.complaints() == []
    assert intact(driven.directory)
    with pytest.raises(urllib.error.URLError):
        driven.get("/healthz")
    with pytest.raises(ProcessLookupError):
        os.kill(driven.process.pid, 0)
