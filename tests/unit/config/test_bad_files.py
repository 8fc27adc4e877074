"""Every file of tests/config/bad says in its first lines what is wrong with it, word for word."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from probes.base import Probe
from supervisor.config.loader import load
from supervisor.errors import ConfigError
from tests.unit.config.places import BAD, install_bad

FILES = sorted(path for kind in ("main", "collectivite", "profile") for path in (BAD / kind).glob("*.yaml"))


def expected(bad: Path) -> list[str]:
    """The first lines of comment: `line: field: what`, or with the file when it is told elsewhere."""
    lines = bad.read_bytes().decode("utf-8", "replace").splitlines()
    comments = []
    for line in lines:
        if not line.startswith("# "):
            break
        comments.append(line[2:])
    return comments


@pytest.mark.parametrize("bad", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_bad_file_is_refused_in_the_words_it_announces(
    bad: Path, tmp_path: Path, probes: Mapping[str, Probe]
) -> None:
    main, copy = install_bad(tmp_path, bad)
    with pytest.raises(ConfigError) as refused:
        load(main, probes)
    said = [str(mistake).replace(f"{copy}:", "").replace(f"{tmp_path}/", "") for mistake in refused.value.mistakes]
    assert said == expected(bad)


def test_each_message_says_what_is_wrong_and_what_would_be_right() -> None:
    # The place is followed by two clauses: a comma, a semicolon, a colon or a bracket stands between them.
    for bad in FILES:
        for message in expected(bad):
            what = message.partition(": ")[2]
            assert any(mark in what for mark in (", ", "; ", ": ", " (")), f"{bad.name}: {message}"


def test_mistakes_of_all_files_are_told_in_one_go(probes: Mapping[str, Probe], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BAD / "ten")
    with pytest.raises(ConfigError) as refused:
        load(Path("vigie.yaml"), probes)
    assert str(refused.value) == (BAD / "ten" / "expected.txt").read_text(encoding="utf-8").rstrip("\n")
    assert len(refused.value.mistakes) >= 10
    assert len({mistake.file for mistake in refused.value.mistakes}) == 4
