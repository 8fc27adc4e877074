"""`snmp` and the templates that use it, against a real snmpd that tells what the test decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from probes import disk, registry
from probes.base import Result, Shared, Status
from probes.secret import Secret
from probes.snmp import interface, value
from probes.snmp.value import PROBE
from supervisor.domain.sonde import Sonde
from tests.integration.probes.one_run import measured
from tests.integration.probes.running import Runner, shared
from tests.integration.probes.snmpd import COMMUNITY, Agent, column, storage
from tests.unit.config.test_profiles import use

__all__ = ["shared"]

MINE = "1.3.6.1.4.1.99999"
SUPPLIES, UPS, SYNOLOGY = "1.3.6.1.2.1.43.11.1.1", "1.3.6.1.2.1.33.1", "1.3.6.1.4.1.6574"
PRINTER = "1.3.6.1.2.1.25.3.5.1.2.1"


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    started = Agent(tmp_path)
    started.start()
    yield started
    started.stop()


@pytest.fixture
def snmp(shared: Shared) -> Runner:
    return Runner(PROBE, shared)


def access(agent: Agent, **more: Any) -> dict[str, Any]:
    return {"access": {"port": agent.port, "community": Secret(COMMUNITY)}, **more}


def by_row(result: Result, name: str) -> dict[str, float]:
    return {dict(found.labels)["row"]: found.value for found in result.measurements if found.name == name}


async def test_a_number(agent: Agent, snmp: Runner) -> None:
    agent.set({f"{MINE}.1.0": ("integer", 235)})
    settings = access(agent, oid=f"{MINE}.1.0", name="température", unit="°C", scale=0.1)
    result = await snmp(**settings)
    assert (result.status, result.message) == (Status.OK, "température : 23,5 °C")
    assert measured(result) == {"value": 23.5}
    result = await snmp(**settings, above={"warning": 23, "critical": 30})
    assert (result.status, result.message) == (Status.WARNING, "température 23,5 °C (seuil 23 °C)")
    result = await snmp(**settings, below={"critical": 25})
    assert (result.status, result.message) == (Status.CRITICAL, "température 23,5 °C (seuil 25 °C)")


@pytest.mark.parametrize(
    ("kind", "said", "number"),
    [
        ("gauge", 4_000_000_000, 4e9),
        ("counter64", 1 << 50, float(1 << 50)),
        ("string", " 21.5", 21.5),
        ("integer", -7, -7.0),
    ],
)
async def test_numbers_of_every_kind(kind: str, said: Any, number: float, agent: Agent, snmp: Runner) -> None:
    agent.set({f"{MINE}.1.0": (kind, said)})
    assert measured(await snmp(**access(agent, oid=f".{MINE}.1.0"))) == {"value": number}


async def test_a_text(agent: Agent, snmp: Runner) -> None:
    agent.set(
        {
            f"{MINE}.1.0": ("string", "Onduleur OK"),
            f"{MINE}.2.0": ("octet", "40 00"),
            f"{MINE}.3.0": ("objectid", ".1.3.6"),
        }
    )
    result = await snmp(**access(agent, oid=f"{MINE}.1.0", name="état", expect="OK$"))
    assert (result.status, result.message, result.measurements) == (Status.OK, "état : Onduleur OK", ())
    result = await snmp(**access(agent, oid=f"{MINE}.1.0", name="état", expect="^OK"))
    assert (result.status, result.message) == (Status.CRITICAL, "état inattendu : « Onduleur OK »")
    assert (await snmp(**access(agent, oid=f"{MINE}.2.0", hex=True, expect="^4000$"))).message == "valeur : 4000"
    assert (await snmp(**access(agent, oid=f"{MINE}.3.0"))).message == "valeur : 1.3.6"
    agent.set({f"{MINE}.4.0": ("string", "a" * 60 + "!")})
    result = await snmp(**access(agent, oid=f"{MINE}.4.0", expect="^(a+)+$"))
    assert result.message == "valeur : motif « ^(a+)+$ » trop coûteux : abandonné après 200 ms"
    assert result.status is Status.UNKNOWN
    agent.set({f"{MINE}.5.{row}": ("string", "a" * 60 + "!") for row in (1, 2)} | {f"{MINE}.5.3": ("string", "b")})
    result = await snmp(**access(agent, oid=f"{MINE}.5", rows=True, expect="^(a+)+$|c"))
    assert result.status is Status.UNKNOWN  # a hundred rows have the time of one, and the third had none left


async def test_what_is_not_a_number(agent: Agent, snmp: Runner) -> None:
    for said in ("chaud", "nan", "inf", ""):
        agent.set({f"{MINE}.1.0": ("string", said)})
        result = await snmp(**access(agent, oid=f"{MINE}.1.0", above={"critical": 30}))
        assert (result.status, result.message) == (Status.CRITICAL, f"valeur : nombre attendu, reçu « {said} »")


async def test_what_the_agent_does_not_have(agent: Agent, snmp: Runner) -> None:
    result = await snmp(**access(agent, oid=f"{MINE}.9.0"))
    assert (result.status, result.message) == (Status.CRITICAL, f"valeur : {MINE}.9.0 absent chez cet agent")
    result = await snmp(**access(agent, oid=f"{MINE}.9", rows=True, name="encre"))
    assert (result.status, result.message) == (Status.CRITICAL, f"encre : aucune ligne {MINE}.9 chez cet agent")


async def test_states(agent: Agent, snmp: Runner) -> None:
    for state, status in ((1, Status.OK), (2, Status.WARNING), (3, Status.CRITICAL), (9, Status.UNKNOWN)):
        agent.set({f"{MINE}.1.0": ("integer", state)})
        result = await snmp(**access(agent, oid=f"{MINE}.1.0", states={"ok": [1], "warning": [2]}, ignore=[9]))
        assert result.status is status


async def test_rows_with_the_same_name_or_none(agent: Agent, snmp: Runner) -> None:
    agent.set({**column(MINE, 1, "integer", [5, 6, 7]), **column(MINE, 2, "string", ["a", "a", ""])})
    result = await snmp(**access(agent, oid=f"{MINE}.1", labels=f"{MINE}.2", rows=True))
    assert by_row(result, "value") == {"a": 5, "a 2": 6, "3": 7}
    assert result.message == "3 lignes, valeur a : 5"


async def test_many_rows(agent: Agent, snmp: Runner) -> None:
    agent.set(column(MINE, 1, "integer", [0] * 101))
    result = await snmp(**access(agent, oid=f"{MINE}.1", rows=True, below={"critical": 1}))
    assert result.status is Status.CRITICAL
    assert len(by_row(result, "value")) == 100
    assert "et 95 autres" in result.message
    assert len(result.message) < 400


async def test_an_agent_that_stops(agent: Agent, snmp: Runner) -> None:
    agent.stop()
    result = await snmp(**access(agent, oid=f"{MINE}.1.0"), timeout_s=1.0)
    assert (result.status, result.message[:20]) == (Status.CRITICAL, "aucune réponse SNMP ")


class Template:
    """The sondes of a template, run against the agent."""

    def __init__(self, directory: Path, agent: Agent, shared: Shared, template: str, **given: Any) -> None:
        (directory / "community").write_text(COMMUNITY)
        given["snmp"] = {"port": agent.port, "community": {"file": str(directory / "community")}}
        self._sondes = {
            sonde.id.rpartition("/")[2]: sonde
            for sonde in use(directory, "moselle-fibre", template, given, registry.load())
        }
        self._shared = shared

    async def __call__(self, name: str) -> Result:
        sonde: Sonde = self._sondes[name]
        probe = {"disk": disk.PROBE, "snmp": value.PROBE, "interface": interface.PROBE}[sonde.type]
        settings: Mapping[str, Any] = {field: getattr(sonde.settings, field) for field in sonde.settings.__slots__}
        return await Runner(probe, self._shared)(**settings)


def supplies(*levels: int) -> dict[str, tuple[str, Any]]:
    names = ("Black Toner", "Cyan Toner", "Waste Toner Box")
    return {
        **column(f"{SUPPLIES}.6", 1, "string", names),
        **column(f"{SUPPLIES}.8", 1, "integer", (8000, 100, -2)),
        **column(f"{SUPPLIES}.9", 1, "integer", levels),
    }


async def test_template_imprimante(tmp_path: Path, agent: Agent, shared: Shared) -> None:
    printer = Template(tmp_path, agent, shared, "imprimante")
    agent.set({PRINTER: ("octet", "00"), **supplies(4000, 60, -3)})
    assert (await printer("etat")).status is Status.OK
    result = await printer("consommables")
    assert (result.status, result.message) == (Status.OK, "3 lignes, consommable Black Toner : 50 %")
    assert by_row(result, "ratio") == {"Black Toner": 0.5, "Cyan Toner": 0.6}
    agent.set({PRINTER: ("octet", "80"), **supplies(400, 60, -3)})
    assert (await printer("etat")).status is Status.OK  # paper runs low: there is some
    result = await printer("consommables")
    assert (result.status, result.message) == (Status.WARNING, "consommable Black Toner 5 % (seuil 10 %)")
    agent.set({PRINTER: ("octet", "04"), **supplies(4000, 0, -3)})
    assert (await printer("etat")).status is Status.CRITICAL  # jammed
    result = await printer("consommables")
    assert (result.status, result.message) == (Status.CRITICAL, "consommable Cyan Toner 0 % (seuil 1 %)")
    agent.set({PRINTER: ("octet", "00"), **supplies(-2, -2, -2)})
    assert (await printer("consommables")).status is Status.UNKNOWN


def ups(battery: int = 2, charge: int = 100, source: int = 3, minutes: int = 40) -> dict[str, tuple[str, Any]]:
    return {
        f"{UPS}.2.1.0": ("integer", battery),
        f"{UPS}.2.3.0": ("integer", minutes),
        f"{UPS}.2.4.0": ("integer", charge),
        f"{UPS}.4.1.0": ("integer", source),
    }


async def test_template_onduleur(tmp_path: Path, agent: Agent, shared: Shared) -> None:
    sondes = Template(tmp_path, agent, shared, "onduleur", autonomie=15)
    names = ("batterie", "charge", "source", "autonomie")
    agent.set(ups())
    assert [(await sondes(name)).status for name in names] == [Status.OK] * 4
    agent.set(ups(charge=60, source=5, minutes=12))
    assert [(await sondes(name)).status for name in names] == [Status.OK, *[Status.WARNING] * 3]
    agent.set(ups(battery=4, charge=3, source=2, minutes=1))
    assert [(await sondes(name)).status for name in names] == [Status.CRITICAL] * 4


async def test_template_onduleur_that_is_overloaded(tmp_path: Path, agent: Agent, shared: Shared) -> None:
    sondes = Template(tmp_path, agent, shared, "onduleur", puissance=80)
    for load, status in ((40, Status.OK), (85, Status.WARNING), (104, Status.CRITICAL)):
        agent.set({**ups(), **column(f"{UPS}.4.4.1", 5, "integer", [10, load, 30])})
        result = await sondes("puissance")
        assert result.status is status
        assert status is Status.OK or result.message.startswith(f"puissance demandée, sortie 2 {load} %")


async def test_template_temperature(tmp_path: Path, agent: Agent, shared: Shared) -> None:
    room = Template(tmp_path, agent, shared, "temperature", oid=f"{MINE}.1.0", echelle=0.1, froid=5)
    for tenths, status in ((215, Status.OK), (280, Status.WARNING), (400, Status.CRITICAL), (20, Status.CRITICAL)):
        agent.set({f"{MINE}.1.0": ("integer", tenths)})
        assert (await room("temperature")).status is status


def synology(system: int = 1, disk_state: int = 1, raid: int = 1, celsius: int = 40) -> dict[str, tuple[str, Any]]:
    return {
        f"{SYNOLOGY}.1.1.0": ("integer", system),
        f"{SYNOLOGY}.1.2.0": ("integer", celsius),
        **column(f"{SYNOLOGY}.2.1.1", 2, "string", ["Disk 1", "Disk 2"]),
        **column(f"{SYNOLOGY}.2.1.1", 5, "integer", [1, disk_state]),
        **column(f"{SYNOLOGY}.3.1.1", 2, "string", ["Volume 1"]),
        **column(f"{SYNOLOGY}.3.1.1", 3, "integer", [raid]),
    }


async def test_template_nas_synology(tmp_path: Path, agent: Agent, shared: Shared) -> None:
    sondes = Template(tmp_path, agent, shared, "nas-synology")
    names = ("volumes", "systeme", "disques", "grappes")
    agent.set({**storage({"name": "/volume1", "size": 1000, "used": 500}), **synology()})
    assert [(await sondes(name)).status for name in (*names, "temperature")] == [Status.OK] * 5
    agent.set({**storage({"name": "/volume1", "size": 1000, "used": 999}), **synology(2, 5, 11, 60)})
    assert [(await sondes(name)).status for name in names] == [Status.CRITICAL] * 4
    assert (await sondes("disques")).message == "disque Disk 2 : état 5"
    assert (await sondes("temperature")).status is Status.WARNING


async def test_template_nas_with_snmp(tmp_path: Path, agent: Agent, shared: Shared) -> None:
    nas = Template(tmp_path, agent, shared, "nas", console="https://nas.exemple.fr/", texte="NAS")
    agent.set(storage({"name": "/share/data", "size": 1000, "used": 500}))
    assert (await nas("volumes")).status is Status.OK
    agent.set(storage({"name": "/share/data", "size": 1000, "used": 998}))
    assert (await nas("volumes")).status is Status.CRITICAL
