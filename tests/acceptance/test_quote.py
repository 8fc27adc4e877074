"""`vigie billing quote` as a real process: no config, no database, nothing left behind. SPEC 11."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from subprocess import CompletedProcess

from tests.acceptance.daemon import ROOT


def vigie(directory: Path, *words: str) -> CompletedProcess[str]:
    """Run `vigie billing quote` in an empty directory."""
    return subprocess.run(
        [sys.executable, "-m", "supervisor", "billing", "quote", *words],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=directory,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT), "VIGIE_CONFIG": str(directory / "nowhere.yaml")},
    )


def test_a_quote_needs_neither_config_nor_database(tmp_path: Path) -> None:
    """004 art. 7.1: 5 532,50 € for 2 355 inhabitants; art. 7.2.1: 2 032,50 € the first year after an audit."""
    words = ("--profile", "redon-agglomeration", "--offer", "socle-complet", "--population", "2355")
    done = vigie(tmp_path, *words, "--start", "2026-03-01", "--audit", "2025-09-01", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert list(answer) == ["profile", "offer", "years"]
    assert [(year["year"], year["total"]) for year in answer["years"]] == [(2026, "2032.50"), (2027, "5532.50")]
    assert list(answer["years"][0]["lines"][0]) == ["label", "quantity", "unit_price", "amount"]
    assert list(tmp_path.iterdir()) == []


def test_a_price_that_is_not_published_is_refused_until_a_config_sets_it(tmp_path: Path) -> None:
    """000 art. 5.1: the unit costs are in its annexe 2, which is not published."""
    words = ("--profile", "somme-numerique", "--offer", "unites", "--start", "2026-03-01", "--units", "messagerie=3")
    done = vigie(tmp_path, *words, "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "unites: messagerie: no price is published for 2026; set it in the config: "
        "billing: prices: - {offer: unites, line: messagerie, from: 2026, price: …, reference: …}\n"
    )
    price = "{offer: unites, line: messagerie, from: 2026, price: 12.50, reference: annexe 2}"
    main = f"organisation: Somme\nprofile: somme-numerique\nbilling: {{prices: [{price}]}}\n"
    (tmp_path / "vigie.yaml").write_text(main, encoding="utf-8")
    done = vigie(tmp_path, *words, "--json", "--config", "vigie.yaml")
    assert (done.returncode, done.stderr) == (0, "")
    assert [year["total"] for year in json.loads(done.stdout)["years"]] == ["37.50", "37.50"]
    assert [path.name for path in tmp_path.iterdir()] == ["vigie.yaml"]
