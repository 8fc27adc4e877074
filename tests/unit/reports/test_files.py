"""Reports as CSV and JSON, and how files come to be."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from supervisor.domain.period import parse
from supervisor.errors import VigieError
from supervisor.proof.statement import as_json
from supervisor.reports import table
from supervisor.reports.export import export_all, export_one
from supervisor.reports.writing import file_name, write
from tests.unit.reports.samples import FLOOD, HOUR, figures, incident, report, service


def rows(content: bytes, delimiter: str) -> list[dict[str, str]]:
    """As a program reads them."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def test_a_french_spreadsheet_reads_it_as_it_is() -> None:
    content = table.services([report(service("Messagerie", figures(down_h=1, excluded_h=3)))])
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\r\n") == content.count(b"\n") == 2
    (row,) = rows(content, ";")
    assert row["Disponibilité (%)"] == "98,969072"  # 96 / 97
    assert row["Temps de service (s)"] == str(100 * HOUR)
    assert row["Force majeure (s)"] == str(3 * HOUR)
    assert row["Arrêté au"] == "01/04/2026 00:00:00"
    assert row["Engagement"] == "tenu"


def test_the_clocks_in_french() -> None:
    lines = (
        incident(),
        incident(met=None, applicable=False, cause="collectivite"),
        incident(met=None, stopped=None, deadline=None),
    )
    found = rows(table.clocks([report(service(), incidents=lines)]), ";")
    assert [row["GTI"] for row in found] == ["tenue", "non applicable", "en cours"]
    assert [row["Fin du décompte"] for row in found] == ["03/03/2026 14:15:00"] * 2 + [""]
    assert found[1]["Cause"] == "fait de la collectivité"


@pytest.mark.parametrize("message", ["=1+1", "+33", "-2", "@cmd", "\tx"])
def test_a_message_is_no_formula(message: str) -> None:
    (row,) = rows(table.clocks([report(service(), incidents=(incident(message=message),))]), ";")
    assert row["Constat"] == f"'{message}"


def test_the_machine_s_csv_says_what_the_json_says() -> None:
    found = report(service(found=figures(down_h=1)), service("Vide", figures(open_h=0)), incidents=(incident(),))
    said = as_json(found.statement)
    content = table.services_machine([found])
    assert not content.startswith(b"\xef")
    for row, service_said in zip(rows(content, ","), said["services"], strict=True):
        for name in ("collectivite", "service", "target", "open_s", "down_s", "availability", "low", "verdict"):
            assert row[name] == ("" if service_said[name] is None else str(service_said[name]))
        assert row["kinds_maintenance"] == "0"
    (clock,) = rows(table.clocks_machine([found]), ",")
    assert clock["met"] == "true"
    assert clock["start"] == said["gti"][0]["start"]


def test_an_empty_report_still_has_its_headings() -> None:
    for content in (table.services([report()]), table.clocks([report()]), table.clocks_machine([report()])):
        assert len(content.splitlines()) == 1


def test_the_json_has_the_words_of_sla() -> None:
    found = report(service(found=figures(unknown_h=4)), incidents=(incident(),), excluded=(FLOOD,))
    said, sla = json.loads(json.dumps(export_one([found]))), as_json(found.statement)
    assert sla["services"][0].items() <= said["services"][0].items()
    assert sla["gti"][0].items() <= said["gti"][0].items()
    assert said["services"][0]["unknown"][0]["seconds"] == 4 * HOUR
    assert len(said["services"][0]["days"]) == 31
    assert said["gti"][0]["acknowledged"] == "2026-03-03T10:02:00+01:00"
    assert said["exclusions"][0]["deducted"] is True
    assert export_all([found, found])["services"] == sla["services"] * 2


def test_names_of_files() -> None:
    assert file_name(parse("2026-03"), "exemple", ".pdf") == "rapport-2026-03-exemple.pdf"
    assert file_name(parse("2026-Q1"), None, "-gti.csv") == "synthese-2026-Q1-gti.csv"
    assert file_name(parse("2026-03-01..2026-03-15"), "a", ".html") == "rapport-2026-03-01_2026-03-15-a.html"


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "rapport.pdf"
    write(path, b"old")
    write(path, b"new")
    assert path.read_bytes() == b"new"
    assert [each.name for each in path.parent.iterdir()] == ["rapport.pdf"]
    assert stat.S_IMODE(path.stat().st_mode) & 0o600 == 0o600


def test_what_cannot_be_written_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "rapport.pdf").mkdir()
    with pytest.raises(VigieError, match=r"rapport\.pdf: cannot be written: "):
        write(tmp_path / "rapport.pdf", b"x")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(VigieError, match="cannot be written"):
        write(tmp_path / "file" / "rapport.pdf", b"x")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "rapport.pdf"]


def test_a_link_is_followed_and_a_device_written_to(tmp_path: Path) -> None:
    """`--output /dev/null`, as root: put in its place, a file would break the machine."""
    (tmp_path / "real.csv").write_bytes(b"old")
    (tmp_path / "link.csv").symlink_to("real.csv")
    write(tmp_path / "link.csv", b"new")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_bytes() == b"new"
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as reading:
        read = reading.submit(pipe.read_bytes)
        write(pipe, b"through")
        assert read.result() == b"through"
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_no_name_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(VigieError, match="it is a directory, name the file"):
        write(Path(), b"x")
