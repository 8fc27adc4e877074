"""Certificates as the techniques judge them: whose, by whom, until when. probes/x509.py reads them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from probes.base import Status
from probes.threshold import Below, Verdict
from probes.units import say_duration

MAX_CERTIFICATES = 200  # a system's whole store has 150; a bundle of a signing certificate has four


class Certificate(NamedTuple):
    """The few facts of a certificate that a sonde looks at."""

    name: str  # common name, else first alternative name, else the whole subject; printable and short
    issuer: str  # likewise, of who signed it
    not_before: float  # POSIX seconds
    not_after: float
    self_issued: bool  # subject and issuer are the same: a root, or an auto-signed one
    names_its_issuer: bool  # says where its issuer's certificate is found, as public authorities' leaves do
    subject_id: bytes  # the subject and the issuer as encoded, to follow a chain
    issuer_id: bytes


def earliest(certificates: Iterable[Certificate]) -> Certificate:
    """The one that expires first: with it, the whole chain stops being good."""
    return min(certificates, key=lambda certificate: certificate.not_after)


def judge_dates(
    verdict: Verdict, certificates: Iterable[Certificate], threshold: Below[float], at: float
) -> Certificate:
    """Hold the dates of a chain against `at` and the threshold; gives the one that expires first."""
    chain = list(certificates)
    for early in (certificate for certificate in chain if certificate.not_before > at):
        verdict.find(
            Status.CRITICAL, f"certificat « {early.name} » valable seulement à partir du {day(early.not_before)}"
        )
    first = earliest(chain)
    left = first.not_after - at
    if left <= 0:
        verdict.find(Status.CRITICAL, f"certificat « {first.name} » expiré depuis {say_duration(-left)}")
    else:
        verdict.judge(threshold, left, f"certificat « {first.name} » : expiration dans", say_duration)
    return first


def day(at: float) -> str:
    """A date for a French sentence."""
    return datetime.fromtimestamp(at, UTC).strftime("%d/%m/%Y")
