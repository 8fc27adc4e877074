"""`interface` against a real snmpd that tells of ports the test decides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from probes.base import Result, Shared, Status
from probes.secret import Secret
from probes.snmp.interface import PROBE
from probes.snmp.ports import Ports
from tests.integration.probes.running import Runner, shared
from tests.integration.probes.snmpd import COMMUNITY, Agent, column
from tests.own_address import ADDRESS, kept_port

__all__ = ["shared"]

TABLE, MORE = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
DUPLEX = "1.3.6.1.2.1.10.7.2.1.19.1"
GIGA = 1000


def ports(*names: str, oper: int = 1, admin: int = 1, octets: int = 0, speed: int = GIGA) -> dict[str, tuple[str, Any]]:
    """A switch with these ports, all alike."""
    count = len(names)
    return {
        **column(TABLE, 2, "string", [f"Port {name}" for name in names]),
        **column(TABLE, 5, "gauge", [speed * 1_000_000] * count),
        **column(TABLE, 7, "integer", [admin] * count),
        **column(TABLE, 8, "integer", [oper] * count),
        **column(TABLE, 10, "counter", [octets % (1 << 32)] * count),
        **column(TABLE, 14, "counter", [0] * count),
        **column(TABLE, 16, "counter", [octets % (1 << 32)] * count),
        **column(TABLE, 20, "counter", [0] * count),
        **column(MORE, 1, "string", names),
        **column(MORE, 6, "counter64", [octets] * count),
        **column(MORE, 10, "counter64", [octets] * count),
        **column(MORE, 15, "gauge", [speed] * count),
        **column(MORE, 18, "string", [f"vers {name}" for name in names]),
        **column(MORE, 19, "timeticks", [0] * count),
    }


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    with kept_port() as port:
        started = Agent(tmp_path, host=ADDRESS, port=port)
        started.set(ports("ge-1", "ge-2", "ge-3"))
        started.start()
        yield started
        started.stop()


@pytest.fixture
def interface(shared: Shared) -> Runner:
    return Runner(PROBE, shared)


def access(agent: Agent, *names: str, **more: Any) -> dict[str, Any]:
    asked = {"access": {"port": agent.port, "community": Secret(COMMUNITY)}, "interfaces": list(names)}
    return {"address": agent.host, **asked, **more}


def values(result: Result, name: str) -> dict[str, float]:
    return {dict(found.labels)["interface"]: found.value for found in result.measurements if found.name == name}


@pytest.mark.parametrize("name", ["ge-2", "Port ge-2", "vers ge-2", "2"])
async def test_an_interface_by_any_of_its_names(name: str, agent: Agent, interface: Runner) -> None:
    result = await interface(**access(agent, name))
    assert (result.status, result.message) == (Status.OK, f"interface {name} active")
    assert values(result, "speed_bits_per_second") == {name: 1e9}


async def test_several(agent: Agent, interface: Runner) -> None:
    result = await interface(**access(agent, "ge-1", "ge-3"))
    assert (result.status, result.message) == (Status.OK, "2 interfaces actives")


@pytest.mark.parametrize(
    ("state", "status", "message"),
    [
        ({"oper": 2}, Status.CRITICAL, "interface ge-1 coupée"),
        ({"oper": 2, "admin": 2}, Status.CRITICAL, "interface ge-1 désactivée par configuration"),
        ({"oper": 7}, Status.CRITICAL, "interface ge-1 coupée (couche inférieure)"),
        ({"oper": 6}, Status.CRITICAL, "interface ge-1 sans son matériel"),
        ({"oper": 5}, Status.WARNING, "interface ge-1 en attente"),
        ({"oper": 4}, Status.UNKNOWN, "interface ge-1 dans un état inconnu de l'agent"),
        ({"oper": 9}, Status.CRITICAL, "interface ge-1 dans un état imprévu"),
    ],
)
async def test_states(state: dict[str, int], status: Status, message: str, agent: Agent, interface: Runner) -> None:
    """The agent answers, the cable does not."""
    agent.set(ports("ge-1", **state))
    result = await interface(**access(agent, "ge-1"))
    assert (result.status, result.message) == (status, message)


async def test_absent(agent: Agent, interface: Runner) -> None:
    result = await interface(**access(agent, "ge-1", "ge-9"))
    assert (result.status, result.message) == (Status.CRITICAL, "interface ge-9 absente")


async def test_a_speed_that_fell(agent: Agent, interface: Runner) -> None:
    agent.set(ports("ge-1", speed=100))
    result = await interface(**access(agent, "ge-1", speed={"warning": 100}))
    assert (result.status, result.message) == (Status.WARNING, "ge-1 : débit négocié 100 Mbit/s (seuil 100 Mbit/s)")


def earlier(shared: Shared, seconds: int) -> None:
    """Make every reading so far that much older, by the agent's clock and by ours: a test does not wait."""
    last = shared.use(Ports)._last
    for key, reading in last.items():
        assert reading.uptime is not None
        last[key] = reading._replace(at_s=reading.at_s - seconds, uptime=(reading.uptime - 100 * seconds) % (1 << 32))


async def test_rates_across_a_wrap_of_64_bits(agent: Agent, interface: Runner, shared: Shared) -> None:
    agent.set(ports("ge-1", octets=(1 << 64) - 1_000_000))
    assert values(await interface(**access(agent, "ge-1")), "in_bytes_per_second") == {}
    earlier(shared, 1000)
    agent.set(ports("ge-1", octets=99_000_000))
    result = await interface(**access(agent, "ge-1", utilisation={"warning": "0.01 %"}))
    assert values(result, "in_bytes_per_second")["ge-1"] == pytest.approx(100_000, rel=0.02)
    assert values(result, "utilisation_ratio")["ge-1"] == pytest.approx(0.0008, rel=0.02)
    assert values(result, "errors_per_second") == {"ge-1": 0}
    assert result.status is Status.WARNING
    assert result.message.startswith("ge-1 : utilisation 0,1 %")


async def test_rates_of_an_agent_that_only_has_32_bits(agent: Agent, interface: Runner, shared: Shared) -> None:
    def old(octets: int) -> dict[str, tuple[str, Any]]:
        return {oid: value for oid, value in ports("eth0", octets=octets).items() if oid.startswith(TABLE)}

    settings = access(agent, "Port eth0", version=1)
    settings["access"]["version"] = settings.pop("version")
    agent.set(old((1 << 32) - 500_000))
    await interface(**settings)
    earlier(shared, 1000)
    agent.set(old((1 << 32) + 500_000))
    result = await interface(**settings)
    assert values(result, "out_bytes_per_second")["Port eth0"] == pytest.approx(1000, rel=0.02)
    assert values(result, "speed_bits_per_second") == {"Port eth0": 1e9}
    assert result.message == "interface Port eth0 active, 0,008 Mbit/s reçus, 0,008 Mbit/s émis"


async def test_errors(agent: Agent, interface: Runner, shared: Shared) -> None:
    await interface(**access(agent, "ge-1"))
    earlier(shared, 10_000)  # the seconds that the test itself takes are nothing beside
    agent.change({f"{TABLE}.14.1": ("counter", 50_000)})
    result = await interface(**access(agent, "ge-1", errors={"warning": 1.0}))
    assert result.status is Status.WARNING
    assert values(result, "errors_per_second")["ge-1"] == pytest.approx(5, rel=0.1)


async def test_discards(agent: Agent, interface: Runner, shared: Shared) -> None:
    full = {**column(TABLE, 13, "counter", [0] * 3), **column(TABLE, 19, "counter", [(1 << 32) - 100] * 3)}
    agent.change(full)
    settings = access(agent, "ge-1", discards={"warning": 1.5})
    await interface(**settings)
    earlier(shared, 10_000)
    agent.change({f"{TABLE}.13.1": ("counter", 5_000), f"{TABLE}.19.1": ("counter", 29_900)})
    result = await interface(**settings)
    assert values(result, "discards_per_second")["ge-1"] == pytest.approx(3.5, rel=0.1)
    assert result.status is Status.WARNING
    assert result.message.startswith("ge-1 : paquets écartés 3,")
    earlier(shared, 100)
    assert values(await interface(**access(agent, "ge-1")), "discards_per_second") == {}  # not asked for


@pytest.mark.parametrize(
    ("duplex", "status", "message"),
    [
        (3, Status.OK, "interface ge-1 active"),
        (2, Status.WARNING, "ge-1 : négociée en half-duplex"),
        (1, Status.UNKNOWN, "ge-1 : duplex non communiqué par l'agent"),
        (None, Status.UNKNOWN, "ge-1 : duplex non communiqué par l'agent"),
    ],
)
async def test_duplex(duplex: int | None, status: Status, message: str, agent: Agent, interface: Runner) -> None:
    agent.change({DUPLEX: ("integer", duplex)} if duplex is not None else {})
    for version in ("2c", 1):  # version 1 refuses a whole request for one value that is not there
        settings = access(agent, "ge-1", full_duplex=True)
        settings["access"]["version"] = version
        result = await interface(**settings)
        assert (result.status, result.message) == (status, message)


async def test_an_agent_that_restarts(agent: Agent, interface: Runner, shared: Shared) -> None:
    """Its counters start again, and its interfaces have other numbers."""
    agent.set(ports("ge-1", "ge-2", octets=5_000_000))
    await interface(**access(agent, "ge-2"))
    earlier(shared, 100_000)
    agent.stop()
    agent.set(ports("ge-0", "ge-1", "ge-2", octets=10))
    agent.start()
    result = await interface(**access(agent, "ge-2"))
    assert (result.status, result.message) == (Status.OK, "interface ge-2 active")
    assert values(result, "in_bytes_per_second") == {}
    assert shared.use(Ports)._last["essai/web/site", "ge-2"].place == (3,)


async def test_an_agent_that_stops(agent: Agent, interface: Runner) -> None:
    await interface(**access(agent, "ge-1"))
    agent.stop()
    result = await interface(**access(agent, "ge-1"), timeout_s=1.0)
    assert result.status is Status.CRITICAL
    assert result.message.startswith("aucune réponse SNMP")
