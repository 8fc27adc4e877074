"""The worked examples of SPEC 3 to 6, and the cases that contracts turn on, through the real commands."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from click.testing import CliRunner

from supervisor.cli import main

PARIS = ZoneInfo("Europe/Paris")
MAIN = """
organisation: Moselle Fibre
profile: moselle-fibre
include: [exemple.yaml]
calendars:
  always: {timezone: Europe/Paris, holidays: null, slots: {mon-sun: ["00:00-24:00"]}}
"""
SITE = "exemple/web/site"
EXEMPLE = {"collectivite": "exemple"}
STORM = {"kind": "force_majeure", "reason": "x"}
OTHER = {"kind": "third_party", "reason": "x"}
DAY = 8.5 * 3600  # opening seconds of a day of Moselle Fibre

Line = Mapping[str, Any]


class Commune:
    """One commune with one service and one sonde, whose past is imported."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.contract: dict[str, str] = {"start": "2026-01-01"}
        self.service: dict[str, Any] = {"id": "web", "name": "Site"}
        self.more: dict[str, Any] = {}

    def write(self) -> None:
        """Its files."""
        sonde = {"id": "site", "type": "tcp", "port": 80, "interval": "1h", "attempts": 1}
        equipment = [{"id": "web", "address": "127.0.0.1", "service": "web", "sondes": [sonde]}]
        commune = {
            "collectivite": "exemple",
            "name": "Commune d'Exemple",
            "contract": self.contract,
            "services": [self.service],
            "equipment": equipment,
            **self.more,
        }
        (self.root / "vigie.yaml").write_text(MAIN)
        (self.root / "exemple.yaml").write_text(json.dumps(commune))

    def take(self, *lines: Line) -> dict[str, int]:
        """Import these lines."""
        self.write()
        file = self.root / "history.jsonl"
        file.write_text("".join(json.dumps(line) + "\n" for line in sorted(lines, key=_instant)))
        summary: dict[str, int] = json.loads(self.run("history", "import", str(file), "--json"))
        return summary

    def sla(self, period: str) -> dict[str, Any]:
        """The figures of its service."""
        (found,) = json.loads(self.run("sla", "--period", period, "--json"))["services"]
        return dict(found)

    def gti(self, period: str) -> list[dict[str, Any]]:
        """Its GTI lines."""
        found: list[dict[str, Any]] = json.loads(self.run("sla", "--period", period, "--json"))["gti"]
        return found

    def run(self, *words: str) -> str:
        """A command that must succeed."""
        ran = CliRunner().invoke(main, [*words, "--config", str(self.root / "vigie.yaml")])
        assert ran.exit_code == 0, ran.output
        return ran.stdout

    def refused(self, *words: str) -> str:
        """A command that must be refused."""
        ran = CliRunner().invoke(main, [*words, "--config", str(self.root / "vigie.yaml")])
        assert ran.exit_code == 2, ran.output
        return ran.stderr


def _instant(line: Line) -> datetime:
    return datetime.fromisoformat(line["t"])


def stamp(text: str) -> str:
    """A local instant of Paris with its offset."""
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).isoformat()


def hourly(first: str, last: str, *down: tuple[str, str]) -> Iterator[Line]:
    """A result every hour, critical within these spans; all local."""
    at, end = (datetime.fromisoformat(text).replace(tzinfo=PARIS).timestamp() for text in (first, last))
    spans = [[datetime.fromisoformat(t).replace(tzinfo=PARIS).timestamp() for t in span] for span in down]
    while at < end:
        ill = any(start <= at < stop for start, stop in spans)
        status = "critical" if ill else "ok"
        yield {"t": datetime.fromtimestamp(at, PARIS).isoformat(), "sonde": SITE, "status": status}
        at += 3600


def span(start: str, end: str) -> dict[str, str]:
    """From when to when, local."""
    return {"start": start, "end": end}


def event(t: str, what: str, **more: Any) -> Line:
    """An event; `start` and `end` are local too."""
    local = {key: stamp(more.pop(key)) for key in ("start", "end") if key in more}
    return {"t": stamp(t), "event": what, "author": "Ana", **local, **more}


@pytest.fixture
def commune(tmp_path: Path) -> Iterator[Commune]:
    """A commune; it is 1 October 2026."""
    with time_machine.travel(datetime(2026, 10, 1, 12, tzinfo=PARIS), tick=False):
        yield Commune(tmp_path)


def test_a_month_to_the_second(commune: Commune) -> None:
    """March 2026: 22 days of 8 h 30 = 187 h. Down on Tuesday 10 from 10:00 to 14:00, 4 h: 1 - 4/187; met, being at
    least 96 %: 7.48 h may be lost."""
    commune.take(*hourly("2026-02-27T00:00", "2026-04-01T00:00", ("2026-03-10T10:00", "2026-03-10T14:00")))
    found = commune.sla("2026-03")
    assert (found["open_s"], found["down_s"], found["unknown_s"], found["excluded_s"]) == (22 * DAY, 4 * 3600, 0, 0)
    assert found["availability"] == found["low"] == found["high"] == pytest.approx(1 - 4 / 187)
    assert found["verdict"] == "met"


def test_an_outage_across_a_holiday_counts_no_second_of_it(commune: Commune) -> None:
    """Friday 1 May is a holiday: down from Thursday 30 April 16:00 to Monday 4 May 10:00 = 1 h 30 + 1 h."""
    commune.take(*hourly("2026-04-27T00:00", "2026-05-06T00:00", ("2026-04-30T16:00", "2026-05-04T10:00")))
    assert commune.sla("2026-04-27..2026-05-06")["down_s"] == 2.5 * 3600
    (line,) = commune.gti("2026-04")
    assert (line["elapsed_s"], line["met"]) == (2.5 * 3600, True)
    assert line["deadline"] == "2026-05-04T15:30:00+02:00"


def test_good_friday_is_the_communes_own(commune: Commune) -> None:
    """Thursday 2 April 16:00 + 8 h: Friday 15:30, but Tuesday 7 April 15:30 where Good Friday (3rd) is a holiday."""
    history = list(hourly("2026-03-30T00:00", "2026-04-09T00:00", ("2026-04-02T16:00", "2026-04-08T12:00")))
    commune.take(*history)
    assert commune.gti("2026-04")[0]["deadline"] == "2026-04-03T15:30:00+02:00"
    commune.more = {"good_friday": True}
    commune.write()
    assert commune.gti("2026-04")[0]["deadline"] == "2026-04-07T15:30:00+02:00"


def test_both_clock_changes_under_24_7(commune: Commune) -> None:
    """29 March 2026 has 23 hours, 25 October 25; a whole day down is that long."""
    commune.service["calendar"] = "always"
    with time_machine.travel(datetime(2026, 11, 1, 12, tzinfo=PARIS), tick=False):
        spring, autumn = ("2026-03-29T00:00", "2026-03-30T00:00"), ("2026-10-25T00:00", "2026-10-26T00:00")
        commune.take(
            *hourly("2026-03-27T00:00", "2026-04-01T00:00", spring),
            *hourly("2026-10-23T00:00", "2026-10-28T00:00", autumn),
        )
        for day, following, hours in (("2026-03-29", "2026-03-30", 23), ("2026-10-25", "2026-10-26", 25)):
            found = commune.sla(f"{day}..{following}")
            assert (found["open_s"], found["down_s"], found["availability"]) == (hours * 3600, hours * 3600, 0)


def test_a_service_that_starts_mid_month(commune: Commune) -> None:
    """Since Monday 16 March: 12 days of 8 h 30 remain; the outage of the 10th is not its."""
    commune.service["since"] = "2026-03-16"
    commune.take(*hourly("2026-03-01T00:00", "2026-04-01T00:00", ("2026-03-10T10:00", "2026-03-10T14:00")))
    found = commune.sla("2026-03")
    assert (found["open_s"], found["down_s"], found["availability"]) == (12 * DAY, 0, 1)


def test_a_contract_that_ends_mid_month(commune: Commune) -> None:
    """Last day Tuesday 10 March, included: 7 days; GTI lines outside the contract are listed all the same."""
    commune.contract["end"] = "2026-03-10"
    commune.take(*hourly("2026-03-01T00:00", "2026-04-01T00:00", ("2026-03-12T10:00", "2026-03-12T14:00")))
    found = commune.sla("2026-03")
    assert (found["open_s"], found["down_s"]) == (7 * DAY, 0)
    assert [line["elapsed_s"] for line in commune.gti("2026-03")] == [4 * 3600]


def test_an_event_at_exactly_half_past_five(commune: Commune) -> None:
    """Slots are half-open: down from 17:30 to 9:00 is down for no opening second, and its clock shows 0."""
    commune.take(
        *hourly("2026-03-01T00:30", "2026-03-10T17:00"),
        {"t": stamp("2026-03-10T17:30"), "sonde": SITE, "status": "critical"},
        *hourly("2026-03-10T18:00", "2026-03-11T09:00", ("2026-03-10T18:00", "2026-03-11T09:00")),
        *hourly("2026-03-11T09:00", "2026-03-13T00:00"),
    )
    found = commune.sla("2026-03-10..2026-03-12")
    assert (found["down_s"], found["unknown_s"], found["availability"]) == (0, 0, 1)
    (line,) = commune.gti("2026-03")
    assert (line["start"], line["elapsed_s"]) == (stamp("2026-03-10T17:30"), 0)
    assert line["deadline"] == stamp("2026-03-11T17:00")


def test_a_month_of_which_nothing_is_known(commune: Commune) -> None:
    """Not measured: null, never 100 %; it may have been anything."""
    commune.take(*hourly("2026-03-02T00:00", "2026-03-03T00:00"))
    found = commune.sla("2026-05")
    assert found["unknown_s"] == found["open_s"] > 0
    assert (found["availability"], found["low"], found["high"], found["verdict"]) == (None, 0, 1, "undetermined")


def test_overlapping_maintenance_and_force_majeure_count_once(commune: Commune) -> None:
    """`sla.exclude` is force majeure and the collectivité's fault: 12:00-16:00 is out, 4 h of the 6 h of outage; the
    maintenance of 10:00-14:00 is shown and stays in the figure."""
    commune.take(
        *hourly("2026-03-01T00:00", "2026-03-20T00:00", ("2026-03-10T10:00", "2026-03-10T16:00")),
        event(
            "2026-03-09T10:00",
            "maintenance",
            **EXEMPLE,
            start="2026-03-10T10:00",
            end="2026-03-10T14:00",
            nature="x",
        ),
        event(
            "2026-03-11T10:00",
            "exclusion",
            **EXEMPLE,
            service="web",
            start="2026-03-10T12:00",
            end="2026-03-10T16:00",
            kind="force_majeure",
            reason="x",
        ),
        event(
            "2026-03-11T10:00",
            "exclusion",
            **EXEMPLE,
            start="2026-03-10T13:00",
            end="2026-03-10T15:00",
            kind="collectivite",
            reason="x",
        ),
    )
    found = commune.sla("2026-03-10..2026-03-11")
    assert (found["excluded_s"], found["down_s"]) == (4 * 3600, 2 * 3600)
    assert found["kinds"] == {
        "maintenance": 4 * 3600,
        "force_majeure": 4 * 3600,
        "collectivite": 2 * 3600,
        "third_party": 0,
    }
    assert found["raw_availability"] == pytest.approx(1 - 6 / 8.5)
    (line,) = commune.gti("2026-03")
    assert line["start"] == stamp("2026-03-10T14:00")  # it lasted at the end of the maintenance


def test_a_sonde_added_on_the_20th(commune: Commune) -> None:
    """Friday 20 March 9:00: of 22 days the first 14 are unknown, whatever it shows afterwards."""
    added = {"t": stamp("2026-03-20T09:00"), "event": "sonde-added", "sonde": SITE, "billable": True, "service": "web"}
    commune.take(added, *hourly("2026-03-20T09:00", "2026-04-01T00:00"))
    found = commune.sla("2026-03")
    assert (found["open_s"], found["unknown_s"], found["down_s"]) == (22 * DAY, 14 * DAY, 0)
    assert (found["availability"], found["low"]) == (1, pytest.approx(8 / 22))


def test_the_reported_incident_of_the_spec(commune: Commune) -> None:
    """Friday 6 March 16:00, suspended 17:00 to Monday 10:00, intervention 11:00 -> elapsed 2 h, suspended 1 h 30,
    deadline Monday 17:00."""
    ref = {"ref": "T1"}
    commune.take(
        *hourly("2026-03-01T00:00", "2026-03-20T00:00"),
        event("2026-03-06T16:00", "incident", **EXEMPLE, service="web", message="Lent", **ref),
        event("2026-03-06T17:00", "suspend", reason="Accès au site", **ref),
        event("2026-03-09T10:00", "resume", **ref),
        event("2026-03-09T11:00", "intervention", **ref),
    )
    (line,) = commune.gti("2026-03")
    assert (line["ref"], line["sonde"], line["incident"]) == ("T1", None, "INC-2026-000001")
    assert (line["elapsed_s"], line["suspended_s"], line["met"]) == (2 * 3600, 5400, True)
    assert (line["deadline"], line["stopped"]) == (stamp("2026-03-09T17:00"), stamp("2026-03-09T11:00"))
    assert commune.sla("2026-03-06..2026-03-10")["down_s"] == 0


def test_importing_all_of_it_twice_changes_nothing(commune: Commune) -> None:
    lines = [
        *hourly("2026-03-01T00:00", "2026-03-20T00:00", ("2026-03-10T10:00", "2026-03-12T16:00")),
        event("2026-03-06T16:00", "incident", **EXEMPLE, message="Lent", ref="T1"),
        event("2026-03-09T11:00", "intervention", ref="T1"),
        event("2026-03-10T11:00", "acknowledge", sonde=SITE),
        event("2026-03-10T12:00", "cause", sonde=SITE, cause="third_party"),
        event("2026-03-09T10:00", "maintenance", **EXEMPLE, **span("2026-03-15T10:00", "2026-03-15T14:00"), nature="x"),
        event("2026-03-13T10:00", "exclusion", **EXEMPLE, **span("2026-03-12T10:00", "2026-03-12T11:00"), **STORM),
    ]
    first = commune.take(*lines)
    before = commune.run("sla", "--period", "2026", "--json"), commune.run("incident", "list", "--all", "--json")
    again = commune.take(*lines)
    assert (first["events"], again["events"], again["known_events"], again["results"]) == (6, 0, 6, 0)
    assert before == (
        commune.run("sla", "--period", "2026", "--json"),
        commune.run("incident", "list", "--all", "--json"),
    )


BAD = [
    (event("2026-03-06T16:00", "acknowledge", ref="T1"), "no incident 'T1' was reported before"),
    (event("2026-03-06T16:00", "acknowledge", sonde=SITE), "has had no incident up to that instant"),
    (event("2026-03-10T12:00", "restored", sonde=SITE), "is in trouble at that instant"),
    (
        event("2026-03-06T16:00", "exclusion", **EXEMPLE, **span("2026-03-06T12:00", "2026-03-06T11:00"), **OTHER),
        "is not after start",
    ),
    (
        event(
            "2026-03-06T16:00",
            "exclusion",
            **EXEMPLE,
            service="nope",
            **span("2026-03-06T11:00", "2026-03-06T12:00"),
            **OTHER,
        ),
        "has no service 'nope'",
    ),
    (
        event(
            "2026-03-06T16:00",
            "maintenance",
            collectivite="ailleurs",
            **span("2026-03-06T11:00", "2026-03-06T12:00"),
            nature="x",
        ),
        "no 'ailleurs' in the config",
    ),
    (event("2026-03-06T16:00", "cause", sonde=SITE, cause="lune"), "'lune' is not one of collectivite"),
    (event("2026-03-06T16:00", "suspend", sonde=SITE), "a reason is expected"),
    (event("2026-03-06T16:00", "explode", sonde=SITE), "'explode' is not one of"),
]


@pytest.mark.parametrize(("line", "said"), BAD, ids=[said for _, said in BAD])
def test_one_bad_event_refuses_the_file_by_its_line(commune: Commune, line: Line, said: str) -> None:
    """Nothing is half-written: the statement after the refusal is that of before."""
    commune.take(*hourly("2026-03-01T00:00", "2026-03-02T00:00"))
    before = commune.run("sla", "--period", "2026", "--json")
    lines = [*hourly("2026-03-02T00:00", "2026-03-20T00:00", ("2026-03-10T10:00", "2026-03-11T16:00")), line]
    lines.sort(key=_instant)
    file = commune.root / "bad.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in lines))
    message = commune.refused("history", "import", str(file))
    assert said in message
    assert f"bad.jsonl:{lines.index(line) + 1}: " in message
    assert commune.run("sla", "--period", "2026", "--json") == before


def test_an_exclusion_in_a_closed_month_refuses_the_file(commune: Commune) -> None:
    past = list(hourly("2026-03-01T00:00", "2026-04-02T00:00"))
    known = event("2026-03-06T16:00", "exclusion", **EXEMPLE, **span("2026-03-06T11:00", "2026-03-06T12:00"), **OTHER)
    commune.take(*past, known)
    commune.run("close", "--month", "2026-03", "--author", "Ana")
    assert commune.take(*past, known)["known_events"] == 1  # what is there already is not refused
    late = event("2026-03-07T16:00", "exclusion", **EXEMPLE, **span("2026-03-31T11:00", "2026-04-01T12:00"), **OTHER)
    file = commune.root / "late.jsonl"
    file.write_text(json.dumps(late) + "\n")
    assert "a month that is closed" in commune.refused("history", "import", str(file))


def test_a_period_in_the_future_is_refused(commune: Commune) -> None:
    commune.take(*hourly("2026-03-01T00:00", "2026-03-02T00:00"))
    assert "is in the future" in commune.refused("sla", "--period", "2026-11", "--json")
    until = json.loads(commune.run("sla", "--period", "2026-10", "--json"))["until"]
    assert datetime.fromisoformat(until) - datetime(2026, 10, 1, 12, tzinfo=PARIS) == timedelta(0)
