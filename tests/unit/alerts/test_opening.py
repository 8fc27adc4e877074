"""What a configuration makes of alerts."""

from __future__ import annotations

from pathlib import Path

import pytest

from probes import registry
from supervisor.alerts.opening import channels_of, gathering_of
from supervisor.clock import SystemClock
from supervisor.config.loader import load
from supervisor.config.promises import promises_of
from tests.unit.config.places import GOOD, install


def test_every_channel_that_is_written_is_gathered_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIGIE_TEST_TOKEN", "jeton")
    monkeypatch.setenv("VIGIE_TEST_KEY", "une clé de plus de seize lettres")
    whole, bare = (load(path, registry.load()) for path in (GOOD / "everything" / "vigie.yaml", install(tmp_path)))
    gathering = gathering_of(whole, promises_of(whole))
    assert gathering.channels == channels_of(whole, SystemClock()).keys() == {"mail", "sms", "webhook"}
    assert gathering.sms_an_hour == 10
    gathering = gathering_of(bare, promises_of(bare))
    assert (gathering.channels, gathering.sms_an_hour) == (frozenset(), 6)


def test_calendars_are_known_by_name_with_the_holidays_of_who_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIGIE_TEST_TOKEN", "jeton")
    monkeypatch.setenv("VIGIE_TEST_KEY", "une clé de plus de seize lettres")
    promises = promises_of(load(GOOD / "everything" / "vigie.yaml", registry.load()))
    assert promises.webhooks == {"journal"}
    assert promises.calendar("exemple", None) is None
    assert promises.calendar("exemple", "partie") is None
    service = promises.services["exemple", "internet"]
    assert promises.calendar("exemple", "nuit") is service.calendar
