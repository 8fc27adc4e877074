"""`http`: a page, an API or a form answers what it should, to a visitor who has never been there before."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from probes.base import Measurement, Probe, Result, Run, Status, Target
from probes.excerpt import excerpt
from probes.http_body import judge_json, judge_text
from probes.http_quote import quote, say_url
from probes.http_settings import HttpSettings, Ranges
from probes.page_text import decode_page
from probes.pattern import SearchTooLongError, found
from probes.threshold import Verdict
from probes.units import say_duration, say_size
from probes.visiting import VisitError, visit

if TYPE_CHECKING:
    from probes.http_visit import Page

_OK: Ranges = ((200, 299),)
_OK_OR_REDIRECT: Ranges = ((200, 399),)


async def check(target: Target, settings: HttpSettings, run: Run) -> Result:
    """Visit the page and hold what came against what is expected."""
    try:
        page = await visit(target, settings, run)
    except VisitError as failure:
        run.note(f"{failure.status}: {failure.message}")
        return Result(failure.status, failure.message)
    verdict = Verdict(run)
    if _judge_status(verdict, settings, page):
        _judge_headers(verdict, settings, page)
        _judge_body(verdict, settings, page)
    verdict.measurements.append(Measurement("body_bytes", len(page.body.data)))
    _judge_times(verdict, settings, page)
    _judge_certificate(verdict, settings, page, run.at)
    arrived = f" (redirigé vers {say_url(page.url, settings)})" if page.moved else ""
    return verdict.result(f"HTTP {page.response.status} en {say_duration(page.total_s)}{arrived}")


def _judge_status(verdict: Verdict, settings: HttpSettings, page: Page) -> bool:
    """Whether it is the status wanted: what an error page lacks says nothing more."""
    status = page.response.status
    verdict.measurements.append(Measurement("status_code", status))
    wanted = settings.status or (_OK_OR_REDIRECT if settings.redirect == "ignore" else _OK)
    expected = any(first <= status <= last for first, last in wanted)
    if not expected:
        said = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in wanted)
        moved = f" sur {say_url(page.url, settings)}" if page.moved else ""
        verdict.find(Status.CRITICAL, f"réponse HTTP {status}{moved} (attendu {said})")
    return expected


def _judge_headers(verdict: Verdict, settings: HttpSettings, page: Page) -> None:
    for name, pattern in settings.response_headers:
        values = page.response.headers.getall(name, [])
        if not values:
            verdict.find(Status.CRITICAL, f"en-tête {excerpt(name)} absent")
        else:
            _judge_header(verdict, settings, name, pattern, ", ".join(values))


def _judge_header(verdict: Verdict, settings: HttpSettings, name: str, pattern: re.Pattern[str], value: str) -> None:
    try:
        expected = found(pattern, value)
    except SearchTooLongError as error:
        verdict.find(Status.UNKNOWN, f"en-tête {excerpt(name)} : {error.message}")
        return
    if not expected:
        verdict.find(Status.CRITICAL, f"en-tête {excerpt(name)} inattendu : « {quote(value, settings)} »")


def _judge_body(verdict: Verdict, settings: HttpSettings, page: Page) -> None:
    body = page.body
    if not body.complete:
        verdict.find(Status.WARNING, f"réponse de plus de {say_size(settings.max_body)}, lue en partie")
    verdict.judge(settings.body_size, len(body.data), "réponse de", say_size)
    if settings.contains or settings.excludes or settings.regex is not None or settings.reads_json:
        text = decode_page(body.data, page.response.charset)
        judge_text(verdict, text, settings.contains, settings.excludes, settings.regex)
        if settings.reads_json:
            judge_json(verdict, text, settings.json, settings.json_numbers, lambda found: quote(found, settings, 40))


def _judge_times(verdict: Verdict, settings: HttpSettings, page: Page) -> None:
    verdict.measurements.append(Measurement("first_byte_seconds", page.first_byte_s))
    verdict.measurements.append(Measurement("total_seconds", page.total_s))
    verdict.judge(settings.first_byte, page.first_byte_s, "premier octet en", say_duration)
    verdict.judge(settings.total, page.total_s, "réponse complète en", say_duration)


def _judge_certificate(verdict: Verdict, settings: HttpSettings, page: Page, at: float) -> None:
    if page.expires_at is None:
        return
    left = page.expires_at - at
    verdict.measurements.append(Measurement("certificate_expiry_seconds", left))
    if left > 0:
        verdict.judge(settings.certificate_expiry, left, "expiration du certificat dans", say_duration)
    elif not settings.verify:  # verified, it would not have come this far unless it expired during the visit
        verdict.find(Status.WARNING, f"certificat expiré depuis {say_duration(-left)}")


PROBE = Probe(
    type="http",
    settings=HttpSettings,
    check=check,
    loads=("probes.http_visit",),
    measures=(
        "status_code",
        "first_byte_seconds",
        "total_seconds",
        "body_bytes",
        "json_value",
        "certificate_expiry_seconds",
    ),
    on_timeout=Status.CRITICAL,
)
