"""The ledger of billing in the real process: what a start, a reload and an import write of it. SPEC 8."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from supervisor.cli import accounting, main
from tests.acceptance.daemon import Installation
from tests.acceptance.targets import Targets, tcp

SIRET = "21570001100012"
CONTRACT = {"start": "2024-01-01", "sondes": 100}


def written(place: Installation, name: str, sondes: Iterable[dict[str, Any]], **more: Any) -> None:
    equipment = [{"id": "e", "address": "127.0.0.1", "sondes": list(sondes)}]
    place.write_collectivite(name, equipment, **{"siret": SIRET, "contract": CONTRACT, **more})


def run(place: Installation, *words: str) -> Result:
    """`vigie WORDS`, in this process: an interpreter takes longer to start than it does to answer."""
    return CliRunner().invoke(main, [*words, "--config", str(place.config)])


def asked(place: Installation, *words: str) -> Result:
    """`vigie billing WORDS --json`."""
    return run(place, "billing", *words, "--json")


def said(place: Installation, *words: str) -> dict[str, Any]:
    done = asked(place, *words)
    assert done.exit_code == 0, done.output
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def imported(place: Installation, *lines: dict[str, Any]) -> str:
    """Import these lines; gives what it says, if it refuses them."""
    file = place.root / "past.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = run(place, "history", "import", str(file))
    return done.stderr if done.exit_code else ""


def today() -> date:
    return datetime.now(ZoneInfo("Europe/Paris")).date()


def month_now() -> str:
    return f"{today():%Y-%m}"


@pytest.fixture
def place(place: Installation) -> Installation:
    place.write()
    return place


def test_one_reload_is_one_instant(place: Installation, world: Targets) -> None:
    """SPEC 8: « a rename never peaks », and paused sondes count."""
    up = world.answering()
    written(place, "a", [tcp("reste", up), tcp("avant", up)])
    with place.running() as daemon:
        written(place, "a", [tcp("reste", up, paused=True), tcp("apres", up)])
        assert run(place, "reload").exit_code == 0
        assert daemon.stop() == 0
    (found,) = said(place, "counts", "--month", month_now())["counts"]
    assert (found["peak"], found["last"], found["billed"], found["pools"]) == (2, 2, 100, 2)


def test_the_contract_that_runs_is_the_one_that_was_loaded(place: Installation, world: Targets) -> None:
    """A file that is edited holds once the daemon has loaded it; without a daemon, as it stands."""
    year = str(today().year - 1)  # whole: all of its calls are dated by now
    written(place, "a", [tcp("un", world.answering())])
    with place.running() as daemon:
        written(place, "a", [tcp("un", world.answering())], contract={**CONTRACT, "sondes": 150}, siret=None)
        assert said(place, "contributions", "--year", year)["total"] == "100.00"
        assert run(place, "reload").exit_code == 0
        (call,) = said(place, "contributions", "--year", year)["calls"]
        assert (call["amount"], call["siret"], call["date"]) == ("150.00", None, f"{year}-07-01")
        assert place.rows("select count(*) from account where collectivite = 'a'") == [(2,)]
        assert run(place, "reload").exit_code == 0  # nothing changed: nothing is written
        assert place.rows("select count(*) from account") == [(2,)]
        assert daemon.stop() == 0
    written(place, "a", [], contract={**CONTRACT, "sondes": 200})
    assert said(place, "contributions", "--year", year)["total"] == "200.00"
    assert place.rows("select count(*) from account") == [(2,)]  # it was only read


def test_a_file_that_disappears(place: Installation, world: Targets) -> None:
    """SPEC 8: « its sondes are removed at that instant and its contract ends that day »; the past stays as it was."""
    up = world.answering()
    written(place, "a", [tcp("un", up)])
    written(place, "b", [tcp("deux", up)])
    assert not imported(place, {"t": f"{month_now()}-01T00:00:00Z", "event": "sonde-added", "sonde": "b/e/deux"})
    past = str(today().year - 1)
    with place.running() as daemon:
        before = said(place, "contributions", "--year", past)
        (place.root / "collectivites" / "b.yaml").unlink()
        assert run(place, "reload").exit_code == 0
        assert daemon.stop() == 0
    assert said(place, "contributions", "--year", past) == before
    (gone,) = place.rows("select t from account where collectivite = 'b' and body is null")
    assert place.rows("select t from ledger where sonde = 'b/e/deux' and event = 'sonde-removed'") == [gone]
    (_, b) = said(place, "counts", "--month", month_now())["counts"]
    assert (b["collectivite"], b["peak"], b["last"], b["billed"]) == ("b", 1, 0, 100)


def test_the_config_gone_the_past_is_the_same(place: Installation) -> None:
    """SPEC 8: « with the config gone, past counts and calls come out identical », to the byte."""
    for name in ("a", "b"):
        written(place, name, [])
    assert not imported(
        place,
        {"t": "2025-03-01T00:00:00+01:00", "event": "sonde-added", "sonde": "a/e/un"},
        {"t": "2025-03-30T02:30:00+01:00", "event": "sonde-added", "sonde": "b/e/un"},
        {"t": "2025-05-01T00:00:00+02:00", "event": "sonde-removed", "sonde": "a/e/un"},
    )
    questions = [
        ("counts", "--month", "2025-03"),
        ("counts", "--month", "2025-04"),
        ("contributions", "--year", "2025"),
    ]

    def answers() -> list[str]:
        done = [asked(place, *words) for words in questions]
        assert [each.exit_code for each in done] == [0, 0, 0], done
        return [each.stdout for each in done]

    before = answers()
    assert '"peak": 1' in before[0]
    shutil.rmtree(place.root / "collectivites")
    assert answers() == before
    place.config.unlink()
    assert answers() == before
    alone = place.vigie("billing", "counts", "--month", "2025-03", "--json", "--database", str(place.database))
    assert (alone.stdout, alone.stderr) == (before[0], "")


def test_without_a_database_the_contracts_alone_speak(place: Installation) -> None:
    written(place, "a", [], contract={"start": "2025-09-01", "sondes": 100})
    (call,) = said(place, "contributions", "--year", "2025")["calls"]
    assert (call["date"], call["kind"], call["amount"]) == ("2025-09-01", "additional", "100.00")
    assert not place.database.exists()


def test_a_compensating_line(place: Installation) -> None:
    """SPEC 8: « makes a sonde not billable over [from, to) »: known by its content, for billing alone."""
    written(place, "a", [])
    wrong = {
        "t": "2025-04-02T09:00:00+02:00",
        "event": "sonde-correction",
        "sonde": "a/e/un",
        "from": "2025-03-10T00:00:00+01:00",
        "to": "2025-04-01T00:00:00+02:00",
        "author": "Camille",
        "reason": "ajoutée par erreur",
    }
    lines = [{"t": "2025-03-01T00:00:00+01:00", "event": "sonde-added", "sonde": "a/e/un"}, wrong]
    assert not imported(place, *lines)
    (march,) = said(place, "counts", "--month", "2025-03")["counts"]
    (april,) = said(place, "counts", "--month", "2025-04")["counts"]
    assert (march["first"], march["last"], march["distinct"]) == (1, 0, 1)
    assert march["mean"] == 9 * 86_400 / (743 * 3600)
    assert (april["first"], april["mean"]) == (1, 1.0)
    assert not imported(place, *lines)
    assert place.rows("select sonde, author, reason from correction") == [("a/e/un", "Camille", "ajoutée par erreur")]


def test_a_closed_month_takes_no_compensating_line(place: Installation) -> None:
    """SPEC 8: « refused in a closed month », from its first second to its last."""
    written(place, "a", [])
    assert not imported(place, {"t": "2025-03-01T00:00:00+01:00", "event": "sonde-added", "sonde": "a/e/un"})
    assert run(place, "close", "--month", "2025-03").exit_code == 0
    line = {
        "t": "2025-04-02T09:00:00+02:00",
        "event": "sonde-correction",
        "sonde": "a/e/un",
        "from": "2025-03-31T23:59:59+02:00",
        "to": "2025-04-01T00:00:01+02:00",
        "author": "Camille",
        "reason": "ajoutée par erreur",
    }
    assert "past.jsonl:1: from: it falls into a month that is closed" in imported(place, line)
    assert not imported(place, {**line, "from": "2025-04-01T00:00:00+02:00"})


def test_removing_what_is_not_there_is_said(place: Installation) -> None:
    """SPEC 11: « removing an absent sonde has no effect »; whoever imports should know all the same."""
    written(place, "a", [])
    file = place.root / "past.jsonl"
    moments = [datetime(2025, 3, 1, tzinfo=UTC) + timedelta(days=day) for day in range(3)]
    kinds = ["sonde-added", "sonde-removed", "sonde-removed"]
    file.write_text(
        "".join(
            json.dumps({"t": moment.isoformat(), "event": kind, "sonde": "a/e/un"}) + "\n"
            for moment, kind in zip(moments, kinds, strict=True)
        )
    )
    done = run(place, "history", "import", str(file))
    assert (done.exit_code, done.stderr) == (0, "")
    assert "1 removals of sondes that were not there had no effect" in done.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("counts", "--month", "2099-01"), "month: 2099-01 begins in the future"),
        (("counts", "--month", "2025-13"), "month: '2025-13' is not a month; write 2026-03"),
        (("counts", "--month", "2025-Q1"), "month: '2025-Q1' is not a month; write 2026-03"),
        (("counts", "--month", "2025-03", "--collectivite", "b"), "collectivite: no 'b' in the ledger"),
        (("contributions", "--year", "2999"), "year: 2999 begins in the future"),
        (("contributions", "--year", "25"), "year: '25' is not a year; write 2026"),
        (("contributions", "--year", "2025", "--collectivite", "b"), "collectivite: no 'b' in the ledger"),
    ],
)
def test_refused(place: Installation, words: tuple[str, ...], expected: str) -> None:
    written(place, "a", [])
    done = asked(place, *words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(expected)


def test_sondes_without_a_contract_are_warned_of(place: Installation) -> None:
    """SPEC 8: « else 0 with a warning »; the operator is never billed, nor listed."""
    written(place, "a", [], contract=[])
    written(place, "syndicat", [], contract=[], operator=True)
    assert not imported(
        place,
        {"t": "2025-03-01T00:00:00+01:00", "event": "sonde-added", "sonde": "a/e/un"},
        {"t": "2025-03-01T00:00:00+01:00", "event": "sonde-added", "sonde": "syndicat/e/un"},
    )
    done = asked(place, "counts", "--month", "2025-03")
    (found,) = json.loads(done.stdout)["counts"]
    assert (found["collectivite"], found["peak"], found["billed"], found["pools"]) == ("a", 1, 0, 0)
    assert done.stderr == "warning: a: no contract runs in this month, and sondes are counted (1 at most)\n"


def test_more_counted_than_subscribed_is_an_amendment_to_sign(place: Installation) -> None:
    """SPEC 8: `basis: subscribed` « flags what is counted above it as "avenant à signer" », with its amount."""
    written(place, "a", [])
    added = [{"t": "2025-03-01T00:00:00+01:00", "event": "sonde-added", "sonde": f"a/e/s{n}"} for n in range(101)]
    assert not imported(place, *added)
    done = asked(place, "contributions", "--year", "2025")
    assert json.loads(done.stdout)["total"] == "100.00"
    assert (
        "a: avenant à signer: 101 sondes are counted (150 billed), 100 subscribed; it comes to 50.00 €" in done.stderr
    )


def test_a_daemon_that_does_not_answer_keeps_nobody_from_reading(
    place: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped, or swapped out: its ledger can be read all the same."""
    written(place, "a", [])
    place.main["control"] = "s"
    place.config.write_text(json.dumps(place.main))
    assert not imported(place, {"t": "2025-03-01T00:00:00+01:00", "event": "sonde-added", "sonde": "a/e/un"})
    written(place, "a", [], contract=[])
    monkeypatch.setattr(accounting, "_PATIENCE_S", 0.05)
    with closing(socket.socket(socket.AF_UNIX)) as silent:
        silent.bind(str(place.control))
        silent.listen()
        (found,) = said(place, "counts", "--month", "2025-03")["counts"]
    assert (found["peak"], found["billed"]) == (1, 100)  # as the ledger has it, not the file


def test_a_letter_that_cannot_be_set_keeps_nobody_from_theirs(place: Installation) -> None:
    for name in ("a", "b", "c"):
        written(place, name, [])
    file = place.root / "collectivites" / "b.yaml"
    file.write_text(file.read_text().replace("Commune b", "\N{SLIGHTLY SMILING FACE}"))
    done = CliRunner().invoke(
        main,
        ["billing", "contributions", "--year", "2025", "--pdf", "--output", str(place.root / "appels"),
         "--config", str(place.config)],
    )  # fmt: skip
    assert done.exit_code == 2
    assert "the PDF of \N{SLIGHTLY SMILING FACE} cannot be made" in done.stderr
    assert sorted(path.name for path in (place.root / "appels").iterdir()) == [
        "projet-appel-2025-a-2025-07-01.pdf",
        "projet-appel-2025-c-2025-07-01.pdf",
    ]
