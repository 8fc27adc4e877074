"""Rotas and escalation of the config, and what they become."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from probes.base import Probe, Status
from supervisor.cli.idle_duty import idle
from supervisor.config.loader import load
from supervisor.config.promises import promises_of
from supervisor.domain.alerting import Channel
from supervisor.domain.escalation import Delay, Duty, Step
from supervisor.domain.oncall import Who
from tests.unit.acts.stage import at
from tests.unit.config.places import MAIN, install

ALERTS = """\
alerts:
  from: vigie@exemple.fr
  mail: {relays: [{host: 127.0.0.1, port: 2525, security: none}]}
  on_call:
    - {name: astreinte, members: [syndicat/Alice], handover: {day: mon, at: "09:00"}, every: 2w, from: 2026-01-05}
    - {name: nuit, members: [syndicat/Alice], handover: {at: "18:30"}, every: 1d, from: 2026-01-06, outside: service}
  escalation:
    - {after: 0m, tell: [astreinte, nuit]}
    - {after: 15m, tell: [syndicat/Alice, "syndicat/ Alice"], by: [mail], severity: warning}
    - {after: 1h, time: business, tell: [syndicat/Alice]}
    - {at: breach, tell: [astreinte]}
"""


def test_what_they_become(tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    duty = promises_of(load(install(tmp_path, main=MAIN + ALERTS), probes)).duty
    first, night = duty.rotas.values()
    assert (first.name, first.members, first.days, first.minutes) == ("astreinte", (Who("syndicat", "Alice"),), 14, 540)
    assert (first.first, first.zone.key, first.calendar) == (date(2026, 1, 5), "Europe/Paris", None)
    assert (night.days, night.minutes, night.outside, night.calendar is None) == (1, 1110, True, False)
    assert duty.steps == (
        Step(delay=Delay(after_s=0), tell=("astreinte", "nuit")),
        Step(delay=Delay(after_s=900), tell=("syndicat/Alice",), by=(Channel.MAIL,), since=Status.WARNING),
        Step(delay=Delay(after_s=3600, business=True), tell=("syndicat/Alice",)),
        Step(delay=Delay(after_s=None), tell=("astreinte",)),
    )


def test_without_them_nobody_is_called(tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    assert promises_of(load(install(tmp_path), probes)).duty == Duty()


def test_what_is_well_written_and_calls_nobody(tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    def said(old: str, new: str, main: str = MAIN) -> list[str]:
        return list(idle(load(install(tmp_path, main=main + ALERTS.replace(old, new)), probes), at("03-06 10:00")))

    assert said("", "") == []
    assert said("[astreinte, nuit]", "[astreinte]") == [
        "the rota 'nuit' is never called: no step of alerts.escalation tells it, add one"
    ]
    always = 'calendars: {always: {timezone: Europe/Paris, holidays: null, slots: {mon-sun: ["00:00-24:00"]}}}\n'
    assert said("outside: service", "outside: always", MAIN + always) == [
        "the rota 'nuit' is never in force: the calendar it is 'outside' of does not close"
    ]
    assert said("", "", MAIN + "sla: {gti: null}\n") == [
        "the step 'at: breach' of alerts.escalation is never taken: there is no sla.gti, add it or write 'after'"
    ]
    nothing = MAIN + "alerts: {escalation: [{after: 0m, tell: [syndicat/Alice]}]}\n"
    assert list(idle(load(install(tmp_path, main=nothing), probes), at("03-06 10:00"))) == [
        "alerts.escalation calls nobody: there is neither alerts.mail nor alerts.sms, add one (docs/alerts.md)"
    ]
