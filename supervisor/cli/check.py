"""`vigie check`: is the config right?"""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import click

from probes import registry
from supervisor.billing.pools import configured, worth_a_word
from supervisor.cli.contact_drift import drift
from supervisor.cli.idle_duty import idle
from supervisor.cli.options import config_option
from supervisor.config.configuration import Configuration
from supervisor.config.loader import load
from supervisor.config.schema import schema as json_schema
from supervisor.domain.counting import POOL
from supervisor.store.errors import StoreError


@click.command()
@config_option
@click.option("--schema", type=click.Choice(["main", "collectivite"]), help="Print the JSON Schema of such a file.")
def check(config: Path, schema: Literal["main", "collectivite"] | None) -> None:
    """Read the config and say everything that is wrong with it."""
    probes = registry.load()
    if schema is not None:
        click.echo(json.dumps(json_schema(schema, probes), indent=2, ensure_ascii=False))
        return
    configuration = load(config, probes)
    now = int(time.time())
    said = [*configuration.warnings, *worth_a_word(configured(configuration, now)), *_unsendable(configuration)]
    for warning in (*said, *idle(configuration, now), *_drift(configuration)):
        click.echo(f"warning: {warning}", err=True)
    pools = Counter((sonde.collectivite, sonde.billable) for sonde in configuration.sondes.values())
    click.echo(
        f"{config}: right: {len(configuration.collectivites)} collectivités, {len(configuration.sondes)} sondes "
        f"in {sum(math.ceil(count / POOL) for count in pools.values())} pools, {len(configuration.canaries)} canaries"
    )


def _unsendable(configuration: Configuration) -> Iterator[str]:
    """Who is to be told by a channel that the main file does not open, and so is not."""
    for channel, way in (("mail", configuration.alerts.mail), ("sms", configuration.alerts.sms)):
        owners = [
            owner.id
            for owner in configuration.collectivites.values()
            if any(getattr(contact.alerts, channel) is not None for contact in owner.contacts)
        ]
        if owners and way is None:
            named = f"contacts of {', '.join(owners[:3])}" + (", …" if len(owners) > 3 else "")
            yield f"{named} are to be told by {channel}, and there is no alerts.{channel} (docs/alerts.md): nobody is"


def _drift(configuration: Configuration) -> list[str]:
    """The config may be checked where its database cannot be read: by another account, on another machine."""
    try:
        return list(drift(configuration))
    except StoreError as error:
        return [f"contacts not compared with the database: {error}"]
