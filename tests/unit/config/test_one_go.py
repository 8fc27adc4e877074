"""Whatever is wrong with a config is told in one go: no mistake waits for another one to be corrected first."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from probes.base import Probe
from supervisor.config.loader import load
from supervisor.errors import ConfigError
from tests.unit.config.merging import Unmergeable, merged, same
from tests.unit.config.places import BAD, GOOD, MAIN, install_bad
from tests.unit.config.test_bad_files import expected

JUNK = (
    "",
    "5",
    "-1",
    "x",
    "a/b",
    "a/b/c",
    "[]",
    "{}",
    "[1]",
    "{a: 1}",
    "[[]]",
    "[{}]",
    "on",
    "[x, {id: 3}]",
    "{id: [1]}",
)
_HEADS = {"collectivite": "collectivite: exemple\nname: Commune d'Exemple\n", "main": MAIN}
# What is wrong with a file of these names depends on what else is written in it: what it lacks, another one may bring;
# an id is in what others say; a rule of a whole list waits for its items; and what is no YAML says nothing else.
_LACKING = ("missing", "service-", "sonde-service", "site-parent", "alerts-escalation-", "profile-", "include-")
_SHARED = ("id-", "parent-circle", "contracts-", "alerts-on-call-both", "billing-price-", "calendar-", "list", "yaml-")
ALONE = {
    kind: [path for path in sorted((BAD / kind).glob("*.yaml")) if not path.stem.startswith(_LACKING + _SHARED)]
    for kind in _HEADS
}


def _said(main: Path, copy: Path, probes: Mapping[str, Probe]) -> set[str]:
    with pytest.raises(ConfigError) as refused:
        load(main, probes)
    return {same(str(one).replace(f"{copy}:", "").replace(f"{main.parent}/", "")) for one in refused.value.mistakes}


def test_entries_in_which_several_things_are_wrong(
    probes: Mapping[str, Probe], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(BAD / "entries")
    with pytest.raises(ConfigError) as refused:
        load(Path("vigie.yaml"), probes)
    assert str(refused.value) == (BAD / "entries" / "expected.txt").read_text(encoding="utf-8").rstrip("\n")


@settings(max_examples=100)
@given(data=st.data())
def test_two_mistakes_of_one_file_are_told_at_once_and_nothing_else(
    probes: Mapping[str, Probe], data: st.DataObject
) -> None:
    kind = data.draw(st.sampled_from(sorted(ALONE)))
    one, other = (data.draw(st.sampled_from(ALONE[kind])) for _ in range(2))
    assume(one != other)
    texts = [path.read_text(encoding="utf-8") for path in (one, other)]
    try:
        both = merged(*texts, _HEADS[kind])
    except Unmergeable:
        assume(False)
    with TemporaryDirectory() as temporary:
        bad = Path(temporary, kind, "both.yaml")
        bad.parent.mkdir()
        bad.write_text(both, encoding="utf-8")
        main, copy = install_bad(Path(temporary, "etc"), bad)
        assert _said(main, copy, probes) == {same(line) for path in (one, other) for line in expected(path)}


@settings(max_examples=60)
@given(data=st.data())
def test_whatever_is_written_it_is_refused_in_words(probes: Mapping[str, Probe], data: st.DataObject) -> None:
    with TemporaryDirectory() as temporary, pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIGIE_TEST_TOKEN", "t" * 40)
        patch.setenv("VIGIE_TEST_KEY", "k" * 40)
        etc = Path(shutil.copytree(GOOD / "everything", Path(temporary, "etc")))
        file = data.draw(st.sampled_from(sorted(etc.rglob("*.yaml"))))
        lines = file.read_text(encoding="utf-8").splitlines()
        for _ in range(data.draw(st.integers(1, 3))):
            at = data.draw(st.integers(0, len(lines) - 1))
            key = lines[at].partition(":")[0]
            lines[at] = f"{key}: {data.draw(st.sampled_from(JUNK))}"
        file.write_text("\n".join(lines), encoding="utf-8")
        try:
            load(etc / "vigie.yaml", probes)
        except ConfigError as refused:
            mistakes = refused.mistakes
        else:
            return  # it fits
    assert mistakes
