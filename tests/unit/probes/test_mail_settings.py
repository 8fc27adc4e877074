"""What may be written of mail and domain sondes, and what is refused with a reason."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from probes import domain, imap, mail_loop, smtp
from probes.base import Probe
from probes.secret import Secret

LOGIN = {"user": "essai@exemple.fr", "password": Secret("secret")}
LOOP = {"sender": "vigie@exemple.fr", "recipient": "essai@exemple.fr", "imap": {"login": LOGIN}}


def read(probe: Probe, written: dict[str, Any]) -> Any:
    return TypeAdapter(probe.settings).validate_python(written)


@pytest.mark.parametrize(
    ("probe", "written", "reason"),
    [
        (smtp.PROBE, {"security": "none", "login": LOGIN}, "a password is not sent in clear"),
        (imap.PROBE, {"security": "none", "login": LOGIN}, "a password is not sent in clear"),
        (smtp.PROBE, {"sender": "a@exemple.fr"}, "'sender' needs 'recipient'"),
        (smtp.PROBE, {"recipient": "a@exemple.fr>\r\nDATA"}, "is not a mail address"),
        (smtp.PROBE, {"recipient": "exemple.fr"}, "is not a mail address"),
        (smtp.PROBE, {"helo": "two words"}, "is not a host name"),
        (imap.PROBE, {"mailbox": "INBOX"}, "'mailbox' needs 'login'"),
        (imap.PROBE, {"login": LOGIN, "mailbox": "a\r\nb"}, "should match pattern"),
        (mail_loop.PROBE, {**LOOP, "imap": {}}, "Field required"),
        (mail_loop.PROBE, {**LOOP, "imap": {"login": LOGIN, "security": "none"}}, "a password is not sent in clear"),
        (mail_loop.PROBE, {**LOOP, "smtp": {"address": "a b"}}, "is not a host name"),
        (domain.PROBE, {"name": "exemple.fr", "server": "https://{address}/"}, "stands for nothing here"),
        (domain.PROBE, {"name": "a b"}, "is not a host name"),
        (mail_loop.PROBE, {**LOOP, "sender": 3}, "is not a mail address"),
    ],
)
def test_refused(probe: Probe, written: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        read(probe, written)


def test_a_loop_that_names_both_servers_needs_no_address() -> None:
    assert read(mail_loop.PROBE, LOOP).needs_address
    assert read(mail_loop.PROBE, {**LOOP, "smtp": {"address": "192.0.2.1"}}).needs_address
    named = {**LOOP, "smtp": {"address": "mx.exemple.fr"}, "imap": {"login": LOGIN, "address": "2001:db8::1"}}
    settings = read(mail_loop.PROBE, named)
    assert not settings.needs_address
    assert (settings.smtp.address, settings.imap.address) == ("mx.exemple.fr", "2001:db8::1")
