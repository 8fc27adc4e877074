"""What the demo's SNMP agents answer, request by request."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from probes.snmp import wire
from probes.snmp.words import Binding, Oid
from supervisor.demo.agents import COMMUNITY, answer, tree

KNOWN = tree(60.0, ill=False)
UPTIME = (1, 3, 6, 1, 2, 1, 1, 3, 0)


def asked(kind: int, *oids: Oid, repetitions: int = 0, community: bytes = COMMUNITY, version: int = 1) -> list[Binding]:
    said = answer(wire.encode(kind, version, community, 77, oids, repetitions), KNOWN)
    assert said is not None
    read = wire.decode(said, {})
    assert (read.request, read.status, read.community) == (77, 0, community)
    return read.bindings


def test_a_walk_finds_everything_in_order_and_ends() -> None:
    found: list[Binding] = []
    at: Oid = (1, 3)
    while (step := asked(wire.GET_NEXT, at)[0])[1] is not None:
        found.append(step)
        at = step[0]
    assert found == list(KNOWN.items())
    assert [oid for oid, _ in found] == sorted(KNOWN)


@given(st.integers(1, 200))
def test_bulk_says_what_the_same_walk_would(repetitions: int) -> None:
    found = asked(wire.GET_BULK, (1, 3), repetitions=repetitions)
    expected = [*KNOWN.items(), (list(KNOWN)[-1], None)]
    assert 0 < len(found) <= repetitions
    assert found == expected[: len(found)]


def test_get() -> None:
    assert asked(wire.GET, UPTIME, (1, 3, 6, 1, 9)) == [(UPTIME, 6000), ((1, 3, 6, 1, 9), None)]


def test_an_ill_machine_has_the_same_things() -> None:
    ill = tree(60.0, ill=True)
    assert ill.keys() == KNOWN.keys()
    assert ill != KNOWN


@given(st.binary(max_size=80))
def test_nonsense_and_strangers_are_not_answered(datagram: bytes) -> None:
    assert answer(datagram, KNOWN) is None
    assert answer(wire.encode(wire.GET, 1, b"autre", 1, (UPTIME,), 0), KNOWN) is None
    assert answer(wire.encode(wire.GET, 0, COMMUNITY, 1, (UPTIME,), 0), KNOWN) is None
    whole = wire.encode(wire.GET, 1, COMMUNITY, 1, (UPTIME,), 0)
    assert answer(whole[: len(datagram) % len(whole)], KNOWN) is None
