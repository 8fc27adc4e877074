"""The one door to the register: every act, by name."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from supervisor.acts import (
    alerts,
    billing,
    cameras,
    closing,
    contacts,
    exclusions,
    incidents,
    links,
    maintenance,
    oncall,
    requests,
    tokens,
)
from supervisor.acts.scene import Act, Answer, Scene
from supervisor.config.configuration import Configuration
from supervisor.config.wording import near
from supervisor.domain.promise import Promises
from supervisor.errors import VigieError
from supervisor.history.values import Wrong, show
from supervisor.store import closings

TEXT = 10_000  # characters of one text: it is shown in pages, mails and reports

ACTS: Mapping[str, Act] = {
    **incidents.ACTS,
    **maintenance.ACTS,
    **exclusions.ACTS,
    **requests.ACTS,
    **closing.ACTS,
    **billing.ACTS,
    **tokens.ACTS,
    **contacts.ACTS,
    **alerts.ACTS,
    **links.ACTS,
    **cameras.ACTS,
    **oncall.ACTS,
}


def perform(
    connection: sqlite3.Connection,
    promises: Promises,
    now: int,
    request: dict[str, Any],
    config: Configuration | None = None,
) -> Answer:
    """Do what `request` asks, `{"act": "incident.ack", "number": …, "author": …}`, and say what became of it.

    Runs inside one transaction of the writer: a VigieError refuses it, and then the caller rolls back. `config`: given
    where no daemon runs, which would have written to the ledger what it says.
    """
    arguments = {key: value for key, value in request.items() if key != "act"}
    name = request.get("act")
    act = ACTS.get(name) if isinstance(name, str) else None
    if act is None:
        raise VigieError(f"act: no {show(name)}; {near(str(name), ACTS)}")
    for key, value in arguments.items():
        if isinstance(value, str) and len(value) > TEXT:
            raise VigieError(f"{key}: {len(value)} characters; at most {TEXT} are kept, shorten it")
    closed = tuple(closings.closed_months(connection, promises.zone))
    try:
        return act(Scene(connection, promises, now, closed, config), arguments)
    except Wrong as wrong:
        raise VigieError(str(wrong)) from None


__all__ = ["ACTS", "Scene", "perform"]
