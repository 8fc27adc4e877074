"""`vigie billing`: its commands."""

from __future__ import annotations

import click

from supervisor.cli.parts import Part, PartsGroup

_COMMANDS = {
    "amendments": Part("billing_explain", "Who counts more sondes in a year than subscribed.", "amendments_command"),
    "close": Part("billing_close", "Make documents of the calls of a year: final, and verifiable."),
    "contributions": Part("billing_lists", "The calls for contribution of a year.", "contributions_command"),
    "correct": Part("billing_close", "Put a mistaken addition right."),
    "counts": Part("billing_lists", "The sondes of a month, and how many are billed.", "counts_command"),
    "explain": Part("billing_explain", "Where the count of a month comes from.", "explain_command"),
    "quote": Part("quote", "What an offer costs, by calendar year."),
    "simulate": Part("billing_simulate", "What the config on disk would change.", "simulate_command"),
}


@click.group(cls=PartsGroup, parts=_COMMANDS)
def billing() -> None:
    """Counts of sondes, calls for contribution, quotes: from the ledger of the database alone."""
