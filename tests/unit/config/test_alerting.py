"""The section `alerts`: what it becomes, what its defaults are, and that its secrets are known to be secrets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import pytest

from probes.base import Probe
from supervisor.alerts.registry import GATEWAYS
from supervisor.config.alerting import Alerting
from supervisor.config.configuration import Configuration
from supervisor.config.gateways import Gammu, Gateway, HttpGateway, OvhCloud, SmsMode
from supervisor.config.loader import load
from supervisor.config.secrets import secrets_of
from supervisor.errors import ConfigError
from tests.unit.config.places import GOOD, MAIN, install


@pytest.fixture
def everything(probes: Mapping[str, Probe], monkeypatch: pytest.MonkeyPatch) -> Configuration:
    monkeypatch.setenv("VIGIE_TEST_TOKEN", "jeton")
    monkeypatch.setenv("VIGIE_TEST_KEY", "une clé de plus de seize lettres")
    return load(GOOD / "everything" / "vigie.yaml", probes)


def test_relays_in_order_with_the_ports_of_their_security(everything: Configuration) -> None:
    alerts = everything.alerts
    assert (alerts.sender, alerts.public_url) == ("vigie@exemple.fr", "https://vigie.exemple.fr/supervision")
    assert alerts.mail is not None
    first, second, third = alerts.mail.relays
    assert (first.host, first.at, first.security, first.timeout) == ("mx.exemple.fr", 587, "starttls", 10.0)
    assert first.ca == str(GOOD / "everything" / "ca.pem")  # beside the main file
    assert (second.at, second.verify, second.user) == (465, False, None)
    assert (third.at, third.timeout) == (2525, 30.0)


def test_gateways_by_their_type(everything: Configuration) -> None:
    sms = everything.alerts.sms
    assert sms is not None
    assert (sms.country, sms.segments, sms.per_hour) == ("FR", 2, 10)
    ovh, smsmode, described, modem = sms.gateways
    assert isinstance(ovh, OvhCloud)
    assert (ovh.service, ovh.sender, ovh.timeout) == ("sms-ab12345-1", "VIGIE57", 5.0)
    assert isinstance(smsmode, SmsMode)
    assert smsmode.url == "https://rest.smsmode.com/sms/v1/messages"
    assert isinstance(described, HttpGateway)
    assert described.json == {"destinataires": ["{to}"], "corps": {"texte": "{text}"}, "ref": "{key}"}
    assert described.accepted.equals == (0, "OK")
    assert isinstance(modem, Gammu)
    assert (modem.spool, modem.timeout) == (str(GOOD / "everything" / "spool"), 120.0)


def test_nothing_is_opened_that_is_not_written(probes: Mapping[str, Probe], tmp_path: Path) -> None:
    assert load(install(tmp_path), probes).alerts == Alerting()


def test_its_secrets_are_kept_out_of_the_logs(everything: Configuration) -> None:
    assert {"jeton", "une clé de plus de seize lettres"} <= secrets_of(everything)
    assert all("'jeton'" not in repr(part) for part in (everything.alerts.mail, everything.metrics_token))
    assert "une clé" not in repr(everything.alerts)


@pytest.mark.parametrize(
    ("secret", "what"),
    [("trop court", "a key of fewer than 16 characters can be guessed"), ("", "is empty")],
)
def test_a_webhook_key_that_can_be_guessed_is_refused(
    secret: str, what: str, probes: Mapping[str, Probe], tmp_path: Path
) -> None:
    (tmp_path / "cle").write_text(secret)
    webhook = "alerts: {webhooks: [{name: a, url: 'https://a.fr/', secret: {file: cle}}]}\n"
    with pytest.raises(ConfigError, match=what):
        load(install(tmp_path, main=MAIN + webhook), probes)


def test_a_key_with_a_line_break_is_refused_when_it_is_read(probes: Mapping[str, Probe], tmp_path: Path) -> None:
    (tmp_path / "cle").write_text("abc\ndef\n")
    smsmode = "alerts: {sms: {gateways: [{type: smsmode, api_key: {file: cle}}]}}\n"
    with pytest.raises(ConfigError, match="characters that no key has") as refused:
        load(install(tmp_path, main=MAIN + smsmode), probes)
    assert "abc" not in str(refused.value)


def test_every_gateway_of_the_config_has_its_file() -> None:
    union, _ = get_args(Gateway)
    assert set(get_args(union)) == set(GATEWAYS)


def test_watchdogs(everything: Configuration, tmp_path: Path, probes: Mapping[str, Probe]) -> None:
    first, second = everything.alerts.watchdogs
    assert (first.name, first.every, second.name, second.every) == ("watchdog", 60.0, "autre-vigie", 30.0)
    assert everything.alerts.failing_after == 600.0
    address = "https://veille.exemple.fr/ping/0123456789abcdef"
    assert address in secrets_of(everything)
    assert address not in repr(everything.alerts)
    (tmp_path / "url").write_text(address)
    twice = "alerts:\n  watchdogs:\n    - {url: {file: url}}\n    - {url: {file: url}}\n"
    with pytest.raises(ConfigError, match="the name 'watchdog' is given twice"):
        load(install(tmp_path, main=MAIN + twice), probes)
