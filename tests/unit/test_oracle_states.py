"""The oracle of SPEC 3 against cases worked by hand: if one of these is wrong, the oracle judges nothing."""

import random
from itertools import pairwise

import pytest

from tests.oracle_states import Line, SondeSpec, confirmations, timelines

OK, WARNING, CRITICAL = ("ok", ""), ("warning", ""), ("critical", "")
NO_DATA = ("unknown", "no data")
CHECK_FAILED = ("unknown", "check failed")
UNREACHABLE = ("unknown", "unreachable")
ISOLATED = ("unknown", "supervisor isolated")
UNCONFIRMED = ("unknown", "unconfirmed")

LETTERS = {"o": "ok", "w": "warning", "c": "critical", "u": "unknown"}


def lines_of(text, sonde="a"):
    """`0c 10w` are a critical result at second 0 and a warning one at second 10."""
    return [Line(int(word[:-1]), sonde, LETTERS[word[-1]]) for word in text.split()]


def together(*lists):
    return sorted((line for lines in lists for line in lines), key=lambda line: line.t)


def runs(cells):
    """Run-length: (start, end, cell)."""
    out = []
    for second, cell in enumerate(cells):
        if out and out[-1][2] == cell:
            out[-1] = (out[-1][0], second + 1, cell)
        else:
            out.append((second, second + 1, cell))
    return out


def one(text, *, attempts, stale, horizon):
    """The runs and the confirmations (level, first, confirming) of one sonde alone."""
    sondes = [SondeSpec("a", attempts, stale, None)]
    lines = lines_of(text)
    said = [c[1:] for c in confirmations(sondes, lines, horizon)]
    return runs(timelines(sondes, lines, horizon)["a"]), said


def test_the_worked_example_of_the_spec():
    # Second 0 is 09:00:00: 09:01:00 = 60, :20 = 80, :40 = 100, 09:02:00 = 120, 09:02:20 = 140. stale 50 = 2.5
    # x 20. At least warning: 60, 80, 100 -> third at 100, from 60. At least critical: 60, broken at 80 by the
    # warning, then 100, 120, 140 -> third at 140, from 100. The last result holds until 140 + 50 = 190.
    got, said = one("0o 40o 60c 80w 100c 120c 140c", attempts=3, stale=50, horizon=200)
    assert got == [(0, 60, OK), (60, 100, WARNING), (100, 190, CRITICAL), (190, 200, NO_DATA)]
    assert said == [("warning", 60, 100), ("critical", 100, 140)]


def test_before_any_result_and_after_the_last_there_is_no_data():
    # 5 + 10 = 15.
    assert one("5o", attempts=3, stale=10, horizon=20)[0] == [(0, 5, NO_DATA), (5, 15, OK), (15, 20, NO_DATA)]


def test_fewer_than_attempts_then_ok_leaves_no_trace():
    # 10, 20: two of three, then 30 ok breaks; 40, 50: two of three again. Never three in a row.
    got, said = one("0o 10c 20c 30o 40c 50w", attempts=3, stale=15, horizon=65)
    assert got == [(0, 65, OK)]
    assert said == []


def test_recovery_is_immediate_and_critical_confirms_warning_with_it():
    # attempts 2: 10 and 20, both counts, dated 10; one ok at 30 is enough.
    got, said = one("0o 10c 20c 30o", attempts=2, stale=10, horizon=40)
    assert got == [(0, 10, OK), (10, 30, CRITICAL), (30, 40, OK)]
    assert said == [("warning", 10, 20), ("critical", 10, 20)]


def test_warning_is_already_confirmed_when_a_warning_ends_critical():
    # Critical 0..20 (two at 0, 10). 20 is below critical, not below warning, whose count is 3: warning at
    # once. 30c: critical count 1 only, stays warning; 40c: 2, critical from 30. 50 ok: ok.
    got, said = one("0c 10c 20w 30c 40c 50o", attempts=2, stale=10, horizon=60)
    assert got == [(0, 20, CRITICAL), (20, 30, WARNING), (30, 50, CRITICAL), (50, 60, OK)]
    assert said == [("warning", 0, 10), ("critical", 0, 10), ("critical", 30, 40)]


def test_dating_critical_back_repaints_confirmed_warning_time():
    # attempts 2. 0w 10c: warning twice, from 0. 20c: critical twice, from 10: it repaints warning 10..20.
    got, said = one("0w 10c 20c", attempts=2, stale=10, horizon=30)
    assert got == [(0, 10, WARNING), (10, 30, CRITICAL)]
    assert said == [("warning", 0, 10), ("critical", 10, 20)]


def test_attempts_one_confirms_at_once():
    got, said = one("0w 10c 20w 30o", attempts=1, stale=10, horizon=40)
    assert got == [(0, 10, WARNING), (10, 20, CRITICAL), (20, 30, WARNING), (30, 40, OK)]
    assert said == [("warning", 0, 0), ("critical", 10, 10)]


def test_a_next_result_at_exactly_the_end_leaves_no_gap():
    # 10 + 10 = 20, the next is at 20: no gap, count 2 at 20, dated 10.
    got, said = one("0o 10c 20c", attempts=2, stale=10, horizon=30)
    assert got == [(0, 10, OK), (10, 30, CRITICAL)]
    assert said == [("warning", 10, 20), ("critical", 10, 20)]


def test_one_second_later_is_a_gap_of_one_second_and_resets_the_counts():
    # 10 + 10 = 20, the next at 21: second 20 has no data, the count restarts at 21 (1) and is 2 at 31: from
    # 21. 10..20 keeps the previous state, ok.
    got, said = one("0o 10c 21c 31c", attempts=2, stale=10, horizon=41)
    assert got == [(0, 20, OK), (20, 21, NO_DATA), (21, 41, CRITICAL)]
    assert said == [("warning", 21, 31), ("critical", 21, 31)]


def test_after_a_gap_an_unconfirmed_result_shows_the_level_kept():
    # ok 0..10, gap 10..20; 20c is one of three: judged against ok, ok is kept until 30.
    got, said = one("0o 20c", attempts=3, stale=10, horizon=35)
    assert got == [(0, 10, OK), (10, 20, NO_DATA), (20, 30, OK), (30, 35, NO_DATA)]
    assert said == []


def test_a_confirmed_level_survives_the_gap_without_a_second_confirmation():
    # Critical at 10 from 0, holds to 20; gap 20..40; 40c is critical at once; gap 50..60; 60w is warning at
    # once.
    got, said = one("0c 10c 40c 60w", attempts=2, stale=10, horizon=70)
    assert got == [
        (0, 20, CRITICAL),
        (20, 40, NO_DATA),
        (40, 50, CRITICAL),
        (50, 60, NO_DATA),
        (60, 70, WARNING),
    ]
    assert said == [("warning", 0, 10), ("critical", 0, 10)]


def test_a_gap_resets_only_the_count_that_has_not_reached_attempts():
    # attempts 3. Warning: 0w 10c 20c -> confirmed at 20 from 0. Critical count 2 at 20; gap 30..40 resets it
    # alone. 40c: warning shown (kept), critical 1; 50c 2; 60c 3 -> critical from 40.
    got, said = one("0w 10c 20c 40c 50c 60c", attempts=3, stale=10, horizon=70)
    assert got == [(0, 30, WARNING), (30, 40, NO_DATA), (40, 70, CRITICAL)]
    assert said == [("warning", 0, 20), ("critical", 40, 60)]


def test_unknown_neither_advances_nor_breaks_and_is_never_repainted():
    # attempts 3: 10c (1), 20u, 30c (2), 40c (3): dated 10, but 20..30 stays what the unknown result held.
    got, said = one("0o 10c 20u 30c 40c", attempts=3, stale=10, horizon=50)
    assert got == [(0, 10, OK), (10, 20, CRITICAL), (20, 30, CHECK_FAILED), (30, 50, CRITICAL)]
    assert said == [("warning", 10, 40), ("critical", 10, 40)]


def test_after_unknown_the_previous_state_is_back_until_confirmation():
    # 10u holds 10..20; 20c is one of two: the previous state, ok, until 30o.
    got, said = one("0o 10u 20c 30o", attempts=2, stale=10, horizon=40)
    assert got == [(0, 10, OK), (10, 20, CHECK_FAILED), (20, 40, OK)]
    assert said == []


def test_an_unknown_result_bridges_a_gap_and_has_one_of_its_own():
    # stale 10. 0c, 8u, 16c: 16 > 0 + 10 but 16 <= 8 + 10: no gap, count 2 at 16, dated 0, 8..16 left out.
    got, said = one("0c 8u 16c", attempts=2, stale=10, horizon=26)
    assert got == [(0, 8, CRITICAL), (8, 16, CHECK_FAILED), (16, 26, CRITICAL)]
    assert said == [("warning", 0, 16), ("critical", 0, 16)]
    # 0c, 8u, 19c: 8 + 10 = 18 < 19, gap at 18, the count restarts: never two. No state was ever had.
    got, said = one("0c 8u 19c", attempts=2, stale=10, horizon=30)
    assert got == [
        (0, 8, UNCONFIRMED),
        (8, 18, CHECK_FAILED),
        (18, 19, NO_DATA),
        (19, 29, UNCONFIRMED),
        (29, 30, NO_DATA),
    ]
    assert said == []


def test_a_first_ok_gives_the_first_state_and_is_not_dated_back():
    got, said = one("0c 10w 20o", attempts=3, stale=10, horizon=30)
    assert got == [(0, 20, UNCONFIRMED), (20, 30, OK)]
    assert said == []


def test_a_confirmation_gives_the_first_state_and_repaints_only_since_its_own_first():
    # 0c unconfirmed 0..10, gap 10..20 resets; 20w (1), 30c (2): warning from 20; 30c is critical 1 only.
    got, said = one("0c 20w 30c", attempts=2, stale=10, horizon=40)
    assert got == [(0, 10, UNCONFIRMED), (10, 20, NO_DATA), (20, 40, WARNING)]
    assert said == [("warning", 20, 30)]


def test_a_second_result_at_the_same_instant_is_skipped():
    # 10o after 10c of the same sonde is skipped: 10c (1), 20c (2), critical from 10.
    got, said = one("0o 10c 10o 20c", attempts=2, stale=10, horizon=30)
    assert got == [(0, 10, OK), (10, 30, CRITICAL)]
    assert said == [("warning", 10, 20), ("critical", 10, 20)]


FAMILY = [SondeSpec("kid", 1, 10, "mid"), SondeSpec("mid", 1, 10, "top"), SondeSpec("top", 2, 10, None)]


def test_a_child_is_unreachable_over_the_dated_interval_bounds_included_and_excluded():
    # top: 10c 20c -> critical from 10 (confirmed at 20), ok at 30: critical on [10, 30). mid (attempts 1): 5c
    # before it: critical, holds to 10; 10c at its first second: unreachable; 20o too (an ok); 30c at its end:
    # counts. mid's level, critical since 5, was kept: no second confirmation at 30. kid: 29c is below top
    # (mid is unknown there), 35c below mid (top is ok there): both unreachable.
    lines = together(
        lines_of("0o 10c 20c 30o", "top"), lines_of("5c 10c 20o 30c", "mid"), lines_of("29c 35c 40o", "kid")
    )
    got = timelines(FAMILY, lines, 50)
    assert runs(got["top"]) == [(0, 10, OK), (10, 30, CRITICAL), (30, 40, OK), (40, 50, NO_DATA)]
    assert runs(got["mid"]) == [
        (0, 5, NO_DATA),
        (5, 10, CRITICAL),
        (10, 30, UNREACHABLE),
        (30, 40, CRITICAL),
        (40, 50, NO_DATA),
    ]
    # kid at 40: mid's last critical second is 39 (a gap after it is not critical): the ok counts.
    assert runs(got["kid"]) == [(0, 29, NO_DATA), (29, 40, UNREACHABLE), (40, 50, OK)]
    assert confirmations(FAMILY, lines, 50) == [
        ("mid", "warning", 5, 5),
        ("mid", "critical", 5, 5),
        ("top", "warning", 10, 20),
        ("top", "critical", 10, 20),
    ]


def test_the_order_of_equal_instants_in_the_file_does_not_matter():
    sondes = [SondeSpec("top", 1, 10, None), SondeSpec("kid", 1, 10, "top")]
    # At 10 both fail: top is critical at second 10, so kid's result at 10 is unreachable; at 20 both recover.
    down_first = [*lines_of("0o 10c 20o", "top"), *lines_of("0o 10c 20o", "kid")]
    for order in (("top", "kid"), ("kid", "top")):
        lines = sorted(down_first, key=lambda line: (line.t, order.index(line.sonde)))
        assert runs(timelines(sondes, lines, 30)["kid"]) == [(0, 10, OK), (10, 20, UNREACHABLE), (20, 30, OK)]
        assert confirmations(sondes, lines, 30) == [("top", "warning", 10, 10), ("top", "critical", 10, 10)]


def test_a_count_goes_on_across_the_outage_of_the_parent():
    # top (attempts 1) critical on [10, 20). kid, attempts 2: 8c (1), 12c 18c unreachable, 22c (2): dated 8,
    # the time of the unreachable results, [12, 22), left out; an `unknown` result at 18 would be
    # "unreachable" as well.
    sondes = [SondeSpec("top", 1, 10, None), SondeSpec("kid", 2, 10, "top")]
    lines = together(lines_of("0o 10c 20o", "top"), lines_of("0o 8c 12c 18u 22c", "kid"))
    assert runs(timelines(sondes, lines, 32)["kid"]) == [
        (0, 8, OK),
        (8, 12, CRITICAL),
        (12, 22, UNREACHABLE),
        (22, 32, CRITICAL),
    ]
    assert confirmations(sondes, lines, 32)[-1] == ("kid", "critical", 8, 22)


def test_isolation_needs_all_canaries_and_goes_before_unreachable():
    # k1 is critical on [10, 30), k2 on [20, 40): both on [20, 30). top: 5c, 15c hold [5, 25), 25c is
    # isolated. kid below top: 14c is unreachable; at 22 top is critical and all canaries too: isolated; at 30
    # k1 is ok and top unknown (isolated, until 35): it counts. k2 names top as its parent: a canary has no
    # ancestors.
    sondes = [
        SondeSpec("kid", 1, 10, "top"),
        SondeSpec("top", 1, 10, None),
        SondeSpec("k1", 2, 10, None),
        SondeSpec("k2", 1, 10, "top"),
    ]
    lines = together(
        lines_of("0o 10c 20c 30o", "k1"),
        lines_of("0o 10o 20c 30c 40o", "k2"),
        lines_of("5c 15c 25c", "top"),
        lines_of("14c 22c 30c", "kid"),
    )
    got = timelines(sondes, lines, 40, ("k1", "k2"))
    assert runs(got["k1"]) == [(0, 10, OK), (10, 30, CRITICAL), (30, 40, OK)]
    assert runs(got["k2"]) == [(0, 20, OK), (20, 40, CRITICAL)]
    assert runs(got["top"]) == [(0, 5, NO_DATA), (5, 25, CRITICAL), (25, 35, ISOLATED), (35, 40, NO_DATA)]
    assert runs(got["kid"]) == [
        (0, 14, NO_DATA),
        (14, 22, UNREACHABLE),
        (22, 30, ISOLATED),
        (30, 40, CRITICAL),
    ]
    # Without canaries nothing is isolated: k2 is then a plain child of top.
    assert ISOLATED not in {cell for cells in timelines(sondes, lines, 40).values() for cell in cells}


def test_the_horizon_only_cuts():
    # The second critical, at 12, dates back to 5 even when only [0, 10) is looked at.
    assert one("0o 5c 12c", attempts=2, stale=10, horizon=10)[0] == [(0, 5, OK), (5, 10, CRITICAL)]


@pytest.mark.parametrize(
    ("sondes", "lines", "canaries"),
    [
        ([SondeSpec("a", 1, 10, None)], lines_of("10o 5o"), ()),
        ([SondeSpec("a", 1, 10, None)], lines_of("5o", "b"), ()),
        ([SondeSpec("a", 1, 10, "b")], [], ()),
        ([SondeSpec("a", 1, 10, "b"), SondeSpec("b", 1, 10, "a")], [], ()),
        ([SondeSpec("a", 1, 10, None)], [], ("b",)),
    ],
)
def test_nonsense_is_refused(sondes, lines, canaries):
    with pytest.raises(ValueError, match=r".+"):
        timelines(sondes, lines, 20, canaries)


def declared(results, attempts, stale, horizon):
    """The same rules for one sonde, said without a state machine: every second asks its governing result."""
    rank = {"ok": 0, "warning": 1, "critical": 2}
    segment = [0]  # the number of gaps before each result
    for (before, _), (t, _) in pairwise(results):
        segment.append(segment[-1] + (t > before + stale))
    known = [i for i, (_, status) in enumerate(results) if status != "unknown"]

    def at_least(i, level):
        """Is result i in a run of results at least `level`, not before the first of its confirmed segment?"""
        if rank[results[i][1]] < rank[level]:
            return False
        below = [k for k in known if rank[results[k][1]] < rank[level]]
        start = max((k for k in below if k < i), default=-1)
        end = min((k for k in below if k > i), default=len(results))
        run = [k for k in known if start < k < end]
        enough = [k for k in run if [segment[n] for n in run].count(segment[k]) >= attempts]
        return bool(enough) and i >= enough[0]

    def cell(second):
        holding = [i for i, (t, _) in enumerate(results) if t <= second < t + stale]
        if not holding:
            return NO_DATA
        i = holding[-1]
        if results[i][1] == "unknown":
            return CHECK_FAILED
        if at_least(i, "critical"):
            return CRITICAL
        if at_least(i, "warning"):
            return WARNING
        return OK if "ok" in [status for _, status in results[: i + 1]] else UNCONFIRMED

    return [cell(second) for second in range(horizon)]


@pytest.mark.parametrize("seed", range(300))
def test_one_sonde_agrees_with_the_rules_said_without_a_state_machine(seed):
    rng = random.Random(seed)
    attempts, stale = rng.randint(1, 4), rng.randint(2, 6)
    t, results = rng.randint(0, 5), []
    for _ in range(rng.randint(1, 25)):
        results.append((t, rng.choices(["ok", "warning", "critical", "unknown"], [2, 3, 5, 2])[0]))
        t += rng.choice([1, 2, stale - 1, stale, stale, stale + 1]) or 1
    lines = [Line(when, "a", status) for when, status in results]
    got = timelines([SondeSpec("a", attempts, stale, None)], lines, t + 8)["a"]
    assert got == declared(results, attempts, stale, t + 8)
