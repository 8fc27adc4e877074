"""A volume that fills, from weeks of past through the real daemon and a real snmpd to its alarm, and back."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from probes.names import literal
from probes.secret import Secret
from probes.snmp.access import SnmpAccess
from probes.snmp.community_backend import CommunityBackend
from probes.snmp.words import Peer, read_oid
from tests.acceptance.daemon import PATIENCE_S, Daemon, Installation
from tests.integration.probes.snmpd import COMMUNITY, STORAGE, Agent, storage
from tests.volume_past import DAY, Used, past_in

GIB = 1 << 30
SIZE = 500 * GIB
FILLS, SLOW, QUIET = "a/e/remplit", "a/e/lent", "a/e/calme"


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    started = Agent(tmp_path)
    started.set(volumes(450))
    started.start()
    asyncio.run(answered(started))
    yield started
    started.stop()


async def answered(agent: Agent) -> None:
    """Wait until it answers: what gives it the values is started by the first question."""
    address, backend = literal(agent.host), CommunityBackend()
    assert address is not None
    access = SnmpAccess(port=agent.port, community=Secret(COMMUNITY))
    await backend.get(Peer(address, access), (read_oid(f"{STORAGE}.1.1"),), PATIENCE_S)
    await backend.close()


def volumes(used_gib: float) -> dict[str, tuple[str, Any]]:
    return storage(
        {"name": "/srv", "size": SIZE // 4096, "used": round(used_gib * GIB) // 4096},
        {"name": "/home", "size": SIZE // 4096, "used": 200 * GIB // 4096},
    )


def growing(now: int, gib_per_day: float, used_gib: float) -> Used:
    return lambda t: (used_gib + gib_per_day * (t - now) / DAY) * GIB


def configured(place: Installation, agent: Agent) -> None:
    """Three sondes of one host, the day's work being done by the second run."""
    (place.root / "community").write_text(COMMUNITY)
    one = {
        "type": "disk", "interval": "5s", "attempts": 1,
        "access": {"port": agent.port, "community": {"file": "community"}},
    }  # fmt: skip
    place.write(
        a=[
            {**one, "id": "remplit", "mounts": ["/srv"], "full_within": "7d", "free": {"critical": "1 %"}},
            {**one, "id": "lent", "mounts": ["/srv"], "full_within": {"warning": "30d", "critical": "2d"},
             "free": {"critical": "1 %"}},
            {**one, "id": "calme", "mounts": ["/home"], "full_within": "7d"},
        ]
    )  # fmt: skip


def listed(place: Installation, *words: str) -> list[dict[str, Any]]:
    """`vigie forecast WORDS --json`."""
    done = place.vigie("forecast", *words, "--json")
    assert (done.returncode, done.stderr) == (0, ""), done
    found: list[dict[str, Any]] = json.loads(done.stdout)["volumes"]
    return found


def levels(place: Installation, sonde: str) -> list[str]:
    """The states the sonde has had."""
    return [row[3] for row in place.intervals() if row[0] == sonde]


def full_in_days(daemon: Daemon, sonde: str) -> float:
    return daemon.metrics().value("vigie_disk_full_in_seconds", sonde=sonde, mount="/srv") / DAY


def test_a_volume_that_fills(place: Installation, agent: Agent) -> None:
    configured(place, agent)
    now = int(time.time())
    srv, home = (SIZE, growing(now, 10.0, 450.0)), (SIZE, growing(now, 0.0, 200.0))
    past_in(place.database, now, 60, {FILLS: {"/srv": srv}, SLOW: {"/srv": srv}, QUIET: {"/home": home}})

    told_before_the_start(place)
    with place.running() as daemon:
        daemon.wait_statuses({FILLS: 2, SLOW: 1, QUIET: 0})
        assert full_in_days(daemon, FILLS) == pytest.approx(5.0, abs=0.1)
        assert "plein vers le" in daemon.get("/")[1]
        assert daemon.stop() == 0
    assert levels(place, FILLS)[-1] == "critical"

    with place.running() as daemon:  # nothing flips: the alarm is known before the first check
        daemon.wait_checks(6)
        assert daemon.statuses() == {FILLS: 2, SLOW: 1, QUIET: 0}
        agent.set(volumes(350))
        daemon.wait_statuses({FILLS: 0, SLOW: 1})
        assert full_in_days(daemon, FILLS) == pytest.approx(15.0, abs=0.7)
        agent.set(volumes(450))
        daemon.wait_statuses({FILLS: 2})
        assert daemon.stop() == 0
        assert "Traceback" not in daemon.log()
    confirmed = [level for level in levels(place, FILLS) if level != "unknown"]
    assert [one for one, before in zip(confirmed, [None, *confirmed], strict=False) if one != before][-3:] == [
        "critical",
        "ok",
        "critical",
    ]
    assert confirmed.count("ok") <= 2  # before the first pass of the first run, and after the clean-up


def told_before_the_start(place: Installation) -> None:
    """The commands answer from the database alone."""
    (first, second) = listed(place)
    assert (first["sonde"], second["sonde"], first["mount"], first["why"]) == (SLOW, FILLS, "/srv", None)
    assert first["free_bytes"] == pytest.approx(50 * GIB, abs=4 * GIB)  # the last sample is hours old
    assert first["earliest"] < first["full"] < first["latest"]
    assert [row["mount"] for row in listed(place, "--all")] == ["/srv", "/srv", "/home"]
    assert listed(place, "--all")[-1]["why"] == "it hardly grows: a year or more"
    assert listed(place, "--within", "4d") == []
    assert len(listed(place, "--within", "1w", "--collectivite", "a")) == 2
    assert place.vigie("forecast", "--within", "bientôt").returncode == 2
    assert place.vigie("forecast", "--collectivite", "b").returncode == 2
    probed = json.loads(place.vigie("probe", FILLS, "--json").stdout)
    assert probed["status"] == "critical"
    assert "plein vers le" in probed["message"]
    assert any(line.startswith("forecast of /srv: Pace(") for line in probed["trace"])


def test_without_a_past(place: Installation, agent: Agent) -> None:
    configured(place, agent)
    never = place.vigie("probe", FILLS)
    assert "the daemon has never run here: no forecast" in never.stdout
    assert not place.database.exists()
    with place.running() as daemon:
        daemon.wait_statuses({FILLS: 0, SLOW: 0, QUIET: 0})
        assert daemon.metrics().series("vigie_disk_full_in_seconds") == []
        assert "forecast: nothing measured yet" in place.vigie("probe", FILLS).stdout  # no day is over
        assert listed(place) == []
        assert daemon.stop() == 0
