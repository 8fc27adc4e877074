"""What may be written of an `http`, `tls` or `certificate` sonde, and what is said of the rest."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from probes.certificate import CertificateSettings
from probes.http_settings import HttpSettings
from probes.tls import TlsSettings


def http(**written: Any) -> HttpSettings:
    return TypeAdapter(HttpSettings).validate_python(written)


def test_the_defaults() -> None:
    made = http()
    assert made.url == "http://{address}/"
    assert (made.status, made.redirect, made.max_body, made.verify) == (None, "follow", 1024 * 1024, True)
    assert made.certificate_expiry.warning == 21 * 86400
    assert made.certificate_expiry.critical is None  # a site is not down because its certificate ends next week


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (200, ((200, 200),)),
        ("200-299", ((200, 299),)),
        ([200, "301 - 302"], ((200, 200), (301, 302))),
        (None, None),
        (((200, 299),), ((200, 299),)),
    ],
)
def test_statuses(written: Any, read: Any) -> None:
    assert http(status=written).status == read


def test_one_text_or_several() -> None:
    assert http(contains="a").contains == ("a",)
    assert http(contains=["a", "b"]).contains == ("a", "b")


def test_equal_settings_are_equal_and_hashable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reload compares them, and equal ones are shared."""
    monkeypatch.setenv("KEY", "clef")
    written = {
        "headers": {"X-Key": {"env": "KEY"}, "X-Other": "a"},
        "json": {"status": "UP", "n[0]": True},
        "response_headers": {"Server": "nginx"},
        "basic": {"user": "a", "password": {"env": "KEY"}},
        "regex": "a+",
        "client_certificate": {"certificate": "a.pem", "password": {"env": "KEY"}},
    }
    assert http(**written) == http(**written)
    assert hash(http(**written)) == hash(http(**written))
    assert "clef" not in repr(http(**written))
    before = http(**written)
    monkeypatch.setenv("KEY", "autre")
    assert http(**written) != before


def test_what_was_read_may_be_read_again() -> None:
    made = http(status=[200, "300-399"], headers={"A": "b"}, json={"a.b": 1}, contains="x")
    again = http(status=made.status, headers=made.headers, json=made.json, contains=made.contains)
    assert again == made


def test_paths_are_relative_to_the_main_file(tmp_path: Path) -> None:
    adapter = TypeAdapter(HttpSettings)
    assert adapter.validate_python({"ca": "ca.pem"}, context={"base": tmp_path}).ca == str(tmp_path / "ca.pem")
    assert adapter.validate_python({"ca": "/etc/ca.pem"}, context={"base": tmp_path}).ca == "/etc/ca.pem"


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"url": "www.exemple.fr"}, "is not an http or https URL"),
        ({"url": "ftp://www.exemple.fr/"}, "is not an http or https URL"),
        ({"url": "http://www.exemple.fr:99999/"}, "is not a"),
        ({"url": "http://a:b@www.exemple.fr/"}, "a URL holds no login; write basic:"),
        ({"url": 3}, "a URL is a text"),
        ({"proxy": "http://a:b@proxy/"}, "proxy_login"),
        ({"proxy_login": {"user": "a", "password": {"env": "HOME"}}}, "proxy_login without a proxy"),
        ({"method": "PUT"}, "'GET', 'HEAD' or 'POST'"),
        ({"body": "x"}, "a body is sent with POST only"),
        ({"method": "HEAD", "contains": "x"}, "the answer to HEAD has no body"),
        ({"basic": {"user": "a", "password": {"env": "HOME"}}, "bearer": {"env": "HOME"}}, "write basic or bearer"),
        ({"basic": {"user": "a:b", "password": {"env": "HOME"}}}, "match pattern"),
        ({"bearer": "jeton"}, "a secret is never written in the config"),
        ({"status": 99}, "is not a status between 100 and 599"),
        ({"status": "299-200"}, "is not a status between 100 and 599"),
        ({"status": "2xx"}, "'2xx' is not a status; write 200"),
        ({"status": True}, "is not a status"),
        ({"headers": {"Host": "x"}}, "write host: NAME"),
        ({"headers": {"Authorization": "Bearer x"}}, "write basic: {user, password} or bearer:"),
        ({"headers": {"X": "a\r\nB: c"}}, "one line of text"),
        ({"headers": {"X Y": "a"}}, "is not the name of a header"),
        ({"response_headers": {"X": "("}}, "regular expression"),
        ({"regex": "("}, "regular expression"),
        ({"json": {"a..b": 1}}, "is not a path"),
        ({"json": {"a[x]": 1}}, "is not a path"),
        ({"json": {"a": [1]}}, "valid"),
        ({"json_numbers": {"a..b": {}}}, "is not a path"),
        ({"query": {"": "x"}}, "has a name"),
        ({"query": {"page": 1}}, "write '1' in quotes"),
        ({"query": ["a"]}, "valid"),
        ({"body_size": {"warning": "1 KiB"}, "method": "HEAD"}, "HEAD has no body"),
        ({"json_numbers": {"a": {"over": 1}}}, "Unexpected keyword argument"),
        ({"json_numbers": {"a": {"above": {"warning": 2, "critical": 1}}}}, "must be below"),
        ({"json_numbers": {"a": {}}, "method": "HEAD"}, "HEAD has no body"),
        ({"json": {1: 1}}, "write {path: expected}"),
        ({"contains": ""}, "at least 1 character"),
        ({"max_redirects": 0}, "greater than or equal to 1"),
        ({"max_body": "1 TiB"}, "less than or equal to"),
        ({"host": "http://www.exemple.fr/"}, "is not a host name"),
        ({"host": "a" * 70 + ".fr"}, "is not a host name"),
        ({"ca": ""}, "a path is a text"),
        ({"first_byte": 3}, "valid"),
        ({"total": {"warning": "3s", "critical": "2s"}}, "must be below"),
        ({"family": "ipv5"}, "'any', 'ipv4' or 'ipv6'"),
        ({"verfy": False}, "Unexpected keyword argument"),
    ],
)
def test_http_settings_that_are_refused(written: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(message)):
        http(**written)


def test_international_names() -> None:
    assert http(host="mairie-évry.fr").host == "xn--mairie-vry-h7a.fr"
    assert http(url="https://mairie-évry.fr/été").url == "https://mairie-évry.fr/été"


def test_tls_settings() -> None:
    made = TypeAdapter(TlsSettings).validate_python({})
    assert (made.port, made.minimum, made.expiry.warning, made.expiry.critical) == (
        None,
        "TLSv1.2",
        21 * 86400,
        7 * 86400,
    )
    for written in ({"starttls": "http"}, {"port": 0}, {"minimum": "TLSv1.1"}, {"host": "a b"}):
        with pytest.raises(ValidationError):
            TypeAdapter(TlsSettings).validate_python(written)


def test_certificate_settings(tmp_path: Path) -> None:
    adapter = TypeAdapter(CertificateSettings)
    made = adapter.validate_python({"path": "rgs/*.pem"}, context={"base": tmp_path})
    assert made.path == str(tmp_path / "rgs/*.pem")
    for written in ({}, {"path": ""}, {"path": "a", "password": "clef"}):
        with pytest.raises(ValidationError):
            adapter.validate_python(written)


@pytest.mark.parametrize("settings", [HttpSettings, TlsSettings, CertificateSettings])
def test_each_setting_says_what_it_is(settings: type) -> None:
    schema = TypeAdapter(settings).json_schema()
    assert all(field.get("description") for field in schema["properties"].values()), schema
