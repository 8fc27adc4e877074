"""From one configuration to another: the difference, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path

import pytest

from probes.base import Probe
from supervisor.config import reload
from supervisor.config.configuration import Configuration
from supervisor.config.loader import load
from supervisor.config.reload import Aspect, difference
from supervisor.domain.sonde import Sonde
from tests.unit.config.places import COMMUNE, MAIN, install

TWO = COMMUNE + "      - {id: page, type: http, bearer: {file: jeton}}\n"
Load = Callable[..., Configuration]


@pytest.fixture
def loaded(tmp_path: Path, probes: Mapping[str, Probe]) -> Load:
    def run(commune: str = TWO, main: str = MAIN) -> Configuration:
        return load(install(tmp_path, main=main, voisine=commune), probes)

    (tmp_path / "jeton").write_text("un", encoding="utf-8")
    return run


def test_the_same_files_differ_in_nothing(loaded: Load) -> None:
    found = difference(loaded(), loaded())
    assert not found
    assert (found.added, found.removed, found.changed, found.restart, found.live) == ((), (), (), (), ())


def test_sondes_come_and_go(loaded: Load) -> None:
    more = TWO + "      - {id: ssh, type: tcp, port: 22}\n"
    found = difference(loaded(), loaded(more))
    assert [sonde.id for sonde in found.added] == ["voisine/routeur/ssh"]
    assert (found.removed, found.changed) == ((), ())
    back = difference(loaded(more), loaded())
    assert [sonde.id for sonde in back.removed] == ["voisine/routeur/ssh"]
    assert bool(found)
    assert bool(back)


@pytest.mark.parametrize(
    ("written", "aspects"),
    [
        ("url: 'http://{address}/autre'", {Aspect.CHECK}),
        ("timeout: 5s", {Aspect.CHECK}),
        ("interval: 30s", {Aspect.SCHEDULE, Aspect.JUDGEMENT}),  # stale_after follows the interval
        ("interval: 30s, stale_after: 150s", {Aspect.SCHEDULE}),
        ("retry_every: 10s", {Aspect.SCHEDULE}),
        ("attempts: 5", {Aspect.JUDGEMENT}),
        ("parent: null", {Aspect.JUDGEMENT}),
        ("billable: false", {Aspect.ACCOUNT}),
        ("paused: true", {Aspect.PAUSED}),
        ("paused: true, billable: false", {Aspect.PAUSED, Aspect.ACCOUNT}),
    ],
)
def test_what_changed_of_a_sonde_that_stays(written: str, aspects: set[Aspect], loaded: Load) -> None:
    found = difference(loaded(), loaded(TWO.replace("type: http,", f"type: http, {written},")))
    (change,) = found.changed
    assert change.after.id == change.before.id == "voisine/routeur/page"
    assert change.aspects == aspects
    assert found.added == found.removed == ()


def test_an_address_changes_every_check_of_its_machine(loaded: Load) -> None:
    found = difference(loaded(), loaded(TWO.replace("192.0.2.50", "192.0.2.51")))
    assert [change.after.id for change in found.changed] == ["voisine/routeur/lien", "voisine/routeur/page"]
    assert {aspect for change in found.changed for aspect in change.aspects} == {Aspect.CHECK}
    assert found.collectivites == {"voisine"}


def test_a_secret_replaced_in_place_is_a_change(loaded: Load, tmp_path: Path) -> None:
    before = loaded()
    (tmp_path / "jeton").write_text("deux", encoding="utf-8")
    (change,) = difference(before, loaded()).changed
    assert change.aspects == {Aspect.CHECK}


def test_a_collectivite_that_leaves_takes_its_sondes(loaded: Load, tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    before = loaded()
    (tmp_path / "collectivites" / "voisine.yaml").unlink()
    found = difference(before, load(tmp_path / "vigie.yaml", probes))
    assert [sonde.id for sonde in found.removed] == ["voisine/routeur/lien", "voisine/routeur/page"]
    assert found.collectivites == {"voisine"}


@pytest.mark.parametrize(
    ("written", "restart", "live"),
    [
        ("database: other.db", ("database", "control"), ()),
        ("listen: 127.0.0.1:9000", ("listen",), ()),
        ("control: other.sock", ("control",), ()),
        ("metrics_token: {file: jeton}", ("metrics_token",), ()),
        ("sla: {target: 99 %}", (), ("sla",)),
        ("billing: {basis: measured}", (), ("billing_basis",)),
        ("flapping: {changes: 3}", (), ("flapping",)),
        ("retention: {samples: 1h}", (), ("retention",)),
        ("pools: {concurrency: 5}", (), ("concurrency",)),
        ("alerts: {sms: {gateways: [{type: gammu}]}}", (), ("alerts",)),
        ("calendars: {nuit: {slots: {mon: ['20:00-24:00']}}}", (), ("calendars",)),
    ],
)
def test_keys_of_the_main_file(written: str, restart: tuple[str, ...], live: tuple[str, ...], loaded: Load) -> None:
    found = difference(loaded(), loaded(main=f"{MAIN}{written}\n"))
    assert (found.restart, found.live) == (restart, live)
    assert found.changed == ()


def test_canaries_have_a_difference_of_their_own(loaded: Load) -> None:
    found = difference(loaded(), loaded(main=f"{MAIN}canaries: [{{id: a, type: link, address: 192.0.2.1}}]\n"))
    assert [sonde.id for sonde in found.canaries.added] == ["vigie/canaries/a"]
    assert found.added == ()


def test_every_field_of_a_configuration_is_compared(loaded: Load) -> None:
    compared = {*reload._RESTART, *reload._LIVE, "sondes", "canaries", "collectivites"}
    assert {field.name for field in fields(Configuration)} - compared == {"path", "warnings"}
    assert {name for names in reload._ASPECTS.values() for name in names} | {"id"} == {f.name for f in fields(Sonde)}
