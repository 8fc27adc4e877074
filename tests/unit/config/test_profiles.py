"""What the shipped profiles say of the five conventions, and what their templates make."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from probes.base import Probe
from supervisor.config import share
from supervisor.config.configuration import Configuration
from supervisor.config.loader import load
from supervisor.config.share import share_dir
from supervisor.domain.sonde import Sonde
from tests.unit.config.places import MAIN, ROOT, install

PROFILES = ("somme-numerique", "mairie-connectee", "moselle-fibre", "cdg47", "redon-agglomeration")
SHIPPED = ROOT / "config" / "profiles"
# What each parameter of the shipped templates could be in a commune.
SAMPLES: dict[str, Any] = {
    "adresse": "essai@exemple.fr",
    "adresses": ["192.0.2.1"],
    "api": "/api",
    "autonomie": 10,
    "puissance": 80,
    "canal": 2,
    "certificat": {"certificate": "/etc/vigie/essai.pem"},
    "champs": {"status": "nominal"},
    "charge": "80 %",
    "chaud": 26,
    "chemin": "/",
    "compte": {"user": "essai@exemple.fr", "password": {"env": "PATH"}},
    "console": "https://nas.exemple.fr:5001/",
    "debit": 100,
    "delai": "80ms",
    "destinataire": "mairie@exemple.fr",
    "document": "/dce/24.zip",
    "domaine": "www.exemple.fr",
    "duree": "4h",
    "echelle": 0.1,
    "encre": "15 %",
    "essai": "/api/test-connexion.php",
    "etat": "/status.php",
    "exportateur": "http://192.0.2.7:9100/metrics",
    "fichiers": "/srv/rgs/*.pem",
    "flux": "rtsp://{address}/flux",
    "froid": 5,
    "gigue": "10ms",
    "grace": "2h",
    "image": True,
    "interdits": ["en panne"],
    "lent": "3s",
    "libre": "20 %",
    "libre_critique": "8 %",
    "marque": "axis",
    "modbus": 502,
    "mot_de_passe": {"env": "PATH"},
    "nom": "vpn.exemple.fr",
    "oid": "1.3.6.1.4.1.6574.1.2.0",
    "port": 4443,
    "port_envoi": 465,
    "port_imap": 993,
    "port_smtp": 2525,
    "ports": ["Gi0/1", "Gi0/24"],
    "quota": "40 Go",
    "registre": "https://rdap.exemple.fr/",
    "dnssec": True,
    "cle": {"env": "PATH"},
    "duplex": True,
    "spf": "include:_spf.exemple.fr",
    "dmarc": "quarantine",
    "liste": "liste.exemple.fr",
    "relais": ["mx.exemple.fr"],
    "reperes": ["192.0.2.7", "192.0.2.8"],
    "reponse": "^OK",
    "reserves": [24],
    "serveur": "mx.exemple.fr",
    "serveurs": ["ns1.exemple.fr", "ns2.exemple.fr"],
    "snmp": {"version": "2c", "port": 1161},
    "ssh": 22,
    "taille": "1 GiB",
    "texte": "Bienvenue",
    "tous_les": "12h",
    "trop_chaud": 30,
    "unite": r"\x02",
    "verifier": False,
    "webmail": "webmail.exemple.fr",
}


def templates(*names: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Every template of these profiles: (profile it is usable in, name, as written)."""
    found = []
    for name in names:
        written = yaml.safe_load((SHIPPED / f"{name}.yaml").read_text(encoding="utf-8"))
        profile = "moselle-fibre" if name == "commun" else name
        found += [(profile, template, value) for template, value in written.get("templates", {}).items()]
    return found


TEMPLATES = templates("commun", *PROFILES)


def use(
    directory: Path, profile: str, template: str, given: dict[str, Any], probes: Mapping[str, Probe]
) -> list[Sonde]:
    """The sondes that a template makes of one equipment."""
    equipment = {"id": "essai", "address": "192.0.2.7", "template": template, "with": given}
    commune = {"collectivite": "exemple", "name": "Exemple", "equipment": [equipment]}
    main = install(directory, main=MAIN.replace("moselle-fibre", profile), exemple=yaml.safe_dump(commune))
    return [sonde for sonde in load(main, probes).sondes.values() if sonde.collectivite == "exemple"]


def loaded(directory: Path, profile: str, probes: Mapping[str, Probe]) -> Configuration:
    return load(install(directory, main=MAIN.replace("moselle-fibre", profile)), probes)


@pytest.mark.parametrize("profile", PROFILES)
def test_each_shipped_profile_loads(profile: str, tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    config = loaded(tmp_path, profile, probes)
    assert config.profile.name == profile
    assert config.profile.calendar in config.calendars
    assert config.profile.help_desk in config.calendars
    assert len(config.profile.catalogue) >= 7
    assert config.timezone == "Europe/Paris"


def test_moselle_fibre_promises_what_its_article_7_says(tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    config = loaded(tmp_path, "moselle-fibre", probes)
    assert (config.sla.target, config.sla.gti, config.sla.period) == (0.96, 8 * 3600, "year")
    assert config.sla.exclude == ("force_majeure", "collectivite")
    (service,) = config.calendars[config.profile.calendar]
    assert service.slots == (((540, 1050),),) * 5 + ((), ())
    assert service.holidays is not None
    assert (service.holidays.country, service.holidays.subdivision) == ("FR", "57")
    (desk,) = config.calendars[config.profile.help_desk]
    assert desk.slots == (((540, 720), (840, 1050)),) * 5 + ((), ())


def test_redon_publishes_hours_and_no_target(tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    config = loaded(tmp_path, "redon-agglomeration", probes)
    assert (config.sla.target, config.sla.gti, config.sla.exclude, config.sla.period) == (None, None, (), "year")
    (service,) = config.calendars[config.profile.calendar]
    assert service.slots == (((480, 750), (810, 1080)),) * 4 + (((480, 750), (810, 1020)), (), ())
    assert service.holidays is not None
    assert service.holidays.subdivision is None


@pytest.mark.parametrize("profile", ["somme-numerique", "mairie-connectee", "cdg47"])
def test_those_that_publish_nothing_promise_nothing(profile: str, tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    config = loaded(tmp_path, profile, probes)
    assert (config.sla.target, config.sla.gti, config.sla.exclude) == (None, None, ())
    assert config.profile.calendar == "always"
    (always,) = config.calendars["always"]
    assert (always.holidays, always.slots) == (None, (((0, 1440),),) * 7)


@pytest.mark.parametrize(
    ("profile", "name", "written"), TEMPLATES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_each_template_works_with_its_least_parameters(
    profile: str, name: str, written: dict[str, Any], tmp_path: Path, probes: Mapping[str, Probe]
) -> None:
    parameters = written.get("parameters", {})
    required = [key for key, value in parameters.items() if "default" not in value and value.get("required", True)]
    least = use(tmp_path, profile, name, {key: SAMPLES[key] for key in required}, probes)
    assert len(least) == sum(
        1 for sonde in written["sondes"] if sonde.get("when", required[:1]) in ([*required], required[:1])
    )


@pytest.mark.parametrize(
    ("profile", "name", "written"), TEMPLATES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_each_template_works_with_all_its_parameters(
    profile: str, name: str, written: dict[str, Any], tmp_path: Path, probes: Mapping[str, Probe]
) -> None:
    given = {key: SAMPLES[key] for key in written.get("parameters", {})}
    everything = use(tmp_path, profile, name, given, probes)
    assert [sonde.id for sonde in everything] == [f"exemple/essai/{sonde['id']}" for sonde in written["sondes"]]


def test_the_quotas_of_mairie_connectee(tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    (backup,) = use(tmp_path, "mairie-connectee", "sauvegarde-40-go", {}, probes)
    assert backup.settings.quota.limit == 40 * 10**9
    share = use(tmp_path, "mairie-connectee", "partage-de-fichiers-5-go", {"domaine": "partage.exemple.fr"}, probes)
    assert share[-1].settings.quota.limit == 5 * 10**9


def test_a_whole_mail_service_in_one_line(tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    made = use(tmp_path, "moselle-fibre", "messagerie", {"domaine": "exemple.fr", "webmail": "w.exemple.fr"}, probes)
    by_name = {sonde.id.rpartition("/")[2]: sonde for sonde in made}
    assert list(by_name) == ["mx", "smtp", "envoi", "imap", "webmail"]
    assert (by_name["mx"].settings.name, by_name["mx"].settings.record) == ("exemple.fr", "MX")
    assert by_name["mx"].settings.expect == ()  # `serveur` was not given: the key that uses it is left out
    assert (by_name["smtp"].settings.port, by_name["envoi"].settings.port) == (25, 587)
    assert by_name["imap"].settings.login is None
    assert by_name["webmail"].settings.url == "https://w.exemple.fr/"


def test_a_parameter_alone_keeps_its_kind_and_within_a_text_becomes_text(
    tmp_path: Path, probes: Mapping[str, Probe]
) -> None:
    made = use(tmp_path, "moselle-fibre", "acces-internet", {"reperes": ["192.0.2.1", "192.0.2.2"]}, probes)
    assert made[0].settings.anchors == ("192.0.2.1", "192.0.2.2")
    sip = use(tmp_path, "moselle-fibre", "telephonie", {"port": 5062}, probes)[1]
    assert sip.settings.port == 5062
    assert sip.settings.send.startswith("OPTIONS sip:192.0.2.7 SIP/2.0")


def test_a_profile_beside_the_main_file_wins_over_the_shipped_one(tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "moselle-fibre.yaml").write_text(
        "extends: commun\ntitle: Ours\nsource: Ours\ncalendar: always\n", encoding="utf-8"
    )
    assert load(install(tmp_path), probes).profile.title == "Ours"


def test_every_template_of_a_catalogue_exists_and_every_service_has_its_article() -> None:
    known = {name for _, name, _ in TEMPLATES}
    for profile in PROFILES:
        written = yaml.safe_load((SHIPPED / f"{profile}.yaml").read_text(encoding="utf-8"))
        for service in written["services"]:
            assert service.get("template", "routeur") in known
            assert service["article"]


def test_shipped_files_are_found_in_a_wheel_as_in_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (share_dir() / "config" / "profiles" / "commun.yaml").is_file()
    package = tmp_path / "site-packages" / "supervisor"
    (package / "_share").mkdir(parents=True)
    monkeypatch.setattr(share, "__file__", str(package / "config" / "share.py"))
    assert share_dir() == package / "_share"
