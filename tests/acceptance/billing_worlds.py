"""Small random installations to be billed: contracts, and sondes that come and go, at the edges of everything."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.acceptance.billing_churn import Edges, churn
from tests.oracle_billing import Closing
from tests.oracle_billing_contracts import DAY, begins, contracts, left, local_day
from tests.oracle_billing_ledger import Step, Written, second_of

HOUR_S, DAY_S = 3600, 86_400
CLOSED_S = 600  # from an import to a closing
PARIS = "Europe/Paris"
# Where it is another day, where clocks change at another hour, and where they do at midnight.
FAR_AWAY = ("Indian/Reunion", "America/Miquelon", "Pacific/Noumea", "Africa/Cairo")
FIRST, LAST = date(2023, 1, 1), date(2027, 3, 1)
TURNS = ("01-01", "01-02", "02-28", "06-29", "06-30", "07-01", "07-02", "12-31")
CHANGES = ("2024-02-29", "2024-03-31", "2024-10-27", "2025-03-30", "2025-10-26", "2026-03-29", "2026-10-25")
BASES = ("subscribed", "measured", "highest")


@dataclass(frozen=True)
class World:
    """Imports and closings, one after the other, and the instant at which everything is asked for."""

    zone: str
    steps: tuple[Step, ...]
    closings: tuple[Closing, ...]  # each some minutes after a step
    now: int
    months: tuple[str, ...]
    years: tuple[int, ...]

    def write(self, step: Step, root: Path) -> tuple[Path, Path]:
        """The configuration and the history of a step in files; gives both. JSON is YAML."""
        homes = root / "collectivites"
        homes.mkdir(exist_ok=True)
        for file in homes.iterdir():
            file.unlink()
        for each in step.collectivites:
            (homes / f"{each['collectivite']}.yaml").write_text(json.dumps(each, indent=1))
        config, history = root / "vigie.yaml", root / "history.jsonl"
        config.write_text(json.dumps(self._main(step, root), indent=1))
        history.write_text("".join(json.dumps(line) + "\n" for line in step.lines))
        return config, history

    def _main(self, step: Step, root: Path) -> Written:
        main: Written = {"organisation": "Essai", "profile": "moselle-fibre", "database": "v.db", "control": "s"}
        if self.zone != PARIS:
            main["profile"] = "ailleurs"
            (root / "profiles").mkdir(exist_ok=True)
            calendar = {"timezone": self.zone, "holidays": None, "slots": {"mon-fri": ["09:00-17:30"]}}
            profile = {"extends": "moselle-fibre", "calendar": "loin", "calendars": {"loin": calendar}}
            (root / "profiles" / "ailleurs.yaml").write_text(json.dumps(profile, indent=1))
        if step.basis != BASES[0]:
            main["billing"] = {"basis": step.basis}
        order = [f"collectivites/{each['collectivite']}.yaml" for each in step.collectivites]
        return {**main, "listen": "127.0.0.1:0", "include": order}


def world(seed: int) -> World:
    """A world of its own for each seed."""
    rng = random.Random(seed)
    zone = PARIS if rng.random() < 0.8 else rng.choice(FAR_AWAY)
    edges = _edges(rng, zone)
    now = _now(rng, zone)
    instants = sorted(now - back for back in _back(rng))
    steps: list[Step] = []
    closings: list[Closing] = []
    homes = [f"{letter}{rng.randint(0, 9)}" for letter in rng.sample("abcdefgh", rng.randint(1, 4))]
    for at in instants:
        step = _step(rng, zone, edges, at, homes, steps)
        steps.append(replace(step, lines=tuple(line for line in step.lines if _is_open(zone, line, closings))))
        if rng.random() < 0.5 and at + CLOSED_S < min([now, *(each for each in instants if each > at)]):
            closings.append(_closing(rng, zone, at + CLOSED_S, closings))
        if homes and rng.random() < 0.4:
            homes.remove(rng.choice(homes))  # its file is gone at the next step, if there is one
    return World(
        zone, tuple(steps), tuple(closings), now, _months(rng, zone, steps, closings, now), _years(rng, zone, now)
    )


def _now(rng: random.Random, zone: str) -> int:
    day = date(rng.choice([2025, 2026, 2026, 2026, 2027]), 1, 1) + rng.randrange(365) * DAY
    some = rng.choice([*(f"{day.year}-{turn}" for turn in TURNS), *CHANGES[3:], *[day.isoformat()] * 9])
    return begins(zone, date.fromisoformat(some)) + rng.choice([0, 1, DAY_S - 1, rng.randrange(DAY_S)])


def _back(rng: random.Random) -> list[int]:
    """How long before now each import was; never in the same second."""
    some = [1, 37, HOUR_S + 7, DAY_S + 7, 20 * DAY_S + 7, 150 * DAY_S + 7, 200 * DAY_S + 7, 400 * DAY_S + 7]
    return rng.sample(some, rng.choice([1, 1, 2, 3]))


def _edges(rng: random.Random, zone: str) -> Edges:
    days = {date.fromisoformat(f"{year}-{turn}") for year in range(2023, 2028) for turn in TURNS}
    days |= {date.fromisoformat(day) + n * DAY for day in CHANGES for n in (0, 1)}
    days |= {date(rng.randint(2023, 2026), rng.randint(1, 12), 1) for _ in range(8)}
    return Edges(tuple(begins_at(zone, day) for day in sorted(days) if day < LAST))


@lru_cache(maxsize=5000)
def begins_at(zone: str, day: date) -> int:
    """As the oracle has it, asked for again and again."""
    return begins(zone, day)


# --- what is closed


def _closing(rng: random.Random, zone: str, at: int, before: Iterable[Closing]) -> Closing:
    """Some months that are over (for two days: results may still come); some years; perhaps again."""
    today = local_day(zone, at)
    settled = today - 2 * DAY
    over = {f"{settled - n * 30 * DAY:%Y-%m}" for n in range(40)} - {f"{settled:%Y-%m}"}
    again = sorted({month for each in before for month in each.months})
    months = {*rng.sample(sorted(over), 3), *rng.sample(again, min(len(again), 1))}
    return Closing(at, tuple(sorted(months)), tuple(sorted({today.year, rng.randint(2023, today.year)})))


def _is_open(zone: str, line: Written, closings: Iterable[Closing]) -> bool:
    """Whether a line is taken: a correction of a closed month is refused, what else is told of one is only noted."""
    if "from" not in line:
        return True
    first, last = (f"{local_day(zone, second_of(line[key])):%Y-%m}" for key in ("from", "to"))
    return not any(first <= month <= last for closing in closings for month in closing.months)


# --- what is asked for


def _months(rng: random.Random, zone: str, steps: list[Step], closings: list[Closing], now: int) -> tuple[str, ...]:
    """The running month, some at whose edges something happens or a contract ends, and any."""
    texts = [line[key] for step in steps for line in step.lines for key in ("t", "from", "to") if key in line]
    seen = [int(datetime.fromisoformat(text).timestamp()) for text in rng.sample(texts, min(len(texts), 2))]
    instants = [now - 1, *seen, *(t - 40 * DAY_S for t in seen[:1]), *(steps[-1].at + days * DAY_S for days in (0, 40))]
    agreed = [each for step in steps[-2:] for account in step.collectivites for each in contracts(account, None)]
    edges = [edge for each in agreed for edge in (*each.edges(), *([each.end] if each.end else ()))]
    days = [*(local_day(zone, t) for t in instants), *rng.sample(edges, min(len(edges), 3))]
    days.append(date.fromisoformat(rng.choice(CHANGES)))
    days += [date.fromisoformat(f"{each.months[0]}-01") for each in closings]
    days = [day for day in days if begins_at(zone, day.replace(day=1)) < now]
    return tuple(sorted({f"{day:%Y-%m}" for day in days}))


def _years(rng: random.Random, zone: str, now: int) -> tuple[int, ...]:
    this = local_day(zone, now).year
    return tuple(sorted({this, *rng.sample(range(2023, this + 1), 2)}))


# --- one import


def _step(rng: random.Random, zone: str, edges: Edges, at: int, homes: list[str], before: list[Step]) -> Step:
    lines: list[Written] = []
    accounts: list[Written] = []
    for home in homes:
        known = before[-1].account(home) if before else None
        told, there = churn(rng, home, edges.between(begins_at(zone, FIRST), at), quiet=known is not None)
        lines += told
        account = known if known is not None and rng.random() < 0.5 else _account(rng, home, known)
        accounts.append({**account, "equipment": [_equipment(rng, there)]})
    operator = before[-1].account("syndicat") if before else None
    if operator is not None or (not before and rng.random() < 0.3):
        accounts.append(
            operator or {**_account(rng, "syndicat", None), "operator": True, "equipment": [_equipment(rng, ["o"])]}
        )
    basis = before[-1].basis if before and rng.random() < 0.7 else rng.choice(BASES)
    return Step(at, tuple(accounts), tuple(_in_order(rng, zone, lines)), basis)


def _in_order(rng: random.Random, zone: str, lines: Iterable[Written]) -> Iterator[Written]:
    """By time, each instant written one way or another."""
    for line in sorted(lines, key=lambda line: int(line["t"])):
        yield {key: _stamp(rng, zone, value) if key in ("t", "from", "to") else value for key, value in line.items()}


def _stamp(rng: random.Random, zone: str, instant: int) -> str:
    """Whole seconds are what counts: now and then there is a fraction, the same for all lines of an instant."""
    where = rng.choice([ZoneInfo(zone), ZoneInfo(PARIS), UTC])
    return datetime.fromtimestamp(instant, where).replace(microsecond=600_000 * (instant % 7 == 0)).isoformat()


def _account(rng: random.Random, name: str, known: Written | None) -> Written:
    made: Written = {"collectivite": name, "name": f"Commune {name}"}
    if rng.random() < 0.8:
        made["siret"] = known["siret"] if known is not None and "siret" in known else siret(rng)
    contracts = list(_contracts(rng))
    if contracts:
        made["contract"] = contracts[0] if len(contracts) == 1 and rng.random() < 0.8 else contracts
    return made


def siret(rng: random.Random) -> str:
    """Fourteen digits; both the first nine and all of them keep Luhn's rule."""
    siren = _luhn("".join(rng.choices("0123456789", k=8)))
    return _luhn(siren + "".join(rng.choices("0123456789", k=4)))


def _luhn(digits: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * 2 if place % 2 == 0 else int(digit)
        total += doubled - 9 if doubled > 9 else doubled
    return digits + str(-total % 10)


def _equipment(rng: random.Random, there: list[str]) -> Written:
    """Some of the sondes that history left, and a few it does not know."""
    kept = rng.choice([there, there[:5], rng.sample(there, len(there) // 2), []])
    names = [*kept, *(f"n{number}" for number in range(rng.choice([0, 1, 3, 60])))]
    return {"id": "e", "address": "127.0.0.1", "sondes": [_sonde(rng, name) for name in names]}


def _sonde(rng: random.Random, name: str) -> Written:
    made: Written = {"id": name, "type": "tcp", "port": 9}
    if rng.random() < 0.1:
        made["billable"] = rng.random() < 0.5
    if rng.random() < 0.1:
        made["paused"] = True  # "Paused sondes count"
    return made


# --- contracts


def _contracts(rng: random.Random) -> Iterator[Written]:
    """None, one, or several one after the other with or without a gap."""
    day = _day(rng, FIRST, rng.choice([date(2024, 3, 1), date(2026, 9, 1)])) if rng.random() < 0.8 else FIRST
    for _ in range(rng.choice([0, 1, 1, 1, 1, 1, 1, 2, 3])):
        made, last = _contract(rng, day)
        yield made
        if last is None or last > date(2027, 1, 1):
            return
        day = last + rng.choice([DAY, _day(rng, last + DAY, LAST) - last])


def _contract(rng: random.Random, start: date) -> tuple[Written, date | None]:
    made: Written = {"start": start.isoformat()}
    last: date | None = None
    how = rng.random()
    if how < 0.35:
        last = _day(rng, start, min(LAST, start + 900 * DAY))
        made["end"] = last.isoformat()
    elif how < 0.55:
        letter = _day(rng, start, min(LAST, start + 700 * DAY))
        made["notice"], last = letter.isoformat(), left(start, letter)
    how = rng.random()
    if how < 0.4:
        made["sondes"] = rng.choice([1, 50, 100, 101, 150, 200, 240])
    elif how < 0.9:
        days = sorted({start, *(_day(rng, start, LAST) for _ in range(rng.randint(0, 4)))})
        counts = rng.choices([1, 100, 120, 150, 151, 250], k=len(days))
        counts = sorted(counts) if rng.random() < 0.6 else counts
        made["sondes"] = [{"from": f"{day}", "count": count} for day, count in zip(days, counts, strict=True)]
    return made, last


def _day(rng: random.Random, first: date, last: date) -> date:
    """Any day of these, often one of those that matter."""
    some = [date.fromisoformat(f"{year}-{turn}") for year in range(2023, 2028) for turn in TURNS]
    some += [date.fromisoformat(day) + n * DAY for day in CHANGES for n in (-1, 0, 1)]
    within = [day for day in some if first <= day <= last]
    if within and rng.random() < 0.5:
        return rng.choice(within)
    return first + timedelta(days=rng.randint(0, (last - first).days))
