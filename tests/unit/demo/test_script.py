"""The script of the demo: what begins ends within the turn, and what is written wrong is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.demo.home import script_path
from supervisor.demo.played import Mode
from supervisor.demo.script import Cue, Fault, Script, read
from supervisor.errors import VigieError

times = st.integers(1, 500).map(float)
faults = st.builds(
    Fault,
    id=st.text("abc", min_size=1, max_size=8),
    strikes=st.just({"*": Mode.CLOSED}),
    at=st.none() | times,
    lasts=times,
    flaps=st.none() | times,
)


def script(*of: Fault) -> Script:
    return Script(turn=10_000.0, faults=of)


@given(st.lists(faults, max_size=5, unique_by=lambda fault: fault.id))
def test_every_fault_that_begins_by_itself_is_over_in_time(some: list[Fault]) -> None:
    on: dict[str, bool] = {}
    cues = script(*some).cues()
    assert [cue.at_s for cue in cues] == sorted(cue.at_s for cue in cues)
    for cue in cues:
        fault = next(fault for fault in some if fault.id == cue.fault)
        assert fault.at is not None
        assert fault.at <= cue.at_s <= fault.at + fault.lasts
        assert on.get(cue.fault, False) is not cue.on  # on and off in turns, beginning with on
        on[cue.fault] = cue.on
    assert set(on) == {fault.id for fault in some if fault.at is not None}
    assert not any(on.values())


def test_a_fault_that_flaps_comes_and_goes() -> None:
    fault = Fault(id="f", strikes={"*": Mode.CLOSED}, at=10.0, lasts=20.0, flaps=8.0)
    assert script(fault).cues() == [Cue(10, "f", True), Cue(18, "f", False), Cue(26, "f", True), Cue(30, "f", False)]


def test_the_first_pattern_that_matches_says_how() -> None:
    fault = Fault(id="f", strikes={"a/web/*": Mode.SLOW, "a/*": Mode.CLOSED}, lasts=1.0)
    assert fault.mode_of("a/web/https") is Mode.SLOW
    assert fault.mode_of("a/nas/smb") is Mode.CLOSED
    assert fault.mode_of("b/nas/smb") is None


def test_patterns_that_match_nothing_are_found() -> None:
    fault = Fault(id="f", strikes={"a/*": Mode.CLOSED, "b/*": Mode.CLOSED}, lasts=1.0)
    assert script(fault).idle(["a/web/https"]) == ["b/*"]


def test_an_unknown_fault_is_refused_with_those_there_are() -> None:
    with pytest.raises(VigieError, match="there is no fault 'x' in the demo; there are f, g"):
        script(
            Fault(id="f", strikes={}, lasts=1.0),
            Fault(id="g", strikes={}, lasts=1.0),
        ).fault("x")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("turn: 60s\nfaults: [{id: f, at: 50s, lasts: 11s, strikes: {}}]", "f is not over at the end of the turn"),
        ("turn: 60s\nfaults: [{id: f, lasts: 11s, strikes: {a: exploded}}]", "exploded"),
        ("turn: 60\nfaults: []", "needs its unit"),
        ("turn: [", "turn"),
        ("turn: 60s\nfaults: []\nwhat: 1", "what"),
    ],
)
def test_a_script_that_is_wrong_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "stage.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(VigieError, match=said):
        read(path)


def test_the_shipped_script_begins_within_the_first_half_minute() -> None:
    assert read(script_path()).cues()[0].at_s <= 30
