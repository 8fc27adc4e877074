"""What a load makes of several files together, and how much it costs."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from probes.base import Measurement, Probe, Result, Run, Status, Target
from supervisor.config import document
from supervisor.config.configuration import Configuration
from supervisor.config.loader import load
from supervisor.errors import ConfigError
from tests.unit.config.places import COMMUNE, MAIN, install


def refused(main: Path, probes: Mapping[str, Probe]) -> list[str]:
    with pytest.raises(ConfigError) as error:
        load(main, probes)
    return [str(mistake).replace(f"{main.parent}/", "") for mistake in error.value.mistakes]


def commune(number: int, sondes: int = 50) -> str:
    """A commune as they are: five sondes a machine, every address different."""
    lines = [
        f'collectivite: c{number}\nname: Commune {number}\ninsee: "57001"\nsiret: "21570001100012"\n'
        "contract: {start: 2026-01-01, sondes: 100}\nservices:\n  - {id: internet, name: Internet}\nequipment:\n"
    ]
    for machine in range(sondes // 5):
        lines.append(f"  - id: m{machine}\n    address: 10.{number // 250}.{number % 250}.{machine}\n    sondes:\n")
        lines.append("      - {id: lien, type: link, service: internet, interval: 60s}\n")
        lines += [f"      - {{id: s{n}, type: tcp, port: {8000 + n}, interval: 60s}}\n" for n in range(4)]
    return "".join(lines)


def many(directory: Path, communes: int) -> Path:
    main = install(directory)
    for number in range(communes):
        (directory / "collectivites" / f"c{number:04d}.yaml").write_text(commune(number), encoding="utf-8")
    return main


def test_fifty_thousand_sondes_load_without_lines_and_share_what_is_equal(
    tmp_path: Path, probes: Mapping[str, Probe], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unwanted(_: str) -> Any:
        raise AssertionError("the lines of a file without mistakes were looked for")

    monkeypatch.setattr(document, "lines_of", unwanted)
    config = load(many(tmp_path, 1000), probes)
    assert len(config.sondes) == 50_002
    mine = [sonde for sonde in config.sondes.values() if sonde.collectivite != "syndicat"]
    assert len({id(sonde.settings) for sonde in mine}) == 5  # one link, four ports
    assert len({id(sonde.interval_s) for sonde in mine}) == 1
    assert len({id(sonde.service) for sonde in mine if sonde.service}) <= 1000


def test_a_sonde_keeps_less_than_a_kilobyte(tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    main = many(tmp_path, 40)
    load(main, probes)  # what is built once for all loads is not counted
    # Of two: what the rest of the process happens to allocate meanwhile, it does not allocate twice.
    sondes, kept, peak = min((traced(main, probes) for _ in range(2)), key=lambda found: found[1])
    assert kept / sondes < 1000
    assert peak < kept + 2_000_000  # the values of one file, not of all


def traced(main: Path, probes: Mapping[str, Probe]) -> tuple[int, int, int]:
    """How many sondes a load makes, what it keeps of memory, and the most it takes."""
    gc.collect()
    tracemalloc.start()
    try:
        config = load(main, probes)
        gc.collect()
        return (len(config.sondes), *tracemalloc.get_traced_memory())
    finally:
        tracemalloc.stop()


def test_order_is_that_of_include_then_of_names_then_of_the_file(tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    main = install(
        tmp_path,
        main=MAIN.replace("[collectivites/*.yaml]", "[collectivites/b*.yaml, collectivites/*.yaml]"),
        alpha=COMMUNE.replace("voisine", "alpha"),
        beta=COMMUNE.replace("voisine", "beta"),
    )
    (tmp_path / "collectivites" / ".#alpha.yaml").write_text("not a config", encoding="utf-8")  # an editor's lock
    config = load(main, probes)
    assert list(config.collectivites) == ["beta", "alpha", "syndicat"]
    assert [name.partition("/")[0] for name in config.sondes] == ["beta", "alpha", "syndicat", "syndicat"]


def test_absolute_patterns_and_a_relative_main_file(
    tmp_path: Path, probes: Mapping[str, Probe], monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = install(tmp_path / "elsewhere").parent
    main = install(tmp_path / "here", main=MAIN.replace("collectivites/*", str(elsewhere / "collectivites" / "*")))
    monkeypatch.chdir(main.parent)
    config = load(Path("vigie.yaml"), probes)
    assert config.path == main
    assert list(config.collectivites) == ["syndicat"]


def test_what_depends_on_a_file_that_cannot_be_read_is_not_held_against_the_others(
    tmp_path: Path, probes: Mapping[str, Probe]
) -> None:
    uses = "services:\n  - {id: mail, name: Mail, uses: [syndicat/zimbra/imap]}\n"
    main = install(tmp_path, exemple=COMMUNE.replace("voisine", "exemple") + uses, syndicat="collectivite: [\n")
    assert [line.partition(":")[0] for line in refused(main, probes)] == ["collectivites/syndicat.yaml"]


def test_a_profile_that_cannot_be_read_is_the_only_mistake(tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    text = COMMUNE.replace("voisine", "exemple") + "calendar: theirs\nservices:\n  - {id: theirs}\n"
    main = install(tmp_path, main=MAIN.replace("moselle-fibre", "essai"), exemple=text)
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "essai.yaml").write_text("title: 'Essai\n", encoding="utf-8")
    assert [line.partition(":")[0] for line in refused(main, probes)] == ["profiles/essai.yaml"]


def test_a_wrong_machine_still_declares_what_others_name(tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    text = """\
collectivite: exemple
name: Exemple
equipment:
  - {id: routeur, adress: 192.0.2.1, address: 192.0.2.1, sondes: [{id: lien, type: link, interval: 60}]}
  - {id: portail, address: 192.0.2.2, template: portail-web}
  - {id: web, address: 192.0.2.3, parent: routeur, sondes: [{id: a, type: http, parent: portail/page}]}
"""
    said = refused(install(tmp_path, exemple=text), probes)
    assert [line.split(": ")[1] for line in said] == [
        "equipment[routeur].adress",
        "equipment[routeur].sondes[lien].interval",
        "equipment[portail].template",
    ]


def test_circles_of_parents_are_told_once_each_across_files(tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    def looped(name: str, parent: str) -> str:
        return COMMUNE.replace("voisine", name).replace("    address", f"    parent: {parent}\n    address")

    main = install(
        tmp_path,
        alpha=looped("alpha", "beta/routeur/lien"),
        beta=looped("beta", "alpha/routeur/lien"),
        gamma=looped("gamma", "alpha/routeur/lien"),
    )
    assert refused(main, probes) == [
        "collectivites/alpha.yaml:5: equipment[routeur].parent: the parents go in a circle "
        "(alpha/routeur/lien → beta/routeur/lien → alpha/routeur/lien), remove one of them"
    ]


def test_what_is_accepted_but_worth_a_look_is_a_warning(tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    text = COMMUNE.replace("voisine", "exemple") + (
        "contract: {start: 2026-01-01, sondes: 100}\n"
        "services:\n  - {id: a, name: A, rule: {at_least: 2}, uses: [syndicat/zimbra/imap]}\n"
    )
    config = load(install(tmp_path, exemple=text), probes)
    assert [str(warning).replace(f"{tmp_path}/", "") for warning in config.warnings] == [
        "collectivites/exemple.yaml:1: siret: missing beside a contract, its contributions cannot be called: add it",
        "collectivites/exemple.yaml:10: services[a].rule: "
        "at_least 2 of 1 sondes can never be up, lower it or add sondes",
    ]


def test_paths_and_secrets_start_from_the_main_file(tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    sonde = "      - {id: page, type: http, ca: ca.pem, basic: {user: vigie, password: {file: secrets/page}}}\n"
    main = install(tmp_path, exemple=COMMUNE.replace("voisine", "exemple") + sonde)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "page").write_text("très secret\n", encoding="utf-8")
    settings = load(main, probes).sondes["exemple/routeur/page"].settings
    assert settings.ca == str(tmp_path / "ca.pem")
    assert settings.basic.password.reveal() == "très secret"
    assert "très secret" not in repr(settings)


@dataclass(frozen=True)
class Loose:
    """Settings of a foreign technique, made its own way: they cannot be hashed."""

    options: dict[str, int]


async def silent(_: Target, __: Loose, ___: Run) -> Result:
    return Result(Status.OK, "", (Measurement("a_seconds", 1.0),))


def test_a_foreign_technique_with_settings_of_its_own_kind(tmp_path: Path) -> None:
    probes = {"loose": Probe(type="loose", settings=Loose, check=silent, needs_address=False)}
    text = "collectivite: exemple\nname: Exemple\nequipment:\n"
    text += "  - {id: a, sondes: [{id: x, type: loose, options: {n: 1}}]}\n"
    main = install(tmp_path, exemple=text, syndicat="collectivite: syndicat\nname: Syndicat\n")
    config: Configuration = load(main, probes)
    assert config.sondes["exemple/a/x"].settings == Loose({"n": 1})
