"""The housework of the daemon looks at the contacts too."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest

from supervisor import service
from supervisor.domain.alerting import Subject
from supervisor.domain.contact import Seed
from supervisor.service import Service
from supervisor.store import contacts, topics
from supervisor.store.store import Store
from tests.unit.acts.stage import at, promised

RETENTION = SimpleNamespace(samples_s=7200, quarters_s=86_400, hours_s=86_400, days_s=86_400)


async def test_who_gave_no_sign_is_warned_by_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "UPKEEP_EVERY_S", 0.0)
    store = Store.open(tmp_path / "vigie.db", version="1")
    now = at("03-06 09:00")
    seed = Seed("exemple", "Accueil", "accueil@exemple.fr", mail="critical")
    await store.write(lambda connection: contacts.add(connection, seed, now - 4 * 366 * 86_400, ""))
    daemon = SimpleNamespace(
        store=store,
        promises=promised(),
        dispatcher=SimpleNamespace(transports={"mail": None}),
        clock=SimpleNamespace(wall=lambda: float(now), monotonic=lambda: 0.0),
        configuration=SimpleNamespace(retention=RETENTION, control=tmp_path / "s"),
        recorder=SimpleNamespace(failing=None),
    )
    task = asyncio.create_task(Service(daemon)._upkeep())  # type: ignore[arg-type]
    try:
        async with asyncio.timeout(60):
            while not await store.read(lambda connection: topics.latest(connection, Subject.CONTACT)):
                pass
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await store.close()
