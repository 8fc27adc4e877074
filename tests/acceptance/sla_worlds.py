"""Small random configurations to promise something in: profiles, calendars, communes, and an operator they share."""

from __future__ import annotations

import json
import random
from datetime import date
from pathlib import Path
from typing import Any

from tests.oracle_sla_calendar import DAY, PROFILES
from tests.oracle_sla_history import World

Written = dict[str, Any]

KINDS = ("maintenance", "force_majeure", "collectivite", "third_party")
ALWAYS = {"timezone": "Europe/Paris", "holidays": None, "slots": {"mon-sun": ["00:00-24:00"]}}
# Where it is another day, where clocks change at another hour, and where they do at midnight.
FAR_AWAY = ("Indian/Reunion", "America/Miquelon", "Pacific/Noumea", "Africa/Cairo", "Europe/Paris")
SUBDIVISIONS = (None, "57", "6AE", "67", "974")
OPERATOR = "syndicat"


def world(rng: random.Random, first: date, days: int) -> World:
    """A configuration whose calendars, contracts and starts have their edges within those days."""
    names = ["a", "b", "c"][: rng.randint(1, 3)]
    shared = rng.random() < 0.7
    profile = rng.choice(["moselle-fibre", "redon-agglomeration", "essai"])
    own: Written = PROFILES.get(profile) or {
        "calendar": "ouverture",
        "calendars": {"ouverture": calendar(rng, first, days)},
        "sla": {"target": 0.9, "gti": "1h", "period": "month", "exclude": ["third_party"]},
    }
    main: Written = {"profile": profile, "calendars": _calendars(rng, first, days)}
    if rng.random() < 0.7:
        main["sla"] = _sla(rng)
    known = ["always", "courtes", "ailleurs", "versions"]
    communes = [_collectivite(rng, name, first, days, known) for name in names]
    if shared:
        operator = _collectivite(rng, OPERATOR, first, days, known)
        operator["operator"] = True
        operator.pop("contract", None)
        communes.append(operator)
        platform = [f"{OPERATOR}/{m['id']}/{s['id']}" for m in operator["equipment"] for s in m["sondes"]]
        for service in (each for commune in communes[:-1] for each in commune["services"]):
            if rng.random() < 0.6:
                service["uses"] = rng.sample(platform, rng.randint(1, min(2, len(platform))))
    return World(main=main, profile=own, collectivites=tuple(communes))


def calendar(rng: random.Random, first: date, days: int, zone: str = "Europe/Paris") -> Written:
    """Short slots at odd minutes, with holidays, closings and openings."""
    kinds: list[Written | None] = [None, {"country": "FR"}]
    kinds += [{"country": "FR", "subdivision": code} for code in SUBDIVISIONS if code]
    made: Written = {"timezone": zone, "holidays": rng.choice(kinds), "slots": {}}
    for week in rng.choice([["mon-sun"], ["mon-fri", "sat,sun"], ["mon,wed,fri", "tue", "thu", "sat-sun"]]):
        made["slots"][week] = slots(rng)
    day = [first + n * DAY for n in range(days)]
    if rng.random() < 0.3:
        made["closed"] = [rng.choice(day).isoformat()]
    if rng.random() < 0.3:
        made["closed"] = [{"from": day[-1].isoformat(), "to": (day[-1] + DAY).isoformat()}]
    if rng.random() < 0.4:
        made["open"] = [{"date": rng.choice(day).isoformat(), "slots": slots(rng)}]
    return made


def slots(rng: random.Random) -> list[str]:
    """Some slots of one day; often across the hours at which clocks change."""
    count = rng.randint(1, 4)
    night = [*range(0, 240, 15)]
    minutes = sorted(rng.sample(rng.choice([range(0, 1445, 5), night, [*night, 540, 615, 720, 1050, 1440]]), 2 * count))
    wall = [f"{minute // 60:02d}:{minute % 60:02d}" for minute in minutes]
    return [f"{start}-{end}" for start, end in zip(wall[::2], wall[1::2], strict=True)]


def _calendars(rng: random.Random, first: date, days: int) -> Written:
    change = (first + rng.randrange(1, days) * DAY).isoformat() if days > 1 else first.isoformat()
    versions = [calendar(rng, first, days), {"from": change, **calendar(rng, first, days)}]
    if rng.random() < 0.3:
        versions[0] = {"from": (first - 30 * DAY).isoformat(), **versions[0]}
    return {
        "always": ALWAYS,
        "courtes": calendar(rng, first, days),
        "ailleurs": calendar(rng, first, days, rng.choice(FAR_AWAY)),
        "versions": versions,
    }


def _sla(rng: random.Random) -> Written:
    made: Written = {"exclude": rng.sample(KINDS, rng.randint(0, 4))}
    if rng.random() < 0.7:
        made["target"] = rng.choice([None, 0.96, 0.5, 0.999, 0.1, 0.01, 1])
    if rng.random() < 0.8:
        made["gti"] = rng.choice([None, "8h", "30min", "5min", "90s", "1h"])
    return made


def _collectivite(rng: random.Random, name: str, first: date, days: int, calendars: list[str]) -> Written:
    services = [_service(rng, f"s{n}", first, days, calendars) for n in range(rng.randint(1, 3))]
    made: Written = {
        "collectivite": name,
        "name": f"Commune {name}",
        "good_friday": rng.random() < 0.5,
        "services": services,
        "equipment": _equipment(rng, [service["id"] for service in services]),
    }
    contract = _contract(rng, first, days)
    if contract is not None:
        made["contract"] = contract
    if rng.random() < 0.3:
        made["calendar"] = rng.choice(calendars)
    return made


def _service(rng: random.Random, name: str, first: date, days: int, calendars: list[str]) -> Written:
    made: Written = {"id": name, "name": f"Service {name}"}
    made["rule"] = rng.choice(["all", "all", "any", {"at_least": 1}, {"at_least": 2}, {"at_least": 3}])
    if rng.random() < 0.5:
        made["calendar"] = rng.choice(calendars)
    if rng.random() < 0.3:
        made["since"] = (first + rng.randint(-3, days) * DAY).isoformat()
    if rng.random() < 0.4:
        made["when_unreachable"] = rng.choice(["unknown", "down", "down"])
    return made


def _contract(rng: random.Random, first: date, days: int) -> Any:
    long_ago, inside = (first - 200 * DAY).isoformat(), first + rng.randrange(days) * DAY
    after = inside + rng.randint(1, 2) * DAY
    return rng.choice(
        [
            None,
            {"start": long_ago},
            {"start": long_ago},
            {"start": inside.isoformat()},
            {"start": long_ago, "end": inside.isoformat()},
            [{"start": long_ago, "end": inside.isoformat()}, {"start": after.isoformat()}],
        ]
    )


def _equipment(rng: random.Random, services: list[str]) -> list[Written]:
    made: list[Written] = []
    for name in ["e0", "e1"][: rng.randint(1, 2)]:
        machine: Written = {"id": name, "address": "127.0.0.1", "sondes": []}
        if rng.random() < 0.6:
            machine["service"] = rng.choice(services)
        for number in range(rng.randint(1, 2)):
            machine["sondes"].append(_sonde(rng, f"x{number}", services))
        if made and rng.random() < 0.7:
            above = rng.choice(made[0]["sondes"])
            has_link = any(sonde["type"] == "link" for sonde in made[0]["sondes"])
            machine["parent"] = "e0" if has_link and rng.random() < 0.5 else f"e0/{above['id']}"
        made.append(machine)
    return made


def _sonde(rng: random.Random, name: str, services: list[str]) -> Written:
    made: Written = {"id": name, "attempts": rng.randint(1, 3), "interval": rng.choice(["60s", "5min", "3s", "10min"])}
    made |= {"type": "link"} if rng.random() < 0.4 else {"type": "tcp", "port": 9}
    if rng.random() < 0.5:
        short = ["100s"] if made["interval"] in ("3s", "60s") else []
        made["stale_after"] = rng.choice(["10min", "30min", "1h", *short])
    if rng.random() < 0.7:
        made["service"] = rng.choice([*services, None])
    if rng.random() < 0.1:
        made["parent"] = None
    return made


def write(place: World, root: Path) -> Path:
    """The configuration in files; gives the main one. JSON is YAML."""
    (root / "collectivites").mkdir()
    for collectivite in place.collectivites:
        file = root / "collectivites" / f"{collectivite['collectivite']}.yaml"
        file.write_text(json.dumps(collectivite, indent=1))
    if place.main["profile"] not in PROFILES:
        (root / "profiles").mkdir()
        profile = {"title": "Essai", "source": "Convention d'essai", "help_desk": place.profile["calendar"]}
        file = root / "profiles" / f"{place.main['profile']}.yaml"
        file.write_text(json.dumps({**profile, **place.profile}, indent=1))
    main = {"organisation": "Essai", "database": "v.db", "control": "s", "listen": "127.0.0.1:0", **place.main}
    (root / "vigie.yaml").write_text(json.dumps(main, indent=1))
    return root / "vigie.yaml"
