"""`disk` against a real snmpd that tells of volumes the test decides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from probes.base import Measurement, Result, Shared, Status
from probes.disk import PROBE
from probes.filling import Pace
from probes.filling_book import FillingBook
from probes.secret import Secret
from probes.seen_volumes import SeenVolumes
from probes.volumes import READ_ONLY
from tests.integration.probes.running import Runner, shared
from tests.integration.probes.snmpd import COMMUNITY, STORAGE, Agent, column, storage

__all__ = ["shared"]

GIB = 1 << 30
DISKS, SYSTEMS = "1.3.6.1.4.1.2021.9.1", "1.3.6.1.2.1.25.3.8.1"
ROOT = {"name": "/", "size": 25 * GIB // 4096, "used": 10 * GIB // 4096}
LINUX = (
    {"name": "Physical memory", "kind": "ram", "unit": 1024, "size": 4 << 20, "used": 4 << 20},
    {"name": "Swap space", "kind": "swap", "unit": 1024, "size": 1 << 20, "used": 1 << 20},
    ROOT,
    {"name": "/run", "size": 100, "used": 99},
    {"name": "/srv", "size": 500 * GIB // 4096, "used": 400 * GIB // 4096},
)


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    started = Agent(tmp_path)
    started.set(storage(*LINUX))
    started.start()
    yield started
    started.stop()


@pytest.fixture
def disk(agent: Agent, shared: Shared) -> Runner:
    return Runner(PROBE, shared)


def access(agent: Agent, **more: Any) -> dict[str, Any]:
    return {"access": {"port": agent.port, "community": Secret(COMMUNITY)}, **more}


def by_mount(result: Result, name: str) -> dict[str, float]:
    assert all(isinstance(measurement, Measurement) for measurement in result.measurements)
    return {dict(found.labels)["mount"]: found.value for found in result.measurements if found.name == name}


async def test_all_volumes_that_hold_files(agent: Agent, disk: Runner) -> None:
    result = await disk(**access(agent))
    assert (result.status, result.message) == (Status.OK, "2 volumes, le plus rempli /srv : 20 % libres (100 Gio)")
    assert by_mount(result, "free_ratio") == {"/": pytest.approx(0.6), "/srv": pytest.approx(0.2)}
    assert by_mount(result, "size_bytes") == {"/": 25 * GIB, "/srv": 500 * GIB}
    assert by_mount(result, "free_bytes") == {"/": 15 * GIB, "/srv": 100 * GIB}


async def test_a_volume_of_3_tib_whose_count_wrapped(agent: Agent, disk: Runner) -> None:
    """3 × 2^30 units of 1 KiB come as -1073741824; 2.9 of them are used, which comes negative too."""
    used = 29 * (3 << 30) // 30
    agent.set(storage({"name": "/volume1", "unit": 1024, "size": 3 << 30, "used": used}))
    result = await disk(**access(agent, mounts=["/volume1"]))
    assert by_mount(result, "size_bytes") == {"/volume1": 3 << 40}
    assert by_mount(result, "free_ratio")["/volume1"] == pytest.approx(1 / 30)
    assert (result.status, result.message) == (Status.CRITICAL, "/volume1 : espace libre 3,3 % (seuil 5 %)")


async def test_a_volume_without_inodes_left_has_no_space_left(agent: Agent, disk: Runner) -> None:
    told = {**column(DISKS, 2, "string", ["/", "/srv", "/boot"]), **column(DISKS, 10, "integer", [12, 97, -1])}
    agent.change(told)
    thresholds = {"warning": "5 %", "critical": "1 %"}
    result = await disk(**access(agent, inodes=thresholds))
    assert (result.status, result.message) == (Status.WARNING, "/srv : inodes libres 3 % (seuil 5 %)")
    assert by_mount(result, "free_inodes_ratio") == {"/": pytest.approx(0.88), "/srv": pytest.approx(0.03)}
    agent.change(column(DISKS, 10, "integer", [12, 100, -1]))
    assert (await disk(**access(agent, inodes=thresholds))).message == "/srv : inodes libres 0 % (seuil 1 %)"
    assert (await disk(**access(agent))).status is Status.OK  # not asked for


async def test_a_volume_that_the_agent_says_is_read_only(agent: Agent, disk: Runner) -> None:
    agent.change({**column(SYSTEMS, 2, "string", ["/", "/srv"]), **column(SYSTEMS, 5, "integer", [1, 2])})
    result = await disk(**access(agent, writable=True))
    assert (result.status, result.message) == (Status.WARNING, f"/srv : {READ_ONLY}")
    named = await disk(**access(agent, mounts=["/srv"], writable=True))
    assert (named.status, named.message) == (Status.CRITICAL, f"/srv : {READ_ONLY}")
    assert (await disk(**access(agent, mounts=["/"], writable=True))).status is Status.OK


async def test_what_was_asked_for_and_is_not_told_is_unknown(agent: Agent, disk: Runner) -> None:
    for asked, message in (
        ({"inodes": {"critical": "1 %"}}, "inodes non communiqués par l'agent"),
        ({"writable": True}, "lecture seule ou non : non communiqué par l'agent"),
    ):
        result = await disk(**access(agent, **asked))
        assert result.status is Status.UNKNOWN
        assert result.message.startswith(message)
        assert by_mount(result, "free_ratio")  # the rest is measured all the same


async def test_thresholds_in_size(agent: Agent, disk: Runner) -> None:
    result = await disk(**access(agent, mounts=["/"], free_size={"warning": "20 GiB", "critical": "10 GiB"}))
    assert (result.status, result.message) == (Status.WARNING, "/ : espace libre 15 Gio (seuil 20 Gio)")
    result = await disk(**access(agent, mounts=["/"], free={"warning": "70 %"}, free_size={"critical": "16 GiB"}))
    assert result.status is Status.CRITICAL
    assert result.message == "/ : espace libre 15 Gio (seuil 16 Gio) ; espace libre 60 % (seuil 70 %)"


async def test_the_template_s_disk_fills_up_while_the_agent_answers(agent: Agent, disk: Runner) -> None:
    assert (await disk(**access(agent))).status is Status.OK
    agent.set(storage(ROOT, {"name": "/srv", "size": 1000, "used": 999}))
    result = await disk(**access(agent))
    assert (result.status, result.message) == (Status.CRITICAL, "/srv : espace libre 0,1 % (seuil 5 %)")


async def test_windows(agent: Agent, disk: Runner) -> None:
    agent.set(
        storage(
            {"name": r"C:\ Label:Systeme  Serial Number 1a2b3c4d", "size": 1000, "used": 500},
            {"name": r"D:\ Label:Donnees  Serial Number 5e6f7a8b", "size": 1000, "used": 990},
            {"name": "E:\\", "kind": "cd", "size": 0, "used": 0},
            {"name": "Virtual Memory", "kind": "swap", "size": 10, "used": 10},
            {"name": "Physical Memory", "kind": "ram", "size": 10, "used": 10},
        )
    )
    result = await disk(**access(agent))
    assert result.message == "D:\\ : espace libre 1 % (seuil 5 %)"
    assert set(by_mount(result, "free_ratio")) == {"C:\\", "D:\\"}
    for mount in ("C:", "c:\\", "C:\\"):
        assert set(by_mount(await disk(**access(agent, mounts=[mount])), "free_ratio")) == {"C:\\"}


async def test_a_named_volume_that_is_not_there(agent: Agent, disk: Runner) -> None:
    result = await disk(**access(agent, mounts=["/srv", "/sauvegarde", "/mnt/*"]))
    assert (result.status, result.message) == (
        Status.CRITICAL,
        "volume /sauvegarde absent ; volume /mnt/* absent",
    )
    assert set(by_mount(result, "free_ratio")) == {"/srv"}


async def test_a_volume_that_vanishes(agent: Agent, disk: Runner) -> None:
    at = 1_800_000_000.0
    assert (await disk(**access(agent), at=at)).status is Status.OK
    agent.set(storage(ROOT))
    for later in (60, 86_400):
        result = await disk(**access(agent), at=at + later)
        assert (result.status, result.message) == (Status.WARNING, "volume /srv absent")
        assert set(by_mount(result, "free_ratio")) == {"/"}
    assert (await disk(**access(agent, exclude=["/srv"]), at=at + 120)).status is Status.OK
    assert (await disk(**access(agent), at=at + 86_461)).status is Status.OK


def test_of_volumes_that_vanish_only_so_many_are_missed() -> None:
    """An agent that calls them otherwise at each walk does not fill the memory."""
    seen = SeenVolumes()
    for walk in range(60):
        missed = seen.vanished("essai/nas/disques", [f"/{walk}/{number}" for number in range(100)], float(walk))
    assert len(missed) == 900
    assert missed[-1] == "/58/99"


async def test_a_volume_without_size(agent: Agent, disk: Runner) -> None:
    agent.set(storage(ROOT, {"name": "/srv", "size": 0, "used": 0}))
    result = await disk(**access(agent, mounts=["/", "/srv"]))
    assert (result.status, result.message) == (Status.UNKNOWN, "/srv : taille nulle ou incohérente")


async def test_an_agent_without_storage_table(agent: Agent, disk: Runner) -> None:
    agent.set({})
    result = await disk(**access(agent))
    assert result.status is Status.CRITICAL
    assert result.message.startswith("aucun volume dans la table de l'agent")
    agent.set(storage(ROOT))
    assert (await disk(**access(agent))).status is Status.OK


async def test_rows_that_lack_columns(agent: Agent, disk: Runner) -> None:
    values = storage(*LINUX)
    del values[f"{STORAGE}.5.5"]
    agent.set(values)
    result = await disk(**access(agent, mounts=["/srv"]))
    assert (result.status, result.message) == (Status.UNKNOWN, "/srv : taille nulle ou incohérente")


async def test_many_volumes(agent: Agent, disk: Runner) -> None:
    agent.set(storage(*({"name": f"/srv/{index}", "size": 1000, "used": 990} for index in range(120))))
    result = await disk(**access(agent))
    assert result.status is Status.CRITICAL
    assert "et 95 autres volumes" in result.message
    assert "120 volumes, dont seuls 100 sont suivis" in result.message
    assert len(result.message) < 400
    assert len(by_mount(result, "free_ratio")) == 100


async def test_another_community(agent: Agent, disk: Runner) -> None:
    result = await disk(access={"port": agent.port}, timeout_s=1.0)
    assert (result.status, result.message) == (
        Status.CRITICAL,
        f"aucune réponse SNMP du port {agent.port} (agent arrêté, ou communauté refusée)",
    )


async def test_a_name_that_leads_nowhere(agent: Agent, disk: Runner) -> None:
    result = await disk(address="nulle-part.invalid", **access(agent))
    assert result.status is not Status.OK
    assert "nulle-part.invalid" in result.message


PACE = Pace(
    at=1_764_547_200.0, level_bytes=400.0 * GIB, per_s=10 * GIB / 86400, error=0.5 * GIB / 86400, wander=0.0,
    noise_bytes=0.0, peak_bytes=0.0, swing_bytes=GIB,
)  # fmt: skip


async def test_the_date_it_is_full(agent: Agent, disk: Runner, shared: Shared) -> None:
    shared.use(FillingBook).tell("essai/web/site", {"/srv": PACE})
    result = await disk(**access(agent), at=PACE.at)
    assert (result.status, result.message) == (
        Status.OK,
        "2 volumes, le plus rempli /srv : 20 % libres (100 Gio), plein vers le 11 décembre (entre le 10 et le 11)",
    )
    assert by_mount(result, "full_in_seconds") == {"/srv": pytest.approx(10 * 86400)}
    assert (
        by_mount(result, "full_in_low_seconds")["/srv"] < 10 * 86400 < by_mount(result, "full_in_high_seconds")["/srv"]
    )
    result = await disk(**access(agent, full_within={"warning": "30d", "critical": "7d"}), at=PACE.at)
    assert (result.status, result.message) == (
        Status.WARNING,
        "/srv : plein vers le 11 décembre (entre le 10 et le 11) : dans 10 j (seuil 30 j)",
    )
    result = await disk(**access(agent, full_within="14d", free={"warning": "25 %"}), at=PACE.at)
    assert (result.status, result.message) == (
        Status.CRITICAL,
        "/srv : plein vers le 11 décembre (entre le 10 et le 11) : dans 10 j (seuil 14 j) "
        "; espace libre 20 % (seuil 25 %)",
    )
    result = await disk(**access(agent, free={"warning": "25 %"}), at=PACE.at)
    assert result.message == ("/srv : espace libre 20 % (seuil 25 %), plein vers le 11 décembre (entre le 10 et le 11)")


async def test_the_date_moves_with_a_clean_up_and_a_larger_volume(agent: Agent, disk: Runner, shared: Shared) -> None:
    shared.use(FillingBook).tell("essai/web/site", {"/srv": PACE})
    assert (await disk(**access(agent, full_within="14d"), at=PACE.at)).status is Status.CRITICAL
    agent.set(storage(ROOT, {"name": "/srv", "size": 500 * GIB // 4096, "used": 300 * GIB // 4096}))
    result = await disk(**access(agent, full_within="14d"), at=PACE.at + 300)
    assert result.status is Status.OK
    assert by_mount(result, "full_in_seconds")["/srv"] == pytest.approx(19.9 * 86400)
    agent.set(storage(ROOT, {"name": "/srv", "size": 1000 * GIB // 4096, "used": 400 * GIB // 4096}))
    result = await disk(**access(agent, full_within="14d"), at=PACE.at + 600)
    assert by_mount(result, "full_in_seconds")["/srv"] == pytest.approx(60 * 86400, rel=1e-3)
    assert result.message.startswith("2 volumes, le plus rempli / : 60 % libres (15 Gio) ; /srv plein vers le 30 janv")


async def test_many_volumes_that_fill(agent: Agent, disk: Runner, shared: Shared) -> None:
    agent.set(storage(*({"name": f"/srv/{index}", "size": 1000, "used": 500} for index in range(100))))
    slow = PACE._replace(level_bytes=500.0 * 4096, per_s=100 * 4096 / 86400, error=0.0, swing_bytes=4096.0)
    shared.use(FillingBook).tell("essai/web/site", {f"/srv/{index}": slow for index in range(100)})
    result = await disk(**access(agent, full_within="7d"), at=PACE.at)
    assert result.status is Status.CRITICAL
    assert "et 95 autres volumes" in result.message
    assert len(by_mount(result, "full_in_seconds")) == 100
    assert len(result.message) < 600
