"""What cameras say, read: challenges, descriptions, packets; and what the darkroom says."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.camera import challenge, darkroom_wire, sdp
from probes.camera.book import Known, ReferenceBook
from probes.camera.challenge import Credentials
from probes.camera.darkroom_wire import Unreadable, heard
from probes.camera.held import Kind
from probes.camera.rtp import Assembler, is_video
from probes.http_settings import Login
from probes.secret import Secret

# --- challenges

LOGIN = Login(user="Mufasa", password=Secret("Circle of Life"))


def test_several_challenges_in_one_header_or_in_many() -> None:
    one = ['Digest realm="a, \\"b\\"", nonce="n" , qop = "auth,auth-int", Basic realm=x, Negotiate']
    assert challenge.read(one) == [
        ("digest", {"realm": 'a, "b"', "nonce": "n", "qop": "auth,auth-int"}),
        ("basic", {"realm": "x"}),
        ("negotiate", {}),
    ]
    assert [found.scheme for found in challenge.read(["Basic realm=x", "Digest nonce=y"])] == ["basic", "digest"]
    assert challenge.read(['realm="x"', "", "Basic\r\nX: y"]) == []


@given(st.lists(st.text(), max_size=5))
def test_any_header_is_read(values: list[str]) -> None:
    credentials = Credentials(LOGIN, clear=True)
    if credentials.choose(values):
        said = credentials.header("GET", "/")
        assert said is not None
        assert said.isprintable()
        assert "Circle of Life" not in said


def test_the_examples_of_rfc_7616(monkeypatch: pytest.MonkeyPatch) -> None:
    client = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    monkeypatch.setattr("probes.camera.challenge.secrets.token_hex", lambda _: client)
    common = 'realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"'
    for algorithm, response in (
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
    ):
        credentials = Credentials(LOGIN, clear=False)
        assert credentials.choose([f"Digest {common}, algorithm={algorithm}"])
        said = credentials.header("GET", "/dir/index.html") or ""
        assert f'response="{response}"' in said
        assert "nc=00000001" in said
        assert "nc=00000002" in (credentials.header("GET", "/dir/index.html") or "")


def test_the_example_of_rfc_2069() -> None:
    """With the response that its erratum gives."""
    credentials = Credentials(Login(user="Mufasa", password=Secret("CircleOfLife")), clear=False)
    assert credentials.choose(['Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'])
    said = credentials.header("GET", "/dir/index.html") or ""
    assert 'response="1949323746fe6a43ef61f9606e7febea"' in said
    assert "algorithm" not in said


def test_the_strongest_is_taken_and_basic_only_where_it_may() -> None:
    offered = ["Basic realm=x", "Digest nonce=a", "Digest nonce=b, algorithm=SHA-256"]
    credentials = Credentials(LOGIN, clear=True)
    assert credentials.choose(offered)
    assert 'nonce="b"' in (credentials.header("GET", "/") or "")
    assert credentials.choose(offered[:1])
    assert (credentials.header("GET", "/") or "").startswith("Basic ")
    cautious = Credentials(LOGIN, clear=False)
    assert not cautious.choose(offered[:1])
    assert (cautious.only_basic, cautious.header("GET", "/")) == (True, None)
    assert not cautious.choose(["Negotiate"])
    assert not cautious.only_basic


# --- descriptions

WHOLE = b"""v=0
a=control:rtsp://192.0.2.1/flux/
m=audio 0 RTP/AVP 0
a=control:trackID=1
m=video 0 RTP/AVP 98
b=AS:2000
a=rtpmap:97 other/1
a=rtpmap:98 H265/90000
a=fmtp:98 sprop-vps=QAEMAf//;sprop-sps=QgEB; sprop-pps=%%%
a=control:trackID=2
m=application 0 RTP/AVP 107
a=control:trackID=3
"""


def test_a_description() -> None:
    found = sdp.read(WHOLE)
    assert found.control == "rtsp://192.0.2.1/flux/"
    assert found.video is not None
    assert (found.video.codec, found.video.kind, found.video.payload) == ("H265", Kind.H265, 98)
    assert found.video.control == "trackID=2"
    assert found.video.sets == (b"@\x01\x0c\x01\xff\xff", b"B\x01\x01")
    old = sdp.read(b"m=video 0 RTP/AVP 26\r\n").video
    assert old is not None
    assert (old.codec, old.kind) == ("JPEG", None)
    assert sdp.read(b"m=audio 0 RTP/AVP 0\r\na=control:x\r\n") == ("", None)


@given(st.binary(max_size=400))
def test_any_description_is_read(body: bytes) -> None:
    sdp.read(body)
    found = sdp.read(b"m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=control:" + body).video
    assert found is None or (found.control.isprintable() and " " not in found.control)


# --- packets


def packet(payload: bytes, sequence: int, *, time: int = 0, marker: bool = False, head: bytes = b"\x80") -> bytes:
    number = 96 | (0x80 if marker else 0)
    return head + bytes([number]) + sequence.to_bytes(2, "big") + time.to_bytes(4, "big") + b"\0\0\0\1" + payload


SPS, PPS, KEY, SLICE = b"\x67sps", b"\x68pps", b"\x65key picture", b"\x41slice"
START = b"\0\0\0\1"


def feed(assembler: Assembler, *data: bytes) -> bytes | None:
    for each in data:
        found = assembler.feed(each)
        if found is not None:
            return found.reveal()
    return None


def test_whole_units_parts_and_several_in_one() -> None:
    together = b"\x78" + b"".join(len(unit).to_bytes(2, "big") + unit for unit in (SPS, PPS))
    parts = [b"\x7c\x85" + KEY[1:5], b"\x7c\x05" + KEY[5:9], b"\x7c\x45" + KEY[9:]]
    assembler = Assembler(Kind.H264, 96, ())
    numbered = [packet(data, 65534 + n & 0xFFFF, marker=n == 3) for n, data in enumerate([together, *parts])]
    assert feed(assembler, *numbered) == START + SPS + START + PPS + START + KEY


def test_parameter_sets_given_beforehand() -> None:
    assembler = Assembler(Kind.H264, 96, (SPS, PPS))
    assert feed(assembler, packet(KEY, 1, marker=True)) == START + SPS + START + PPS + START + KEY
    apart = Assembler(Kind.H264, 96, ())
    assert feed(apart, packet(SPS, 1, marker=True), packet(KEY, 2, time=1, marker=True)) == START + SPS + START + KEY


def test_a_camera_that_marks_no_ends() -> None:
    assembler = Assembler(Kind.H264, 96, (SPS,))
    assert feed(assembler, packet(KEY, 1), packet(SLICE, 2, time=1)) == START + SPS + START + KEY


def test_extensions_sources_and_padding() -> None:
    assembler = Assembler(Kind.H264, 96, (SPS,))
    extended = packet(b"\0\0\0\0" + b"\xbe\xde\0\1" + b"ext1" + KEY + b"\0\0\3", 1, marker=True, head=b"\xb1")
    assert feed(assembler, extended) == START + SPS + START + KEY


def test_h265() -> None:
    vps, key = b"\x40\x01vps", b"\x26\x01key picture"
    parts = [b"\x62\x01\x93" + key[2:6], b"\x62\x01\x13" + key[6:9], b"\x62\x01\x53" + key[9:]]
    assembler = Assembler(Kind.H265, 96, (vps,))
    numbered = [packet(part, n, marker=n == 2) for n, part in enumerate(parts)]
    assert feed(assembler, *numbered) == START + vps + START + key


def test_what_is_lost_is_waited_for() -> None:
    parts = [b"\x7c\x85" + KEY[1:5], b"\x7c\x05" + KEY[5:9], b"\x7c\x45" + KEY[9:]]
    assembler = Assembler(Kind.H264, 96, (SPS,))
    assert feed(assembler, packet(parts[0], 1), packet(parts[2], 3, marker=True)) is None
    assert feed(assembler, packet(parts[1], 4, time=1), packet(parts[2], 5, time=1, marker=True)) is None
    assert feed(assembler, packet(SLICE, 6, time=2, marker=True)) is None
    assert assembler.dependent == 1
    assert feed(assembler, packet(KEY, 7, time=3, marker=True)) == START + SPS + START + KEY


def test_the_end_that_was_lost_is_not_taken_for_an_end() -> None:
    assembler = Assembler(Kind.H264, 96, (SPS,))
    assert feed(assembler, packet(KEY, 1), packet(SLICE, 3, time=1, marker=True)) is None


@given(st.sampled_from([Kind.H264, Kind.H265]), st.lists(st.binary(max_size=60), max_size=20), st.booleans())
def test_any_packets_are_survived(kind: Kind, payloads: list[bytes], raw: bool) -> None:
    assembler = Assembler(kind, 96, (b"", b"\x67", *payloads[:2]))
    for number, payload in enumerate(payloads):
        data = payload if raw else packet(payload, number, marker=bool(number % 2))
        is_video(data, 96)
        assembler.feed(data)


# --- the darkroom's words

FINE = {"state": "nette", "status": "ok", "reason": "", "scores": [["sharpness", 1.0]]}


@pytest.mark.parametrize(
    "said",
    [
        [],
        {},
        {**FINE, "state": "jolie"},
        {**FINE, "status": "fine"},
        {**FINE, "reason": 3},
        {**FINE, "scores": [["Sharp ness", 1.0]]},
        {**FINE, "scores": [["sharpness", float("nan")]]},
        {**FINE, "scores": [["sharpness", "1"]]},
        {**FINE, "scores": [["s", 1.0]] * 99},
        {"failed": "because"},
    ],
)
def test_what_makes_no_sense_is_refused(said: object) -> None:
    with pytest.raises(ValueError, match=r"not a|unknown failure|is not a valid"):
        heard(json.dumps(said).encode(), b"")


def test_what_makes_sense() -> None:
    found = heard(json.dumps({**FINE, "reason": "a\nb" + "x" * 999}).encode(), b"ref")
    assert (found.reference, found.state, found.scores) == (b"ref", "nette", (("sharpness", 1.0),))
    assert found.reason == "a b" + "x" * 297
    for failure in darkroom_wire.FAILURES:
        with pytest.raises(Unreadable) as failed:
            heard(json.dumps({"failed": failure}).encode(), b"")
        assert failed.value.reason == failure


# --- the book


def test_what_was_forgotten_meanwhile_is_not_learnt_again() -> None:
    noted: list[str] = []
    book = ReferenceBook(lambda sonde, _: noted.append(sonde))
    first, second = Known(b"1", "nette", 1.0), Known(b"2", "nette", 2.0)
    book.learn("a", None, first)
    assert book.of("a") is first
    assert book.forget("a")
    book.learn("a", first, second)
    assert book.of("a") is None
    assert noted == ["a"]
    assert not book.forget("a")


def test_only_those_that_are_looked_at_are_kept() -> None:
    book = ReferenceBook()
    book.recall("a", Known(b"1", "nette", 1.0))
    book.recall("b", Known(b"1", "nette", 1.0))
    assert book.admit({"b", "c"}) == ["a"]
    book.learn("a", None, Known(b"2", "nette", 2.0))
    assert book.of("a") is None
    book.learn("c", None, Known(b"2", "nette", 2.0))
    assert book.of("c") is not None
