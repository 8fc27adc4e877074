"""The ledger: lives of sondes from additions and removals."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from supervisor.domain.ledger import Event, LedgerEvent, follow, reconcile
from tests.unit.builders import sonde


def event(t: int, kind: Event, name: str = "a/e/s", **more: object) -> LedgerEvent:
    return LedgerEvent(t=t, event=kind, sonde=name, source="import", **more)  # type: ignore[arg-type]


def test_first_config_adds_everything_at_one_instant() -> None:
    sondes = {s.id: s for s in (sonde("a/e/s"), sonde("a/e/t", billable=False, paused=True))}
    lines = reconcile({}, sondes, 500)
    assert [(e.t, e.event, e.sonde, e.billable, e.paused) for e in lines] == [
        (500, Event.ADDED, "a/e/s", True, False),
        (500, Event.ADDED, "a/e/t", False, True),
    ]


def test_the_same_config_again_adds_nothing() -> None:
    sondes = {"a/e/s": sonde("a/e/s")}
    assert reconcile(follow(reconcile({}, sondes, 500)), sondes, 600) == []


def test_a_rename_is_one_instant_removal_first() -> None:
    """50 sondes before and after: a count at any instant, with all its lines, never says 51."""
    standing = follow(reconcile({}, {"a/e/old": sonde("a/e/old")}, 500))
    lines = reconcile(standing, {"a/e/new": sonde("a/e/new")}, 600)
    assert [(e.t, e.event, e.sonde) for e in lines] == [
        (600, Event.REMOVED, "a/e/old"),
        (600, Event.ADDED, "a/e/new"),
    ]


def test_what_billing_reads_is_noted_when_it_changes() -> None:
    standing = follow(reconcile({}, {"a/e/s": sonde("a/e/s")}, 500))
    (line,) = reconcile(standing, {"a/e/s": sonde("a/e/s", billable=False)}, 600)
    assert (line.event, line.billable) == (Event.CHANGED, False)
    assert follow([*reconcile({}, {"a/e/s": sonde("a/e/s")}, 500), line])["a/e/s"].since == 500


def test_removing_the_absent_and_adding_the_present_are_harmless() -> None:
    standing = follow([event(1, Event.ADDED), event(2, Event.ADDED), event(3, Event.REMOVED), event(4, Event.REMOVED)])
    assert (standing["a/e/s"].present, standing["a/e/s"].since) == (False, 3)
    assert not follow([event(1, Event.REMOVED)])["a/e/s"].present


def test_added_again_is_another_life() -> None:
    standing = follow([event(1, Event.ADDED), event(3, Event.REMOVED), event(7, Event.ADDED)])
    assert (standing["a/e/s"].present, standing["a/e/s"].since, standing["a/e/s"].ever_removed) == (True, 7, True)


@given(st.lists(st.tuples(st.integers(0, 3), st.sets(st.sampled_from("abcd"))), max_size=20))
def test_the_ledger_follows_any_series_of_configs(configs: list[tuple[int, set[str]]]) -> None:
    """After each config, the ledger's present sondes are the config's."""
    lines: list[LedgerEvent] = []
    t = 0
    for step, names in configs:
        t += step
        sondes = {f"a/e/{name}": sonde(f"a/e/{name}") for name in sorted(names)}
        lines += reconcile(follow(lines), sondes, t)
        assert {name for name, presence in follow(lines).items() if presence.present} == set(sondes)
