"""A configuration takes effect: the lines that bring the ledger in step with it, all of one instant."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import NamedTuple

from supervisor.config.accounts import accounts_of
from supervisor.config.configuration import Configuration
from supervisor.domain import account, ledger, tariff
from supervisor.domain.account import AccountLine, Accounts
from supervisor.domain.ledger import LedgerEvent, Presence
from supervisor.store import accounts as store
from supervisor.store import ledger as lines
from supervisor.store.accounts import TariffLine


class Terms(NamedTuple):
    """What is billed, and by which tariffs."""

    accounts: Accounts
    tariffs: Mapping[str, str]  # JSON, by profile


class Standing(NamedTuple):
    """Where the ledger stands."""

    sondes: Mapping[str, Presence]
    terms: Terms


class Effect(NamedTuple):
    """What there is to write: nothing, where nothing changed."""

    sondes: list[LedgerEvent]
    accounts: list[AccountLine]
    tariffs: list[TariffLine]


def standing(connection: sqlite3.Connection) -> Standing:
    """Read the ledger."""
    return Standing(lines.standing(connection), terms(connection))


def terms(connection: sqlite3.Connection) -> Terms:
    """Read what it keeps beside the sondes."""
    return Terms(Accounts(store.lines(connection)), store.tariffs(connection))


def effect(standing: Standing, configuration: Configuration, now: int) -> Effect:
    """What a configuration that takes effect at `now` changes."""
    sondes = ledger.reconcile(standing.sondes, configuration.sondes, now)
    return Effect(sondes, *settled(standing.terms, configuration, now))


def settled(terms: Terms, configuration: Configuration, now: int) -> tuple[list[AccountLine], list[TariffLine]]:
    """The same beside the sondes: what is billed, and by which tariff."""
    profile = configuration.profile.name
    body = json.dumps(tariff.as_json(configuration.tariff), sort_keys=True, separators=(",", ":"))
    return (
        account.reconcile(terms.accounts, accounts_of(configuration), now),
        [TariffLine(t=now, profile=profile, body=body)] if terms.tariffs.get(profile) != body else [],
    )
