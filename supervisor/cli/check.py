"""`vigie check`: is the config right?"""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from pathlib import Path
from typing import Literal

import click

from probes import registry
from supervisor.billing.pools import configured, worth_a_word
from supervisor.cli.contact_drift import drift
from supervisor.cli.options import config_option
from supervisor.config.configuration import Configuration
from supervisor.config.loader import load
from supervisor.config.schema import schema as json_schema
from supervisor.engine.pool import SIZE
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
    nearly_full = worth_a_word(configured(configuration, int(time.time())))
    for warning in (*configuration.warnings, *nearly_full, *_drift(configuration)):
        click.echo(f"warning: {warning}", err=True)
    pools = Counter((sonde.collectivite, sonde.billable) for sonde in configuration.sondes.values())
    click.echo(
        f"{config}: right: {len(configuration.collectivites)} collectivités, {len(configuration.sondes)} sondes "
        f"in {sum(math.ceil(count / SIZE) for count in pools.values())} pools, {len(configuration.canaries)} canaries"
    )


def _drift(configuration: Configuration) -> list[str]:
    """The config may be checked where its database cannot be read: by another account, on another machine."""
    try:
        return list(drift(configuration))
    except StoreError as error:
        return [f"contacts not compared with the database: {error}"]
