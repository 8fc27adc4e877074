"""`link`: ICMP echo over IPv4 and IPv6. Several packets a run: round-trip time, jitter, loss."""

from __future__ import annotations

import errno
import socket
from itertools import pairwise
from typing import Annotated, NamedTuple

from pydantic import Field

from probes.base import Measurement, Probe, Result, Run, Status, Target
from probes.icmp import Icmp4, Icmp6, IcmpUnavailableError, Ping
from probes.names import Family, NameFailureError, Names, literal
from probes.settings import Ratio, Seconds, settings
from probes.threshold import Above, Verdict
from probes.units import say_duration, say_ratio

_SHARE = 0.9  # of the run's time given to the packets: partial loss must be told before the deadline cuts the run


@settings
class LinkSettings:
    """Settings of `link`."""

    packets: Annotated[int, Field(ge=1, le=100)] = 3
    """Echo requests sent at each run."""
    spacing: Annotated[Seconds, Field(ge=0, le=10)] = 0.0
    """Time between two requests of a run; 0 sends them in one go."""
    wait: Annotated[Seconds, Field(gt=0, le=60)] = 2.0
    """How long the replies are waited for after the last request."""
    size: Annotated[int, Field(ge=0, le=65000)] = 56
    """Bytes of payload in each request."""
    family: Family = "any"
    """Which addresses of a name to use: any, ipv4 or ipv6."""
    anchors: Annotated[tuple[str, ...], Field(max_length=20)] = ()
    """Sent to these instead of the equipment's address; the link is down only if none of them answers."""
    rtt: Above[Seconds] | None = None
    """Thresholds on the average round-trip time."""
    jitter: Above[Seconds] | None = None
    """Thresholds on the average difference between two consecutive round-trip times."""
    loss: Above[Ratio] | None = None
    """Thresholds on the share of requests without a reply; no reply at all is always critical."""

    @property
    def needs_address(self) -> bool:
        """Anchors take the place of the equipment's address."""
        return not self.anchors


class _Failure(NamedTuple):
    """What is found of an address from which nothing came back."""

    status: Status
    message: str
    lost: bool = False  # requests left and were lost, so that the loss is measured


_OVERFLOW = "réponses ICMP perdues par le superviseur (file de réception pleine)"
# What a request that could not even leave says of the target: mostly nothing, our own system refused it.
_REFUSALS = {
    errno.ENETUNREACH: (Status.UNKNOWN, "réseau de {host} injoignable depuis le superviseur"),
    errno.EHOSTUNREACH: (Status.CRITICAL, "{host} injoignable"),
    errno.EPERM: (Status.UNKNOWN, "envoi ICMP vers {host} refusé par le pare-feu du superviseur"),
    errno.EACCES: (Status.UNKNOWN, "envoi ICMP vers {host} interdit (adresse de diffusion ou route interdite)"),
    errno.ENOBUFS: (Status.UNKNOWN, "file d'envoi ICMP du superviseur pleine"),
    errno.EAGAIN: (Status.UNKNOWN, "file d'envoi ICMP du superviseur pleine"),
}


async def check(target: Target, settings: LinkSettings, run: Run) -> Result:
    """Ping the equipment, or all anchors at once, and judge the best of them."""
    names = settings.anchors or (target.address,)
    pings: list[Ping] = []
    failures: list[_Failure] = []
    try:
        for name in names:
            started = await _start(name, settings, run)
            if isinstance(started, Ping):
                pings.append(started)
            else:
                failures.append(started)
        run.stage = "réponse ICMP"
        for ping in pings:
            await ping.done
    finally:
        for ping in pings:
            ping.stop()
    verdict = Verdict(run)
    answered = [ping for ping in pings if ping.rtts]
    if not answered:
        return _down(verdict, [_silence(ping) for ping in pings] + failures, bool(settings.anchors))
    if not settings.anchors:
        return _judge(run, verdict, answered[0], settings, "")
    best = min(answered, key=lambda ping: (ping.loss, _average(ping)))
    anchors = "1 repère" if len(answered) == 1 else f"{len(answered)} repères"
    return _judge(run, verdict, best, settings, f", {anchors} sur {len(names)}")


async def _start(name: str, settings: LinkSettings, run: Run) -> Ping | _Failure:
    try:
        address = literal(name)
        if address is None or settings.family != "any":
            run.stage = f"résolution du nom {name}"
            address = (await run.shared.use(Names).find(name, settings.family, run.timeout_s))[0]
        sender = run.shared.use(Icmp4 if address.family == socket.AF_INET else Icmp6)
        longest_s = run.timeout_s * _SHARE - settings.spacing * (settings.packets - 1)
        ping = sender.ping(
            address,
            packets=settings.packets,
            spacing_s=settings.spacing,
            wait_s=max(0.0, min(settings.wait, longest_s)),
            size=settings.size,
        )
    except NameFailureError as failure:
        return _Failure(failure.status, failure.message)
    except IcmpUnavailableError as error:
        return _Failure(Status.UNKNOWN, str(error))
    if run.trace is not None:
        mode = "raw" if sender.raw else "datagram"
        run.note(f"{settings.packets} echo requests of {settings.size} bytes to {address.host} ({mode} socket)")
    return ping


def _average(ping: Ping) -> float:
    return sum(rtt for _, rtt in ping.rtts) / len(ping.rtts)


def _judge(run: Run, verdict: Verdict, ping: Ping, settings: LinkSettings, anchors: str) -> Result:
    rtts = [rtt for _, rtt in sorted(ping.rtts)]  # replies may overtake one another: jitter goes by sending order
    average = _average(ping)
    if run.trace is not None:
        run.note(f"{ping.address.host}: round trips in ms: " + ", ".join(f"{rtt * 1000:.3f}" for rtt in rtts))
    verdict.measurements += (
        Measurement("rtt_min_seconds", min(rtts)),
        Measurement("rtt_seconds", average),
        Measurement("rtt_max_seconds", max(rtts)),
    )
    verdict.judge(settings.rtt, average, "temps de réponse", say_duration)
    if len(rtts) > 1:
        jitter = sum(abs(after - before) for before, after in pairwise(rtts)) / (len(rtts) - 1)
        verdict.measurements.append(Measurement("jitter_seconds", jitter))
        verdict.judge(settings.jitter, jitter, "gigue", say_duration)
    loss = ping.loss
    if loss and ping.queue_overflowed:
        verdict.find(Status.UNKNOWN, _OVERFLOW)
    else:
        verdict.measurements.append(Measurement("loss_ratio", loss))
        verdict.judge(settings.loss, loss, "perte", say_ratio)
    replies = "1 réponse" if len(rtts) == 1 else f"{len(rtts)} réponses"
    return verdict.result(f"{replies} sur {ping.sent}, {say_duration(average)} en moyenne{anchors}")


def _silence(ping: Ping) -> _Failure:
    """Why nothing came back from this address."""
    host = ping.address.host
    if not ping.sent:
        status, message = _REFUSALS.get(ping.refusal, (Status.UNKNOWN, "envoi impossible vers {host} ({error})"))
        error = errno.errorcode.get(ping.refusal, str(ping.refusal))
        return _Failure(status, message.format(host=host, error=error))
    if ping.error:
        return _Failure(Status.CRITICAL, f"{host} : {ping.error}", lost=True)
    if ping.queue_overflowed:
        return _Failure(Status.UNKNOWN, _OVERFLOW)
    requests = "1 requête" if ping.sent == 1 else f"{ping.sent} requêtes"
    return _Failure(Status.CRITICAL, f"{host} ne répond pas ({requests} ICMP)", lost=True)


def _down(verdict: Verdict, failures: list[_Failure], anchors: bool) -> Result:
    for failure in failures:
        verdict.find(failure.status, failure.message)
    if any(failure.lost for failure in failures):
        verdict.measurements.append(Measurement("loss_ratio", 1.0))
    result = verdict.result("")
    return result._replace(message=f"aucun repère ne répond : {result.message}") if anchors else result


PROBE = Probe(
    type="link",
    settings=LinkSettings,
    check=check,
    measures=("rtt_min_seconds", "rtt_seconds", "rtt_max_seconds", "jitter_seconds", "loss_ratio"),
    on_timeout=Status.CRITICAL,
)
