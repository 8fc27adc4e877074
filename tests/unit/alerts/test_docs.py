"""What docs/alerts.md and the sample show is right."""

from __future__ import annotations

import hashlib
import hmac
import re
import textwrap
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from probes import registry
from supervisor.alerts.webhook import sign
from supervisor.config.loader import load
from tests.unit.config.places import MAIN, ROOT, install

PAGE = (ROOT / "docs" / "alerts.md").read_text()
NAMES = ("smtp-password", "ovh-ak", "ovh-as", "ovh-ck", "journal-key", "sms-token", "smsmode-key")


@pytest.fixture(autouse=True)
def credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tmp_path / "credentials"
    directory.mkdir()
    for name in NAMES:
        (directory / name).write_text(f"{name}-0123456789")
    (directory / "watchdog-url").write_text("https://veille.exemple.fr/ping/0123456789")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(directory))


def blocks() -> list[str]:
    return [textwrap.dedent(block) for block in re.findall(r"^ *```yaml\n(.*?)^ *```", PAGE, re.MULTILINE | re.DOTALL)]


def test_its_examples_load(tmp_path: Path) -> None:
    whole, people, on_call, watched, described = blocks()
    commune = f"collectivite: exemple\nname: Exemple\n{people}"
    config = load(install(tmp_path, main=MAIN + whole, exemple=commune), registry.load())
    assert [contact.hours for contact in config.collectivites["exemple"].contacts] == ["service", None]
    assert len(load(install(tmp_path / "watched", main=MAIN + watched), registry.load()).alerts.watchdogs) == 1
    assert config.alerts.mail is not None
    assert config.alerts.sms is not None
    assert [gateway.type for gateway in config.alerts.sms.gateways] == ["ovhcloud", "gammu"]
    gateway = "alerts:\n  sms:\n    gateways:\n" + textwrap.indent(described, " " * 6)
    assert load(install(tmp_path / "described", main=MAIN + gateway), registry.load()).alerts.sms is not None
    both = yaml.safe_dump({"alerts": yaml.safe_load(whole)["alerts"] | yaml.safe_load(on_call)["alerts"]})
    team = "".join(
        f"  - {{name: {name}, email: a@exemple.fr}}\n" for name in ("Alice", "Bruno", "Chef de service", "Direction")
    )
    syndicat = f"collectivite: syndicat\noperator: true\nname: Syndicat\ncontacts:\n{team}"
    alerts = load(install(tmp_path / "both", main=MAIN + both, syndicat=syndicat), registry.load()).alerts
    assert (len(alerts.on_call), len(alerts.escalation)) == (1, 4)


def test_the_sample_is_right_once_it_is_uncommented(tmp_path: Path) -> None:
    sample = (ROOT / "config" / "vigie.yaml").read_text()
    section = re.sub(r"^# ", "", sample[sample.index("# alerts:") :], flags=re.MULTILINE)
    team = "".join(f"  - {{name: {name}, email: a@exemple.fr}}\n" for name in ("Alice", "Bruno", "Direction"))
    syndicat = f"collectivite: syndicat\noperator: true\nname: Syndicat\ncontacts:\n{team}"
    alerts = load(install(tmp_path, main=MAIN + section, syndicat=syndicat), registry.load()).alerts
    every = {"from" if field.name == "sender" else field.name for field in fields(alerts)}
    assert yaml.safe_load(section)["alerts"].keys() == every  # whatever there is to set is shown
    assert alerts.mail is not None
    assert len(alerts.mail.relays) == 2
    assert [webhook.name for webhook in alerts.webhooks] == ["journal"]


def test_the_signature_is_verified_as_it_says() -> None:
    key, timestamp, body = b"journal-key-0123456789", "1795000000", '{"é": 1}'.encode()
    code = re.search(r"^expected = (.*)$", PAGE, re.MULTILINE)
    assert code is not None
    assert code[1] == 'hmac.new(key, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()'
    expected = hmac.new(key, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert sign(key.decode(), int(timestamp), body) == expected
