"""What a configuration makes of alerts: its channels, and how messages are put together under it."""

from __future__ import annotations

from supervisor.alerts import registry
from supervisor.alerts.composing import composer
from supervisor.alerts.gathering import Gathering
from supervisor.alerts.transport import Transport
from supervisor.clock import Clock
from supervisor.config.configuration import Configuration
from supervisor.domain.promise import Promises


def channels_of(configuration: Configuration, clock: Clock) -> dict[str, Transport]:
    """The ways messages leave."""
    return registry.transports(
        registry.Sending(alerting=configuration.alerts, organisation=configuration.organisation, clock=clock)
    )


def gathering_of(configuration: Configuration, promises: Promises) -> Gathering:
    """How notices become messages."""
    alerting = configuration.alerts
    segments = 1 if alerting.sms is None else alerting.sms.segments
    return Gathering(
        promises=promises,
        compose=composer(configuration.organisation, promises.zone, segments),
        segments=segments,
        channels=alerting.channels,
        public_url=alerting.public_url,
        sms_an_hour=6 if alerting.sms is None else alerting.sms.per_hour,
        failing_after_s=int(alerting.failing_after),
    )
