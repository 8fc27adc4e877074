"""The real daemon for the acceptance tests: its configuration on disk, its process, what it shows from outside."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

from supervisor.control import ask

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0  # a condition that does not come true within this is a failure
ENDS_WITHIN_S = 60.0  # SIGTERM to the end: the last flush may take 5 s, a noisy machine the rest
_SERIES = re.compile(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

T = TypeVar("T")
Figures = Callable[[str], None]  # writes a line of measured figures to the terminal, to be quoted


def until(condition: Callable[[], T | None], what: str, patience_s: float = PATIENCE_S) -> T:
    """Wait for a condition to hold; gives its value."""
    ends_at = time.monotonic() + patience_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > ends_at:
            raise AssertionError(f"not within {patience_s:.0f} s: {what} (last: {value!r})")
        time.sleep(0.02)


class Metrics:
    """One page of /metrics."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._series: dict[str, list[tuple[dict[str, str], float]]] = {}
        for line in text.splitlines():
            match = _SERIES.fullmatch(line)
            if match is not None:
                labels = dict(_LABEL.findall(match[2] or ""))
                self._series.setdefault(match[1], []).append((labels, float(match[3])))

    def series(self, name: str) -> list[tuple[dict[str, str], float]]:
        """Every series of that name."""
        return self._series.get(name, [])

    def value(self, name: str, **labels: str) -> float:
        """The only series of that name with these labels."""
        (found,) = [value for have, value in self.series(name) if labels.items() <= have.items()]
        return found

    def by_sonde(self, name: str) -> dict[str, float]:
        """A series of every sonde."""
        return {labels["sonde"]: value for labels, value in self.series(name)}

    def total(self, name: str) -> float:
        """The sum over all labels."""
        return sum(value for _, value in self.series(name))


class Daemon:
    """One process of `vigie run`."""

    def __init__(
        self,
        installation: Installation,
        environment: Mapping[str, str] | None,
        prefix: Sequence[str],
        errors: int | None,
        arguments: Sequence[str],
    ) -> None:
        self._installation = installation
        self._log = installation.root / "daemon.log"
        self._log_from = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [*prefix, *installation.command("run"), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log if errors is None else errors,
                env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
                cwd=installation.root,
                start_new_session=True,
            )
        self.port = 0

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()

    def wait_ready(self) -> Self:
        """Return once it has started and listens."""
        self.port = int(until(self._ready, "the daemon is ready")["addresses"][0][1])
        return self

    def _ready(self) -> dict[str, Any] | None:
        assert self.process.poll() is None, f"the daemon ended by itself ({self.process.returncode}):\n{self.log()}"
        status = self.status()
        return status if status is not None and not status["ready"] else None

    def status(self) -> dict[str, Any] | None:
        """What the control socket answers; None while nobody listens there."""
        try:
            return ask(self._installation.control, {"command": "status"})
        except (OSError, ValueError):
            return None

    # --- HTTP

    def get(self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> tuple[int, str]:
        """Status and body of one request."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)) as connection:
            connection.request(method, path, headers=dict(headers or {}))
            response = connection.getresponse()
            return response.status, response.read().decode()

    def metrics(self) -> Metrics:
        """What Prometheus would read."""
        status, text = self.get("/metrics")
        assert status == 200, text
        return Metrics(text)

    def statuses(self) -> dict[str, float]:
        """`vigie_sonde_status` of every sonde: 0 ok, 1 warning, 2 critical, 3 unknown."""
        return self.metrics().by_sonde("vigie_sonde_status")

    def wait_statuses(self, wanted: Mapping[str, int]) -> None:
        """Return once these sondes show that."""
        until(lambda: wanted.items() <= self.statuses().items(), f"{wanted}")

    def checks(self) -> float:
        """Checks completed since the start."""
        return self.metrics().total("vigie_checks_total")

    def wait_checks(self, more: int) -> None:
        """Return once so many more checks were completed."""
        before = self.checks()
        until(lambda: self.checks() >= before + more, f"{more} more checks")

    def log(self) -> str:
        """What it wrote on standard error so far."""
        with self._log.open("rb") as log:
            log.seek(self._log_from)
            return log.read().decode()

    def logged(self) -> list[dict[str, Any]]:
        """Its log, line by line; every line is an object."""
        return [json.loads(line) for line in self.log().splitlines()]

    # --- its end

    def stop(self) -> int:
        """SIGTERM; gives the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(ENDS_WITHIN_S)

    def kill(self) -> None:
        """SIGKILL, and see it gone."""
        self.process.kill()
        self.process.wait(ENDS_WITHIN_S)


class Installation:
    """A configuration and a database in a directory of their own.

    Not pytest's tmp_path: the path of a Unix socket is limited to 107 bytes.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.main: dict[str, Any] = {
            "organisation": "Moselle Fibre",
            "profile": "moselle-fibre",
            "database": "vigie.db",
            "control": "s",
            "listen": "127.0.0.1:0",
        }
        (root / "collectivites").mkdir()

    @property
    def config(self) -> Path:
        """The main file."""
        return self.root / "vigie.yaml"

    @property
    def database(self) -> Path:
        """The database."""
        return self.root / str(self.main["database"])

    @property
    def control(self) -> Path:
        """The control socket."""
        return self.root / str(self.main["control"])

    def write(self, **collectivites: Iterable[Mapping[str, Any]]) -> None:
        """The main file, and a file for each collectivité with these sondes on one equipment, `e`."""
        self.config.write_text(json.dumps(self.main))
        for file in (self.root / "collectivites").iterdir():
            file.unlink()
        for name, sondes in collectivites.items():
            self.write_collectivite(name, [{"id": "e", "address": "127.0.0.1", "sondes": list(sondes)}])

    def write_collectivite(self, name: str, equipment: Iterable[Mapping[str, Any]], **more: Any) -> None:
        """One collectivité with this equipment, and whatever else is said of it. JSON is YAML."""
        content = {"collectivite": name, "name": f"Commune {name}", **more, "equipment": list(equipment)}
        (self.root / "collectivites" / f"{name}.yaml").write_text(json.dumps(content, indent=1))

    def command(self, *words: str) -> list[str]:
        """The command line of `vigie WORDS --config …`."""
        return [sys.executable, "-m", "supervisor", *words, "--config", str(self.config)]

    def vigie(self, *words: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run one command to its end."""
        return subprocess.run(
            self.command(*words),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
        )

    def start(
        self,
        environment: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
        errors: int | None = None,
        arguments: Sequence[str] = (),
    ) -> Daemon:
        """A daemon, not waited for; behind the command `prefix`, with the descriptor `errors` for its log."""
        return Daemon(self, environment, prefix, errors, arguments)

    @contextmanager
    def running(self, environment: Mapping[str, str] | None = None) -> Iterator[Daemon]:
        """A daemon that is ready; always ended."""
        with self.start(environment) as daemon:
            yield daemon.wait_ready()

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """What the database holds; read-only, so that a running daemon is not in the way."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=PATIENCE_S)) as connection:
            return connection.execute(query, parameters).fetchall()

    def intervals(self) -> list[tuple[Any, ...]]:
        """Every interval: sonde, start, end, status, cause, via, message."""
        return self.rows(
            "select s.id, start, end, status, cause, via, message "
            "from interval i join sonde s on s.key = i.sonde order by 1, 2"
        )

    def ledger(self) -> list[tuple[Any, ...]]:
        """Every line: t, event, sonde, billable, paused, service, source."""
        return self.rows("select t, event, sonde, billable, paused, service, source from ledger order by id")

    def history(self) -> dict[str, list[tuple[Any, ...]]]:
        """What an import may change."""
        return {
            "interval": self.intervals(),
            "ledger": self.ledger(),
            "coverage": self.rows(
                "select s.id, last_at, until from coverage c join sonde s on s.key = c.sonde order by 1"
            ),
            "state": self.rows("select s.id, json, journal from state x join sonde s on s.key = x.sonde order by 1"),
        }


Made = TypeVar("Made", bound=Installation)


@contextmanager
def installation(kind: type[Made] = Installation) -> Iterator[Made]:  # type: ignore[assignment]
    """An installation whose directory is removed at the end."""
    root = Path(tempfile.mkdtemp(prefix="vigie-", dir="/tmp"))
    try:
        yield kind(root)
    finally:
        shutil.rmtree(root)


def integrity(place: Installation) -> None:
    """The database is whole, and the histories it holds are possible ones."""
    assert place.rows("pragma integrity_check") == [("ok",)]
    assert place.rows("pragma foreign_key_check") == []
    overlapping = place.rows(
        "select a.sonde, a.start, a.end, b.start from interval a join interval b "
        "on a.sonde = b.sonde and b.start > a.start and (a.end is null or b.start < a.end)"
    )
    assert overlapping == []
    beyond = place.rows(
        "select i.sonde, i.start, i.end, c.until from interval i left join coverage c on c.sonde = i.sonde "
        "where ifnull(i.end, i.start) > ifnull(c.until, i.end)"
    )
    assert beyond == []
