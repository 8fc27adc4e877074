"""The settings of `dns`: what is refused at load, and answers written as the wire spells them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from probes.dns import DnsSettings
from probes.dns_exchange import Server


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("9.9.9.9", "9.9.9.9"),
        ("127.0.0.1:5353", "127.0.0.1:5353"),
        ("2620:fe::0009", "2620:fe::9"),
        ("[::1]:5353", "[::1]:5353"),
        ("[::1]", "::1"),
    ],
)
def test_resolvers(written: str, said: str) -> None:
    assert str(Server.read(written)) == said


@pytest.mark.parametrize(
    "written", ["dns.fr", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:x", "[::1]:", "[::1]x", "300.1.1.1", ""]
)
def test_what_is_no_resolver(written: str) -> None:
    with pytest.raises(ValueError, match="not a resolver"):
        Server.read(written)


@pytest.mark.parametrize(
    ("record", "written", "kept"),
    [
        ("A", "192.0.2.1", "192.0.2.1"),
        ("AAAA", "2001:DB8:0::1", "2001:db8::1"),
        ("NS", "NS1.Exemple.fr.", "ns1.exemple.fr"),
        ("MX", "10 Mail.Exemple.fr.", "10 mail.exemple.fr"),
        ("MX", "mail.mairie-château.fr", "mail.xn--mairie-chteau-qeb.fr"),
        ("TXT", "v=spf1 -all.", "v=spf1 -all."),
    ],
)
def test_expected_answers_are_kept_as_the_wire_spells_them(record: Any, written: str, kept: str) -> None:
    settings = DnsSettings(record=record, expect=(written,))
    assert settings.expect == (kept,)
    assert DnsSettings(record=record, expect=settings.expect) == settings


@pytest.mark.parametrize(
    "settings",
    [
        {"exactly": True},
        {"resolver": "dns.fr"},
        {"name": "a..b"},
        {"record": "ANY"},
        {"record": "A", "expect": ["mairie.fr"]},
        {"record": "A", "expect": ["::1"]},
        {"record": "AAAA", "expect": ["127.0.0.1"]},
        {"record": "NS", "expect": ["a..b"]},
        {"regex": "("},
        {"blocklist": "a b"},
        {"blocklist": "liste.test", "record": "TXT"},
        {"blocklist": "liste.test", "expect": ["127.0.0.2"]},
    ],
)
def test_mistakes_are_found_at_load(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DnsSettings(**settings)
