"""The demo's name server, heard by the probe's own reader."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes import dns_wire
from supervisor.demo.names import Entry, Zone
from supervisor.demo.played import Mode


@pytest.fixture
def zone() -> Zone:
    zone = Zone()
    zone.fill(
        [
            Entry("www.brume.example", "A", ("127.77.1.10", "127.77.1.11")),
            Entry("brume.example", "MX", ("10 mx.brume.example",)),
            Entry("brume.example", "NS", ("ns1.brume.example",)),
            Entry("brume.example", "TXT", ("v=spf1 -all",)),
        ]
    )
    return zone


def ask(zone: Zone, name: str, record: str, mode: Mode = Mode.WELL) -> dns_wire.Answer:
    query = dns_wire.query(7, dns_wire.Question(dns_wire.encode_name(name), dns_wire.TYPES[record]))
    reply = zone.answer(query, mode)
    assert reply is not None
    assert dns_wire.answers(reply, query)
    return dns_wire.parse(reply)


@pytest.mark.parametrize(
    ("name", "record", "texts"),
    [
        ("www.brume.example", "A", ["127.77.1.10", "127.77.1.11"]),
        ("WWW.Brume.Example", "A", ["127.77.1.10", "127.77.1.11"]),
        ("brume.example", "MX", ["10 mx.brume.example"]),
        ("brume.example", "NS", ["ns1.brume.example"]),
        ("brume.example", "TXT", ["v=spf1 -all"]),
    ],
)
def test_it_answers_what_the_sondes_expect(zone: Zone, name: str, record: str, texts: list[str]) -> None:
    answer = ask(zone, name, record)
    assert (answer.rcode, [found.text for found in answer.records]) == (0, texts)


def test_what_it_does_not_know_does_not_exist(zone: Zone) -> None:
    assert dns_wire.RCODES[ask(zone, "ailleurs.example", "A").rcode] == "NXDOMAIN"


def test_it_can_be_hijacked_or_broken(zone: Zone) -> None:
    hijacked = ask(zone, "www.brume.example", "A", Mode.WRONG)
    assert [found.text for found in hijacked.records] == ["127.77.255.254"]
    assert dns_wire.RCODES[ask(zone, "www.brume.example", "A", Mode.ERROR).rcode] == "SERVFAIL"


@given(st.binary(max_size=60))
def test_garbage_does_not_break_it(query: bytes) -> None:
    reply = Zone().answer(query, Mode.WELL)
    assert reply is None or reply[:2] == query[:2]
