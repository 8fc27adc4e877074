"""Watchdogs are called as long as all is well, and nothing waits for them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from yarl import URL

from probes.secret import Secret
from supervisor.alert_metrics import AlertExposition
from supervisor.alerts.http_exchange import Reply, Request, Silence
from supervisor.config.alerting import Watchdog
from supervisor.store.channels import Standing
from supervisor.watchdogs import Watchdogs
from tests.virtual_time import VirtualClock, VirtualLoop, run

TOKEN = "0123456789abcdef"
OK = Reply(status=200, body=b"OK")
DEAF = Silence(why="le nom de veille.exemple.fr est introuvable", asked=False)


class Elsewhere:
    """What is called; and the Vigie that calls, with what is wrong with it."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.calls: list[tuple[float, URL]] = []
        self.answer: Reply | Silence | Exception = OK
        self.takes_s = 0.1
        self.troubles: list[str] = []
        self.configured = [watchdog()]
        self.watchdogs = Watchdogs(lambda: self.configured, lambda: self.troubles, clock, self.ask)

    async def ask(self, request: Request) -> Reply | Silence:
        assert (request.method, request.body) == ("GET", None)
        self.calls.append((self.clock.monotonic(), request.url))
        await asyncio.sleep(self.takes_s)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def watchdog(**more: Any) -> Watchdog:
    return Watchdog(url=Secret(f"https://veille.exemple.fr/ping/{TOKEN}"), **more)


def play(story: Callable[[Elsewhere], Coroutine[Any, Any, None]]) -> None:
    loop = VirtualLoop()

    async def whole() -> None:
        elsewhere = Elsewhere(VirtualClock(loop))
        running = asyncio.ensure_future(elsewhere.watchdogs.run())
        await story(elsewhere)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert len(asyncio.all_tasks()) == 1

    run(whole(), loop)


def test_it_is_called_every_minute_as_long_as_all_is_well(caplog: pytest.LogCaptureFixture) -> None:
    async def story(elsewhere: Elsewhere) -> None:
        await asyncio.sleep(599)
        assert len(elsewhere.calls) == 10
        elsewhere.troubles = ["the database cannot be written: the disk is full"]
        await asyncio.sleep(3600)
        assert len(elsewhere.calls) == 10
        elsewhere.troubles = []
        await asyncio.sleep(6)
        assert len(elsewhere.calls) == 11  # at once, not a minute later
        assert elsewhere.calls[0][1] == URL(f"https://veille.exemple.fr/ping/{TOKEN}")

    play(story)
    assert [record.getMessage() for record in caplog.records] == [
        "all is not well, watchdogs are not called: the database cannot be written: the disk is full",
        "all is well again: watchdogs are called",
    ]


@pytest.mark.parametrize("answer", [DEAF, Reply(status=404, body=b""), Reply(status=302, body=b""), ValueError(TOKEN)])
def test_one_that_does_not_answer_is_counted_and_told_once(
    answer: Reply | Silence | Exception, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(elsewhere: Elsewhere) -> None:
        elsewhere.answer = answer
        await asyncio.sleep(599)
        calls = elsewhere.watchdogs.calls["watchdog"]
        assert (calls.made, calls.failures, calls.answered_at) == (10, 10, None)
        elsewhere.answer = OK
        await asyncio.sleep(60)
        assert (calls.made, calls.failures) == (11, 10)
        assert calls.answered_at == pytest.approx(elsewhere.clock.wall(), abs=61)

    play(story)
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.WARNING]
    assert TOKEN not in caplog.text
    assert "exemple.fr" not in caplog.text


def test_one_that_hangs_delays_no_other_and_is_never_called_twice_at_once() -> None:
    async def story(elsewhere: Elsewhere) -> None:
        elsewhere.takes_s = 150.0
        elsewhere.configured = [watchdog(), watchdog(name="autre", every=30.0)]
        await asyncio.sleep(299)
        first = elsewhere.watchdogs.calls["watchdog"]
        assert first.made == 1
        assert len(elsewhere.calls) == 4

    play(story)


def test_a_reload_is_followed() -> None:
    async def story(elsewhere: Elsewhere) -> None:
        await asyncio.sleep(61)
        elsewhere.configured = [watchdog(every=10.0)]
        before = len(elsewhere.calls)
        await asyncio.sleep(60)
        assert len(elsewhere.calls) - before in (5, 6)
        elsewhere.takes_s = 1000.0
        await asyncio.sleep(12)
        elsewhere.configured = []
        before = len(elsewhere.calls)
        await asyncio.sleep(600)
        assert len(elsewhere.calls) == before
        assert elsewhere.watchdogs.calls == {}

    play(story)


class Outbox:
    """As the dispatcher last saw it."""

    @property
    def standing(self) -> dict[str, Standing]:
        return {"mail": Standing(3, 2, 1000, 1, 900, 950), "sms": Standing()}


def test_metrics() -> None:
    async def story(elsewhere: Elsewhere) -> None:
        await asyncio.sleep(30)
        elsewhere.answer = DEAF
        await asyncio.sleep(60)
        exposition = AlertExposition(Outbox(), elsewhere.watchdogs, lambda: 1060.0)  # type: ignore[arg-type]
        page = b"".join(exposition.render()).decode()
        for line in (
            'vigie_outbox_pending{channel="mail"} 3.0',
            'vigie_outbox_pending{channel="sms"} 0.0',
            'vigie_outbox_failing{channel="mail"} 2.0',
            'vigie_outbox_oldest_seconds{channel="mail"} 60.0',
            'vigie_outbox_dead{channel="mail"} 1.0',
            'vigie_outbox_channel_failing{channel="mail"} 1.0',
            'vigie_outbox_channel_failing{channel="sms"} 0.0',
            'vigie_outbox_last_success_timestamp_seconds{channel="mail"} 900.0',
            'vigie_watchdog_calls_total{watchdog="watchdog"} 2.0',
            'vigie_watchdog_failed_calls_total{watchdog="watchdog"} 1.0',
        ):
            assert line in page.splitlines()
        assert 'vigie_outbox_last_success_timestamp_seconds{channel="sms"}' not in page

    play(story)
