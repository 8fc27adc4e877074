"""French: dates, durations, percentages and money, for everything that a commune reads on paper."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction
from typing import Final
from zoneinfo import ZoneInfo

from supervisor.domain.period import Period, parse
from supervisor.french import DAYS, MONTHS
from supervisor.french import NBSP as NBSP
from supervisor.french import THIN as THIN
from supervisor.french import listing as listing
from supervisor.french import of as of
from supervisor.french import ordinal as ordinal
from supervisor.french import quoted as quoted
from supervisor.french import typeset as typeset

DASH: Final = "\N{EM DASH}"
NONE: Final = "–"

# Why time is left out, and whose fault an incident was, as the contract says it.
KIND_NAMES: Final = {
    "maintenance": "maintenance annoncée",
    "force_majeure": "force majeure",
    "collectivite": "fait de la collectivité",
    "third_party": "fait d’un tiers",
}
CAUSES: Final = {**KIND_NAMES, "operator": "fait de l’opérateur"}
# The articles of KIND_NAMES, where a sentence needs them.
KINDS_TOLD: Final = {
    "maintenance": "la maintenance annoncée",
    "force_majeure": "la force majeure",
    "collectivite": "le fait de la collectivité",
    "third_party": "le fait d’un tiers",
}
JUDGED_ON: Final = {
    "month": "le mois civil",
    "quarter": "le trimestre civil",
    "half-year": "le semestre civil",
    "year": "l’année civile",
}


def count(number: int, one: str, several: str) -> str:
    """So many of something; zero is singular in French."""
    return f"{whole(number)}{NBSP}{one if number < 2 else several}"


def whole(number: int) -> str:
    """A whole number, thousands apart."""
    return f"{number:,}".replace(",", THIN)


# --- time


def month(day: date) -> str:
    """ "mars 2026"."""
    return f"{MONTHS[day.month - 1]}{NBSP}{day.year}"


def month_name(number: int) -> str:
    """ "mars"."""
    return MONTHS[number - 1]


def date_of(day: date) -> str:
    """ "1er mars 2026"."""
    return f"{ordinal(day.day)}{NBSP}{month(day)}"


def day_of(day: date) -> str:
    """ "lundi 2 mars 2026"."""
    return f"{DAYS[day.weekday()]} {date_of(day)}"


def instant(at: int, zone: ZoneInfo) -> str:
    """ "2 mars 2026 à 8 h 30"."""
    local = datetime.fromtimestamp(at, zone)
    return f"{date_of(local.date())} à{NBSP}{clock(local)}"


def moment(at: int, zone: ZoneInfo) -> str:
    """ "2 mars 2026", where it is the first instant of that day; else to the second, as `instant`."""
    local = datetime.fromtimestamp(at, zone)
    return instant(at, zone) if local.hour or local.minute or local.second else date_of(local.date())


def day_and_time(at: int, zone: ZoneInfo) -> str:
    """ "lundi 2 mars 2026 à 8 h 30"."""
    local = datetime.fromtimestamp(at, zone)
    return f"{day_of(local.date())} à{NBSP}{clock(local)}"


def stretch(start: int, end: int, zone: ZoneInfo) -> str:
    """ "le 2 mars 2026 de 8 h à 8 h 30", or "du … au …"."""
    first, last = datetime.fromtimestamp(start, zone), datetime.fromtimestamp(end, zone)
    if first.date() == last.date():
        return f"le {date_of(first.date())} de {clock(first)} à{NBSP}{clock(last)}"
    return f"du {date_of(first.date())} à{NBSP}{clock(first)} au {date_of(last.date())} à{NBSP}{clock(last)}"


def clock(local: datetime) -> str:
    """ "8 h 30"; seconds only where there are some."""
    if local.second:
        return f"{local.hour}{NBSP}h{NBSP}{local.minute:02d}{NBSP}min{NBSP}{local.second:02d}{NBSP}s"
    return f"{local.hour}{NBSP}h" + (f"{NBSP}{local.minute:02d}" if local.minute else "")


def duration(seconds: int) -> str:
    """To the second, so that the sums of a table come out: "3 h 15", "12 min", "45 s", "1 h 02 min 05 s"."""
    if seconds < 0:
        return f"\N{MINUS SIGN}{duration(-seconds)}"
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    if hours and not rest:
        return f"{whole(hours)}{NBSP}h" + (f"{NBSP}{minutes:02d}" if minutes else "")
    if hours:
        return f"{whole(hours)}{NBSP}h{NBSP}{minutes:02d}{NBSP}min{NBSP}{rest:02d}{NBSP}s"
    if minutes:
        return f"{minutes}{NBSP}min" + (f"{NBSP}{rest:02d}{NBSP}s" if rest else "")
    return f"{rest}{NBSP}s" if rest else "0"


def period(asked: Period) -> str:
    """ "mars 2026", "1er trimestre 2026", "année 2026", "du 2 au 15 mars 2026": last day included."""
    last = asked.end - timedelta(days=1)
    if asked.whole_month:
        return month(asked.first)
    if asked.name == str(asked.first.year):
        return f"année{NBSP}{asked.first.year}"
    part = re.fullmatch(r"\d{4}-([QH])(\d)", asked.name)
    if part and asked == parse(asked.name):
        rank = f"{part[2]}er" if part[2] == "1" else f"{part[2]}e"
        return f"{rank} {'trimestre' if part[1] == 'Q' else 'semestre'}{NBSP}{asked.first.year}"
    return between(asked.first, last)


def between(first: date, last: date) -> str:
    """From one day to another, both included."""
    if first == last:
        return date_of(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"du {ordinal(first.day)} au {date_of(last)}"
    if first.year == last.year:
        return f"du {ordinal(first.day)} {MONTHS[first.month - 1]} au {date_of(last)}"
    return f"du {date_of(first)} au {date_of(last)}"


def during(asked: Period) -> str:
    """Where a sentence says when: "en mars 2026", "au 1er trimestre 2026", "du 2 au 15 mars 2026"."""
    name = period(asked)
    if asked.whole_month or name.startswith("année"):
        return f"en {name.removeprefix(f'année{NBSP}')}"
    if name[0].isdigit():
        return f"le {name}" if asked.end - asked.first == timedelta(days=1) else f"au {name}"
    return name


def of_period(asked: Period) -> str:
    """A period after "fin": "de mars 2026", "d’avril 2026", "de 2026", "du 1er trimestre 2026"."""
    name = during(asked)
    if not name.startswith("en "):
        return f"du {name.partition(' ')[2]}"
    return of(name.removeprefix("en "))


# --- money and numbers of identity


def euros(amount: Decimal) -> str:
    """ "1 234,50 €", thousands apart; of an amount that has whole cents."""
    sign = "\N{MINUS SIGN}" if amount < 0 else ""
    return f"{sign}{abs(amount):,.2f}".replace(",", THIN).replace(".", ",") + f"{NBSP}€"


def siret(number: str) -> str:
    """ "215 700 011 00012": the SIREN by threes, then the number of the establishment."""
    return NBSP.join((number[:3], number[3:6], number[6:9], number[9:]))


# --- shares


def percent(ratio: float | None, decimals: int = 2) -> str:
    """Cut, never rounded up: 95.999 % is not 96 %, and one second down in a year is not 100 %.

    The shortest decimal that reads back as the ratio stands for the exact one: seconds of centuries tell them apart.
    """
    if ratio is None:
        return "non mesuré"
    cut = (Decimal(repr(ratio)) * 100).quantize(Decimal(1).scaleb(-decimals), ROUND_FLOOR)
    return f"{cut:f}".replace(".", ",") + f"{NBSP}%"


def target(share: Fraction) -> str:
    """As it is promised: "96 %", "99,95 %"."""
    return f"{share_text(share)}{NBSP}%"


def share_text(share: Fraction) -> str:
    """In percent, with as many decimals as it has."""
    return f"{_exact(share):f}".replace(".", ",")


def decimals_for(share: Fraction | None) -> int:
    """How many decimals percentages need so that none that misses the target reads like it."""
    if share is None:
        return 2
    exponent = _exact(share).as_tuple().exponent
    return max(2, -exponent) if isinstance(exponent, int) else 2


def _exact(share: Fraction) -> Decimal:
    """In percent. A target is written as a decimal, so that this division ends."""
    shown = (Decimal(share.numerator) * 100 / Decimal(share.denominator)).normalize()
    exponent = shown.as_tuple().exponent
    return shown.quantize(Decimal(1)) if isinstance(exponent, int) and exponent > 0 else shown
