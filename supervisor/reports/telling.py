"""The report of a collectivité, told in French: the verdict first, then what it rests on."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from supervisor.reports import exclusions_section, gti_section, sections
from supervisor.reports.data import Report
from supervisor.reports.sheet import Sheet
from supervisor.reports.verdict import facts, verdict
from supervisor.reports.wording import DASH, NBSP, day_and_time, period, typeset


def tell(report: Report) -> Sheet:
    """The sheet of one collectivité."""
    tone, sentence = verdict(report)
    parts = (
        sections.availability(report) if report.services else None,
        sections.days(report) if report.services else None,
        gti_section.incidents(report),
        exclusions_section.exclusions(report),
        sections.unknown(report) if report.services else None,
        sections.budget(report),
    )
    return Sheet(
        title=f"Rapport de disponibilité {DASH}{NBSP}{period(report.period)}",
        organisation=typeset(report.organisation),
        subject=typeset(report.name),
        tone=tone,
        verdict=sentence,
        facts=facts(report),
        sections=tuple(part for part in parts if part is not None),
        colophon=colophon(report.version, report.produced_at, report.zone),
    )


def colophon(version: str, produced_at: int, zone: ZoneInfo) -> str:
    """Who made it, and when."""
    minute = produced_at // 60 * 60
    return typeset(f"Produit par Vigie {version} le {day_and_time(minute, zone)}. Heures du fuseau {zone.key}.")
