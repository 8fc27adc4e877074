"""`vigie billing counts|contributions` as files: what the accountant opens, and the letter that the mairie gets."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pypdf import PdfReader

from supervisor.cli import main
from tests.acceptance.daemon import Installation, installation

SIRET = "21570001100012"
COUNTS = ("counts", "--month", "2026-03")
CALLS = ("contributions", "--year", "2026")
EXEMPLE = {
    "collectivite": "exemple",
    "name": "Commune d'Exemple",
    "siret": SIRET,
    "chorus": {2026: {"service": "0012", "engagement": "E-26-17"}},
    "contract": {
        "start": "2026-01-01",
        "sondes": [{"from": "2026-01-01", "count": 100}, {"from": "2026-09-15", "count": 150}],
    },
    "equipment": [
        {
            "id": "web",
            "address": "127.0.0.1",
            "sondes": [{"id": f"s{number}", "type": "tcp", "port": 1, "interval": "1h"} for number in range(3)],
        }
    ],
}


@pytest.fixture(scope="module")
def place() -> Iterator[Installation]:
    """Three sondes since the 16th of March 2026 at noon; the call of July, and the rise of September."""
    with installation() as made:
        made.config.write_text(json.dumps({**made.main, "include": ["collectivites/*.yaml"]}))
        (made.root / "collectivites" / "exemple.yaml").write_text(json.dumps(EXEMPLE))
        history = made.root / "past.jsonl"
        added = [{"event": "sonde-added", "sonde": f"exemple/web/s{number}", "billable": True} for number in range(3)]
        history.write_text("".join(json.dumps({"t": "2026-03-16T12:00:00+01:00", **each}) + "\n" for each in added))
        done = run(made, "history", "import", str(history))
        assert done.exit_code == 0, done.output
        yield made


def run(place: Installation, *words: str) -> Result:
    """`vigie WORDS`, in this process: an interpreter takes longer to start than it does to answer."""
    return CliRunner().invoke(main, [*words, "--config", str(place.config)], catch_exceptions=False)


def said(place: Installation, *words: str) -> bytes:
    """What `vigie billing` prints, byte for byte."""
    done = run(place, "billing", *words)
    assert done.exit_code == 0, done.output
    return done.stdout_bytes


def rows(content: bytes, delimiter: str = ";") -> list[dict[str, str]]:
    """As a program reads them."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def as_json(place: Installation, *words: str) -> Any:
    """The JSON form."""
    return json.loads(said(place, *words, "--json"))


def test_the_csv_of_counts_opens_in_a_french_spreadsheet(place: Installation) -> None:
    content = said(place, *COUNTS, "--csv")
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\n") == content.count(b"\r\n") == 2
    (row,) = rows(content)
    (count,) = as_json(place, *COUNTS)["counts"]
    assert list(row)[2:5] == ["SIRET", "Code service", "N° d’engagement"]
    assert [row[name].strip() for name in list(row)[2:5]] == [SIRET, "0012", "E-26-17"]
    assert float(row["Sondes en moyenne"].replace(",", ".")) == pytest.approx(count["mean"], abs=1e-6)
    assert [row["Sondes au plus"], row["Sondes facturées"]] == ["3", "100"]
    (same,) = rows(said(place, *COUNTS, "--csv", "--machine"), ",")
    assert [same.pop("service"), same.pop("engagement")] == ["0012", "E-26-17"]
    assert same == {name: str(value) for name, value in count.items()}


def test_the_csv_of_calls_goes_to_a_file_whole(place: Installation, tmp_path: Path) -> None:
    file = tmp_path / "deep" / "calls.csv"
    assert said(place, *CALLS, "--csv", "--output", str(file)) == b""
    assert list(file.parent.iterdir()) == [file]
    content = file.read_bytes()
    piped = subprocess.run(place.command("billing", *CALLS, "--csv"), capture_output=True, check=True, timeout=120)
    assert piped.stdout == content
    annual, rise = rows(content)
    assert [annual["Date de l’appel"], annual["Montant HT (€)"]] == ["01/07/2026", "100,00"]
    assert [rise["Date de l’appel"], rise["Montant HT (€)"]] == ["15/09/2026", "50,00"]
    assert annual["SIRET"].strip() == SIRET
    found = rows(said(place, *CALLS, "--csv", "--machine"), ",")
    for row, each in zip(found, as_json(place, *CALLS)["calls"], strict=True):
        assert {name: str(value) for name, value in each.items()}.items() <= row.items()


def test_drafts_then_documents_that_stay_the_same_without_the_config(tmp_path: Path, place: Installation) -> None:
    with installation() as own:
        for each in ("vigie.yaml", "collectivites/exemple.yaml", "past.jsonl"):
            (own.root / each).write_bytes((place.root / each).read_bytes())
        assert run(own, "history", "import", str(own.root / "past.jsonl")).exit_code == 0
        drafts = letters(own, tmp_path / "drafts")
        assert list(drafts) == [
            "projet-appel-2026-exemple-2026-07-01.pdf",
            "projet-appel-2026-exemple-2026-09-15.pdf",
        ]
        assert "Projet, non arrêté" in text(drafts["projet-appel-2026-exemple-2026-07-01.pdf"])
        closed = run(own, "billing", "close", "--year", "2026", "--author", "C. Dupont")
        assert closed.exit_code == 0, closed.output
        before = letters(own, tmp_path / "before")
        assert list(before) == ["appel-2026-0001-exemple.pdf", "appel-2026-0002-exemple.pdf"]
        annual = text(before["appel-2026-0001-exemple.pdf"])
        assert "Projet" not in annual
        for words in ("Appel à contribution n° 2026-0001", "215 700 011 00012", "100,00 €", "Pool 1 : 3 sondes sur 50"):
            assert words in annual
        (own.root / "collectivites" / "exemple.yaml").unlink()
        own.config.unlink()
        assert letters(own, tmp_path / "after", "--database", str(own.database)) == before


def letters(place: Installation, output: Path, *more: str) -> dict[str, bytes]:
    """The files of `contributions --pdf`, by name; those that it says it wrote, and no other."""
    written = said(place, *CALLS, "--pdf", "--output", str(output), *more).decode().splitlines()
    assert sorted(output.iterdir()) == sorted(Path(path) for path in written)
    return {Path(path).name: Path(path).read_bytes() for path in written}


def text(content: bytes) -> str:
    """With ordinary spaces."""
    pages = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    return pages.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((*COUNTS, "--csv", "--json"), "--json and --csv: keep one of them"),
        ((*CALLS, "--pdf", "--collectivite", "metz"), "no 'metz' in the ledger"),
    ],
)
def test_what_cannot_be_given_is_refused(place: Installation, words: tuple[str, ...], why: str) -> None:
    done = run(place, "billing", *words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert why in done.stderr
    assert not list(place.root.glob("*.pdf"))
