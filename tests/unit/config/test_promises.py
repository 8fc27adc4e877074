"""From the configuration to what is promised: calendars, contracts, rules, who counts whose sondes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from probes.base import Probe
from supervisor.config.loader import load
from supervisor.config.promises import promises_of
from supervisor.domain.interval import FOREVER
from supervisor.domain.promise import Promise, Promises

SONDE = {"id": "s", "type": "tcp", "port": 80}


def at(day: str) -> int:
    """Midnight of Paris."""
    return int(datetime.fromisoformat(day).replace(tzinfo=ZoneInfo("Europe/Paris")).timestamp())


def made(directory: Path, probes: Mapping[str, Probe], *communes: dict[str, Any], **main: Any) -> Promises:
    """What is promised by such files."""
    slots = {"holidays": None, "slots": {"mon-sun": ["00:00-24:00"]}}
    named = {"calendars": {"always": slots, "sunday": {**slots, "slots": {"sun": ["10:00-11:00"]}}}}
    content = {"organisation": "O", "profile": "moselle-fibre", "include": ["*.json"], **named, **main}
    (directory / "vigie.yaml").write_text(json.dumps(content))
    for commune in communes:
        (directory / f"{commune['collectivite']}.json").write_text(json.dumps({"name": "N", **commune}))
    return promises_of(load(directory / "vigie.yaml", probes))


def one(directory: Path, probes: Mapping[str, Probe], service: dict[str, Any], **commune: Any) -> Promise:
    """The only service of a commune."""
    promises = made(
        directory, probes, {"collectivite": "a", "services": [{"id": "web", "name": "W", **service}], **commune}
    )
    return promises.services["a", "web"]


def test_the_promise_of_the_profile(tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    promises = made(tmp_path, probes, {"collectivite": "a"})
    assert (promises.target, promises.gti_s, promises.period) == (Fraction(96, 100), 8 * 3600, "year")
    assert promises.exclude == ("force_majeure", "collectivite")


def test_what_the_main_file_says_wins(tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    promises = made(tmp_path, probes, {"collectivite": "a"}, sla={"target": None, "gti": None, "exclude": []})
    assert (promises.target, promises.gti_s, promises.exclude) == (None, None, ())


def test_the_services_calendar_wins_over_the_communes_over_the_profiles(
    tmp_path: Path, probes: Mapping[str, Probe]
) -> None:
    def name(**keys: str) -> str:
        commune = {"calendar": keys["commune"]} if "commune" in keys else {}
        service = {"calendar": keys["service"]} if "service" in keys else {}
        return one(tmp_path, probes, service, **commune).calendar_name

    assert name() == "service"
    assert name(commune="always") == "always"
    assert name(commune="always", service="sunday") == "sunday"


def test_good_friday_makes_another_calendar(tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    """3 April 2026 is Good Friday."""
    open_s = one(tmp_path, probes, {}).calendar.open_seconds(at("2026-04-03"), at("2026-04-04"))
    closed_s = one(tmp_path, probes, {}, good_friday=True).calendar.open_seconds(at("2026-04-03"), at("2026-04-04"))
    assert (open_s, closed_s) == (8.5 * 3600, 0)


def test_bounds_of_contracts_last_day_included(tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    contracts = [{"start": "2025-01-01", "end": "2025-06-30"}, {"start": "2026-01-01"}]
    promise = one(tmp_path, probes, {}, contract=contracts)
    assert promise.bounds == [(at("2025-01-01"), at("2025-07-01")), (at("2026-01-01"), FOREVER)]


def test_a_notice_ends_the_contract(tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    """Letter of 15 March 2026: last day 31 May."""
    promise = one(tmp_path, probes, {}, contract={"start": "2025-01-01", "notice": "2026-03-15"})
    assert promise.bounds == [(at("2025-01-01"), at("2026-06-01"))]


def test_since_cuts_the_contract(tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    contract = {"start": "2026-01-01"}
    assert one(tmp_path, probes, {"since": "2026-03-16"}, contract=contract).bounds == [(at("2026-03-16"), FOREVER)]
    assert one(tmp_path, probes, {"since": "2025-03-16"}, contract=contract).bounds == [(at("2026-01-01"), FOREVER)]


def test_without_a_contract_only_since_bounds(tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    assert one(tmp_path, probes, {}).bounds == [(-FOREVER, FOREVER)]
    assert one(tmp_path, probes, {"since": "2026-03-16"}).bounds == [(at("2026-03-16"), FOREVER)]


def test_rules(tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    needs = [one(tmp_path, probes, {"rule": rule}).rule.need for rule in ("all", "any", {"at_least": 2})]
    assert needs == [None, 1, 2]


def test_who_counts_a_shared_sonde_and_whom_its_maintenance_concerns(
    tmp_path: Path, probes: Mapping[str, Probe]
) -> None:
    machine = {"id": "z", "address": "127.0.0.1", "service": "zimbra", "sondes": [{**SONDE, "incident": "warning"}]}
    operator = {"operator": True, "services": [{"id": "zimbra", "name": "Z"}], "equipment": [machine]}
    mail = {"services": [{"id": "mail", "name": "M", "uses": ["syndicat/z/s"]}, {"id": "web", "name": "W"}]}
    promises = made(
        tmp_path, probes, {"collectivite": "syndicat", **operator}, *({"collectivite": c, **mail} for c in ("a", "b"))
    )
    users = [("syndicat", "zimbra"), ("a", "mail"), ("b", "mail")]
    assert sorted(promises.counting("syndicat/z/s", "zimbra")) == sorted(users)
    assert promises.concerned("syndicat", ["zimbra"]) == promises.concerned("syndicat", None) == frozenset(users)
    assert promises.concerned("a", None) == {("a", "mail"), ("a", "web")}
    assert (promises.operators, promises.warned) == ({"syndicat"}, {"syndicat/z/s"})
    assert promises.counting("a/e/s", None) == []
