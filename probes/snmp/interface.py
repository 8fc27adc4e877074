"""`interface`: is a port of a switch or a router up, at which speed, with how much traffic and how many errors."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from probes.base import Measurement, Probe, Result, Run, Status, Target
from probes.excerpt import excerpt
from probes.names import Family, NameFailureError
from probes.settings import Flag, Ratio, settings
from probes.snmp.access import SnmpAccess
from probes.snmp.ports import Ports, Rates, Reading
from probes.snmp.walks import Walks, find_peer
from probes.snmp.words import SnmpFailureError
from probes.threshold import Above, Below, Verdict
from probes.units import say_ratio

_MOST = 20  # interfaces of one sonde

_UP, _UNKNOWN, _DORMANT = 1, 4, 5
_HALF, _FULL = 2, 3
_STATES = {
    2: "coupée",
    3: "en test",
    _UNKNOWN: "dans un état inconnu de l'agent",
    _DORMANT: "en attente",
    6: "sans son matériel",
    7: "coupée (couche inférieure)",
}


@settings
class InterfaceSettings:
    """Settings of `interface`."""

    interfaces: Annotated[tuple[str, ...], Field(min_length=1, max_length=_MOST)]
    """Interfaces to look at: name (ifName), description (ifDescr), alias (ifAlias) or number (ifIndex)."""
    access: SnmpAccess = SnmpAccess()
    """How the agent lets itself be read."""
    family: Family = "any"
    """Which addresses of a name to use: any, ipv4 or ipv6."""
    utilisation: Above[Ratio] | None = None
    """Thresholds on the busier direction's share of the speed."""
    errors: Above[float] | None = None
    """Thresholds on the errors per second, both directions together."""
    discards: Above[float] | None = None
    """Thresholds on the packets thrown away per second for want of room, both directions together."""
    full_duplex: Flag = False
    """A port in half duplex is a warning: the two ends of the cable do not agree."""
    speed: Below[float] | None = None
    """Thresholds on the speed negotiated, in Mbit/s: `{warning: 100}` where 1000 is expected."""


async def check(target: Target, settings: InterfaceSettings, run: Run) -> Result:
    """Each interface of the settings."""
    verdict = Verdict(run)
    ports = run.shared.use(Ports)
    try:
        peer = await find_peer(target, settings.access, settings.family, run)
        walks, details = run.shared.use(Walks), settings.full_duplex or settings.discards is not None
        readings = await ports.read(walks, peer, settings.interfaces, target.sonde, run, details=details)
    except (NameFailureError, SnmpFailureError) as failure:
        return Result(failure.status, failure.message)
    said = [
        _interface(name, reading, ports.rates(target.sonde, name, reading) if reading else None, settings, verdict)
        for name, reading in readings.items()
    ]
    return verdict.result(said[0] if len(said) == 1 else f"{len(said)} interfaces actives")


def _interface(
    name: str, reading: Reading | None, rates: Rates | None, settings: InterfaceSettings, verdict: Verdict
) -> str:
    """Judge one interface; what is said of it when all is well."""
    shown = excerpt(name, 60)
    if reading is None:
        verdict.find(Status.CRITICAL, f"interface {shown} absente")
        return ""
    _state(shown, reading, verdict)
    labels = (("interface", shown),)
    if reading.speed_bps > 0:
        verdict.measurements.append(Measurement("speed_bits_per_second", reading.speed_bps, labels))
        if reading.oper == _UP:
            verdict.judge(settings.speed, reading.speed_bps / 1e6, f"{shown} : débit négocié", _say_speed)
    if settings.full_duplex and reading.oper == _UP:
        _duplex(shown, reading, verdict)
    if rates is None:  # the first reading, or the agent restarted since the one before
        return f"interface {shown} active"
    return _traffic(shown, reading, rates, settings, verdict)


def _state(shown: str, reading: Reading, verdict: Verdict) -> None:
    if reading.oper == _UP:
        return
    if reading.admin == 2:
        verdict.find(Status.CRITICAL, f"interface {shown} désactivée par configuration")
        return
    status = {_UNKNOWN: Status.UNKNOWN, _DORMANT: Status.WARNING}.get(reading.oper, Status.CRITICAL)
    verdict.find(status, f"interface {shown} {_STATES.get(reading.oper, 'dans un état imprévu')}")


def _duplex(shown: str, reading: Reading, verdict: Verdict) -> None:
    if reading.duplex == _HALF:
        verdict.find(Status.WARNING, f"{shown} : négociée en half-duplex")
    elif reading.duplex != _FULL:
        verdict.find(Status.UNKNOWN, f"{shown} : duplex non communiqué par l'agent")


def _traffic(shown: str, reading: Reading, rates: Rates, settings: InterfaceSettings, verdict: Verdict) -> str:
    labels = (("interface", shown),)
    verdict.measurements += (
        Measurement("in_bytes_per_second", rates.in_bytes, labels),
        Measurement("out_bytes_per_second", rates.out_bytes, labels),
    )
    received, sent = (_say_speed(octets * 8e-6) for octets in (rates.in_bytes, rates.out_bytes))
    if rates.errors is not None:
        verdict.measurements.append(Measurement("errors_per_second", rates.errors, labels))
        verdict.judge(settings.errors, rates.errors, f"{shown} : erreurs", _say_rate)
    if rates.discards is not None:
        verdict.measurements.append(Measurement("discards_per_second", rates.discards, labels))
        verdict.judge(settings.discards, rates.discards, f"{shown} : paquets écartés", _say_rate)
    if reading.speed_bps > 0:
        busier = max(rates.in_bytes, rates.out_bytes) * 8 / reading.speed_bps
        verdict.measurements.append(Measurement("utilisation_ratio", busier, labels))
        verdict.judge(settings.utilisation, busier, f"{shown} : utilisation", say_ratio)
    return f"interface {shown} active, {received} reçus, {sent} émis"


def _say_rate(value: float) -> str:
    return f"{value:.3g}/s".replace(".", ",")


def _say_speed(megabits: float) -> str:
    return f"{megabits:.3g} Mbit/s".replace(".", ",") if megabits < 1000 else f"{megabits / 1000:g} Gbit/s"


PROBE = Probe(
    type="interface",
    settings=InterfaceSettings,
    check=check,
    measures=(
        "speed_bits_per_second",
        "in_bytes_per_second",
        "out_bytes_per_second",
        "errors_per_second",
        "discards_per_second",
        "utilisation_ratio",
    ),
    on_timeout=Status.CRITICAL,
)
