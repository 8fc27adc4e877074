"""`vigie history import`, by itself and through a daemon that runs."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from supervisor.cli import main
from tests.acceptance.daemon import Figures, Installation, integrity
from tests.acceptance.history import encode, event, result

PAUSED = {"type": "tcp", "port": 9, "paused": True}


def write(place: Installation, *lines: dict[str, Any]) -> Path:
    """A file of history."""
    file = place.root / "h.jsonl"
    file.write_bytes(encode(lines))
    return file


def imported(place: Installation, file: Path) -> dict[str, Any]:
    """The summary of an import, which must succeed."""
    done = place.vigie("history", "import", file.name, "--json")
    assert (done.returncode, done.stderr) == (0, ""), done
    summary: dict[str, Any] = json.loads(done.stdout)
    return summary


STORY = [
    event(0, "sonde-added", "exemple/web/ancien", billable=False),
    result(0, "exemple/web/site", "ok"),
    result(60, "exemple/web/site", "critical", message="connexion refusée"),
    result(80, "exemple/web/site", "warning"),
    result(90, "exemple/web/ancien", "ok"),
    result(100, "exemple/web/site", "critical"),
    result(120, "exemple/web/site", "critical"),
    result(140, "exemple/web/site", "critical"),
    event(150, "sonde-removed", "exemple/web/ancien"),
    result(151, "exemple/web/ancien", "ok"),
    event(160, "sonde-added", "exemple/web/autre"),
    result(170, "exemple/web/autre", "unknown", message="pas de route"),
]


def site(place: Installation) -> None:
    """The configuration of the story."""
    place.write_collectivite(
        "exemple",
        [{"id": "web", "address": "127.0.0.1", "sondes": [{"id": "site", **PAUSED}, {"id": "autre", **PAUSED}]}],
    )


def test_the_worked_example_of_the_spec(place: Installation) -> None:
    place.write()
    site(place)
    morning = "2026-03-02T09:0{}+01:00"
    told = [("0:00", "ok"), ("1:00", "critical"), ("1:20", "warning"), ("1:40", "critical"), ("2:00", "critical"),
            ("2:20", "critical")]  # fmt: skip
    file = write(place, *({"t": morning.format(t), "sonde": "exemple/web/site", "status": s} for t, s in told))
    summary = imported(place, file)
    assert (summary["lines"], summary["results"], summary["skipped"]) == (6, 6, 0)
    start = int(datetime(2026, 3, 2, 8, 0, tzinfo=UTC).timestamp())
    assert [(row[1] - start, row[2] and row[2] - start, row[3]) for row in place.intervals()] == [
        (0, 60, "ok"),
        (60, 100, "warning"),
        (100, None, "critical"),
    ]
    assert place.rows("select until from coverage") == [(start + 140 + 150,)]


def test_the_daemon_and_the_command_by_itself_make_the_same_tables(place: Installation) -> None:
    place.write()
    site(place)
    file = write(place, *STORY)
    alone = imported(place, file)
    assert alone == {"lines": 12, "results": 8, "skipped": 0, "removed": 1, "events": 3, "known_events": 0, "absent": 0}
    tables = place.history()
    assert imported(place, file) == {**alone, "results": 0, "events": 0, "known_events": 3, "skipped": 8}
    assert place.history() == tables
    with place.running() as daemon:
        assert imported(place, file)["results"] == 0
        assert daemon.stop() == 0
    integrity(place)
    again = place.history()
    assert {key: again[key] for key in ("interval", "coverage", "state")} == {
        key: tables[key] for key in ("interval", "coverage", "state")
    }

    place.main["database"] = "other.db"
    place.write()
    site(place)
    with place.running() as daemon:
        assert imported(place, file) == alone
        assert daemon.statuses() == {"exemple/web/site": 3, "exemple/web/autre": 3}  # it was long ago
        live = place.history()
        assert imported(place, file) == {**alone, "results": 0, "events": 0, "known_events": 3, "skipped": 8}
        assert place.history() == live
        assert daemon.stop() == 0
        assert "Traceback" not in daemon.log()
    integrity(place)
    assert {key: live[key] for key in ("interval", "coverage")} == {
        key: tables[key] for key in ("interval", "coverage")
    }
    mine = [row for row in live["ledger"] if row[6] == "import"]
    assert mine == [row for row in tables["ledger"] if row[6] == "import"]


def test_what_history_left_in_place_ends_when_the_config_does_not_have_it(place: Installation) -> None:
    place.write()
    site(place)
    file = write(place, event(0, "sonde-added", "exemple/web/ancien"), result(1, "exemple/web/ancien", "ok"))
    for running in (False, True):
        if running:
            with place.running() as daemon:
                imported(place, file)
                daemon.stop()
        else:
            imported(place, file)
        lines = [row for row in place.ledger() if row[2] == "exemple/web/ancien"]
        assert [row[1] for row in lines] == ["sonde-added", "sonde-removed"]
        assert abs(lines[1][0] - time.time()) < 600


GOOD = json.dumps(result(0, "exemple/web/site", "ok")).encode()
BAD: dict[str, tuple[bytes, str]] = {
    "no offset": (b'{"t": "2026-03-02T09:00:00", "sonde": "exemple/web/site", "status": "ok"}', "no offset"),
    "a day only": (b'{"t": "2026-03-02", "sonde": "exemple/web/site", "status": "ok"}', "no offset"),
    "a number": (b'{"t": 1772438400, "sonde": "exemple/web/site", "status": "ok"}', "t: "),
    "no instant": (b'{"t": "yesterday", "sonde": "exemple/web/site", "status": "ok"}', "not an instant"),
    "no t": (b'{"sonde": "exemple/web/site", "status": "ok"}', "t: "),
    "future": (b'{"t": "2926-03-02T09:00:00Z", "sonde": "exemple/web/site", "status": "ok"}', "in the future"),
    "end of time": (b'{"t": "9999-12-31T23:59:59-23:59", "sonde": "a/b/c", "status": "ok"}', "in the future"),
    "beginning of time": (b'{"t": "0001-01-01T00:00:00+23:59", "sonde": "a/b/c", "status": "ok"}', "before the line"),
    "out of order": (json.dumps(result(-1, "exemple/web/site", "ok")).encode(), "before the line above"),
    "unknown collectivite": (json.dumps(result(1, "ailleurs/web/site", "ok")).encode(), "no collectivit"),
    "no id": (json.dumps(result(1, "exemple/site", "ok")).encode(), "is not an id"),
    "id is a list": (json.dumps({**result(1, "", "ok"), "sonde": ["exemple/web/site"]}).encode(), "is not an id"),
    "id is a megabyte": (json.dumps(result(1, "x" * 60_000, "ok")).encode(), "is not an id"),
    "bad status": (json.dumps(result(1, "exemple/web/site", "up")).encode(), "is not one of ok"),
    "no status": (b'{"t": "2026-02-02T12:00:00Z", "sonde": "exemple/web/site"}', "is not one of ok"),
    "status is a list": (json.dumps({**result(1, "exemple/web/site", ""), "status": []}).encode(), "is not one of ok"),
    "message is a number": (json.dumps(result(1, "exemple/web/site", "ok", message=3)).encode(), "message: "),
    "not JSON": (b"2026-03-02 ok", "not a line of JSON"),
    "half a line": (GOOD[:-5], "not a line of JSON"),
    "two in a line": (GOOD + GOOD, "not a line of JSON"),
    "not an object": (b"[]", "an object like"),
    "null": (b"null", "an object like"),
    "unknown key": (json.dumps(result(1, "exemple/web/site", "ok", note="x")).encode(), "note: not expected"),
    "key of half a pair": (b'{"t": "2026-02-02T12:00:00Z", "\\ud800": 1, "sonde": "exemple/web/site", "status": "ok"}',
                           "not expected"),
    "t of half a pair": (b'{"t": "\\ud800", "sonde": "exemple/web/site", "status": "ok"}', "not an instant"),
    "unknown event": (json.dumps(event(1, "sonde-renamed", "exemple/web/site")).encode(), "is not one of sonde-added"),
    "event is null": (json.dumps({**event(1, "", "exemple/web/site"), "event": None}).encode(), "is not one of"),
    "event of nothing": (b'{"t": "2026-02-02T12:00:00Z", "event": "sonde-added"}', "is not an id"),
    "billable is a text": (json.dumps(event(1, "sonde-added", "exemple/web/x", billable="no")).encode(), "billable: "),
    "not UTF-8": (b'{"t": "2026-03-02T09:00:00Z", "message": "\xe9"}', "not UTF-8"),
    "binary": (b"\x00\x01\x02\xff\xfe", "not"),
    "ten megabytes": (b'{"message": "' + b"x" * 10_000_000 + b'"}', "longer than"),
    "ten megabytes of no line": (b"x" * 10_000_000, "longer than"),
    "deep": (b"[" * 50_000, "nested too deep"),
    "many digits": (b'{"t": ' + b"1" * 50_000 + b"}", "not a line of JSON"),
}  # fmt: skip


def refused(place: Installation, bad: bytes, expected: str) -> None:
    """The whole file is refused, naming the third line."""
    file = place.root / "h.jsonl"
    last = json.dumps(result(5, "exemple/web/autre", "critical")).encode()
    file.write_bytes(b"\n".join([GOOD, b"", bad, last, b""]))
    # In this process: a new one for each of so many lines would take a minute.
    done = CliRunner().invoke(main, ["history", "import", str(file), "--config", str(place.config)])
    assert done.exit_code == 2, done
    assert done.stdout == ""
    assert done.stderr.startswith(f"{file}:3: "), done.stderr[:300]
    assert expected in done.stderr
    assert len(done.stderr) < 1000
    assert "nothing was imported" in done.stderr


@pytest.mark.parametrize("running", [False, True], ids=["alone", "daemon"])
def test_one_bad_line_refuses_the_whole_file(place: Installation, running: bool) -> None:
    place.write()
    site(place)
    before = write(place, *STORY)
    imported(place, before)
    if not running:
        tables = place.history()
        for bad, expected in BAD.values():
            refused(place, bad, expected)
        assert place.history() == tables
        return
    with place.running() as daemon:
        tables = place.history()
        for bad, expected in BAD.values():
            refused(place, bad, expected)
        assert place.history() == tables
        assert daemon.stop() == 0
        assert "Traceback" not in daemon.log()


def test_a_bad_line_at_the_end_of_a_large_file(place: Installation) -> None:
    place.write()
    site(place)
    lines = [result(second, "exemple/web/site", "ok") for second in range(20_000)]
    file = place.root / "h.jsonl"
    file.write_bytes(encode(lines) + b"{]\n")
    with place.running() as daemon:
        done = place.vigie("history", "import", file.name)
        assert (done.returncode, done.stdout) == (2, "")
        assert "h.jsonl:20001: " in done.stderr
        assert place.intervals() == []
        file.write_bytes(b"{]\n" + encode(lines))  # refused while the command still sends
        done = place.vigie("history", "import", file.name)
        assert (done.returncode, done.stdout) == (2, "")
        assert "h.jsonl:1: " in done.stderr
        assert place.intervals() == []
        assert daemon.stop() == 0
        assert "Traceback" not in daemon.log()


def test_a_hundred_thousand_lines_while_checks_go_on(place: Installation, figures: Figures) -> None:
    # Several a second; what a check may take, on a machine that is busy with others, is five.
    place.write(a=[{"id": f"vif{n}", "type": "tcp", "port": 9, "interval": "5s", "attempts": 1} for n in range(20)])
    place.write_collectivite(
        "exemple", [{"id": "web", "address": "127.0.0.1", "sondes": [{"id": f"s{n}", **PAUSED} for n in range(100)]}]
    )
    lines = [
        result(second, f"exemple/web/s{second % 100}", "critical" if second % 7000 < 300 else "ok")
        for second in range(100_000)
    ]
    file = write(place, *lines)
    with place.running() as daemon:
        before = daemon.checks()
        started = time.monotonic()
        assert imported(place, file)["results"] == 100_000
        took = time.monotonic() - started
        assert daemon.checks() > before
        assert daemon.metrics().total("vigie_pool_skipped_checks_total") == 0
        assert daemon.stop() == 0
    integrity(place)
    figures(f"import through the daemon: 100,000 lines in {took:.1f} s, {took * 10:.0f} µs a line, start included")
