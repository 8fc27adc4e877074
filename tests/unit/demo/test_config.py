"""The config of the demo: right, fictional, and wholly played."""

from __future__ import annotations

from collections import Counter
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from probes import registry
from supervisor.config.configuration import Configuration
from supervisor.config.loader import load
from supervisor.demo import cast
from supervisor.demo.home import Home, script_path
from supervisor.demo.script import read

PORTS = {kind: 20000 + number for number, kind in enumerate(cast.KINDS)}


@pytest.fixture(scope="module")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    home = Home(tmp_path_factory.mktemp("demo"))
    home.prepare(fresh=False)
    home.write_config({**PORTS, "listen": 8080})
    return load(home.config, registry.load())


def test_it_is_right_and_worth_no_warning(configuration: Configuration) -> None:
    assert configuration.warnings == ()
    assert configuration.profile.name == "moselle-fibre"


def test_it_is_a_departement(configuration: Configuration) -> None:
    communes = [c for c in configuration.collectivites.values() if not c.operator]
    assert len(communes) == 10
    assert 60 <= len(configuration.sondes) <= 160
    assert {sonde.type for sonde in configuration.sondes.values()} == set(registry.load())
    assert all(c.insee is not None and c.insee.startswith("99") for c in communes)  # no département has this number
    assert len({c.siret for c in communes}) == 10


def test_communes_use_the_platforms_of_the_syndicat(configuration: Configuration) -> None:
    used = {s for c in configuration.collectivites.values() for v in c.services.values() for s in v.uses}
    assert "syndicat/zimbra/imap" in used


def test_every_equipment_has_an_address_of_its_own_on_loopback(configuration: Configuration) -> None:
    addresses = Counter(e.address for c in configuration.collectivites.values() for e in c.equipment.values())
    del addresses[""]
    assert set(addresses.values()) == {1}
    assert all(ip_address(address) in ip_network("127.77.0.0/16") for address in addresses)


def test_everything_that_is_looked_at_is_played(configuration: Configuration) -> None:
    places = cast.places(configuration, PORTS)
    assert {place.kind for place in places} == set(cast.KINDS)
    assert len({place.name for place in places}) == len(places)
    names = [*(place.name for place in places), *(job.sonde for job in cast.jobs(configuration))]
    assert read(script_path()).idle(names) == []
    beating = [sonde for sonde in configuration.sondes.values() if sonde.type == "heartbeat"]
    assert len(cast.jobs(configuration)) == len(beating)


def test_certificates_near_their_end_are_those_of_machines_on_stage(configuration: Configuration) -> None:
    machines = {place.name.rpartition("/")[0] for place in cast.places(configuration, PORTS)}
    assert set(read(script_path()).certificates) <= machines


def test_ports_are_all_different() -> None:
    ports = cast.choose_ports()
    assert set(ports) == set(cast.KINDS)
    assert len(set(ports.values())) == len(ports)


def test_files_of_a_commune_that_is_gone_are_removed(tmp_path: Path) -> None:
    home = Home(tmp_path / "demo")
    home.prepare(fresh=False)
    gone = home.write("collectivites/disparue.yaml", b"")
    home.write_config({**PORTS, "listen": 8080})
    assert not gone.exists()
