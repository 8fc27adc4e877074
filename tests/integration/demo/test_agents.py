"""The demo's SNMP agents as the techniques see them: well, then ill while they go on answering."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from probes import disk, runner
from probes.base import Probe, Result, Run, Shared, Status, Target
from probes.snmp import interface, value
from supervisor.demo.agents import PORTS, open_agent
from supervisor.demo.played import Mode, Played
from tests.integration.demo.test_servers import Start, start
from tests.own_address import ADDRESS

__all__ = ["start"]

SUPPLIES, UPS = "1.3.6.1.2.1.43.11.1.1", "1.3.6.1.2.1.33.1"
INK = {"rows": True, "oid": f"{SUPPLIES}.9", "of": f"{SUPPLIES}.8", "labels": f"{SUPPLIES}.6"}


async def look(machine: Played, probe: Probe, timeout_s: float = 60.0, **written: Any) -> Result:
    settings = TypeAdapter(probe.settings).validate_python({"access": {"port": machine.port}, **written})
    shared = Shared()
    try:
        run = Run(shared=shared, at=1_800_000_000.0, timeout_s=timeout_s)
        return await runner.run(probe, Target(sonde="a/b/c", address=ADDRESS), settings, run)
    finally:
        await shared.close()


@pytest.mark.parametrize(
    ("probe", "written", "ill", "said"),
    [
        (disk.PROBE, {}, Status.CRITICAL, "/srv : espace libre 3 % (seuil 5 %)"),
        (interface.PROBE, {"interfaces": PORTS}, Status.CRITICAL, "interface ge-1 coupée"),
        (
            value.PROBE,
            {"name": "consommable", **INK, "below": {"warning": "10 %", "critical": "1 %"}},
            Status.WARNING,
            "Noir",
        ),
        (
            value.PROBE,
            {"name": "état", "rows": True, "oid": "1.3.6.1.2.1.25.3.5.1.2", "hex": True, "expect": "^([028a][01]|$)"},
            Status.CRITICAL,
            "04",
        ),
        (value.PROBE, {"name": "batterie", "oid": f"{UPS}.2.1.0", "states": {"ok": [2]}}, Status.OK, "batterie"),
        (value.PROBE, {"name": "charge", "oid": f"{UPS}.2.4.0", "below": {"warning": 70}}, Status.WARNING, "charge"),
        (
            value.PROBE,
            {"name": "source", "oid": f"{UPS}.4.1.0", "states": {"ok": [3], "warning": [5]}},
            Status.WARNING,
            "source",
        ),
    ],
    ids=["disk", "interface", "ink", "paper", "battery", "charge", "source"],
)
async def test_a_machine_well_and_ill(
    start: Start, probe: Probe, written: dict[str, Any], ill: Status, said: str
) -> None:
    machine = await start("snmp", open_agent)
    result = await look(machine, probe, **written)
    assert result.status is Status.OK, result.message
    await machine.strike("fault", Mode.WRONG)
    result = await look(machine, probe, **written)
    assert result.status is ill, result.message
    assert said in result.message
    await machine.strike("other", Mode.CLOSED)
    assert (await look(machine, probe, 1.0, **written)).status is Status.CRITICAL
    await machine.heal("other")
    await machine.heal("fault")
    assert (await look(machine, probe, **written)).status is Status.OK


async def test_strangers_are_not_answered(start: Start) -> None:
    machine = await start("snmp", open_agent)
    stranger = await look(machine, disk.PROBE, 1.0, access={"port": machine.port, "version": 1})
    assert stranger.status is Status.CRITICAL
    await machine.strike("fault", Mode.MUTE)
    result = await look(machine, disk.PROBE, 1.0)
    assert result.message.startswith("aucune réponse SNMP")
