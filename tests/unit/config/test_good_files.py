"""What is accepted, and what becomes of it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from probes.base import Probe
from probes.heartbeat import HeartbeatSettings
from supervisor.config.collectivites import AtLeast
from supervisor.config.configuration import Configuration
from supervisor.config.loader import load
from supervisor.domain.sonde import FlappingRule
from tests.unit.config.places import GOOD, ROOT


@pytest.fixture
def everything(probes: Mapping[str, Probe], monkeypatch: pytest.MonkeyPatch) -> Configuration:
    monkeypatch.setenv("VIGIE_TEST_TOKEN", "jeton")
    monkeypatch.setenv("VIGIE_TEST_KEY", "une clé de plus de seize lettres")
    return load(GOOD / "everything" / "vigie.yaml", probes)


def test_the_example_of_the_specification_loads(probes: Mapping[str, Probe]) -> None:
    config = load(GOOD / "spec" / "vigie.yaml", probes)
    assert list(config.sondes) == [
        "exemple/routeur/lien",
        "exemple/web/site",
        "syndicat/zimbra/imap",
        "syndicat/zimbra/smtp",
    ]
    site = config.sondes["exemple/web/site"]
    assert (site.type, site.target.address, site.target.sonde) == ("http", "127.0.0.12", "exemple/web/site")
    assert (site.attempts, site.interval_s, site.timeout_s, site.retry_every_s) == (1, 60.0, 10.0, 20.0)
    assert (site.stale_after_s, site.parent, site.service) == (150, "exemple/routeur/lien", "internet")
    assert config.sondes["exemple/routeur/lien"].parent is None
    assert config.database == GOOD / "spec" / "vigie.db"
    assert config.control == GOOD / "spec" / "vigie.sock"
    assert (config.sla.target, config.sla.gti) == (0.96, 8 * 3600)
    assert config.warnings == ()


def test_the_samples_to_copy_load(probes: Mapping[str, Probe], tmp_path: Path) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "etc")
    config = load(tmp_path / "etc" / "vigie.yaml", probes)
    assert config.warnings == ()
    assert "exemple/web/page" in config.sondes
    assert [canary.id for canary in config.canaries] == ["vigie/canaries/passerelle", "vigie/canaries/resolveur"]


def test_every_key_of_the_main_file(everything: Configuration) -> None:
    assert everything.database == Path("/var/lib/vigie/vigie.db")
    assert everything.control == GOOD / "everything" / "run" / "vigie.sock"
    assert (everything.listen.host, everything.listen.port) == ("::1", 0)
    assert everything.billing_basis == "highest"
    assert everything.flapping == FlappingRule(changes=4, within_s=1800)
    assert everything.concurrency == 10
    assert (everything.retention.samples_s, everything.retention.days_s) == (3600, 365 * 86400)
    assert everything.metrics_token is not None
    assert everything.metrics_token.reveal() == "jeton"


def test_the_sla_takes_each_part_from_the_nearest_that_says_it(everything: Configuration) -> None:
    # target: the profile beside the main file; gti and period: the main file; exclude: the profile it extends.
    assert (everything.sla.target, everything.sla.gti, everything.sla.period) == (0.99, None, "half-year")
    assert everything.sla.exclude == ("force_majeure", "collectivite")


def test_calendars_by_version(everything: Configuration) -> None:
    before, after = everything.calendars["service"]
    assert (before.start, after.start) == (None, date(2026, 9, 1))
    assert before.slots[0] == ((540, 1020),)
    assert after.slots[4] == ((480, 720),)
    assert after.holidays is not None
    assert after.holidays.subdivision == "57"
    assert [(closing.start, closing.end) for closing in after.closed] == [
        (date(2026, 12, 24), date(2026, 12, 24)),
        (date(2026, 12, 28), date(2026, 12, 31)),
    ]
    assert after.open[0].slots == ((600, 720),)
    assert everything.timezone == "Europe/Paris"
    nuit = everything.calendars["nuit"][0]
    assert nuit.slots[5] == ((0, 1440),)
    assert nuit.slots[0] == ((0, 360), (1200, 1440))  # in order, whatever the order they are written in


def test_a_collectivite(everything: Configuration) -> None:
    commune = everything.collectivites["exemple"]
    assert (commune.name, commune.insee, commune.siret) == ("Non", "2A004", "35600000000048")
    assert commune.chorus[2026].service == "0123"
    assert commune.chorus[2026].engagement == "10:30"
    assert commune.chorus[2027].engagement == "2027-01-01"
    assert (commune.location, commune.good_friday, commune.population) == ((49.0, -6.17), True, 0)
    assert [contract.start for contract in commune.contracts] == [date(2024, 1, 1), date(2026, 1, 1)]
    counts = [(count.start, count.count) for contract in commune.contracts for count in contract.sondes]
    assert counts == [(date(2024, 1, 1), 100), (date(2026, 1, 1), 100), (date(2026, 9, 15), 150)]
    assert commune.contracts[1].notice == date(2026, 3, 15)
    assert commune.contacts[0].phone == "+33600000001"
    assert (commune.contacts[0].hours, commune.contacts[0].about) == (None, None)
    assert (commune.contacts[1].hours, commune.contacts[1].about) == ("nuit", ("pool", "incidents"))
    assert (commune.contacts[2].webhook, commune.contacts[2].alerts.webhook) == ("journal", "warning")
    assert everything.collectivites["syndicat"].operator
    assert everything.collectivites["syndicat"].equipment["coeur"].address == "2001:db8::1"
    assert list(everything.collectivites) == ["syndicat", "exemple"]  # in the order of `include`


def test_services(everything: Configuration) -> None:
    internet, web, ecole = everything.collectivites["exemple"].services.values()
    assert internet.name == "Accès Internet"  # from the catalogue of the profile
    assert (internet.rule, internet.calendar, internet.since) == ("all", "nuit", None)
    assert (web.rule, web.calendar, web.since) == (AtLeast(k=2), "always", date(2026, 2, 1))
    assert (ecole.rule, ecole.when_unreachable) == ("any", "down")


def test_parents(everything: Configuration) -> None:
    parents = {name.removeprefix("exemple/"): sonde.parent for name, sonde in everything.sondes.items()}
    assert parents["routeur/lien"] == "syndicat/coeur/lien"  # the link of an equipment has the equipment's parent
    assert parents["routeur/ssh"] == "exemple/routeur/lien"  # the others have the link, even written after them
    assert parents["routeur/secours"] is None  # `parent: null`
    assert parents["borne/page"] == "exemple/routeur/lien"  # no link, no parent: that of its site
    assert parents["borne/veille"] == "exemple/routeur/ssh"
    assert parents["portail/page"] == "exemple/portail/ping"
    assert parents["portail/ping"] == "exemple/routeur/lien"
    assert parents["sans-adresse/page"] == "exemple/routeur/lien"


def test_what_a_sonde_counts_for(everything: Configuration) -> None:
    sondes = everything.sondes
    assert sondes["exemple/portail/page"].service == "web"
    assert sondes["exemple/borne/veille"].service == "web"
    assert sondes["exemple/routeur/secours"].service is None
    veille = sondes["exemple/borne/veille"]
    assert (veille.billable, veille.paused) == (False, True)


def test_durations_follow_the_interval_unless_they_are_written(everything: Configuration) -> None:
    page = everything.sondes["exemple/borne/page"]
    assert (page.interval_s, page.timeout_s, page.retry_every_s, page.stale_after_s) == (5.0, 4.0, 2.0, 10)
    veille = everything.sondes["exemple/borne/veille"]
    assert (veille.timeout_s, veille.retry_every_s, veille.stale_after_s) == (10.0, 20.0, 9000)
    backup = everything.sondes["exemple/portail/sauvegarde"]
    assert isinstance(backup.settings, HeartbeatSettings)


def test_canaries_are_sondes_that_nobody_pays(everything: Configuration) -> None:
    gateway, dns = everything.canaries
    assert (gateway.id, gateway.interval_s, gateway.timeout_s) == ("vigie/canaries/passerelle", 20.0, 10.0)
    assert (gateway.billable, gateway.service, gateway.parent) == (False, None, None)
    assert (dns.attempts, dns.stale_after_s, dns.timeout_s) == (2, 45, 5.0)
    assert gateway.target.address == "192.0.2.1"


def test_an_optional_part_of_a_template_comes_with_its_parameter(everything: Configuration) -> None:
    assert "exemple/portail/ssh" not in everything.sondes
    page = everything.sondes["exemple/portail/page"].settings
    assert page.url == "http://127.0.0.12/"
    assert page.contains == ("Bienvenue",)
    assert page.total.warning == 2.0
