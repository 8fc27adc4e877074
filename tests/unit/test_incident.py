"""Stories of incidents: SPEC 6, told from spells, maintenance and steps."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from supervisor.domain.incident import (
    GRACE_S,
    ServiceKey,
    Spell,
    Step,
    StepKind,
    Story,
    line_start,
    report,
    tell,
)

WEB: ServiceKey = ("exemple", "web")
MAIL: ServiceKey = ("exemple", "mail")


def told(spells: Sequence[Spell], steps: Sequence[Step] = (), *services: ServiceKey) -> list[Story]:
    """The stories of a sonde that these services count, without maintenance."""

    def begins(spell: Spell) -> Mapping[ServiceKey | None, int]:
        return dict.fromkeys(services or (WEB,), spell.start)

    return tell(spells, begins, steps)


def test_one_spell_is_one_incident_with_one_line_per_service() -> None:
    (story,) = told([Spell(100, 500)], [], WEB, MAIL)
    assert (story.key, story.opened_at, story.restored_at) == (100, 100, 500)
    assert [(line.service, line.start, line.stop) for line in story.openings[0].lines] == [
        (WEB, 100, 500),
        (MAIL, 100, 500),
    ]


def test_a_sonde_of_no_service_has_an_incident_without_line() -> None:
    (story,) = tell([Spell(100, None)], lambda spell: {None: spell.start}, [])
    assert story.openings[0].lines == ()


def test_reopening_up_to_thirty_minutes_inclusive() -> None:
    """Restored at 500: failing again at 500 + 1,800 reopens it, a second later is another incident."""
    assert len(told([Spell(100, 500), Spell(500 + GRACE_S, 9000)])) == 1
    assert len(told([Spell(100, 500), Spell(500 + GRACE_S + 1, 9000)])) == 2


def test_each_reopening_has_its_own_line() -> None:
    (story,) = told([Spell(100, 500), Spell(600, None)], [Step(150, StepKind.INTERVENTION)])
    assert [(o.lines[0].start, o.lines[0].stop) for o in story.openings] == [(100, 150), (600, None)]


def test_a_closed_incident_never_reopens() -> None:
    close = Step(550, StepKind.CLOSE)
    first, second = told([Spell(100, 500), Spell(600, None)], [close])
    assert (first.closed_at, second.key) == (550, 600)


def test_intervention_stops_the_clock_and_an_acknowledgement_does_not() -> None:
    (story,) = told([Spell(100, 900)], [Step(200, StepKind.ACKNOWLEDGE), Step(300, StepKind.INTERVENTION)])
    assert story.openings[0].lines[0].stop == 300
    assert (story.acknowledged_at, story.intervened_at) == (200, 300)


def test_intervening_ends_a_suspension_and_so_does_the_recovery() -> None:
    suspend = Step(200, StepKind.SUSPEND, "accès au site")
    (story,) = told([Spell(100, 900)], [suspend, Step(300, StepKind.INTERVENTION)])
    assert story.openings[0].lines[0].suspensions == ((200, 300),)
    (story,) = told([Spell(100, 900)], [suspend])
    assert story.openings[0].lines[0].suspensions == ((200, 900),)
    (story,) = told([Spell(100, None)], [suspend])
    assert story.openings[0].lines[0].suspensions == ((200, None),)


def test_suspending_twice_or_resuming_alone_changes_nothing() -> None:
    steps = [
        Step(150, StepKind.RESUME),
        Step(200, StepKind.SUSPEND),
        Step(250, StepKind.SUSPEND),
        Step(300, StepKind.RESUME),
        Step(350, StepKind.RESUME),
    ]
    (story,) = told([Spell(100, 900)], steps)
    assert story.openings[0].lines[0].suspensions == ((200, 300),)


def test_after_the_stop_a_step_is_journal_only() -> None:
    steps = [Step(300, StepKind.INTERVENTION), Step(400, StepKind.SUSPEND), Step(500, StepKind.INTERVENTION)]
    (story,) = told([Spell(100, 900)], steps)
    assert (story.openings[0].lines[0].stop, story.openings[0].lines[0].suspensions) == (300, ())


def test_the_cause_is_that_of_the_incident_and_the_last_one_said() -> None:
    steps = [Step(200, StepKind.CAUSE, "third_party"), Step(950, StepKind.CAUSE, "collectivite")]
    (story,) = told([Spell(100, 900), Spell(1000, None)], steps)
    assert (story.cause, story.applicable) == ("collectivite", False)


def test_a_step_on_one_incident_is_not_on_the_next() -> None:
    spells = [Spell(100, 500), Spell(5000, None)]
    first, second = told(spells, [Step(6000, StepKind.CAUSE, "third_party", story=100)])
    assert (first.cause, second.cause) == ("third_party", None)


def test_a_report_is_its_own_clock_that_only_people_end() -> None:
    story = report(100, [MAIL, WEB], [])
    assert story.restored_at is None
    assert [line.service for line in story.openings[0].lines] == [MAIL, WEB]
    restored = report(100, [WEB], [Step(700, StepKind.RESTORED)])
    assert (restored.restored_at, restored.closed_at, restored.openings[0].lines[0].stop) == (700, None, 700)
    closed = report(100, [WEB], [Step(800, StepKind.CLOSE)])
    assert (closed.restored_at, closed.closed_at, closed.openings[0].lines[0].stop) == (800, 800, 800)


# --- maintenance


def start(
    spell: Spell, *announced: tuple[int, int], shown: Sequence[tuple[int, int]] = (), now: int = 10**6
) -> int | None:
    """When the line of that spell starts."""
    return line_start(spell, announced, lambda: shown or [(spell.start, spell.end or now)], now)


def test_trouble_within_announced_maintenance_opens_nothing() -> None:
    assert start(Spell(100, 200), (50, 300)) is None


def test_trouble_that_lasts_at_the_end_of_maintenance_opens_then() -> None:
    assert start(Spell(100, 500), (50, 300)) == 300
    assert start(Spell(100, 300), (50, 300)) is None
    assert start(Spell(100, None), (50, 300), now=299) is None


def test_a_prolongation_moves_the_start() -> None:
    assert start(Spell(100, 900), (50, 300), (320, 400), shown=[(100, 250), (350, 900)]) == 400


def test_unknown_at_the_end_of_maintenance_waits_for_the_next_sight_of_the_trouble() -> None:
    assert start(Spell(100, 900), (50, 300), shown=[(100, 250), (450, 900)]) == 450


def test_confirmed_at_the_very_end_of_maintenance_starts_at_once() -> None:
    assert start(Spell(300, 900), (50, 300)) == 300
    assert start(Spell(49, 900), (50, 300)) == 49


SPELLS = st.lists(st.tuples(st.integers(1, 4000), st.integers(1, 3000)), min_size=1, max_size=8).map(
    lambda gaps: [
        Spell(sum(a + b for a, b in gaps[:i]) + gap, sum(a + b for a, b in gaps[: i + 1]))
        for i, (gap, _) in enumerate(gaps)
    ]
)
STEPS = st.lists(
    st.builds(
        Step,
        st.integers(1, 30000),
        st.sampled_from([StepKind.INTERVENTION, StepKind.SUSPEND, StepKind.RESUME, StepKind.CLOSE]),
    ),
    max_size=8,
)


@given(SPELLS, STEPS)
def test_every_spell_is_in_one_story_and_stories_are_apart(spells: list[Spell], steps: list[Step]) -> None:
    stories = told(spells, steps)
    assert [opening.spell for story in stories for opening in story.openings] == spells
    for earlier, later in itertools.pairwise(stories):
        assert earlier.restored_at is not None
        closed = earlier.closed_at is not None and earlier.closed_at <= later.opened_at
        assert closed or later.opened_at - earlier.restored_at > GRACE_S


@given(SPELLS, STEPS)
def test_telling_from_any_incident_on_tells_the_same(spells: list[Spell], steps: list[Step]) -> None:
    """What the register relies on: an incident is told without those before it."""
    stories = told(spells, steps)
    for index, story in enumerate(stories):
        assert told([spell for spell in spells if spell.start >= story.key], steps)[0] == story, index
