"""`tls`: the certificates that a server shows, STARTTLS included: trusted, complete, and until when."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from time import perf_counter
from typing import Any, Literal, NamedTuple

from probes.base import Measurement, Probe, Result, Run, Status, Target
from probes.der import UnreadableError
from probes.http_settings import DAY_S, HostName
from probes.names import Address, Family, NameFailureError, Names
from probes.paths import FilePath
from probes.settings import Flag, Port, Seconds, settings
from probes.starttls import LINE_LIMIT, PORTS, Protocol, StartTlsError, ask
from probes.threshold import Above, Below, Verdict
from probes.trouble import connection_trouble
from probes.trust import EXPIRED, NOT_YET_VALID, UNKNOWN_ISSUERS, TlsContexts, Trust, TrustError, refusal
from probes.units import say_duration
from probes.validity import MAX_CERTIFICATES, Certificate, judge_dates

_MAX_HANDSHAKE = 256 * 1024  # bytes from the server; OpenSSL itself stops at 100 KiB of certificates
_VERSIONS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")


@settings
class TlsSettings:
    """A server whose certificates must stay good."""

    port: Port | None = None
    """TCP port; default 443, or the usual one of the `starttls` protocol."""
    starttls: Protocol | None = None
    """The connection begins in clear, in this protocol."""
    host: HostName | None = None
    """Name to ask for and to verify; default: the equipment's address."""
    family: Family = "any"
    """IP version to use."""
    verify: Flag = True
    """Verify that the certificate is trusted and of that name; dates are looked at in any case."""
    ca: FilePath | None = None
    """PEM file of the authorities to trust instead of the system's."""
    minimum: Literal["TLSv1.2", "TLSv1.3"] = "TLSv1.2"
    """Oldest protocol version that the server may choose."""
    expiry: Below[Seconds] = Below(warning=21 * DAY_S, critical=7 * DAY_S)
    """Thresholds on what is left of the certificate that expires first."""
    handshake: Above[Seconds] | None = None
    """Thresholds on the time the handshake takes."""


class Handshake(NamedTuple):
    """How it went, and what the server showed."""

    error: ssl.SSLError | None
    chain: tuple[bytes, ...]  # DER, the server's own certificate first
    version: str
    duration_s: float


class TlsError(Exception):
    """There is nothing to judge; `status` and `message` (in French) are the result."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


async def check(target: Target, settings: TlsSettings, run: Run) -> Result:
    """Make a handshake and hold what the server showed against what is expected."""
    name = settings.host or target.address
    try:
        shown = await _meet(target, settings, run, name)
        from probes import x509  # loaded at first use

        chain = [x509.read_der(der) for der in shown.chain[:MAX_CERTIFICATES]]
    except (TlsError, NameFailureError, StartTlsError) as error:
        return Result(error.status, error.message)
    except TrustError as error:
        return Result(Status.UNKNOWN, error.message)
    except UnreadableError as error:
        return Result(Status.CRITICAL, error.message)
    if run.trace is not None:
        for certificate in chain:
            run.note(f"shown: {certificate.name}, issued by {certificate.issuer}")
    verdict = Verdict(run)
    first = _judge_chain(verdict, settings, chain, run.at)
    _judge_handshake(verdict, settings, shown, chain, name)
    return verdict.result(_all_well(shown, first, run.at))


def _all_well(shown: Handshake, first: Certificate | None, at: float) -> str:
    left = f", certificat valable encore {say_duration(first.not_after - at)}" if first is not None else ""
    return f"{shown.version}{left}"


def _judge_chain(verdict: Verdict, settings: TlsSettings, chain: list[Certificate], at: float) -> Certificate | None:
    if not chain:
        return None
    first = judge_dates(verdict, chain, settings.expiry, at)
    verdict.measurements.append(Measurement("expiry_seconds", first.not_after - at))
    return first


def _judge_handshake(
    verdict: Verdict, settings: TlsSettings, shown: Handshake, chain: Sequence[Certificate], name: str
) -> None:
    if shown.error is not None:
        code = getattr(shown.error, "verify_code", 0)
        if code in UNKNOWN_ISSUERS and chain:
            verdict.find(Status.CRITICAL, _unknown_issuer(chain))
        elif not (chain and code in (EXPIRED, NOT_YET_VALID)):  # the dates have said it already, and whose
            verdict.find(Status.CRITICAL, refusal(shown.error, name))
        return
    verdict.measurements.append(Measurement("handshake_seconds", shown.duration_s))
    verdict.judge(settings.handshake, shown.duration_s, "négociation TLS en", say_duration)
    if shown.version not in _VERSIONS[_VERSIONS.index(settings.minimum) :]:
        verdict.find(Status.CRITICAL, f"protocole {shown.version} (minimum {settings.minimum})")


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


async def _meet(target: Target, settings: TlsSettings, run: Run, name: str) -> Handshake:
    """Connect, go over to TLS, and leave."""
    port = settings.port or (PORTS[settings.starttls] if settings.starttls is not None else 443)
    context = run.shared.use(TlsContexts).context(Trust(settings.verify, settings.ca))
    run.stage = f"résolution du nom {target.address}"
    addresses = await run.shared.use(Names).find(target.address, settings.family, run.timeout_s)
    run.stage = f"connexion au port {port}"
    try:
        reader, writer = await _connect(addresses, port, run)
    except OSError as error:
        raise TlsError(*connection_trouble(error, port)) from None
    try:
        if settings.starttls is not None:
            run.stage = f"dialogue {settings.starttls.upper()} avant TLS"
            await ask(settings.starttls, reader, writer)
        run.stage = "négociation TLS"
        return await _handshake(reader, writer, context, name)
    except OSError as error:
        raise TlsError(*connection_trouble(error, port)) from None
    finally:
        writer.transport.abort()


async def _connect(
    addresses: Sequence[Address], port: int, run: Run
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The first address that answers, in the system's order; each has its share of half the run's time."""
    *others, last = addresses
    for address in others:
        try:
            async with asyncio.timeout(run.timeout_s / 2 / len(addresses)):
                return await _connect_to(address, port)
        except OSError as error:  # TimeoutError is one
            run.note(f"{address.host}: {error.strerror or 'no answer'}, trying the next address")
    return await _connect_to(last, port)


async def _connect_to(address: Address, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host = f"{address.host}%{address.scope}" if address.scope else address.host
    return await asyncio.open_connection(host, port, limit=LINE_LIMIT)


async def _handshake(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext, name: str
) -> Handshake:
    """The handshake, on buffers of our own.

    asyncio's would throw the chain away with a failed handshake, when it is wanted most; here one connection gives
    both the refusal and the certificates that were refused.
    """
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=name)
    started = perf_counter()
    received = 0
    error: ssl.SSLError | None = None
    while True:
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            writer.write(outgoing.read())
        except ssl.SSLError as raised:
            error = raised
            break
        else:
            break
        data = await reader.read(16384)
        received += len(data)
        if not data:
            raise TlsError(Status.CRITICAL, "connexion fermée pendant la négociation TLS")
        if received > _MAX_HANDSHAKE:
            raise TlsError(Status.CRITICAL, "négociation TLS sans fin")
        incoming.write(data)
    duration_s = perf_counter() - started
    chain = served_chain(tls)
    if error is not None and not chain:
        raise TlsError(Status.CRITICAL, refusal(error, name))
    return Handshake(error, chain, tls.version() or "", duration_s)


def served_chain(tls: ssl.SSLObject) -> tuple[bytes, ...]:
    """The certificates as the server sent them, DER, also after a handshake that refused them."""
    public: Any = getattr(tls, "get_unverified_chain", None)
    if public is not None:  # Python 3.13
        return tuple(public())
    inner: Any = tls._sslobj  # type: ignore[attr-defined]  # noqa: SLF001  the same method, before it had a public name
    return tuple(certificate.public_bytes(_DER) for certificate in inner.get_unverified_chain() or ())


_DER = 2  # _ssl.ENCODING_DER


PROBE = Probe(
    type="tls",
    settings=TlsSettings,
    check=check,
    measures=("expiry_seconds", "handshake_seconds"),
    on_timeout=Status.CRITICAL,
)
