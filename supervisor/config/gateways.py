"""What may send SMS, as the main file says it: a class a kind of gateway, told apart by `type`."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from probes.http_body import JsonPath
from probes.paths import FilePath
from probes.secret import Secret
from probes.settings import Seconds, settings
from supervisor.config.fields import Endpoint, Id, at_least, matching, some

WORDS = ("to", "digits", "text", "key")  # what a template of `http` may use, beside its secrets
_BRACES = re.compile(r"\{([^{}]*)\}")
_STATUSES = Annotated[tuple[Annotated[int, Field(ge=100, le=599)], ...], AfterValidator(some)]


def _header_safe(value: Secret) -> Secret:
    """An accented letter, or a second line, would only fail at the first alert."""
    if not re.fullmatch(r"[\x21-\x7e]+", value.reveal()):
        raise ValueError("this secret has characters that no key has, correct the file it comes from")
    return value


Key = Annotated[Secret, AfterValidator(_header_safe)]
Sender = Annotated[str, matching(r"[A-Za-z0-9 ]{3,11}", "a sender", "3 to 11 letters and digits, like VIGIE57")]
Account = Annotated[str, matching(r"[A-Za-z0-9_-]{1,64}", "an SMS account", "its name, like sms-ab12345-1")]
HeaderName = Annotated[str, matching(r"[A-Za-z0-9-]{1,64}", "the name of a header", "{Name: value}")]
Answer = Annotated[Seconds, at_least(1)]


@settings
class OvhCloud:
    """SMS through OVHcloud."""

    type: Literal["ovhcloud"]
    """The gateway."""
    service: Account
    """The SMS account, like sms-ab12345-1."""
    application_key: Key
    """Application key (AK)."""
    application_secret: Key
    """Application secret (AS)."""
    consumer_key: Key
    """Consumer key (CK), with the right to POST /sms/*/jobs."""
    sender: Sender | None = None
    """Sender that OVHcloud validated; without it, a short number that can be answered."""
    url: Endpoint = "https://eu.api.ovh.com/1.0"
    """The API."""
    timeout: Answer = 10.0
    """How long an answer may take."""


@settings
class SmsMode:
    """SMS through smsmode."""

    type: Literal["smsmode"]
    """The gateway."""
    api_key: Key
    """Key of the channel."""
    sender: Sender | None = None
    """Sender that the account may use; without it, that of the channel."""
    url: Endpoint = "https://rest.smsmode.com/sms/v1/messages"
    """The API."""
    timeout: Answer = 10.0
    """How long an answer may take."""


@settings
class Accepted:
    """What an answer looks like that took the message."""

    status: _STATUSES = (200, 201, 202)
    """HTTP statuses."""
    path: JsonPath | None = None
    """Where in its JSON to look as well…"""
    equals: tuple[str | int | bool, ...] = ()
    """…and what may stand there."""
    receipt: JsonPath | None = None
    """Where in its JSON the gateway's own name of the message is."""

    @model_validator(mode="after")
    def _pair(self) -> Accepted:
        if (self.path is None) != (not self.equals):
            raise ValueError("'path' and 'equals' go together, write both or none")
        return self


@settings
class Permanent:
    """What an answer looks like that refuses this number or this message for ever."""

    status: tuple[Annotated[int, Field(ge=100, le=599)], ...] = ()
    """HTTP statuses; with `path`, an answer must have one of these and one of `equals`."""
    path: JsonPath | None = None
    """Where in its JSON to look…"""
    equals: tuple[str | int | bool, ...] = ()
    """…and what may stand there."""

    @model_validator(mode="after")
    def _pair(self) -> Permanent:
        if (self.path is None) != (not self.equals):
            raise ValueError("'path' and 'equals' go together, write both or none")
        return self


def _words(value: Any) -> set[str]:
    if isinstance(value, str):
        return set(_BRACES.findall(value))
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return {word for one in below for word in _words(one)}


@settings
class HttpGateway:
    """SMS through any gateway that is asked by HTTP. Texts may use {to} (+33600000001), {digits} (33600000001),
    {text}, {key} (the same at a repeat) and the names of `secrets`."""

    type: Literal["http"]
    """The gateway."""
    name: Id = "http"
    """What messages call it."""
    url: Endpoint
    """Where it is asked; what is put in is escaped."""
    method: Literal["POST", "GET", "PUT"] = "POST"
    """How it is asked."""
    headers: dict[HeaderName, str] = Field(default_factory=dict)
    """Headers of the request: {Authorization: "Bearer {token}"}."""
    form: dict[str, str] = Field(default_factory=dict)
    """Body as the fields of a form."""
    json: Annotated[dict[str, Any], WithJsonSchema({"type": "object"})] = Field(default_factory=dict)
    """Body as JSON, of any shape."""
    secrets: dict[Id, Secret] = Field(default_factory=dict)
    """Keys and passwords, each under the name that the texts above use."""
    accepted: Accepted = Accepted()
    """What an answer looks like that took the message."""
    permanent: Permanent = Permanent()
    """What an answer looks like that refuses this number or this message for ever; any other is tried again."""
    ca: FilePath | None = None
    """PEM file of the authorities to trust instead of the system's."""
    timeout: Answer = 10.0
    """How long an answer may take."""

    @model_validator(mode="after")
    def _whole(self) -> HttpGateway:
        if self.form and self.json:
            raise ValueError("a body is a form or JSON, keep one of 'form' and 'json'")
        if self.method == "GET" and (self.form or self.json):
            raise ValueError("GET has no body, write the fields in 'url' or choose method: POST")
        known = {*WORDS, *self.secrets}
        used = _words([self.url, self.headers, self.form, self.json])
        for word in sorted(used - known):
            raise ValueError(f"there is no '{{{word}}}', choose among {', '.join(sorted(known))}")
        if "text" not in used or not used & {"to", "digits"}:
            raise ValueError("the request does not say what to whom, use {text} and {to} or {digits}")
        for name in sorted(set(self.secrets) & set(WORDS)):
            raise ValueError(f"the secret '{name}' has the name of a part of the message, choose another one")
        return self


@settings
class Gammu:
    """SMS through a modem and gammu-smsd, its backend being files: what still leaves when the Internet is down."""

    type: Literal["gammu"]
    """The gateway."""
    spool: FilePath = "/var/spool/gammu"
    """The directory of its outbox, sent and error; Vigie writes in outbox."""
    timeout: Answer = 90.0
    """How long the modem may take; gammu-smsd looks into its outbox every CommTimeout seconds (30 by default)."""


Gateway = Annotated[OvhCloud | SmsMode | HttpGateway | Gammu, Field(discriminator="type")]
