"""From the configuration to what is promised."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from zoneinfo import ZoneInfo

from probes.base import Status
from supervisor.config import duty as written_duty
from supervisor.config.business_time import calendar_of
from supervisor.config.collectivites import AtLeast
from supervisor.config.configuration import Collectivite, Configuration, ServiceSettings
from supervisor.domain.alerting import Channel
from supervisor.domain.calendar import Calendar
from supervisor.domain.contract import last_day
from supervisor.domain.escalation import Delay, Duty, Step
from supervisor.domain.incident import ServiceKey
from supervisor.domain.interval import FOREVER, Span, clip, normalise
from supervisor.domain.oncall import Rota, Who
from supervisor.domain.period import day_after, midnight
from supervisor.domain.promise import Promise, Promises
from supervisor.domain.rule import Rule


def promises_of(configuration: Configuration) -> Promises:
    """Everything that SLA and GTI need to know of a configuration. Equal calendars are made once."""
    maker = _Maker(configuration)
    sla = configuration.sla
    return Promises(
        zone=maker.zone,
        target=Fraction(str(sla.target)) if sla.target is not None else None,
        gti_s=int(sla.gti) if sla.gti is not None else None,
        period=sla.period,
        exclude=tuple(sla.exclude),
        services={
            promise.key: promise
            for collectivite in configuration.collectivites.values()
            for promise in maker.promises(collectivite)
        },
        collectivites={c.id: c.name for c in configuration.collectivites.values()},
        operators=frozenset(c.id for c in configuration.collectivites.values() if c.operator),
        sondes={sonde.id: sonde.service for sonde in configuration.sondes.values()},
        warned=frozenset(s.id for s in configuration.sondes.values() if s.incident_from is Status.WARNING),
        equipment={
            f"{c.id}/{e.id}": e.name for c in configuration.collectivites.values() for e in c.equipment.values()
        },
        parents={s.id: s.parent for s in configuration.sondes.values() if s.parent is not None},
        calendars={
            (name, friday): maker.calendar(name, good_friday=friday)
            for name in configuration.calendars
            for friday in {c.good_friday for c in configuration.collectivites.values()}
        },
        good_friday=frozenset(c.id for c in configuration.collectivites.values() if c.good_friday),
        webhooks=frozenset(webhook.name for webhook in configuration.alerts.webhooks),
        duty=maker.duty(),
    )


class _Maker:
    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self.zone = ZoneInfo(configuration.timezone)
        self._calendars: dict[tuple[str, bool], Calendar] = {}
        self._own: dict[ServiceKey, list[str]] = {}
        for sonde in configuration.sondes.values():
            if sonde.service is not None:
                self._own.setdefault((sonde.collectivite, sonde.service), []).append(sonde.id)

    def duty(self) -> Duty:
        alerts = self._configuration.alerts
        steps = [
            Step(
                delay=Delay(after_s=None if one.after is None else int(one.after), business=one.time == "business"),
                tell=tell,
                by=tuple(Channel(name) for name in one.by),
                since=Status(one.severity),
            )
            for one, tell in zip(alerts.escalation, written_duty.targets(alerts.escalation), strict=True)
        ]
        return Duty(rotas={one.name: self._rota(one) for one in alerts.on_call}, steps=tuple(steps))

    def _rota(self, written: written_duty.Rota) -> Rota:
        calendar = written.during or written.outside
        operators = [one for one in self._configuration.collectivites.values() if one.operator]
        return Rota(
            name=written.name,
            members=tuple(Who.parse(member) for member in written.members),
            first=written.start,
            days=written.days,
            minutes=written.handover.at,
            zone=self.zone,
            calendar=None
            if calendar is None
            else self.calendar(calendar, good_friday=any(one.good_friday for one in operators)),
            outside=written.outside is not None,
        )

    def promises(self, collectivite: Collectivite) -> list[Promise]:
        return [self._promise(collectivite, service) for service in collectivite.services.values()]

    def _promise(self, collectivite: Collectivite, service: ServiceSettings) -> Promise:
        key = (collectivite.id, service.id)
        good_friday = collectivite.good_friday
        return Promise(
            key=key,
            name=service.name,
            rule=_rule(service.rule),
            calendar=self.calendar(service.calendar, good_friday=good_friday),
            calendar_name=f"{service.calendar}{'+good_friday' if good_friday else ''}",
            bounds=self._bounds(collectivite, service.since),
            own=tuple(self._own.get(key, ())),
            uses=service.uses,
            unreachable_is_down=service.when_unreachable == "down",
        )

    def calendar(self, name: str, *, good_friday: bool) -> Calendar:
        known = self._calendars.get((name, good_friday))
        if known is None:
            known = calendar_of(self._configuration.calendars[name], good_friday=good_friday)
            self._calendars[name, good_friday] = known
        return known

    def _bounds(self, collectivite: Collectivite, since: date | None) -> list[Span]:
        """When it is promised: while a contract runs (always, where there is none), and not before `since`."""
        first = midnight(since, self.zone) if since is not None else -FOREVER
        contracts: list[Span] = [(-FOREVER, FOREVER)]
        if collectivite.contracts:
            contracts = []
            for contract in collectivite.contracts:
                last = last_day(contract.start, contract.end, contract.notice)
                end = midnight(day_after(last), self.zone) if last is not None else FOREVER
                contracts.append((midnight(contract.start, self.zone), end))
        return clip(normalise(contracts), first, FOREVER)


def _rule(rule: str | AtLeast) -> Rule:
    if isinstance(rule, AtLeast):
        return Rule.at_least(rule.k)
    return Rule(need=1) if rule == "any" else Rule(need=None)
