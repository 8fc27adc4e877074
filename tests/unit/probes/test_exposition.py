"""The text of exporters: read right however it is cut, and whatever it is."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from probes.exposition import Exposition, Sample

NAMES = ("size_bytes", "readonly")


def read(text: bytes, *cuts: int) -> Exposition:
    exposition = Exposition(NAMES)
    start = 0
    for end in (*sorted(cut % (len(text) + 1) for cut in cuts), len(text)):
        exposition.take(text[start:end])
        start = end
    return exposition


@given(
    st.dictionaries(st.text(max_size=30), st.floats(), min_size=1, max_size=8),
    st.lists(st.integers(0, 10_000), max_size=6),
)
def test_what_the_reference_writes_is_read_however_it_is_cut(values: dict[str, float], cuts: list[int]) -> None:
    registry = CollectorRegistry()
    gauge = Gauge("size_bytes", "Taille", ["mountpoint"], registry=registry)
    Gauge("other", "Autre", registry=registry).set(3)
    for mount, value in values.items():
        gauge.labels(mountpoint=mount).set(value)
    exposition = read(generate_latest(registry), *cuts)
    found = {sample.labels["mountpoint"]: sample.value for sample in exposition.samples}
    encodable = {mount.encode("utf-8", "replace").decode(): value for mount, value in values.items()}
    assert found.keys() == encodable.keys()
    assert all(found[mount] == value or math.isnan(value) for mount, value in encodable.items())
    assert exposition.announced
    assert not exposition.cut
    assert exposition.garbled == 0


@given(st.lists(st.binary(max_size=200) | st.sampled_from([b'size_bytes{a="', b"size_bytes ", b"\n", b'"} 1\n', b"{"])))
def test_nonsense_is_read_without_harm(pieces: list[bytes]) -> None:
    exposition = Exposition(NAMES)
    for piece in pieces:
        exposition.take(piece)
    assert all(sample.name in NAMES for sample in exposition.samples)
    assert exposition.cut == bool(b"".join(pieces).rpartition(b"\n")[2].strip())


@pytest.mark.parametrize(
    ("line", "labels", "value"),
    [
        (b"size_bytes 12", {}, 12.0),
        (b"size_bytes 12 1800000000000", {}, 12.0),
        (b'size_bytes{a="1",b="2",} 1e+10', {"a": "1", "b": "2"}, 1e10),
        (b'size_bytes { a = "1" , b="2" } 3\r', {"a": "1", "b": "2"}, 3.0),
        (rb'size_bytes{a="C:\\x \"y\" \n}"} 4', {"a": 'C:\\x "y" \n}'}, 4.0),
        (b"size_bytes{} +Inf", {}, math.inf),
    ],
)
def test_forms_of_a_line(line: bytes, labels: dict[str, str], value: float) -> None:
    assert read(line + b"\n").samples == [Sample("size_bytes", labels, value)]


@pytest.mark.parametrize(
    "line",
    [
        b'size_bytes{a="1" 12',
        b'size_bytes{a="1',
        b"size_bytes{a=1} 12",
        b"size_bytes",
        b"size_bytes{}",
        b"size_bytes douze",
        b"size_bytes 1_000",
        "size_bytes ١٢".encode(),
        b"size_bytes 1 2 3",
        b'size_bytes{a="' + b"x" * 20_000 + b'"} 1',
    ],
)
def test_lines_that_make_no_sense_count_and_spare_the_others(line: bytes) -> None:
    exposition = read(line + b'\nsize_bytes_total 9\nreadonly{a="b"} 1\n')
    assert exposition.samples == [Sample("readonly", {"a": "b"}, 1.0)]
    assert exposition.garbled == 1


def test_a_line_without_end_takes_no_memory() -> None:
    exposition = Exposition(NAMES)
    for _ in range(1000):
        exposition.take(b"size_bytes" * 1000)
        assert len(exposition._rest) <= 16384
    assert exposition.cut
    exposition.take(b"\nreadonly 1\n")
    assert [sample.name for sample in exposition.samples] == ["readonly"]


def test_too_many_samples_are_left_out() -> None:
    exposition = read(b"readonly 1\n" * 20_005)
    assert len(exposition.samples) == 20_000
    assert exposition.garbled == 5
