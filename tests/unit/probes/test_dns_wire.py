"""The DNS codec held against dnspython, both ways, and against garbage."""

from __future__ import annotations

import struct

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.dns_wire import RCODES, TYPES, Question, Record, WireError, answers, canonical, encode_name, parse, query

label = st.from_regex(r"[a-z0-9_]([a-z0-9_-]{0,20}[a-z0-9_])?", fullmatch=True)
name = st.lists(label, min_size=1, max_size=6).map(".".join)
octet = st.integers(0, 255)
short = st.integers(0, 0xFFFF)
ttl = st.integers(0, 0x7FFFFFFF)
VALUES = {
    "A": st.ip_addresses(v=4).map(str),
    "AAAA": st.ip_addresses(v=6).map(str),
    "NS": name.map(lambda host: f"{host}."),
    "CNAME": name.map(lambda host: f"{host}."),
    "PTR": name.map(lambda host: f"{host}."),
    "MX": st.builds("{} {}.".format, short, name),
    "SRV": st.builds("{} {} {} {}.".format, short, short, short, name),
    "SOA": st.builds("{}. {}. {} {} {} {} {}".format, name, name, *[ttl] * 5),
    "TXT": st.lists(st.from_regex(r"[a-z0-9 =:;+-]{0,40}", fullmatch=True), min_size=1, max_size=3).map(
        lambda parts: " ".join(f'"{part}"' for part in parts)
    ),
    "CAA": st.builds('{} issue "{}"'.format, st.sampled_from([0, 128]), name),
}


def test_types_and_codes_are_those_of_the_standard() -> None:
    assert {kind: int(dns.rdatatype.from_text(kind)) for kind in TYPES} == TYPES
    assert {int(dns.rcode.from_text(code)): code for code in RCODES.values()} == RCODES
    assert set(VALUES) == set(TYPES)


@given(short, name, st.sampled_from(sorted(TYPES)), st.booleans())
def test_dnspython_reads_our_query(identifier: int, host: str, kind: str, authentic: bool) -> None:
    asked = dns.message.from_wire(query(identifier, Question(encode_name(host), TYPES[kind], authentic)))
    (question,) = asked.question
    assert asked.id == identifier
    assert asked.flags == (dns.flags.RD | dns.flags.AD if authentic else dns.flags.RD)
    assert question.name == dns.name.from_text(host)
    assert (question.rdtype, question.rdclass) == (TYPES[kind], dns.rdataclass.IN)


def said(kind: str, text: str) -> str:
    """dnspython's text of a value, in our spelling: no final dots, a TXT in one piece, a CAA quoted."""
    if kind == "TXT":
        return "".join(text.split('"')[1::2])
    if kind == "CAA":
        return text
    return " ".join(word.removesuffix(".") for word in text.split())


records = st.lists(st.sampled_from(sorted(TYPES)), max_size=4, unique=True).flatmap(
    lambda kinds: st.tuples(
        *[st.tuples(st.just(kind), ttl, st.lists(VALUES[kind], min_size=1, max_size=4, unique=True)) for kind in kinds]
    )
)


def answered(
    host: str, content: tuple[tuple[str, int, list[str]], ...]
) -> tuple[bytes, bytes, list[tuple[str, str, int]]]:
    """A query, dnspython's answer to it, and what that says (type, value, TTL)."""
    asked = query(7, Question(encode_name(host), TYPES["A"]))
    answer = dns.message.make_response(dns.message.from_wire(asked))
    told = []
    for kind, seconds, values in content:
        rrset = dns.rrset.from_text_list(f"{host}.", seconds, "IN", kind, values)
        answer.answer.append(rrset)
        told += [(kind, said(kind, rdata.to_text()), seconds) for rdata in rrset]
    return asked, answer.to_wire(), told


@given(name, records)
def test_we_read_what_dnspython_writes(host: str, content: tuple[tuple[str, int, list[str]], ...]) -> None:
    asked, message, told = answered(host, content)
    assert answers(message, asked)
    read = parse(message)
    assert (read.rcode, read.truncated) == (0, False)
    kinds = {number: kind for kind, number in TYPES.items()}
    assert sorted((kinds[r.type], r.text, r.ttl) for r in read.records) == sorted(told)


@given(name, records, st.data())
def test_a_damaged_answer_is_read_or_refused(
    host: str, content: tuple[tuple[str, int, list[str]], ...], data: st.DataObject
) -> None:
    _, message, _ = answered(host, content)
    damaged = bytearray(message)
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(12, len(message) - 1))] = data.draw(octet)
    try:
        parse(bytes(damaged[: data.draw(st.integers(12, len(message)))]))
    except WireError:
        pass


@given(st.binary(max_size=300), st.binary(min_size=17, max_size=40))
def test_garbage_is_no_answer_or_can_be_read_or_refused(message: bytes, asked: bytes) -> None:
    if answers(message, asked):
        try:
            parse(message)
        except WireError:
            pass


@given(st.binary(max_size=400))
def test_records_of_garbage_never_raise_anything_else(body: bytes) -> None:
    message = struct.pack("!6H", 1, 0x8180, 0, 40, 0, 0) + body
    try:
        read = parse(message)
    except WireError:
        return
    assert all(isinstance(record, Record) for record in read.records)


ASKED = query(7, Question(encode_name("mairie.fr"), TYPES["A"]))


def reply(*, header: bytes = b"\0\x07\x81\x80\0\1\0\0\0\0\0\0", question: bytes = ASKED[12:]) -> bytes:
    return header + question


def test_an_answer_must_be_to_the_question() -> None:
    assert answers(reply(), ASKED)
    assert answers(reply(question=ASKED[12:].replace(b"mairie", b"MaIrIe")), ASKED)
    assert not answers(reply(question=ASKED[12:].replace(b"mairie", b"mairle")), ASKED)
    assert not answers(reply(question=ASKED[12:-3] + b"\x1c\0\1"), ASKED)  # AAAA
    assert not answers(reply(header=b"\0\x08\x81\x80\0\1\0\0\0\0\0\0"), ASKED)  # another identifier
    assert not answers(ASKED, ASKED)  # a query sent back
    assert not answers(reply(header=b"\0\x07\xa9\x80\0\1\0\0\0\0\0\0"), ASKED)  # an UPDATE
    assert not answers(b"", ASKED)


def test_only_a_refusal_may_leave_the_question_out() -> None:
    assert answers(b"\0\x07\x81\x85\0\0\0\0\0\0\0\0", ASKED)
    assert not answers(b"\0\x07\x81\x80\0\0\0\0\0\0\0\0", ASKED)


def record(data: bytes, kind: int = 1, owner: bytes = b"\xc0\x0c", size: int | None = None) -> bytes:
    header = b"\0\x07\x81\x80\0\1\0\1\0\0\0\0"
    length = len(data) if size is None else size
    return header + ASKED[12:] + owner + struct.pack("!HHIH", kind, 1, 60, length) + data


@pytest.mark.parametrize(
    "message",
    [
        record(b"\x7f\0\0\1", owner=b"\xc0\x1b"),  # a pointer to itself
        record(b"\x7f\0\0\1", owner=b"\xc0\x30"),  # forward
        record(b"\xc0\x27", TYPES["NS"]),  # a pointer to itself inside a value
        record(b"\x7f\0\0\1", owner=b"\x40a\0"),  # a label of an unknown kind
        record(b"\x7f\0\0\1", owner=(b"\x3f" + b"a" * 63) * 5 + b"\0"),  # too long a name
        record(b"\x7f\0\0"),  # an address of three bytes
        record(b"\x7f\0\0\1", size=40),  # ends beyond the message
        record(b"\xc0\x0c\0", TYPES["NS"]),  # more than the name
        record(b"\x05abc", TYPES["TXT"]),
        record(b"\0\x09issue", TYPES["CAA"]),
        record(b"\0\x0a", TYPES["MX"]),
        b"\0\x07\x81\x80\0\1\xff\xff\0\0\0\0" + ASKED[12:],  # 65,535 records announced
        ASKED[:20],
    ],
)
def test_hostile_messages_are_refused(message: bytes) -> None:
    with pytest.raises(WireError):
        parse(message)


def test_a_chain_of_pointers_is_bounded_by_its_direction() -> None:
    # Each pointer leads to the one before it, as far as a message allows: read once, no loop.
    chain = b"".join(struct.pack("!H", 0xC000 | (12 if n == 0 else 38 + 2 * n)) for n in range(100))
    message = record(chain + struct.pack("!H", 0xC000 | 38 + 200 - 2), 99)
    assert parse(message).records == []


def test_types_that_nobody_asked_for_are_passed_over() -> None:
    assert parse(record(b"anything", 46)).records == []


def test_a_truncated_answer_says_so_and_its_records_are_not_read() -> None:
    message = bytearray(record(b"\x7f\0\0\1", size=40))
    message[2] |= 2
    read = parse(bytes(message))
    assert read.truncated
    assert read.records == []


def test_a_negative_ttl_is_zero() -> None:
    message = bytearray(record(b"\x7f\0\0\1"))
    message[-10] = 0x80
    assert parse(bytes(message)).records[0].ttl == 0


def test_unprintable_bytes_of_a_name_are_escaped() -> None:
    (read,) = parse(record(b"\x05a.b\x07\xe9\0", TYPES["NS"])).records
    assert read.text == "a\\.b\\007\\233"


@pytest.mark.parametrize(
    ("written", "wire"),
    [
        ("mairie.fr", b"\x06mairie\x02fr\0"),
        ("Mairie.FR.", b"\x06mairie\x02fr\0"),
        ("mairie-château.fr", b"\x15xn--mairie-chteau-qeb\x02fr\0"),
        ("_dmarc.mairie.fr", b"\x06_dmarc\x06mairie\x02fr\0"),
        (".", b"\0"),
    ],
)
def test_names_as_people_write_them(written: str, wire: bytes) -> None:
    assert encode_name(written) == wire


@pytest.mark.parametrize("host", ["mairie-château.fr", "saint-étienne.fr", "l'haÿ-les-roses.fr", "œuf.fr", "Épinal.fr"])
def test_accents_as_dnspython_writes_them(host: str) -> None:
    assert encode_name(host) == dns.name.from_text(host, idna_codec=dns.name.IDNA_2003).to_wire()
    assert (
        canonical(host) == dns.name.from_text(host, idna_codec=dns.name.IDNA_2003).to_text(omit_final_dot=True).lower()
    )


@pytest.mark.parametrize(
    "host", ["a..b", ".fr", "x" * 64 + ".fr", "é" * 60 + ".fr", ".".join(["x" * 50] * 6), "a.fr‥", "mairie。fr"]
)
def test_names_that_cannot_be(host: str) -> None:
    with pytest.raises(WireError):
        encode_name(host)
