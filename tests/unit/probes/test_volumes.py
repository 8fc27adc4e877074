"""What a storage table means, and which of its volumes a setting means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.snmp.words import Value, read_oid
from probes.volumes import Volume, choose, matching, read_volumes

DISK, RAM, CD = (read_oid(f"1.3.6.1.2.1.25.2.1.{kind}") for kind in (4, 2, 7))


def table(*lines: tuple[Value, ...]) -> dict[tuple[int, ...], tuple[Value, ...]]:
    return {(index,): line for index, line in enumerate(lines, 1)}


def volume(name: str, kind: int = 4, size: int = 1000, used: int = 100) -> Volume:
    return Volume(name, kind, size, used)


@given(st.integers(0, (1 << 32) - 1), st.sampled_from([512, 1024, 4096, 65536]))
def test_a_count_is_the_same_however_its_field_wraps(units: int, unit: int) -> None:
    """As an agent sends it: a signed field of 32 bits."""
    sent = units - (1 << 32) if units >= 1 << 31 else units
    (found,) = read_volumes(table((DISK, b"/srv", unit, sent, 0)))
    assert found.size_bytes == units * unit


@given(st.lists(st.tuples(*[st.none() | st.integers() | st.binary() | st.just(DISK)] * 5)))
def test_nonsense_is_read_without_harm(lines: list[tuple[Value, ...]]) -> None:
    volumes = read_volumes(table(*lines))
    assert len({found.name for found in volumes}) == len(volumes)  # no two series of the same labels
    for found in volumes:
        assert found.name.isprintable()
        assert len(found.name) <= 121
        if found.size_bytes:
            assert 0 <= found.free_ratio <= 1


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (rb"C:\ Label:  Serial Number 1a2b3c4d", "C:\\"),
        ("D:\\ Label:Données  Serial Number 0".encode(), "D:\\"),
        (b"d:\\", "D:\\"),
        (b"/volume1", "/volume1"),
        (b"/srv/\x1b[2J", "/srv/·[2J"),
        (b"/mnt/cl\xe9", "/mnt/cl\ufffd"),
    ],
)
def test_names(said: bytes, name: str) -> None:
    assert [found.name for found in read_volumes(table((DISK, said, 1, 1, 1)))] == [name]


@pytest.mark.parametrize(
    ("mount", "name"),
    [
        ("/", "/"),
        ("/srv", "/srv"),
        ("/srv/", "/srv"),
        ("/srv/*", "/srv/data"),
        ("/volume?", "/volume1"),
        ("D:", "D:\\"),
        ("d:\\", "D:\\"),
        ("D:/", "D:/"),
        ("*", "D:\\"),
        ("?:\\", "D:\\"),
        ("/mnt/[x]*", "/mnt/[x]1"),
    ],
)
def test_what_a_setting_means(mount: str, name: str) -> None:
    assert matching(mount, name)


@pytest.mark.parametrize(
    ("mount", "name"),
    [
        ("/", "/srv"),
        ("/srv", "/srv/data"),
        ("/srv/*", "/srv"),
        ("C:", "D:\\"),
        ("/SRV", "/srv"),
        ("/mnt/[x]*", "/mnt/x"),
    ],
)
def test_what_it_does_not_mean(mount: str, name: str) -> None:
    assert not matching(mount, name)


def test_without_a_setting_only_what_holds_files_is_looked_at() -> None:
    memory = [volume("Physical memory", 2), volume("Swap space", 3), volume("Cached memory", 1)]
    pseudo = [volume(name) for name in ("/proc", "/run", "/run/lock", "/dev/shm", "/sys/fs/cgroup", "/snap/core/1")]
    overlay = [volume("/var/lib/docker/overlay2/1a/merged")]
    odd = [volume("E:\\", 7), volume("/empty", size=0)]
    real = [volume("/"), volume("/srv", 10), volume("/boot", 9), volume("/running"), volume("/development")]
    assert choose(memory + pseudo + overlay + odd + real, (), ()) == real


def test_a_name_takes_what_a_pattern_does_not() -> None:
    known = [volume("/run"), volume("/srv/a"), volume("/srv/b"), volume("Swap space", 3)]
    assert choose(known, ("/run", "Swap space"), ()) == [known[0], known[3]]
    assert choose(known, ("*",), ()) == known[1:3]
    assert choose(known, ("/srv/*",), ("/srv/b",)) == [known[1]]


def test_types_that_are_not_of_the_table() -> None:
    kinds = [
        found.kind
        for found in read_volumes(table((DISK, b"a", 1, 1, 1), ((1, 3, 4), b"b", 1, 1, 1), (None, b"c", 1, 1, 1)))
    ]
    assert kinds == [4, 0, 0]


@pytest.mark.parametrize(
    ("unit", "size", "used"), [(0, 10, 1), (-1, 10, 1), (None, 10, 1), (1, b"10", 1), (1, 10, None)]
)
def test_sizes_that_make_no_sense(unit: Value, size: Value, used: Value) -> None:
    (found,) = read_volumes(table((DISK, b"/srv", unit, size, used)))
    assert (found.size_bytes, found.free_bytes) == (0, 0)


def test_more_used_than_there_is() -> None:
    (found,) = read_volumes(table((DISK, b"/srv", 1, 10, 12)))
    assert (found.free_bytes, found.free_ratio) == (0, 0.0)
