"""What exporters say of volumes, Linux and Windows, old and new, and what makes no sense."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.exported_volumes import METRICS, READ_ONLY, UNREADABLE, exported
from probes.exposition import Sample
from probes.volumes import Volume, choose

GIB = float(1 << 30)


def linux(mount: str, fstype: str = "ext4", device: str = "/dev/sda1", **values: float) -> list[Sample]:
    labels = {"device": device, "fstype": fstype, "mountpoint": mount}
    said = {"size_bytes": 100 * GIB, "avail_bytes": 20 * GIB, "free_bytes": 25 * GIB, "device_error": 0.0, **values}
    return [Sample(f"node_filesystem_{name}", labels, value) for name, value in said.items()]


def windows(
    volume: str,
    size: float = 100,
    free: float = 20,
    prefix: str = "windows",
    readonly: float | None = None,
    **labels: str,
) -> list[Sample]:
    labels = {"volume": volume, **labels}
    found = [("size_bytes", size * GIB), ("free_bytes", free * GIB)]
    found += [("readonly", readonly)] if readonly is not None else []
    return [Sample(f"{prefix}_logical_disk_{name}", labels, value) for name, value in found]


def held(samples: list[Sample]) -> dict[str, float]:
    """What is looked at when nobody named anything: free space in GiB."""
    return {volume.name: volume.free_bytes / GIB for volume in choose(exported(samples), (), ())}


def test_what_is_available_counts_not_what_root_alone_may_use() -> None:
    assert held(linux("/srv")) == {"/srv": 20}
    assert held([sample for sample in linux("/srv") if "avail" not in sample.name]) == {"/srv": 25}
    assert held(linux("/srv", avail_bytes=-2 * GIB)) == {"/srv": 0}


@pytest.mark.parametrize("fstype", ["tmpfs", "overlay", "squashfs", "iso9660", "proc", "fuse.lxcfs", "rootfs"])
def test_pseudo_file_systems_are_left_out_unless_named(fstype: str) -> None:
    volumes = exported(linux("/quelque/part", fstype))
    assert choose(volumes, (), ()) == []
    assert choose(volumes, ("/quelque/*",), ()) == []
    assert [volume.name for volume in choose(volumes, ("/quelque/part",), ())] == ["/quelque/part"]


def test_what_the_table_of_an_agent_leaves_out_is_left_out_here() -> None:
    assert held([*linux("/run/lock"), *linux("/var/lib/docker/volumes/x"), *linux("/var")]) == {"/var": 20}


@pytest.mark.parametrize("fstype", ["ext4", "xfs", "btrfs", "vfat"])
def test_read_only(fstype: str) -> None:
    """A disk that is read-only was turned so by its errors; an NFS mount was meant to be."""
    (volume,) = exported(linux("/srv", fstype, readonly=1))
    assert (volume.holds_files, volume.trouble) == (True, READ_ONLY)
    assert held(linux("/mnt/documentation", "nfs4", readonly=1)) == {}


def test_unreadable() -> None:
    samples = [sample for sample in linux("/mnt/nas", "nfs4", device_error=1) if "device_error" in sample.name]
    (volume,) = exported(samples)
    assert (volume.holds_files, volume.size_bytes, volume.trouble) == (True, 0, UNREADABLE)
    assert not exported([sample._replace(labels={**sample.labels, "fstype": "tmpfs"}) for sample in samples])[
        0
    ].holds_files


def test_a_mount_over_another() -> None:
    """The automounter and what it mounted have one place; a bind mount may be told of twice."""
    samples = [*linux("/home", "autofs", "auto.home", size_bytes=0), *linux("/home", "nfs4", "nas:/home")]
    assert held(samples) == {"/home": 20}
    assert held([*linux("/srv"), *linux("/srv", device="/dev/sdb1", avail_bytes=GIB)]) == {"/srv": 20}


def test_duplicate_lines_say_what_the_first_says() -> None:
    assert held([*linux("/srv"), *linux("/srv", avail_bytes=GIB)]) == {"/srv": 20}


@pytest.mark.parametrize("prefix", ["windows", "wmi"])
def test_windows_by_both_names_of_its_exporter(prefix: str) -> None:
    samples = [*windows("C:", prefix=prefix), *windows("d:", 50, 1, prefix), *windows("HarddiskVolume1", prefix=prefix)]
    assert held(samples) == {"C:\\": 20, "D:\\": 1}


def test_windows_with_the_labels_of_other_versions() -> None:
    """Between two versions the name of a volume was a label of each metric; now a metric of its own tells its type."""
    info = Sample("windows_logical_disk_info", {"volume": "E:", "type": "cdrom", "filesystem": "UDF"}, 1.0)
    samples = [*windows("C:", volume_name="Système"), *windows("E:", 4, 0), info, *windows(r"C:\Données", 10, 5)]
    assert held(samples) == {"C:\\": 20, r"C:\Données": 5}
    assert held(windows("F:", readonly=524288.0)) == {}


@pytest.mark.parametrize(
    ("size", "free"),
    [(math.nan, 1), (math.inf, 1), (1e300, 1), (-1, 0), (0, 0), (10, math.nan), (10, math.inf), (10, 11), (10, -11)],
)
def test_sizes_that_make_no_sense(size: float, free: float) -> None:
    (volume,) = exported(linux("/srv", size_bytes=size, avail_bytes=free))
    assert (volume.size_bytes, volume.free_bytes) == (0, 0)


LABELS = st.dictionaries(st.sampled_from(["mountpoint", "fstype", "device", "volume", "type"]), st.text(max_size=200))


@given(st.lists(st.builds(Sample, st.sampled_from(METRICS), LABELS, st.floats())))
def test_nonsense_is_read_without_harm(samples: list[Sample]) -> None:
    volumes = exported(samples)
    assert len({volume.name for volume in volumes}) == len(volumes)  # no two series of the same labels
    for volume in volumes:
        assert isinstance(volume, Volume)
        assert volume.name.isprintable()
        assert len(volume.name) <= 121
        if volume.size_bytes:
            assert 0 <= volume.free_ratio <= 1
