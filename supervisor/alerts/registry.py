"""The channels that there are, and those that a configuration opens. A new one is its file and its line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from supervisor.alerts.mail import MailTransport
from supervisor.alerts.masked import Masked
from supervisor.alerts.sms import SmsTransport
from supervisor.alerts.sms_gammu import GammuGateway
from supervisor.alerts.sms_gateway import SmsGateway
from supervisor.alerts.sms_http import DescribedGateway
from supervisor.alerts.sms_ovhcloud import OvhCloudGateway
from supervisor.alerts.sms_smsmode import SmsModeGateway
from supervisor.alerts.transport import Transport
from supervisor.alerts.webhook import WebhookTransport
from supervisor.clock import Clock
from supervisor.config.alerting import Alerting
from supervisor.config.gateways import Gammu, HttpGateway, OvhCloud, SmsMode
from supervisor.config.secrets import secrets_in


@dataclass(frozen=True, kw_only=True, slots=True)
class Sending:
    """What a channel is opened with."""

    alerting: Alerting
    organisation: str  # who signs
    clock: Clock


def _mail(sending: Sending) -> Transport | None:
    mail, sender = sending.alerting.mail, sending.alerting.sender
    if mail is None or sender is None:
        return None
    clock = sending.clock
    return MailTransport(mail, sender=sender, name=sending.organisation, wall=clock.wall, monotonic=clock.monotonic)


def _sms(sending: Sending) -> Transport | None:
    sms, clock = sending.alerting.sms, sending.clock
    if sms is None:
        return None
    gateways = [GATEWAYS[type(gateway)](gateway, clock) for gateway in sms.gateways]
    return SmsTransport(gateways, country=sms.country, segments=sms.segments, monotonic=clock.monotonic)


def _webhook(sending: Sending) -> Transport | None:
    webhooks = sending.alerting.webhooks
    return WebhookTransport(webhooks, wall=sending.clock.wall) if webhooks else None


CHANNELS: Mapping[str, Callable[[Sending], Transport | None]] = MappingProxyType(
    {"mail": _mail, "sms": _sms, "webhook": _webhook}
)
GATEWAYS: Mapping[type, Callable[[Any, Clock], SmsGateway]] = MappingProxyType(
    {
        OvhCloud: lambda gateway, clock: OvhCloudGateway(gateway, wall=clock.wall, monotonic=clock.monotonic),
        SmsMode: lambda gateway, clock: SmsModeGateway(gateway),  # noqa: ARG005  one shape for all
        HttpGateway: lambda gateway, clock: DescribedGateway(gateway),  # noqa: ARG005
        Gammu: lambda gateway, clock: GammuGateway(gateway, monotonic=clock.monotonic),
    }
)


def transports(sending: Sending) -> dict[str, Transport]:
    """The channels that the configuration opens, by name; what they say holds no secret."""
    secrets = secrets_in(sending.alerting)
    opened = {name: open_(sending) for name, open_ in CHANNELS.items()}
    return {name: Masked(transport, secrets) for name, transport in opened.items() if transport is not None}
