"""`vigie report` and `vigie sla explain` on a month of two communes: the real commands, the files they leave."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.acceptance.daemon import Installation, installation

PARIS = ZoneInfo("Europe/Paris")
LINK, SITE, IMAP = "exemple/routeur/lien", "exemple/web/site", "syndicat/zimbra/imap"
PERIOD = ("--period", "2026-03")

MAIN = """
organisation: Syndicat d'essai
profile: moselle-fibre
database: vigie.db
listen: 127.0.0.1:0
include: [collectivites/*.yaml]
"""
EXEMPLE = """
collectivite: exemple
name: Commune d’Exemple
contract: {start: 2026-01-01, sondes: 100}
services:
  - {id: internet, name: Accès Internet}
  - {id: site, name: Site internet}
  - {id: messagerie, name: Messagerie, uses: [syndicat/zimbra/imap]}
equipment:
  - id: routeur
    address: 127.0.0.11
    sondes: [{id: lien, type: tcp, port: 1, service: internet, interval: 1h, attempts: 1}]
  - id: web
    address: 127.0.0.12
    parent: routeur/lien
    sondes: [{id: site, type: tcp, port: 1, service: site, interval: 1h, attempts: 1}]
"""
SYNDICAT = """
collectivite: syndicat
name: Le syndicat
operator: true
services: [{id: zimbra, name: Plateforme}]
equipment:
  - id: zimbra
    address: 127.0.0.13
    sondes: [{id: imap, type: tcp, port: 1, service: zimbra, interval: 1h, attempts: 1}]
"""


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    """A moment of March 2026."""
    return datetime(2026, 3, day, hour, minute, tzinfo=PARIS)


def results() -> Iterator[tuple[datetime, dict[str, Any]]]:
    """Every hour: the link down on the 3rd from 10 to 16, the site on the 5th and 6th; nothing at all on the 26th."""
    bad = {LINK: (at(3, 10), at(3, 16)), SITE: (at(5, 10), at(6, 12))}
    now = datetime(2026, 2, 28, 20, tzinfo=PARIS)
    while now < datetime(2026, 4, 1, 2, tzinfo=PARIS):
        for sonde in (LINK, SITE, IMAP):
            start, end = bad.get(sonde, (now, now))
            status = "critical" if start <= now < end else "ok"
            if not at(26) <= now < at(27):
                yield now, {"sonde": sonde, "status": status, "message": f"dit {status}"}
        now = (now.astimezone(ZoneInfo("UTC")) + timedelta(hours=1)).astimezone(PARIS)


# The platform of the syndicat fails twice within the half hour that reopens: on the 10th, from 10:10 and from 10:40.
IMAP_AGAIN = [
    (at(10, 10, minute), {"sonde": IMAP, "status": status, "message": "l'hôte se tait : rien reçu"})
    for minute, status in ((10, "critical"), (20, "ok"), (40, "critical"), (50, "ok"))
]
EVENTS = [
    (at(2, 9), {"event": "maintenance", "collectivite": "exemple", "services": ["messagerie"], "nature": "mise à jour",
                "start": at(17, 14).isoformat(), "end": at(17, 15).isoformat(), "author": "C. Dupont"}),
    *((at(2, 9, 30), {"event": "maintenance", "collectivite": "exemple", "services": ["site"], "nature": "sauvegardes",
                      "start": at(day, 20).isoformat(), "end": at(day, 21).isoformat(), "author": "C. Dupont"})
      for day in (9, 16)),
    (at(3, 11, 30), {"event": "intervention", "sonde": LINK, "author": "C. Dupont"}),
    (at(4, 9), {"event": "exclusion", "collectivite": "exemple", "service": "internet", "kind": "force_majeure",
                "start": at(3, 12).isoformat(), "end": at(3, 16).isoformat(), "reason": "crue", "author": "C. Dupont"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def march() -> Iterator[Installation]:
    """The month, imported once."""
    with installation() as place:
        place.config.write_text(MAIN)
        (place.root / "collectivites" / "exemple.yaml").write_text(EXEMPLE)
        (place.root / "collectivites" / "syndicat.yaml").write_text(SYNDICAT)
        lines = sorted([*results(), *IMAP_AGAIN, *EVENTS], key=lambda line: line[0].timestamp())
        file = place.root / "past.jsonl"
        file.write_text("".join(json.dumps({"t": t.isoformat(), **line}) + "\n" for t, line in lines))
        done = place.vigie("history", "import", str(file))
        assert done.returncode == 0, done.stderr
        yield place


def report(place: Installation, output: Path, *options: str) -> list[str]:
    """Run it; gives the names of the files it says it wrote."""
    done = place.vigie("report", *options, "--output", str(output))
    assert done.returncode == 0, done.stderr
    written = [Path(text) for text in done.stdout.splitlines()]
    assert sorted(output.iterdir()) == sorted(written)
    return [path.name for path in written]


def sla(place: Installation, *words: str) -> Any:
    """`vigie sla … --json`."""
    done = place.vigie("sla", *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_one_collectivite_in_every_format(march: Installation, tmp_path: Path) -> None:
    formats = [word for name in ("pdf", "html", "csv", "json") for word in ("--format", name)]
    names = report(march, tmp_path, *PERIOD, "--collectivite", "exemple", *formats)
    endings = (".pdf", ".html", ".csv", "-gti.csv", ".json")
    assert names == [f"rapport-2026-03-exemple{ending}" for ending in endings]
    assert (tmp_path / names[0]).read_bytes().startswith(b"%PDF-1.7")
    html = (tmp_path / names[1]).read_text()
    assert "Engagement non tenu en\N{NO-BREAK SPACE}" not in html  # the space of "en mars" may break
    assert "Engagement non tenu en mars\N{NO-BREAK SPACE}2026 pour 1\N{NO-BREAK SPACE}service sur 3" in html
    said = json.loads((tmp_path / names[4]).read_text())
    only = sla(march, *PERIOD, "--collectivite", "exemple")
    for service, figures in zip(said["services"], only["services"], strict=True):
        assert figures.items() <= service.items()
    for line, clock in zip(said["gti"], only["gti"], strict=True):
        assert clock.items() <= line.items()


def test_days_unknown_time_and_exclusions_agree_with_the_figures(march: Installation, tmp_path: Path) -> None:
    report(march, tmp_path, *PERIOD, "--collectivite", "exemple", "--format", "json")
    said = json.loads((tmp_path / "rapport-2026-03-exemple.json").read_text())
    for service in said["services"]:
        for name in ("open_s", "excluded_s", "down_s", "unknown_s"):
            assert sum(day[name] for day in service["days"]) == service[name]
        assert sum(each["seconds"] for each in service["unknown"]) == service["unknown_s"]
    states = {day["date"]: day["state"] for day in said["services"][1]["days"]}
    # Site internet: behind the link on the 3rd; down from 10:00 on the 5th to 12:00 on the 6th; a Sunday; no data.
    assert states["2026-03-03"] == "partly_measured"
    assert states["2026-03-05"] == states["2026-03-06"] == "interrupted"
    assert states["2026-03-08"] == "closed"
    assert states["2026-03-26"] == "unmeasured"
    causes = {tuple(each["causes"]): each["seconds"] for each in said["services"][1]["unknown"]}
    # The last result before the gap is of 23:00: unknown for the whole 8 h 30 of the 26th; 6 h behind the link.
    assert causes == {("no data",): 30_600, ("unreachable",): 21_600}
    excluded = [(each["kind"], each["deducted"], each["in_service"], each["services"]) for each in said["exclusions"]]
    assert excluded == [
        ("force_majeure", True, True, ["Accès Internet"]),
        ("maintenance", False, False, ["Site internet"]),
        ("maintenance", False, False, ["Site internet"]),
        ("maintenance", False, True, ["Messagerie"]),
    ]
    internet = said["services"][0]
    assert (internet["down_s"], internet["excluded_s"]) == (7200, 14_400)  # 10–12 h, then 12–16 h excluded
    (line,) = [line for line in said["gti"] if line["service"] == "internet"]
    assert (line["elapsed_s"], line["met"], line["intervened"]) == (5400, True, True)
    assert line["restored"] == "2026-03-03T16:00:00+01:00"


def test_a_reopening_of_a_shared_platform_is_told_as_one(march: Installation, tmp_path: Path) -> None:
    report(march, tmp_path, *PERIOD, "--collectivite", "exemple", "--format", "json", "--format", "html")
    said = json.loads((tmp_path / "rapport-2026-03-exemple.json").read_text())
    lines = [line for line in said["gti"] if line["service"] == "messagerie"]
    assert [(line["incident"], line["reopened"]) for line in lines] == [
        (lines[0]["incident"], False),
        (lines[0]["incident"], True),
    ]
    html = (tmp_path / "rapport-2026-03-exemple.html").read_text().replace("\N{NO-BREAK SPACE}", " ")
    assert html.count("constaté sur la plateforme commune du syndicat (zimbra/imap)") == 2
    assert "rouvert le 10 mars 2026 à 10 h 40" in html
    assert "« l’hôte se tait : rien reçu »" in html
    assert "2 fois, du 9 au 16 mars 2026" in html


def test_all_collectivites_and_a_summary(march: Installation, tmp_path: Path) -> None:
    names = report(march, tmp_path, *PERIOD, "--format", "html", "--format", "csv", "--machine")
    subjects = ("rapport-2026-03-exemple", "rapport-2026-03-syndicat", "synthese-2026-03")
    assert names == [f"{subject}{ending}" for subject in subjects for ending in (".html", ".csv", "-gti.csv")]
    table = (tmp_path / "synthese-2026-03.csv").read_text().splitlines()
    services = sla(march, *PERIOD)["services"]
    assert [line.split(",")[2:4] for line in table[1:]] == [[s["collectivite"], s["service"]] for s in services]
    summary = (tmp_path / "synthese-2026-03.html").read_text()
    assert summary.index("Commune d’Exemple") < summary.index("Le syndicat")


def test_a_month_that_is_closed_reports_what_was_closed(march: Installation, tmp_path: Path) -> None:
    """A holiday entered afterwards changes the open month and not the closed one; its days and causes follow."""
    with installation() as place:
        for each in ("vigie.yaml", "collectivites/exemple.yaml", "collectivites/syndicat.yaml", "past.jsonl"):
            (place.root / each).write_bytes((march.root / each).read_bytes())
        assert place.vigie("history", "import", str(place.root / "past.jsonl")).returncode == 0
        before = sla(place, *PERIOD)
        closed = place.vigie("close", "--month", "2026-03", "--author", "C. Dupont")
        assert closed.returncode == 0, closed.stderr
        late = "calendars:\n  service: {timezone: Europe/Paris, holidays: null, slots: {mon-sun: ['00:00-24:00']}}\n"
        place.config.write_text(MAIN + late)
        assert sla(place, *PERIOD)["services"] == before["services"]
        report(place, tmp_path, *PERIOD, "--collectivite", "exemple", "--format", "json", "--format", "html")
        said = json.loads((tmp_path / "rapport-2026-03-exemple.json").read_text())
        assert said["closed"] == ["2026-03"]
        assert [(each["month"], each["version"]) for each in said["closings"]] == [("2026-03", 1)]
        for service in said["services"]:
            assert sum(day["open_s"] for day in service["days"]) == service["open_s"]
            assert sum(each["seconds"] for each in service["unknown"]) == service["unknown_s"]
        page = (tmp_path / "rapport-2026-03-exemple.html").read_text().replace("\N{NO-BREAK SPACE}", " ")
        assert re.search(r"Mois clos le (1er|\d+) \S+ \d{4} : ces chiffres sont définitifs\.", page)
        explained = sla(place, "explain", "exemple/site", *PERIOD, "--all")
        assert sum(line["open_s"] for line in explained["lines"]) == before["services"][1]["open_s"]


@pytest.mark.parametrize("service", ["internet", "site", "messagerie"])
def test_the_lines_of_an_explanation_come_to_the_figures(march: Installation, service: str) -> None:
    figures = next(
        s for s in sla(march, *PERIOD)["services"] if (s["collectivite"], s["service"]) == ("exemple", service)
    )
    explained = sla(march, "explain", f"exemple/{service}", *PERIOD, "--all")
    lines = explained["lines"]
    assert [line["end"] for line in lines[:-1]] == [line["start"] for line in lines[1:]]
    for counted in ("down", "excluded", "unknown"):
        assert sum(line["open_s"] for line in lines if line["counted"] == counted) == figures[f"{counted}_s"]
    assert sum(line["open_s"] for line in lines) == figures["open_s"]
    for name in ("open_s", "excluded_s", "down_s", "unknown_s", "kinds", "availability", "low", "high"):
        assert explained[name] == figures[name]


def test_an_explanation_says_why(march: Installation) -> None:
    lines = sla(march, "explain", "exemple/site", *PERIOD)["lines"]
    assert [(line["counted"], line["open_s"]) for line in lines] == [
        ("unknown", 21_600),  # the 3rd, 10:00–16:00, behind the link
        ("down", 37_800),  # the 5th from 10:00 (7 h 30) and the 6th from 9:00 to 12:00 (3 h)
        ("unknown", 30_600),
    ]
    assert lines[0]["sondes"] == [
        {"sonde": SITE, "status": "unknown", "cause": "unreachable", "via": [LINK], "message": "dit ok"}
    ]
    assert lines[1]["sondes"][0]["message"] == "dit critical"
    done = march.vigie("sla", "explain", "exemple/internet", *PERIOD)
    assert "exclusion 1 (force_majeure, C. Dupont): crue; exemple/routeur/lien critical: dit critical" in done.stdout
    (row,) = [line.split() for line in done.stdout.splitlines() if " down " in line]
    assert row[:6] == ["2026-03-03", "10:00:00+0100", "2026-03-03", "12:00:00+0100", "7200", "down"]


def test_the_tables_are_readable(march: Installation) -> None:
    done = march.vigie("sla", *PERIOD, "--collectivite", "exemple")
    assert done.returncode == 0
    header, *rows = done.stdout.splitlines()[2:]
    assert header.split()[:4] == ["service", "availability", "low", "high"]
    assert rows[0].split()[0] == "exemple/internet"
    assert "INC-2026-" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("report", "--period", "2999-01"), "period: 2999-01 is in the future"),
        (("report", "--period", "mars"), "period: 'mars' is not a period"),
        (
            ("report", *PERIOD, "--collectivite", "metz"),
            "collectivite: no 'metz' in the config; known: exemple, syndicat",
        ),
        (("report", *PERIOD, "--machine"), "--machine is about the CSV"),
        (("sla",), "--period"),
        (("sla", "--period", "2026-13"), "period: '2026-13' is not a period"),
        (("sla", *PERIOD, "explain", "exemple/site", *PERIOD), "write the options after `explain`"),
        (("sla", "explain", "exemple/rien", *PERIOD), "known: exemple/internet, exemple/site, exemple/messagerie"),
        (("sla", "explain", "rien", *PERIOD), "no 'rien' in the config"),
        (("sla", "explain", "exemple/site", "--period", "2999"), "is in the future"),
    ],
)
def test_what_cannot_be_answered_is_refused(march: Installation, words: tuple[str, ...], said: str) -> None:
    done = march.vigie(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert not list(march.root.glob("rapport-*"))
