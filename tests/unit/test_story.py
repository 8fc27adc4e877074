"""The story of a Friday at 17:20, as each person received it. SPEC 7."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisor.domain.alerting import Channel
from tests.story import friday
from tests.story.theatre import Theatre

PAGE = Path(__file__).parents[2] / "docs" / "friday.md"


@pytest.fixture(scope="module")
def theatre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    """As it went."""
    made = friday.story(tmp_path_factory.mktemp("friday"))
    yield made
    made.database.close()


def test_the_page_tells_what_vigie_does(theatre: Theatre) -> None:
    assert friday.page(theatre) == PAGE.read_text(), "run `make docs`"


def test_a_link_with_thirty_things_behind_it_is_one_message(theatre: Theatre) -> None:
    opened = Counter((one.name, one.message.channel) for one in theatre.received if _on(theatre, one.at, "06 17:20"))
    assert set(opened.values()) == {1}
    assert opened.keys() == {
        ("Astreinte A", Channel.MAIL),
        ("Astreinte A", Channel.SMS),
        ("Exploitation", Channel.MAIL),
        ("Secrétariat de mairie", Channel.MAIL),
        ("Secrétariat de mairie", Channel.SMS),
    }


def test_who_was_told_of_the_trouble_and_nobody_else_is_told_of_its_end(theatre: Theatre) -> None:
    about = [one for one in theatre.received if "Accès Internet" in one.message.body.text]
    end = theatre.at("2026-03-09 11:02:00")
    before = {(one.name, one.message.channel) for one in about if one.at < end}
    after = [(one.name, one.message.channel) for one in about if one.at >= end]
    assert sorted(after) == sorted(before)
    assert "Direction" not in {one.name for one in theatre.received}


def test_out_of_hours_it_waits_for_the_opening(theatre: Theatre) -> None:
    assert [one.at for one in theatre.received if one.name == "École"] == [
        theatre.at("2026-03-09 08:30:00"),
        theatre.at("2026-03-09 11:02:00"),
    ]


def _on(theatre: Theatre, at: int, minute: str) -> bool:
    begin = theatre.at(f"2026-03-{minute}:00")
    return begin <= at < begin + 60
