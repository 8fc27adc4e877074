"""What `vigie check` says of rotas and steps that are well written and never call anybody."""

from __future__ import annotations

from collections.abc import Iterator

from supervisor.config.configuration import Configuration
from supervisor.config.promises import promises_of
from supervisor.domain.oncall import Rota

_YEAR_S = 366 * 86_400


def idle(configuration: Configuration, now: int) -> Iterator[str]:
    """Each with what to do about it."""
    alerts = configuration.alerts
    if alerts.escalation and alerts.mail is None and alerts.sms is None and not alerts.webhooks:
        yield "alerts.escalation calls nobody: there is neither alerts.mail nor alerts.sms, add one (docs/alerts.md)"
    if configuration.sla.gti is None and any(step.at is not None for step in alerts.escalation):
        yield "the step 'at: breach' of alerts.escalation is never taken: there is no sla.gti, add it or write 'after'"
    called = {target for step in alerts.escalation for target in step.tell}
    for rota in promises_of(configuration).duty.rotas.values():
        if rota.name not in called:
            yield f"the rota '{rota.name}' is never called: no step of alerts.escalation tells it, add one"
        if _never(rota, now):
            yield f"the rota '{rota.name}' is never in force: the calendar it is 'outside' of does not close"


def _never(rota: Rota, now: int) -> bool:
    if rota.calendar is None or not rota.outside:
        return False
    return rota.calendar.openings(now, now + _YEAR_S) == [(now, now + _YEAR_S)]
