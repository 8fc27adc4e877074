"""`tls`: the certificates that a server shows, STARTTLS included: trusted, complete, and until when."""

from __future__ import annotations

from typing import Literal

from probes.base import Measurement, Probe, Result, Run, Status, Target
from probes.channel import ChannelError, Handshake, open_channel
from probes.http_settings import DAY_S, HostName
from probes.names import Family, NameFailureError
from probes.paths import FilePath
from probes.settings import Flag, Port, Seconds, settings
from probes.starttls import PORTS, Protocol, StartTlsError, ask
from probes.threshold import Above, Below, Verdict
from probes.tls_verdict import judge_chain
from probes.trouble import connection_trouble
from probes.trust import TlsContexts, Trust, TrustError
from probes.units import say_duration

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


async def check(target: Target, settings: TlsSettings, run: Run) -> Result:
    """Make a handshake and hold what the server showed against what is expected."""
    name = settings.host or target.address
    verdict = Verdict(run)
    try:
        shown = await _meet(target, settings, run, name)
        first = judge_chain(verdict, shown, settings.expiry, name, run)
    except (ChannelError, NameFailureError, StartTlsError) as error:
        return Result(error.status, error.message)
    except TrustError as error:
        return Result(Status.UNKNOWN, error.message)
    left = ""
    if first is not None:
        verdict.measurements.append(Measurement("expiry_seconds", first.not_after - run.at))
        left = f", certificat valable encore {say_duration(first.not_after - run.at)}"
    if shown.error is None:
        _judge_handshake(verdict, settings, shown)
    return verdict.result(f"{shown.version}{left}")


def _judge_handshake(verdict: Verdict, settings: TlsSettings, shown: Handshake) -> None:
    verdict.measurements.append(Measurement("handshake_seconds", shown.duration_s))
    verdict.judge(settings.handshake, shown.duration_s, "négociation TLS en", say_duration)
    if shown.version not in _VERSIONS[_VERSIONS.index(settings.minimum) :]:
        verdict.find(Status.CRITICAL, f"protocole {shown.version} (minimum {settings.minimum})")


async def _meet(target: Target, settings: TlsSettings, run: Run, name: str) -> Handshake:
    """Connect, go over to TLS, and leave."""
    port = settings.port or (PORTS[settings.starttls] if settings.starttls is not None else 443)
    context = run.shared.use(TlsContexts).context(Trust(settings.verify, settings.ca))
    channel = await open_channel(target.address, port, settings.family, run)
    try:
        if settings.starttls is not None:
            run.stage = f"dialogue {settings.starttls.upper()} avant TLS"
            await ask(settings.starttls, channel.reader, channel.writer)
        return await channel.handshake(context, name)
    except OSError as error:
        raise ChannelError(*connection_trouble(error, port)) from None
    finally:
        channel.leave()


PROBE = Probe(
    type="tls",
    settings=TlsSettings,
    check=check,
    loads=("probes.x509",),
    measures=("expiry_seconds", "handshake_seconds"),
    on_timeout=Status.CRITICAL,
)
