"""`vigie alert test`: try the channels that alerts leave by."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import click

from probes import registry as probe_registry
from supervisor.alerts import registry, trial
from supervisor.alerts.transport import Attempt, Outcome, Transport
from supervisor.cli.options import config_option
from supervisor.cli.performing import json_option
from supervisor.cli.showing import say
from supervisor.clock import SystemClock
from supervisor.config.configuration import Configuration
from supervisor.config.contacts import contacts_of
from supervisor.config.loader import load
from supervisor.config.wording import near
from supervisor.domain.contact import Seed, same_person
from supervisor.errors import VigieError
from supervisor.reports import wording
from supervisor.store import contacts
from supervisor.store.connection import open_for_reading


class _Target(NamedTuple):
    """Where one test message goes."""

    channel: str
    to: str


class _Tried(NamedTuple):
    """What became of it."""

    target: _Target
    attempt: Attempt
    duration_s: float


@click.command()
@config_option
@click.option("--contact", metavar="COLLECTIVITE/NAME", help="A contact, by every channel they have.")
@click.option("--mail", metavar="ADDRESS", help="A mail address.")
@click.option("--sms", metavar="NUMBER", help="A telephone number.")
@click.option("--webhook", metavar="NAME", help="A webhook of the config.")
@click.option("--channel", type=click.Choice(["mail", "sms", "webhook"]), help="Of the contact, this channel alone.")
@json_option
def test(
    config: Path,
    contact: str | None,
    mail: str | None,
    sms: str | None,
    webhook: str | None,
    channel: str | None,
    as_one_object: bool,
) -> None:
    """Send a real message, here and now, and say what became of it.

    It says that it is a test. Nothing is recorded, and nothing is tried again. The exit status is 1 if a message was
    not accepted.
    """
    if channel is not None and contact is None:
        raise VigieError("--channel chooses among the channels of a contact, add --contact")
    configuration = load(config, probe_registry.load())
    given = {"mail": mail, "sms": sms, "webhook": webhook}
    targets = [_Target(name, to) for name, to in given.items() if to is not None]
    if contact is not None:
        targets += _reach(_contact(configuration, contact), channel)
    if not targets:
        raise VigieError("say whom to send to: --contact, --mail, --sms or --webhook")
    tried = asyncio.run(_send(configuration, targets))
    say({"attempts": [_as_json(one) for one in tried]}, _lines(tried), as_one_object=as_one_object)
    if any(one.attempt.outcome is not Outcome.SENT for one in tried):
        raise SystemExit(1)


def _contact(configuration: Configuration, asked: str) -> Seed:
    tenant, slash, name = asked.partition("/")
    if not slash:
        raise VigieError(f"'{asked}' is not a contact, write COLLECTIVITE/NAME")
    if tenant not in configuration.collectivites:
        raise VigieError(f"there is no collectivité '{tenant}', {near(tenant, configuration.collectivites)}")
    people = _people(configuration, tenant)
    found = [one for one in people if one.name == name.strip()]
    found = found or [one for one in people if same_person(one.name) == same_person(name)]
    if not found:
        raise VigieError(f"'{tenant}' has no contact '{name}', {near(name, [one.name for one in people])}")
    if len(found) > 1:
        names = " and ".join(f"'{one.name}'" for one in found)
        raise VigieError(f"'{tenant}' has {names}, write the name exactly or use --mail and --sms")
    return found[0]


def _people(configuration: Configuration, tenant: str) -> list[Seed]:
    """The contacts of the database, and those of the config that it has not taken up yet."""
    written = [one for one in contacts_of(configuration) if one.collectivite == tenant]
    if not configuration.database.exists():  # the channels are tried before the daemon first runs
        return written
    with open_for_reading(configuration.database, version("vigie")) as connection:
        return [*(one.seed for one in contacts.every(connection, tenant)), *contacts.unseen(connection, written)]


def _reach(contact: Seed, channel: str | None) -> list[_Target]:
    """Every way to reach them, whatever they are told by it."""
    ways = {"mail": contact.email, "sms": contact.phone, "webhook": contact.webhook}
    found = [_Target(name, to) for name, to in ways.items() if to is not None and channel in (None, name)]
    if not found:
        missing = {"mail": "mail address", "sms": "telephone number"}.get(channel or "", "webhook")
        raise VigieError(f"{contact.name} has no {missing}, add it to the contact or choose another channel")
    return found


async def _send(configuration: Configuration, targets: Sequence[_Target]) -> list[_Tried]:
    clock = SystemClock()
    sending = registry.Sending(alerting=configuration.alerts, organisation=configuration.organisation, clock=clock)
    opened = registry.transports(sending)
    _refuse_closed(configuration, targets, opened)
    at = int(time.time())
    test_of_now = trial.Trial(
        key=f"essai-{secrets.token_hex(8)}",
        organisation=configuration.organisation,
        when=f"le {wording.day_and_time(at - at % 60, ZoneInfo(configuration.timezone))}",
        at=at,
        public_url=configuration.alerts.public_url,
    )
    try:
        return [await _try(opened[target.channel], test_of_now, target) for target in targets]
    finally:
        for transport in opened.values():
            await transport.close()


def _refuse_closed(configuration: Configuration, targets: Sequence[_Target], opened: dict[str, Transport]) -> None:
    """Before anything leaves: nothing half-done."""
    for target in targets:
        if target.channel not in opened:
            key = "webhooks" if target.channel == "webhook" else target.channel
            raise VigieError(
                f"{configuration.path} has no alerts.{key}, add it (docs/alerts.md) or choose another channel"
            )
        names = [webhook.name for webhook in configuration.alerts.webhooks]
        if target.channel == "webhook" and target.to not in names:
            raise VigieError(f"there is no webhook '{target.to}', {near(target.to, names)}")


async def _try(transport: Transport, of: trial.Trial, target: _Target) -> _Tried:
    start = time.monotonic()
    attempt = await transport.send(trial.letter(of, target.channel, target.to))
    return _Tried(target, attempt, time.monotonic() - start)


def _lines(tried: Sequence[_Tried]) -> Iterator[str]:
    for one in tried:
        colour = {Outcome.SENT: "green", Outcome.LATER: "yellow", Outcome.REFUSED: "red"}[one.attempt.outcome]
        receipt = f" [{one.attempt.receipt}]" if one.attempt.receipt else ""
        outcome = click.style(one.attempt.outcome.value, fg=colour)
        yield (
            f"{one.target.channel} {one.target.to}: {outcome}: {one.attempt.detail}{receipt} "
            f"({one.duration_s * 1000:.0f} ms)"
        )


def _as_json(one: _Tried) -> dict[str, Any]:
    return {
        "channel": one.target.channel,
        "to": one.target.to,
        "outcome": one.attempt.outcome.value,
        "detail": one.attempt.detail,
        "receipt": one.attempt.receipt,
        "duration_s": round(one.duration_s, 3),
    }
