"""How a mail server is reached, in the words of the config: `smtp`, `imap` and both ends of `mail-loop`."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from probes.http_settings import HostName, Login, host_name
from probes.names import Family, literal
from probes.paths import FilePath
from probes.settings import Flag, Port, settings

Security = Literal["starttls", "tls", "none"]

# What may stand between < and > without quotes; longer than any real address, shorter than a line of SMTP.
_MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}")


def _mailbox(value: Any) -> Any:
    if isinstance(value, str) and _MAILBOX.fullmatch(value):
        return value
    raise ValueError(f"'{value}' is not a mail address; write it like essai@exemple.fr")


def _server(value: Any) -> Any:
    return value if isinstance(value, str) and literal(value) is not None else host_name(value)


Server = Annotated[str, BeforeValidator(_server)]
MailAddress = Annotated[str, BeforeValidator(_mailbox)]


# Described with `Field`, not with a docstring: pydantic does not hand those down to the settings that inherit.
@settings
class MailAccess:
    """A mail server, how its connection is secured, and who logs in."""

    port: Annotated[
        Port | None, Field(description="TCP port; default: the usual one of the protocol and of `security`.")
    ] = None
    security: Annotated[
        Security,
        Field(description="In clear, then over to TLS (starttls), TLS at once (tls), or clear throughout (none)."),
    ] = "starttls"
    host: Annotated[
        HostName | None, Field(description="Name to ask for and to verify in TLS; default: the address.")
    ] = None
    family: Annotated[Family, Field(description="IP version to use.")] = "any"
    verify: Annotated[
        Flag,
        Field(description="Verify that the certificate is trusted and of that name; dates are looked at in any case."),
    ] = True
    ca: Annotated[
        FilePath | None, Field(description="PEM file of the authorities to trust instead of the system's.")
    ] = None
    login: Annotated[Login | None, Field(description="Who logs in; nobody does by default.")] = None

    @model_validator(mode="after")
    def _no_password_in_clear(self) -> MailAccess:
        if self.login is not None and self.security == "none":
            raise ValueError("a password is not sent in clear; write security: starttls or security: tls")
        return self


@settings
class SmtpAccess(MailAccess):
    """An SMTP server."""

    helo: Annotated[HostName, Field(description="Name we give in EHLO; some servers want one that the DNS knows.")] = (
        "vigie.invalid"
    )
