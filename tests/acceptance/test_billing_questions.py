"""The questions around billing, to the real commands and the real daemon: why so many, what if, until when. SPEC 8."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import CliRunner, Result

from supervisor.cli import main
from tests.acceptance.daemon import Daemon, Installation

SIRET = "21570001100012"
CONTRACT = {"start": "2024-01-01", "sondes": 100}


def idle(many: int) -> list[dict[str, Any]]:
    """Paused sondes: they count, and check nothing."""
    return [{"id": f"s{number:03}", "type": "tcp", "port": 9, "paused": True} for number in range(many)]


def written(place: Installation, many: int, **more: Any) -> None:
    """The main file, and Exemple with so many sondes."""
    place.write()
    equipment = [{"id": "e", "address": "127.0.0.1", "sondes": idle(many)}]
    place.write_collectivite("exemple", equipment, **{"siret": SIRET, "contract": CONTRACT, **more})


def lived(place: Installation, lines: Iterable[dict[str, Any]]) -> None:
    """An imported past."""
    file = place.root / "past.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = run(place, "history", "import", str(file))
    assert done.exit_code == 0, done.output


def run(place: Installation, *words: str) -> Result:
    """`vigie WORDS`, in this process: an interpreter takes longer to start than it does to answer."""
    return CliRunner().invoke(main, [*words, "--config", str(place.config)])


def asked(place: Installation, *words: str) -> dict[str, Any]:
    """What it prints as JSON."""
    done = run(place, *words, "--json")
    assert done.exit_code == 0, done.output
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def refused(place: Installation, *words: str) -> str:
    """Why it is."""
    done = run(place, *words)
    assert (done.exit_code, done.stdout) == (2, "")
    return done.stderr


@pytest.fixture
def past(place: Installation) -> Installation:
    """Exemple had 110 sondes from 10 January to 20 March 2024, of which 10 since 5 March only."""
    written(place, 1)

    def line(t: str, event: str, number: int) -> dict[str, Any]:
        return {"t": f"2024-{t}", "event": event, "sonde": f"exemple/e/s{number:03}"}

    lived(
        place,
        [
            *(line("01-10T00:00:00+01:00", "sonde-added", number) for number in range(100)),
            *(line("03-05T10:00:00+01:00", "sonde-added", number) for number in range(100, 110)),
            *(line("03-20T00:00:00+01:00", "sonde-removed", number) for number in range(110)),
        ],
    )
    return place


def test_an_explanation_lists_the_sondes_the_peak_and_what_is_billed(past: Installation) -> None:
    said = asked(past, "billing", "explain", "exemple", "--month", "2024-03")
    (count,) = asked(past, "billing", "counts", "--month", "2024-03")["counts"]
    assert {name: said[name] for name in count} == count
    assert (said["peak"], said["peak_at"], said["billed"]) == (110, "2024-03-05T10:00:00+01:00", 150)
    assert len(said["sondes"]) == 110
    assert {row["ended"] for row in said["sondes"]} == {"removed"}
    shown = run(past, "billing", "explain", "exemple", "--month", "2024-03").stdout
    assert "at most 110 while the contract runs, first at 2024-03-05 10:00:00+0100 → 3 pools of 50" in shown
    assert "exemple/e/s109  2024-03-05 10:00:00+0100  1260000  from 2024-03-05 10:00:00+0100 to 2024-03-20" in shown
    assert "exemple/e/s000  2024-01-10 00:00:00+0100  1641600  to 2024-03-20 00:00:00+0100" in shown
    assert "runs in the month: all the time" in shown
    assert f"= {said['sonde_seconds']} sonde-seconds / {said['elapsed_s']} s" in shown
    assert "avenant à signer, since 2024-03-05 10:00:00+0100: 110 sondes counted, 100 subscribed" in shown


def test_a_closed_month_is_explained_as_it_was_closed(past: Installation) -> None:
    """SPEC 8: with the files gone, what is closed comes out the same."""
    assert run(past, "close", "--month", "2024-03", "--author", "Comptable").exit_code == 0
    before = asked(past, "billing", "explain", "exemple", "--month", "2024-03")
    assert before["document"] == "2024-03/exemple/1"
    past.write()
    past.write_collectivite("autre", [])
    after = asked(past, "billing", "explain", "exemple", "--month", "2024-03")
    assert {**after, "amendment": None} == {**before, "amendment": None}  # the year goes on, its contract does not


def test_what_is_to_be_signed(past: Installation) -> None:
    (found,) = asked(past, "billing", "amendments", "--year", "2024")["amendments"]
    assert (found["since"], found["lasts"]) == ("2024-03-05T10:00:00+01:00", False)
    assert (found["counted"], found["subscribed"], found["amount"]) == (110, 100, "50.00")
    shown = run(past, "billing", "amendments", "--year", "2024").stdout
    assert shown.startswith("avenants à signer:\n")
    assert "110 (150 billed)" in shown
    assert run(past, "billing", "amendments", "--year", "2025").stdout == "no avenant à signer\n"


def test_questions_that_have_no_answer(past: Installation) -> None:
    explain = ("billing", "explain")
    assert "no 'exempl' in the ledger; did you mean 'exemple'?" in refused(
        past, *explain, "exempl", "--month", "2024-03"
    )
    assert "'2024-13' is not a month" in refused(past, *explain, "exemple", "--month", "2024-13")
    assert "begins in the future" in refused(past, *explain, "exemple", "--month", "2100-01")
    assert "begins in the future" in refused(past, "billing", "amendments", "--year", "2100")


# --- what if


def test_a_simulation_needs_no_database_and_makes_none(place: Installation) -> None:
    written(place, 130)
    found = asked(place, "billing", "simulate")
    (change,) = found["collectivites"]
    assert (change["now"]["sondes"], change["then"]["sondes"], change["then"]["billed"]) == (0, 130, 150)
    assert change["amount"] == found["total"] == "100.00"
    assert not place.database.exists()


def test_the_files_are_simulated_before_the_daemon_loads_them(place: Installation) -> None:
    """Five places left: said by check and simulate, then by the reload, the log and the gauges, once."""
    written(place, 90)
    with place.running() as daemon:
        assert gauges(daemon) == (90, 100, 100, 10)
        assert run(place, "billing", "simulate").stdout == "nothing changes\n"
        written(place, 96)
        simulated = run(place, "billing", "simulate")
        assert "exemple       90 → 96  100         100     2      100    10 → 4" in simulated.stdout
        said = "exemple: the last pool is nearly full: 96 sondes are counted, 4 places left"
        assert f"note: {said}\n" in simulated.stderr
        assert gauges(daemon) == (90, 100, 100, 10)
        checked = run(place, "check")
        assert (checked.exit_code, checked.stderr) == (0, f"warning: {said}\n")
        reloaded = run(place, "reload")
        assert "6 sondes added" in reloaded.stdout
        assert reloaded.stderr == f"note: {said}\n"
        assert gauges(daemon) == (96, 100, 100, 4)
        assert run(place, "billing", "simulate").stdout == "nothing changes\n"
        assert run(place, "reload").stderr == ""
        written(place, 101)
        assert "avenant à signer: 101 sondes are counted (150 billed), 100 subscribed" in run(place, "reload").stderr
        assert gauges(daemon) == (101, 100, 150, 49)
        assert daemon.stop() == 0
        logged = [line["message"] for line in daemon.logged() if "exemple: " in line["message"]]
    assert [text.partition(":")[2].partition(":")[0].strip() for text in logged] == [
        "the last pool is nearly full",
        "avenant à signer",
    ]


def test_an_imported_past_shows_in_the_gauges(place: Installation) -> None:
    """101 sondes were there until the import, which removes what the config does not have: 150 are billed."""
    written(place, 1)
    before = datetime.fromtimestamp(time.time() - 60, UTC).isoformat()
    with place.running() as daemon:
        assert gauges(daemon) == (1, 100, 100, 99)
        lived(
            place,
            [{"t": before, "event": "sonde-added", "sonde": f"exemple/e/s{number:03}"} for number in range(1, 102)],
        )
        assert gauges(daemon) == (1, 100, 150, 99)


def gauges(daemon: Daemon) -> tuple[float, ...]:
    """What Prometheus reads of Exemple."""
    shown = daemon.metrics()
    names = ("vigie_billable_sondes", "vigie_subscribed_sondes", "vigie_billed_sondes", "vigie_billing_free_sondes")
    return tuple(shown.value(name, collectivite="exemple") for name in names)


def test_a_simulation_of_files_that_are_wrong_is_refused(place: Installation) -> None:
    written(place, 1, contract={"start": "2024-01-01", "sondes": -1})
    assert "contract.sondes" in refused(place, "billing", "simulate")


# --- until when


def test_a_letter_of_leave(place: Installation) -> None:
    """002 art. 11: letter of 15 March, last day 31 May; the first year is firm. Nothing is written."""
    written(place, 0)
    assert asked(place, "contract", "end", "exemple", "--received", "2026-03-15") == {
        "collectivite": "exemple",
        "start": "2024-01-01",
        "received": "2026-03-15",
        "notice_from": "2026-04-01",
        "notice_to": "2026-05-31",
        "first_year_ends": "2024-12-31",
        "last_day": "2026-05-31",
        "why": "two months' notice from the 1st of the month after the letter: 2026-04-01 to 2026-05-31; "
        "the first year, which is firm, is over on 2024-12-31",
        "due": 2026,
    }
    shown = run(place, "contract", "end", "exemple", "--received", "2024-03-15").stdout
    assert shown.startswith("last day: 2024-12-31\nwhy: the first year is firm")
    assert "in the config, contract of 2024-01-01: write `notice: 2024-03-15`" in shown
    every = asked(place, "contract", "end", "--received", "2026-03-15")
    assert [each["collectivite"] for each in every["contracts"]] == ["exemple"]
    assert not place.database.exists()


def test_a_contract_that_ends_already(place: Installation) -> None:
    written(place, 0, contract={**CONTRACT, "end": "2026-12-31"})
    shown = run(place, "contract", "end", "exemple", "--received", "2026-03-15").stdout
    assert "write `notice: 2026-03-15`, instead of what ends it on 2026-12-31" in shown
    late = run(place, "contract", "end", "exemple", "--received", "2026-11-15").stdout
    assert late.startswith("last day: 2026-12-31\nwhy: the contract ends on 2026-12-31 already")
    assert "write" not in late
    written(place, 0, contract={**CONTRACT, "notice": "2026-03-15"})
    again = run(place, "contract", "end", "exemple", "--received", "2026-03-15").stdout
    assert again.startswith("last day: 2026-05-31\n")
    assert "the config says so already" in again


def test_a_contract_of_the_command_line_needs_no_config(place: Installation) -> None:
    found = asked(place, "contract", "end", "--received", "2026-03-15", "--start", "2026-01-01")
    assert (found["collectivite"], found["last_day"], found["due"]) == (None, "2026-12-31", 2026)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("exemple", "--received", "2023-12-31"), "2023-12-31 is before the contract begins, 2024-01-01"),
        (("exemple", "--received", "2025-01-15"), "2025-01-15 is after the contract ended, 2024-12-31"),
        (("exemple", "--received", "2026-02-30"), "'2026-02-30' is no day"),
        (("exempl", "--received", "2024-03-15"), "no 'exempl' in the config; did you mean 'exemple'?"),
        (("sans", "--received", "2024-03-15"), "'sans' has no contract"),
        (("exemple", "--received", "2024-03-15", "--start", "2024-01-01"), "leave out COLLECTIVITE"),
        (("exemple",), "Missing option '--received'"),
    ],
)
def test_letters_that_end_nothing(place: Installation, words: tuple[str, ...], why: str) -> None:
    written(place, 0, contract={**CONTRACT, "end": "2024-12-31"})
    place.write_collectivite("sans", [])
    assert why in refused(place, "contract", "end", *words)


def test_a_letter_between_two_contracts(place: Installation) -> None:
    """What is refused is named after the contract that comes next."""
    contracts = [{**CONTRACT, "end": "2024-12-31"}, {"start": "2026-01-01", "sondes": 100}]
    written(place, 0, contract=contracts)
    assert "before the contract begins, 2026-01-01" in refused(
        place, "contract", "end", "exemple", "--received", "2025-06-01"
    )
    found = asked(place, "contract", "end", "exemple", "--received", "2026-06-01")
    assert (found["start"], found["last_day"]) == ("2026-01-01", "2026-12-31")
