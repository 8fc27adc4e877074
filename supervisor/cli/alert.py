"""`vigie alert`: its commands."""

from __future__ import annotations

import click

from supervisor.cli.parts import Part, PartsGroup

_COMMANDS = {
    "drop": Part("alert_outbox", "A message is not tried any more."),
    "list": Part("alert_outbox", "What waits, what nobody got, and the channels that fail.", "list_"),
    "preview": Part("alert_preview", "Every message that an incident makes leave, to whom and why."),
    "retry": Part("alert_outbox", "Try a message again, now."),
    "test": Part("alert_trial", "Send a real message, here and now."),
}


@click.group(cls=PartsGroup, parts=_COMMANDS)
def alert() -> None:
    """Alerts: what leaves, what nobody got, and the channels they leave by."""
