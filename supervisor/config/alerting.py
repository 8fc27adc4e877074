"""The section `alerts` of the main file: by what messages leave. The gateways for SMS are in `gateways`."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field, model_validator
from yarl import URL

from probes.filling import HORIZON_S
from probes.paths import FilePath
from probes.secret import Secret
from probes.settings import Flag, Port, Seconds, settings
from supervisor.config.duty import Rota, Step, apart, in_order, twice
from supervisor.config.fields import Address, Email, Endpoint, Id, at_least, some
from supervisor.config.gateways import Gateway

NO_SENDER = "mails need the address they come from, add 'from'"
_URL = re.compile(r"https?://[^\s/?#]+\S*")
_PORTS = {"starttls": 587, "tls": 465, "none": 25}


def _public(value: str) -> str:
    if URL(value).query_string or URL(value).fragment:
        raise ValueError(f"'{value}' has more than a path, write where pages begin, like https://vigie.exemple.fr/")
    return value.rstrip("/")


def _secret_enough(value: Secret) -> Secret:
    if len(value.reveal()) < 16:
        raise ValueError("a key of fewer than 16 characters can be guessed, make one with `openssl rand -hex 32`")
    return value


PhaseSeconds = Annotated[Seconds, at_least(1)]


@settings
class Relay:
    """A mail server that takes our mails."""

    host: Address
    """Host name, as its certificate has it, or IP address."""
    port: Port | None = None
    """TCP port; without it 587 for starttls, 465 for tls, 25 for none."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is encrypted: starttls is required to succeed, never tried only."""
    user: str | None = None
    """Login, where the relay wants one."""
    password: Secret | None = None
    """Its password."""
    ca: FilePath | None = None
    """PEM file of the authorities to trust instead of the system's."""
    verify: Flag = True
    """Whether the certificate is verified; off: whatever the relay shows is accepted."""
    timeout: PhaseSeconds = 30.0
    """How long each step of a delivery may take: connection, greeting, TLS, login, each command, the mail itself."""

    @model_validator(mode="after")
    def _login(self) -> Relay:
        if (self.user is None) != (self.password is None):
            raise ValueError("'user' and 'password' go together, write both or none")
        if self.user is not None and self.security == "none" and not _loopback(self.host):
            raise ValueError("a password would cross the network in clear, write security: starttls or tls")
        return self

    @property
    def at(self) -> int:
        """The port."""
        return _PORTS[self.security] if self.port is None else self.port


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@settings
class Mail:
    """Alerts by mail."""

    relays: Annotated[tuple[Relay, ...], AfterValidator(some)]
    """Mail servers, in the order they are tried."""


@settings
class Sms:
    """Alerts by SMS."""

    gateways: Annotated[tuple[Gateway, ...], AfterValidator(some)]
    """What sends them, in the order it is tried: one over the Internet, a modem for when there is none."""
    country: Literal["FR"] | None = None
    """FR: a number of ten digits like 06 00 00 00 01 is taken as one of metropolitan France."""
    per_hour: int = Field(default=6, ge=1, le=60)
    """The most SMS an hour to one contact, the rest as one; a first failure, a GTI breach and alarms leave at once."""
    segments: int = Field(default=1, ge=1, le=6)
    """The most parts of one message; each is charged as a message, and what does not fit is cut."""


@settings
class Webhook:
    """A program that is told by HTTP."""

    name: Id
    """What contacts and commands call it."""
    url: Endpoint
    """Where messages are posted."""
    secret: Annotated[Secret, AfterValidator(_secret_enough)]
    """Key that messages are signed with (HMAC-SHA256)."""
    ca: FilePath | None = None
    """PEM file of the authorities to trust instead of the system's."""
    timeout: PhaseSeconds = 10.0
    """How long an answer may take."""


def _address(value: Secret) -> Secret:
    try:
        if _URL.fullmatch(value.reveal()) and URL(value.reveal()).host:
            return value
    except ValueError:  # whose words hold it
        pass
    raise ValueError("the secret is not an http or https URL, write one like https://veille.exemple.fr/ping/… there")


@settings
class Watchdog:
    """What watches Vigie from elsewhere: an address that is called as long as all is well, and alarms when it is not.

    It belongs elsewhere: on another machine, over another line. A `heartbeat` of another Vigie is one.
    """

    name: Id = "watchdog"
    """What logs and metrics call it."""
    url: Annotated[Secret, AfterValidator(_address)]
    """Address that is called (GET). Whoever knows it can say that all is well: it is kept like a password."""
    every: Annotated[Seconds, at_least(10)] = 60.0
    """How often; the other end should wait for several calls before it alarms."""
    ca: FilePath | None = None
    """PEM file of the authorities to trust instead of the system's."""
    timeout: PhaseSeconds = 10.0
    """How long an answer may take."""


Named = TypeVar("Named", Webhook, Watchdog)


def _apart(named: tuple[Named, ...]) -> tuple[Named, ...]:
    wrong = twice([one.name for one in named])
    if wrong is not None:
        raise ValueError(wrong)
    return named


def _a_day(value: float) -> float:
    if value > 86_400:
        raise ValueError("this is more than a day, and messages are given up after three; write 15m for instance")
    return value


def _sender(value: str) -> str:
    if re.match(r"[^@]*\.\.|\.|[^@]*\.@", value):
        raise ValueError(f"'{value}' has a dot where none may be, write it like vigie@exemple.fr")
    return value


def _foreseeable(value: float) -> float:
    if not 86_400 <= value <= HORIZON_S:
        raise ValueError("dates are told for a year ahead, in days; write 1d to 365d, or null")
    return value


@settings
class Alerting:
    """By what alerts leave. A channel that is not written is not used."""

    sender: Annotated[Email, AfterValidator(_sender)] | None = Field(default=None, alias="from")
    """Address that mails come from; its server must accept them from the relays."""
    public_url: Annotated[Endpoint, AfterValidator(_public)] | None = None
    """Where people reach the pages, for the links in messages, which have none without it."""
    mail: Mail | None = None
    """Alerts by mail."""
    sms: Sms | None = None
    """Alerts by SMS."""
    webhooks: Annotated[tuple[Webhook, ...], AfterValidator(_apart)] = ()
    """Programs that are told by HTTP."""
    on_call: Annotated[tuple[Rota, ...], AfterValidator(apart)] = ()
    """Rotas of people who are on call."""
    escalation: Annotated[tuple[Step, ...], AfterValidator(in_order)] = ()
    """Who is told in turn while nobody takes an incident in charge."""
    failing_after: Annotated[Seconds, at_least(60), AfterValidator(_a_day)] = 900.0
    """A channel by which messages wait and nothing left for so long is told to the operators by the others."""
    watchdogs: Annotated[tuple[Watchdog, ...], AfterValidator(_apart)] = ()
    """Addresses that are called as long as Vigie is well."""
    forecast_within: Annotated[Seconds, AfterValidator(_foreseeable)] | None = 30 * 86_400.0
    """Operators are told of a volume that will be full within this time; null: of none."""

    @property
    def channels(self) -> frozenset[str]:
        """Those that are open."""
        ways = {"mail": self.mail, "sms": self.sms, "webhook": self.webhooks or None}
        return frozenset(name for name, way in ways.items() if way is not None)

    @model_validator(mode="after")
    def _from(self) -> Alerting:
        if self.mail is not None and self.sender is None:
            raise ValueError(NO_SENDER)
        return self
