"""`disk` through exporters: a real node_exporter, what windows_exporter says served by nginx, and hostile ones."""

from __future__ import annotations

import asyncio
import gzip
import os
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from probes import runner
from probes.base import Result, Run, Shared, Status, Target
from probes.disk import PROBE, DiskSettings
from probes.exported_volumes import UNREADABLE
from probes.secret import Secret
from probes.volumes import READ_ONLY
from tests.integration.probes import authority
from tests.integration.probes.hostile import answering, endless, listening, response, silent
from tests.integration.probes.nginx import reserve, serving
from tests.integration.probes.node_exporter import PASSWORD, USER, Machine
from tests.integration.probes.running import Runner, shared
from tests.integration.probes.test_disk import by_mount

__all__ = ["shared"]

FULL = {"free": {"critical": "100 %"}}  # whatever is free, it is too little
ROOMY = {"free_size": {"critical": "1 B"}}
WINDOWS = """\
# HELP windows_logical_disk_free_bytes Free space in bytes, updates every 10-15 min (LogicalDisk.PercentFreeSpace)
# TYPE windows_logical_disk_free_bytes gauge
windows_logical_disk_free_bytes{volume="C:"} 4.294967296e+10
windows_logical_disk_free_bytes{volume="D:"} 1.073741824e+09
windows_logical_disk_free_bytes{volume="HarddiskVolume1"} 1.048576e+06
# HELP windows_logical_disk_size_bytes Total space in bytes, updates every 10-15 min (LogicalDisk.PercentFreeSpace_Base)
# TYPE windows_logical_disk_size_bytes gauge
windows_logical_disk_size_bytes{volume="C:"} 1.073741824e+11
windows_logical_disk_size_bytes{volume="D:"} 5.36870912e+11
windows_logical_disk_size_bytes{volume="HarddiskVolume1"} 1.04857600e+08
"""


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with Machine(tmp_path).running() as running:
        yield running


@pytest.fixture
def disk(shared: Shared) -> Runner:
    return Runner(PROBE, shared)


async def test_a_volume_has_the_size_that_the_system_says(machine: Machine, disk: Runner) -> None:
    result = await disk(exporter=machine.access, **ROOMY)
    assert result.status is Status.OK
    assert result.message.startswith("/ : ")
    said = os.statvfs(machine.root)
    assert by_mount(result, "size_bytes") == {"/": said.f_blocks * said.f_frsize}
    assert by_mount(result, "free_bytes")["/"] < said.f_blocks * said.f_frsize


async def test_the_inodes_that_the_system_says(machine: Machine, disk: Runner) -> None:
    result = await disk(exporter=machine.access, **ROOMY)
    said = os.statvfs(machine.root)
    assert by_mount(result, "free_inodes_ratio")["/"] == pytest.approx(said.f_ffree / said.f_files, abs=0.01)
    full = await disk(exporter=machine.access, inodes={"critical": "100 %"}, **ROOMY)
    assert full.status is Status.CRITICAL
    assert full.message.startswith("/ : inodes libres ")


@pytest.mark.parametrize(
    ("total", "free", "status"),
    [
        ("1000", "900", Status.OK),
        ("1000", "50", Status.WARNING),
        ("1000", "0", Status.CRITICAL),
        ("0", "0", Status.OK),  # btrfs, vfat: they make them as they need them
        ("1000", "NaN", Status.OK),
        ("NaN", "0", Status.OK),
        ("+Inf", "0", Status.OK),
        ("10", "-1", Status.OK),
        ("10", "11", Status.OK),
    ],
)
async def test_a_volume_without_inodes_left_has_no_space_left(
    total: str, free: str, status: Status, disk: Runner
) -> None:
    page = GOOD + sample("files", total) + sample("files_free", free)
    async with listening(answering(response(page))) as server:
        exporter = {"url": f"http://127.0.0.1:{server.port}/metrics"}
        result = await disk(exporter=exporter, **ROOMY)
        assert result.status is status, result.message
        assert bool(by_mount(result, "free_inodes_ratio")) == (total == "1000" and free != "NaN")
        off = await disk(exporter=exporter, inodes={}, **ROOMY)
        assert off.status is Status.OK


async def test_a_full_volume_while_the_exporter_answers(machine: Machine, disk: Runner) -> None:
    result = await disk(exporter=machine.access, **FULL)
    assert result.status is Status.CRITICAL
    assert result.message.startswith("/ : espace libre ")


async def test_what_is_chosen_and_left_out(machine: Machine, disk: Runner) -> None:
    machine.mount(
        "/dev/sda1 / ext4 rw",
        r"/dev/sdb1 /srv/partages\040communs xfs rw",
        "tmpfs /tmp tmpfs rw",
        "overlay /var/lib/docker/overlay2/x overlay rw",
        "/dev/loop1 /snap/core squashfs ro",
        "nas:/doc /mnt/documentation nfs4 ro",
    )
    (machine.root / "srv" / "partages communs").mkdir(parents=True)
    everything = await disk(exporter=machine.access, **ROOMY)
    assert set(by_mount(everything, "free_ratio")) == {"/", "/srv/partages communs"}
    chosen = await disk(exporter=machine.access, mounts=["/srv/*", "/tmp"], **ROOMY)
    assert set(by_mount(chosen, "free_ratio")) == {"/tmp", "/srv/partages communs"}
    missing = await disk(exporter=machine.access, mounts=["/sauvegarde"], **ROOMY)
    assert (missing.status, missing.message) == (Status.CRITICAL, "volume /sauvegarde absent")


async def test_a_disk_that_went_read_only_and_a_mount_that_was_cut(machine: Machine, disk: Runner) -> None:
    machine.mount("/dev/sda1 / ext4 rw", "/dev/sdb1 /srv ext4 ro", "nas:/x /absent/nas nfs4 rw")
    result = await disk(exporter=machine.access, **ROOMY)
    assert result.status is Status.WARNING
    assert result.message == f"/srv : {READ_ONLY} ; /absent/nas : {UNREADABLE}"
    named = await disk(exporter=machine.access, mounts=["/", "/absent/nas"], **ROOMY)
    assert (named.status, named.message) == (Status.CRITICAL, f"/absent/nas : {UNREADABLE}")
    assert (await disk(exporter=machine.access, mounts=["/"], **ROOMY)).status is Status.OK
    excluded = await disk(exporter=machine.access, exclude=["/srv", "/absent/*"], **ROOMY)
    assert excluded.status is Status.OK


async def test_a_volume_that_vanishes(machine: Machine, disk: Runner) -> None:
    machine.mount("/dev/sda1 / ext4 rw", "/dev/sdb1 /srv ext4 rw")
    assert (await disk(exporter=machine.access, **ROOMY)).status is Status.OK
    machine.mount("/dev/sda1 / ext4 rw")
    result = await disk(exporter=machine.access, **ROOMY)
    assert (result.status, result.message) == (Status.WARNING, "volume /srv absent")


async def test_an_exporter_without_the_collector(machine: Machine, disk: Runner) -> None:
    """Only the collector asked for answers, as with `--no-collector.filesystem`."""
    result = await disk(exporter={"url": f"{machine.url}?collect[]=loadavg"})
    assert result.status is Status.CRITICAL
    assert result.message.startswith("aucun volume dans les métriques de l'exportateur")
    assert (await disk(exporter={"url": f"{machine.url}?collect[]=filesystem"}, **ROOMY)).status is Status.OK
    refused = await disk(exporter={"url": f"{machine.url}?collect[]=inconnu"})
    assert refused.message == "l'exportateur ne donne pas de métriques (réponse HTTP 400)"


async def test_tls_and_login(tmp_path: Path, disk: Runner) -> None:
    trusted = authority.root()
    (tmp_path / "ca.pem").write_bytes(trusted.pem)
    machine = Machine(tmp_path)
    machine.protect(*authority.leaf(trusted, "127.0.0.1").write(tmp_path, "exporter"))
    with machine.running():
        url = machine.url.replace("http:", "https:")
        right = {"url": url, "ca": str(tmp_path / "ca.pem"), "basic": {"user": USER, "password": Secret(PASSWORD)}}
        assert (await disk(exporter=right, **ROOMY)).status is Status.OK
        for wrong, message in (
            ({**right, "basic": {"user": USER, "password": Secret("autre")}}, "identifiants refusés par l'exportateur"),
            ({key: value for key, value in right.items() if key != "basic"}, "identifiants refusés par l'exportateur"),
            ({key: value for key, value in right.items() if key != "ca"}, "autorité inconnue"),
            ({**right, "url": machine.url}, "l'exportateur ne donne pas de métriques (réponse HTTP 400)"),
        ):
            result = await disk(exporter=wrong)
            assert result.status is Status.CRITICAL
            assert message in result.message
            assert "autre" not in result.message
            assert PASSWORD not in "".join(disk.trace)


@pytest.mark.parametrize("prefix", ["windows", "wmi"])
async def test_windows(prefix: str, tmp_path: Path, disk: Runner) -> None:
    """A server whose exporter answers and whose disk D: is full."""
    (tmp_path / "metrics").write_text(WINDOWS.replace("windows_", f"{prefix}_"), encoding="utf-8")
    sock = reserve()
    port = sock.getsockname()[1]
    server = f"server {{ listen 127.0.0.1:{port}; root {tmp_path}; gzip on; gzip_min_length 1; gzip_types *; }}"
    with serving(tmp_path, [sock], server):
        result = await disk(exporter={"url": f"http://127.0.0.1:{port}/metrics"}, address="")
        assert (result.status, result.message) == (Status.CRITICAL, "D:\\ : espace libre 0,2 % (seuil 5 %)")
        assert by_mount(result, "free_bytes") == {"C:\\": 40 << 30, "D:\\": 1 << 30}
        one = await disk(exporter={"url": f"http://{{address}}:{port}/metrics"}, mounts=["c:"])
        assert (one.status, one.message) == (Status.OK, "C:\\ : 40 % libres (40 Gio)")


# --- hostile


def sample(name: str, value: str, mount: str = "/srv") -> bytes:
    return f'node_filesystem_{name}{{device="/dev/sda1",fstype="ext4",mountpoint="{mount}"}} {value}\n'.encode()


GOOD = b"# TYPE node_filesystem_size_bytes gauge\n" + sample("size_bytes", "1e12") + sample("avail_bytes", "5e11")
HTML = b"<!doctype html><title>Connexion</title><form>Identifiez-vous</form>"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (HTML, "réponse qui n'est pas celle d'un exportateur de métriques"),
        (b"", "réponse qui n'est pas celle d'un exportateur de métriques"),
        (bytes(range(256)) * 16 + b"\n", "réponse qui n'est pas celle d'un exportateur de métriques"),
        (GOOD[:-4], "métriques incomplètes : la réponse s'arrête au milieu d'une ligne"),
        (
            b"# HELP go_goroutines Number.\ngo_goroutines 7\n",
            "aucun volume dans les métriques de l'exportateur (collecteur filesystem ou logical_disk absent)",
        ),
        (
            b"# HELP x y\n" + sample("size_bytes", "beaucoup"),
            "aucun volume dans les métriques de l'exportateur (collecteur filesystem ou logical_disk absent)",
        ),
    ],
)
async def test_what_is_no_exposition(body: bytes, message: str, disk: Runner) -> None:
    async with listening(answering(response(body))) as server:
        result = await disk(exporter={"url": f"http://{{address}}:{server.port}/metrics"})
    assert (result.status, result.message) == (Status.CRITICAL, message)


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-Inf", "1e400", "1e300", "-1", "0"])
async def test_sizes_that_make_no_sense(value: str, disk: Runner) -> None:
    body = sample("size_bytes", value) + sample("avail_bytes", "1")
    async with listening(answering(response(body))) as server:
        result = await disk(exporter={"url": f"http://{{address}}:{server.port}/metrics"}, mounts=["/srv"])
    assert (result.status, result.message) == (Status.UNKNOWN, "/srv : taille nulle ou incohérente")


def nothing(mounts: list[str]) -> bytes:
    """The exporter names these volumes, and has a number for none."""
    return b"".join(sample(name, "NaN", mount) for mount in mounts for name in ("size_bytes", "avail_bytes"))


@pytest.mark.parametrize("chosen", [{}, {"mounts": ["/*"]}, {"exclude": ["/boot"]}], ids=str)
async def test_volumes_without_one_size_are_there_all_the_same(chosen: dict[str, Any], disk: Runner) -> None:
    body = nothing(["/", "/srv", "/proc"])
    async with listening(answering(response(body))) as server:
        result = await disk(exporter={"url": f"http://{{address}}:{server.port}/metrics"}, **chosen)
    assert result.status is Status.UNKNOWN
    assert result.message == "/ : taille nulle ou incohérente ; /srv : taille nulle ou incohérente"
    assert not result.measurements


async def test_a_pattern_whose_volumes_have_no_size_finds_nothing_right(disk: Runner) -> None:
    body = nothing([f"/srv/{index}" for index in range(8)]) + sample("size_bytes", "1e12", "/")
    async with listening(answering(response(body + sample("avail_bytes", "5e11", "/")))) as server:
        access = {"url": f"http://{{address}}:{server.port}/metrics"}
        result = await disk(exporter=access, mounts=["/srv/*"])
        assert (await disk(exporter=access)).message == "/ : 50 % libres (466 Gio)"
    assert result.status is Status.UNKNOWN
    assert result.message.startswith("/srv/0 : taille nulle ou incohérente ; ")
    assert result.message.endswith(" autres volumes de taille incohérente")


async def test_a_volume_that_loses_its_size_is_not_absent(disk: Runner) -> None:
    root = sample("size_bytes", "1e12", "/") + sample("avail_bytes", "5e11", "/")
    said = [GOOD + root, nothing(["/srv"]) + root]
    results = []
    for body in said:
        async with listening(answering(response(body))) as server:
            results.append(await disk(exporter={"url": f"http://{{address}}:{server.port}/metrics"}))
    assert results[0].status is Status.OK
    assert (results[1].status, results[1].message) == (Status.UNKNOWN, "/srv : taille nulle ou incohérente")


async def test_duplicates_and_what_an_exporter_should_not_say(disk: Runner) -> None:
    body = GOOD + sample("avail_bytes", "1") + sample("size_bytes", "1") + b"\x00\xff{{{}\n" + sample("readonly", "NaN")
    async with listening(answering(response(body))) as server:
        result = await disk(exporter={"url": f"http://{{address}}:{server.port}/metrics"})
    assert (result.status, result.message) == (Status.OK, "/srv : 50 % libres (466 Gio)")


async def test_an_endless_body(disk: Runner) -> None:
    head = b"HTTP/1.1 200 OK\r\n\r\n" + GOOD
    async with listening(endless(head, sample("files", "1") * 2000)) as server:
        result = await disk(exporter={"url": f"http://{{address}}:{server.port}/metrics"}, timeout_s=30.0)
    assert (result.status, result.message) == (Status.CRITICAL, "métriques de plus de 16 Mio : lecture abandonnée")


async def test_a_compressed_bomb(disk: Runner) -> None:
    body = gzip.compress(GOOD + sample("files", "1") * 400_000)
    assert len(body) < 200_000
    async with listening(answering(response(body, Content_Encoding="gzip"))) as server:
        result = await disk(exporter={"url": f"http://{{address}}:{server.port}/metrics"}, timeout_s=30.0)
    assert result.message == "métriques de plus de 16 Mio : lecture abandonnée"


async def test_broken_compression_and_broken_bodies(disk: Runner) -> None:
    whole = gzip.compress(GOOD)
    for sent, message in (
        (response(whole[:-12], Content_Encoding="gzip"), "réponse compressée incomplète"),
        (response(b"x" * 50, Content_Encoding="gzip"), "décompression de la réponse impossible"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + GOOD, "réponse incomplète ou mal formée"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "réponse illisible (HTTP mal formé)"),
    ):
        async with listening(answering(sent)) as server:
            result = await disk(exporter={"url": f"http://{{address}}:{server.port}/metrics"})
        assert result.status is Status.CRITICAL
        assert result.message.startswith(message)


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\n\r\n" + GOOD])
async def test_a_server_that_hangs(sent: bytes, disk: Runner) -> None:
    async with listening(silent(sent)) as server:
        result = await disk(exporter={"url": f"http://{{address}}:{server.port}/metrics"}, timeout_s=1.0)
    assert result.status is Status.CRITICAL
    assert result.message.startswith("pas de réponse de l'exportateur en 900 ms")


async def test_a_login_page_instead_of_metrics(disk: Runner) -> None:
    async with listening(answering(response(b"", "302 Found", Location="https://127.0.0.1:9/connexion"))) as server:
        result = await disk(exporter={"url": f"http://{{address}}:{server.port}/metrics"})
    assert (result.status, result.message) == (Status.CRITICAL, "redirection 302 vers https://127.0.0.1:9/connexion")


async def test_nothing_listens(disk: Runner) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        result = await disk(exporter={"url": f"http://{{address}}:{port}/metrics"})
    assert (result.status, result.message) == (Status.CRITICAL, f"connexion refusée (port {port})")


async def test_what_is_sent(disk: Runner, tmp_path: Path) -> None:
    heads: list[str] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(response(GOOD))

    trusted = authority.root()
    certificate, key = authority.leaf(trusted, "127.0.0.1").write(tmp_path, "exporter")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(cadata=trusted.pem.decode())
    context.verify_mode = ssl.CERT_REQUIRED
    async with listening(handler, context) as server:
        access = {
            "url": f"https://{{address}}:{server.port}/metrics?collect[]=filesystem",
            "bearer": Secret("jeton"),
            "headers": {"X-Site": Secret("cle"), "X-Autre": "oui"},
            "verify": False,
            "client_certificate": {"certificate": str(certificate), "key": str(key)},
        }
        assert (await disk(exporter=access, family="ipv4")).status is Status.OK
    (head,) = heads
    assert head.startswith("GET /metrics?collect%5B%5D=filesystem HTTP/1.1")
    for line in ("Authorization: Bearer jeton", "X-Site: cle", "X-Autre: oui", "Accept-Encoding: gzip, deflate"):
        assert line in head


# --- one visit a host


async def test_sondes_of_a_host_share_a_visit_and_a_retry_makes_its_own(shared: Shared) -> None:
    async with listening(answering(response(GOOD))) as server:
        written: dict[str, Any] = {"exporter": {"url": f"http://{{address}}:{server.port}/metrics"}}
        chosen = DiskSettings(**written), DiskSettings(**written, mounts=("/srv",)), DiskSettings(**written)

        async def look(sonde: int) -> Result:
            run = Run(shared=shared, at=1_800_000_000.0, timeout_s=5.0)
            target = Target(sonde=f"commune/serveur/{sonde}", address="127.0.0.1")
            return await runner.run(PROBE, target, chosen[sonde], run)

        results = await asyncio.gather(*map(look, range(3)))
        assert [result.status for result in results] == [Status.OK] * 3
        assert server.connections == 1
        await look(1)
        assert server.connections == 2
        await look(0)
        assert server.connections == 2
        other = Target(sonde="commune/serveur/3", address="localhost")
        await runner.run(PROBE, other, chosen[0], Run(shared=shared, at=1_800_000_000.0, timeout_s=5.0))
        assert server.connections == 3
