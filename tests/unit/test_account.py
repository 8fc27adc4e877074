"""What the ledger keeps of a collectivité, and how its lines are read: SPEC 8, docs/adr/0007."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from supervisor.domain.account import Account, AccountLine, Accounts, Codes, Engagement, reconcile
from supervisor.store import accounts as store

KNOWN = Account(
    collectivite="a",
    name="A",
    siret="21570001100012",
    basis="subscribed",
    profile="moselle-fibre",
    engagements=(Engagement(start=date(2026, 1, 1), sondes=((date(2026, 1, 1), 100),)),),
)


def line(t: int, account: Account | None) -> AccountLine:
    return AccountLine(t=t, collectivite="a", account=account, source="config")


def test_the_latest_contract_siret_and_name_hold_for_every_open_period() -> None:
    """SPEC 8: « An edited contract recomputes open months and calls »; a corrected SIRET does too."""
    edited = replace(KNOWN, siret="21570002900013", name="Aa", engagements=())
    found = Accounts([line(100, KNOWN), line(200, edited)])
    assert found.until("a", 150) == found.latest("a") == edited


def test_basis_operator_and_profile_are_those_of_the_period() -> None:
    later = replace(KNOWN, basis="measured", operator=True, profile="redon-agglomeration", name="Aa")
    found = Accounts([line(100, KNOWN), line(200, later)])
    then = found.until("a", 200)  # the period ends the very instant the new rules begin
    assert (then.basis, then.operator, then.profile, then.name) == ("subscribed", False, "moselle-fibre", "Aa")
    assert found.until("a", 201) == later


def test_before_anything_was_known_the_rules_of_today_hold() -> None:
    later = replace(KNOWN, basis="measured")
    assert Accounts([line(100, KNOWN), line(200, later)]).until("a", 100).basis == "measured"


def test_a_file_that_is_gone_ends_the_contract_that_local_day() -> None:
    """23:30 UTC on 9 March is 10 March in Paris."""
    gone_at = 1_773_099_000
    found = Accounts([line(100, KNOWN), line(gone_at, None)])
    assert found.latest("a").gone == date(2026, 3, 10)
    assert found.latest("a").last(KNOWN.engagements[0]) == date(2026, 3, 10)
    again = Accounts([line(100, KNOWN), line(gone_at, None), line(gone_at + 9, KNOWN)])
    assert again.latest("a") == KNOWN


def test_a_file_that_is_gone_was_never_known() -> None:
    assert Accounts([line(100, None)]).latest("a").name == "a"


def test_taking_effect_writes_what_differs_and_nothing_twice() -> None:
    nobody = Accounts([])
    first = reconcile(nobody, {"a": KNOWN}, 100)
    assert first == [line(100, KNOWN)]
    known = Accounts(first)
    assert reconcile(known, {"a": KNOWN}, 200) == []
    assert reconcile(known, {"a": replace(KNOWN, population=9)}, 200) == [line(200, replace(KNOWN, population=9))]
    assert reconcile(known, {}, 200) == [line(200, None)]
    assert reconcile(Accounts([*first, line(200, None)]), {}, 300) == []
    assert reconcile(Accounts([*first, line(200, None)]), {"a": KNOWN}, 300) == [line(300, KNOWN)]


DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))
ENGAGEMENTS = st.builds(
    Engagement,
    start=DAYS,
    end=st.none() | DAYS,
    notice=st.none() | DAYS,
    sondes=st.lists(st.tuples(DAYS, st.integers(1, 999)), max_size=2).map(tuple),
    offer=st.none() | st.text(max_size=5),
    options=st.lists(st.text(max_size=5), max_size=2).map(tuple),
    units=st.dictionaries(st.text(max_size=5), st.integers(1, 9), max_size=2),
    audit=st.none() | DAYS,
)


@given(
    st.builds(
        Account,
        collectivite=st.text(max_size=5),
        name=st.text(max_size=5),
        siret=st.none() | st.text(max_size=5),
        population=st.none() | st.integers(0, 9),
        chorus=st.dictionaries(st.integers(2000, 2099), st.builds(Codes, service=st.none() | st.text(max_size=5))),
        engagements=st.lists(ENGAGEMENTS, max_size=2).map(tuple),
        gone=st.none() | DAYS,
    )
)
def test_what_is_kept_is_read_again(account: Account) -> None:
    assert store.of(json.loads(store.text(account))) == account
