"""Lives that are over: worked examples, reloads of the config, and how long they are remembered."""

from __future__ import annotations

from probes.base import Status
from supervisor.domain.former import LOOK_EVERY_S, FormerLives
from supervisor.domain.incident import Spell
from supervisor.domain.judge import Judge
from supervisor.domain.state import UNREACHABLE, Change, Rules, SondeState
from supervisor.domain.topology import FIRST_CHECK_S, Entry, Node
from supervisor.history.rehearsal import followed
from tests.unit.builders import painted, sonde

OK, WARNING, CRITICAL, UNKNOWN = Status.OK, Status.WARNING, Status.CRITICAL, Status.UNKNOWN
TOP, PARENT, CHILD = "a/e/top", "a/e/parent", "a/e/child"
HIDDEN = ("unknown", UNREACHABLE)


class Told:
    """A judge that is told things, and all that it answered. The top takes three results to be believed."""

    def __init__(self) -> None:
        self.sondes = {
            TOP: sonde(TOP, attempts=3),
            PARENT: sonde(PARENT, attempts=1, parent=TOP),
            CHILD: sonde(CHILD, attempts=1, parent=PARENT),
        }
        self.judge = Judge()
        self.judge.configure(self.sondes, ())
        self.changes: list[Change] = []

    def tell(self, name: str, status: Status, *instants: int) -> None:
        """The same result at some instants."""
        for at in instants:
            self.changes += self.judge.observe(name, at, status) or []

    def remove(self, name: str, at: int) -> None:
        """It is no more."""
        self.changes += self.judge.remove(name, at)

    def shows(self, name: str) -> dict[int, tuple[str, str]]:
        """What it showed, second by second."""
        state = self.judge.state(name)
        cells = painted([c for c in self.changes if c.sonde == name], {name: state.until if state else 0})
        return {at: cell for (_, at), cell in cells.items()}

    def spells(self, name: str) -> list[Spell]:
        """Its trouble."""
        found: list[Spell] = []
        for change in self.changes:
            found = followed(found, change) if change.sonde == name else found
        return found


def test_a_child_removed_before_its_parent_is_confirmed_was_unreachable() -> None:
    """Parent critical at 45, 90 and 120, hence from 45; child critical at 60, removed at 100, there again at 110."""
    told = Told()
    told.tell(TOP, CRITICAL, 45)
    told.tell(PARENT, CRITICAL, 60)
    told.tell(TOP, CRITICAL, 90)
    told.remove(PARENT, 100)
    told.tell(PARENT, OK, 110)
    assert told.spells(PARENT) == [Spell(60, 100)]
    told.tell(TOP, CRITICAL, 120)
    shown = told.shows(PARENT)
    assert {shown.get(at) for at in range(60, 100)} == {HIDDEN}
    assert {shown.get(at) for at in range(100, 110)} == {None}
    assert {shown.get(at) for at in range(110, 260)} == {HIDDEN}
    assert told.spells(PARENT) == []


def test_a_recovery_that_was_unreachable_leaves_the_trouble_to_the_removal() -> None:
    told = Told()
    told.tell(PARENT, CRITICAL, 10)
    told.tell(TOP, CRITICAL, 20, 21)
    told.tell(PARENT, OK, 25)
    told.remove(PARENT, 30)
    assert told.spells(PARENT) == [Spell(10, 25)]
    told.tell(TOP, CRITICAL, 31)
    assert told.spells(PARENT) == [Spell(10, 30)]
    assert told.shows(PARENT)[24] == ("critical", "")
    assert told.shows(PARENT)[29] == HIDDEN


def test_what_a_life_that_never_failed_had_hidden_counts_after_all() -> None:
    """The parent's second failure, at 50, was unreachable: it was never confirmed, and hid nothing from 40 on."""
    told = Told()
    told.sondes[PARENT] = sonde(PARENT, attempts=2, parent=TOP)
    told.judge.configure(told.sondes, ())
    told.tell(PARENT, CRITICAL, 40)
    told.tell(CHILD, OK, 44)
    told.tell(TOP, CRITICAL, 45)
    told.tell(PARENT, CRITICAL, 50)
    assert told.shows(CHILD)[44] == HIDDEN
    told.remove(PARENT, 55)
    told.tell(PARENT, OK, 56)
    told.tell(CHILD, OK, 60, 61, 62)  # that at 44 is not forgotten
    told.tell(TOP, CRITICAL, 63, 64)
    assert told.shows(CHILD)[44] == ("ok", "")
    assert told.shows(CHILD)[61] == HIDDEN


def test_the_life_after_goes_on_hiding_what_is_below_it() -> None:
    """The top is critical from 45 to 62 and from 80 to 90: the parent's first life was unreachable, its second not."""
    told = Told()
    told.tell(TOP, CRITICAL, 45, 50)
    told.tell(PARENT, CRITICAL, 55)
    told.remove(PARENT, 60)
    told.tell(TOP, UNKNOWN, 62)
    told.tell(PARENT, CRITICAL, 70)
    told.tell(TOP, CRITICAL, 80)
    told.tell(TOP, OK, 90)
    told.tell(CHILD, OK, 95)
    assert (told.shows(PARENT)[55], told.shows(PARENT)[70]) == (HIDDEN, ("critical", ""))
    assert told.spells(PARENT) == [Spell(70, None)]
    assert told.shows(CHILD)[95] == HIDDEN
    assert told.changes[-1].paint[-1].via == PARENT


def test_a_sonde_that_the_config_has_no_more_is_judged_again_too() -> None:
    told = Told()
    told.tell(TOP, CRITICAL, 45, 50)
    told.tell(PARENT, CRITICAL, 60)
    told.tell(CHILD, OK, 65)
    told.remove(CHILD, 70)
    told.remove(PARENT, 70)
    told.judge.configure({TOP: told.sondes[TOP]}, ())
    told.tell(TOP, CRITICAL, 80)
    assert told.judge.descendants(TOP) == []
    assert told.judge.descendants(PARENT) == []
    assert {told.shows(name)[69] for name in (PARENT, CHILD)} == {HIDDEN}
    assert told.spells(PARENT) == []
    assert all(change.upto == 70 for change in told.changes[-6:] if change.sonde != TOP)


def test_what_comes_back_by_a_reload_hides_what_its_former_life_did_and_no_more() -> None:
    """The parent is gone for one config. The top is critical from 45 to 62: the parent was from 65 on, not from 60."""
    told = Told()
    told.tell(TOP, CRITICAL, 45, 50)
    told.tell(PARENT, CRITICAL, 60)
    told.tell(TOP, UNKNOWN, 62)
    told.tell(CHILD, OK, 63)
    told.tell(PARENT, CRITICAL, 65)
    told.tell(CHILD, OK, 66)
    told.remove(PARENT, 70)
    told.judge.configure({name: told.sondes[name] for name in (TOP, CHILD)}, ())
    told.judge.configure(told.sondes, ())
    told.tell(PARENT, OK, 75)
    assert told.shows(CHILD)[63] == HIDDEN
    told.tell(TOP, CRITICAL, 80)
    shown = told.shows(PARENT)
    assert (shown[60], shown[65], shown.get(70), shown[75]) == (HIDDEN, ("critical", ""), None, ("ok", ""))
    assert (told.shows(CHILD)[63], told.shows(CHILD)[66]) == (("ok", ""), HIDDEN)


def test_a_life_that_fell_silent_before_its_end_hides_nothing_from_then_on() -> None:
    """The parent's last result, at 60, holds until 65; its first, at 50, was unreachable."""
    told = Told()
    told.sondes[PARENT] = sonde(PARENT, attempts=1, stale_after_s=5, parent=TOP)
    told.judge.configure(told.sondes, ())
    told.tell(TOP, CRITICAL, 45, 46)
    told.tell(PARENT, OK, 50)
    told.tell(TOP, UNKNOWN, 55)
    told.tell(PARENT, CRITICAL, 60)
    told.tell(CHILD, OK, 62, 67)
    told.remove(PARENT, 70)
    told.tell(TOP, CRITICAL, 80)
    assert (told.shows(PARENT)[50], told.shows(PARENT).get(65)) == (HIDDEN, None)
    assert (told.shows(CHILD)[62], told.shows(CHILD)[67]) == (HIDDEN, ("ok", ""))


def test_a_clock_that_is_set_back_forgets_them() -> None:
    told = Told()
    told.tell(TOP, CRITICAL, 45, 50)
    told.tell(PARENT, CRITICAL, 60)
    told.remove(PARENT, 70)
    told.changes += list(told.judge.rewind(65))
    told.tell(TOP, CRITICAL, 66, 67, 68)
    assert told.shows(PARENT)[69] == ("critical", "")
    assert [change.sonde for change in told.changes if change.upto is not None] == []


def test_they_are_forgotten_once_nothing_above_can_overrule_them() -> None:
    top, child = Node(TOP, Rules(3, 150)), Node(CHILD, Rules(1, 150))
    child.ancestors = (top,)
    lives = FormerLives()
    for at in (10, 20):
        child.state = SondeState(at, at + 150, OK)
        child.journal = [Entry(None, at, OK, "", (OK, "", ""))]  # type: ignore[arg-type]
        lives.keep(child, at + 5)
    assert child.state is None
    assert child.journal == []
    assert [life.ended for life in child.former] == [15, 25]
    assert top.descendants == child.former
    lives.sweep(30, lambda life: 11)
    assert [life.ended for life in child.former] == [25]
    assert top.descendants == child.former == tuple(lives)
    lives.sweep(30 + LOOK_EVERY_S - 1, lambda life: 99)  # too soon to look again
    assert len(lives) == 1
    lives.sweep(30 + LOOK_EVERY_S, lambda life: 99)
    assert (len(lives), child.former, top.descendants) == (0, (), ())


def test_thousands_removed_at_once_do_not_stay() -> None:
    """With a parent that answers, and one that never did."""
    judge = Judge()
    for parent in (TOP, PARENT):
        sondes = {parent: sonde(parent)} | {f"a/s/{n}": sonde(f"a/s/{n}", parent=parent) for n in range(2000)}
        judge.configure(sondes, ())
        for name in sondes:
            if name != PARENT:
                judge.observe(name, 1000, OK)
        for name in sondes:
            judge.remove(name, 1001)
        judge.configure({TOP: sonde(TOP), "a/e/x": sonde("a/e/x", parent=TOP)}, ())
        for at in range(1002, 1002 + 2 * (LOOK_EVERY_S + FIRST_CHECK_S), 10):
            judge.observe(TOP, at, OK)
        assert len(judge._former) == 0
