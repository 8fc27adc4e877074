"""What a TLS handshake is worth: its certificates, their dates, who vouches for them. `tls` and mail share it."""

from __future__ import annotations

import ssl
from collections.abc import Sequence

from probes.base import Run, Status
from probes.channel import ChannelError, Handshake
from probes.der import UnreadableError
from probes.threshold import Below, Verdict
from probes.trust import EXPIRED, NOT_YET_VALID, UNKNOWN_ISSUERS, refusal
from probes.validity import MAX_CERTIFICATES, Certificate, judge_dates


def judge_chain(verdict: Verdict, shown: Handshake, expiry: Below[float], name: str, run: Run) -> Certificate | None:
    """Find what is wrong with the chain; gives the certificate that expires first, None when none was shown."""
    chain = _read(shown, run)
    first = judge_dates(verdict, chain, expiry, run.at) if chain else None
    if shown.error is not None:
        _judge_refusal(verdict, shown.error, chain, name)
    return first


def _read(shown: Handshake, run: Run) -> list[Certificate]:
    from probes import x509  # loaded at first use

    try:
        chain = [x509.read_der(der) for der in shown.chain[:MAX_CERTIFICATES]]
    except UnreadableError as error:
        raise ChannelError(Status.CRITICAL, error.message) from None
    if run.trace is not None:
        for certificate in chain:
            run.note(f"shown: {certificate.name}, issued by {certificate.issuer}")
    return chain


def _judge_refusal(verdict: Verdict, error: ssl.SSLError, chain: Sequence[Certificate], name: str) -> None:
    code = getattr(error, "verify_code", 0)
    if code in UNKNOWN_ISSUERS and chain:
        verdict.find(Status.CRITICAL, _unknown_issuer(chain))
    elif not (chain and code in (EXPIRED, NOT_YET_VALID)):  # the dates have said it already, and whose
        verdict.find(Status.CRITICAL, refusal(error, name))


def _unknown_issuer(chain: Sequence[Certificate]) -> str:
    """Where the chain stops: OpenSSL says only that it could not go on."""
    by_subject = {certificate.subject_id: certificate for certificate in chain}
    last = chain[0]
    for _ in chain:  # at most as many steps as certificates, whatever circle they make
        following = by_subject.get(last.issuer_id)
        if following is None or following is last:
            break
        last = following
    if last is chain[0] and last.names_its_issuer and not last.self_issued:
        return f"certificat intermédiaire manquant : le serveur n'envoie pas celui de « {last.issuer} »"
    return f"autorité inconnue : « {last.issuer} »"
