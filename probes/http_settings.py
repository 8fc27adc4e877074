"""What may be written of an `http` sonde in the config."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator
from yarl import URL

from probes.http_body import Expectations, Numbers
from probes.names import Family
from probes.paths import FilePath
from probes.secret import Secret
from probes.settings import Bytes, Flag, Seconds, settings
from probes.threshold import Above, Below
from probes.trust import ClientCertificate

DAY_S = 86400.0
Ranges = tuple[tuple[int, int], ...]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OURS = {
    "host": "write host: NAME",
    "authorization": "write basic: {user, password} or bearer:, with a reference to the secret",
    "proxy-authorization": "write proxy_login: {user, password}",
    "content-length": "it follows from the body",
    "transfer-encoding": "it follows from the body",
    "connection": "every check has a connection of its own",
    "accept-encoding": "gzip and deflate are what the check can read",
}


def _url(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("a URL is a text, like https://www.exemple.fr/")
    try:
        url = URL(value.replace("{address}", "192.0.2.1"))
        port = url.port
    except ValueError:
        raise ValueError(f"'{value}' is not a URL; write it like https://www.exemple.fr/") from None
    if url.scheme not in ("http", "https") or not url.host or port is None:
        raise ValueError(f"'{value}' is not an http or https URL; write it like https://www.exemple.fr/")
    if "{" in url.host:
        raise ValueError("in the host of a URL only {address} stands for something; write it like http://{address}/")
    if url.user is not None or url.password is not None:
        raise ValueError("a URL holds no login; write basic: {user, password}, or proxy_login for a proxy")
    return value


def _statuses(value: Any) -> Any:
    if value is None:
        return None
    return tuple(_status(one) for one in (value if isinstance(value, list | tuple) else [value]))


def _status(value: Any) -> tuple[int, int]:
    if isinstance(value, tuple | list) and len(value) == 2:
        first, last = value  # already read once
    elif isinstance(value, int) and not isinstance(value, bool):
        first = last = value
    elif isinstance(value, str) and (match := re.fullmatch(r"(\d{3})\s*-\s*(\d{3})", value.strip())):
        first, last = int(match.group(1)), int(match.group(2))
    else:
        raise ValueError(f"'{value}' is not a status; write 200, '200-299' or a list of them")
    if not 100 <= first <= last <= 599:
        raise ValueError(f"{value} is not a status between 100 and 599")
    return first, last


def _pairs(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    for name in value:
        if not isinstance(name, str) or not _TOKEN.fullmatch(name):
            raise ValueError(f"'{name}' is not the name of a header; write {{Name: value}}")
    return tuple(value.items())


def _parameters(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    for name, given in value.items():
        if not isinstance(name, str) or not name:
            raise ValueError("a parameter of a URL has a name; write {name: value}")
        if isinstance(given, int | float) and not isinstance(given, bool):
            raise ValueError(f"the value of the parameter '{name}' is a text; write '{given}' in quotes")
    return tuple(value.items())


def _request_header(value: Any) -> Any:
    if isinstance(value, str) and value.lower() in _OURS:
        raise ValueError(f"the header {value} is not written here: {_OURS[value.lower()]}")
    return value


def _header_value(value: Any) -> Any:
    if isinstance(value, str) and not all(character.isprintable() or character == "\t" for character in value):
        raise ValueError("the value of a header is one line of text")
    return value


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def host_name(value: Any) -> Any:
    """A name as the network writes it; ValueError says what one looks like."""
    try:
        if isinstance(value, str) and re.fullmatch(r"[^\s/:@?#]{1,253}", value):
            return value.rstrip(".").encode("idna").decode()
    except UnicodeError:
        pass
    raise ValueError(f"'{value}' is not a host name; write it like www.exemple.fr")


Url = Annotated[str, BeforeValidator(_url)]
HostName = Annotated[str, BeforeValidator(host_name)]
Texts = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...],
    BeforeValidator(_one_or_more),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
_RequestHeaderName = Annotated[str, BeforeValidator(_request_header)]
_RequestHeaderValue = Annotated[str, BeforeValidator(_header_value)] | Secret
RequestHeaders = Annotated[
    tuple[tuple[_RequestHeaderName, _RequestHeaderValue], ...],
    BeforeValidator(_pairs),
    WithJsonSchema({"type": "object"}),
]
Parameters = Annotated[
    tuple[tuple[str, str | Secret], ...], BeforeValidator(_parameters), WithJsonSchema({"type": "object"})
]
ResponseHeaders = Annotated[
    tuple[tuple[str, re.Pattern[str]], ...],
    BeforeValidator(_pairs),
    WithJsonSchema({"type": "object", "additionalProperties": {"type": "string"}}),
]
Statuses = Annotated[
    Ranges | None,
    BeforeValidator(_statuses),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "array"}]}),
]


@settings
class Login:
    """A user and the password that goes with it."""

    user: Annotated[str, Field(min_length=1, pattern=r"^[^:\x00-\x1f]+$")]
    """The login name."""
    password: Secret
    """Its password."""


@settings
class HttpSettings:
    """A page, an API or a form that must answer, and what it must answer."""

    url: Url = "http://{address}/"
    """What to ask for; {address} stands for the equipment's address."""
    host: HostName | None = None
    """Ask for this name (Host header, TLS name) instead of the URL's: a server behind a balancer."""
    method: Literal["GET", "HEAD", "POST"] = "GET"
    """How to ask."""
    body: str | None = None
    """What to send with POST."""
    headers: RequestHeaders = ()
    """Headers to send; a value may be a reference to a secret."""
    query: Parameters = ()
    """Parameters to add to the URL, {name: value}; a value may be a reference to a secret."""
    basic: Login | None = None
    """Login for HTTP basic authentication."""
    bearer: Secret | None = None
    """Token sent as `Authorization: Bearer`."""
    proxy: Url | None = None
    """Ask through this HTTP proxy."""
    proxy_login: Login | None = None
    """Login on that proxy."""
    family: Family = "any"
    """IP version to use."""
    status: Statuses = None
    """Expected status: 200, "200-299" or a list; default 200-299, and 200-399 with `redirect: ignore`."""
    redirect: Literal["follow", "refuse", "ignore"] = "follow"
    """What to do of a redirection: go there, call it a fault, or judge it as an answer like another."""
    max_redirects: Annotated[int, Field(ge=1, le=20)] = 5
    """Redirections to follow before giving up."""
    contains: Texts = ()
    """Text that the body must hold."""
    excludes: Texts = ()
    """Text that the body must not hold."""
    regex: re.Pattern[str] | None = None
    """Regular expression that must be found in the body."""
    json: Expectations = ()
    """Values that the JSON body must hold, by path: {status: UP, "nodes[0].ready": true}."""
    json_numbers: Numbers = ()
    """Thresholds on numbers of the JSON body, by path: {"queue.length": {above: {warning: 100}}}."""
    response_headers: ResponseHeaders = ()
    """Headers of the answer, and the regular expression that must be found in each."""
    max_body: Annotated[Bytes, Field(ge=1, le=64 * 1024 * 1024)] = 1024 * 1024
    """Reading stops here, decompressed; a longer body is a warning."""
    body_size: Below[Bytes] | None = None
    """Thresholds on the size of the body, decompressed: a page may be nearly empty and hold the words all the same."""
    first_byte: Above[Seconds] | None = None
    """Thresholds on the time from the start to the answer's headers, redirections included."""
    total: Above[Seconds] | None = None
    """Thresholds on the time to the last byte."""
    verify: Flag = True
    """Verify the server's certificate: trusted, in date, of that name."""
    ca: FilePath | None = None
    """PEM file of the authorities to trust instead of the system's."""
    client_certificate: ClientCertificate | None = None
    """Certificate to show to the server."""
    certificate_expiry: Below[Seconds] = Below(warning=21 * DAY_S)
    """Thresholds on what is left of the server certificate's life."""

    @property
    def reads_json(self) -> bool:
        """Whether the body has to be a JSON document."""
        return bool(self.json or self.json_numbers)

    @property
    def needs_address(self) -> bool:
        """A URL that names its host does without the equipment's address."""
        return "{address}" in self.url

    @model_validator(mode="after")
    def _coherent(self) -> HttpSettings:
        if self.body is not None and self.method != "POST":
            raise ValueError("a body is sent with POST only; write method: POST")
        if self.method == "HEAD" and (
            self.contains or self.excludes or self.regex or self.reads_json or self.body_size
        ):
            raise ValueError("the answer to HEAD has no body to look at; write method: GET")
        if self.basic is not None and self.bearer is not None:
            raise ValueError("an answer to two logins at once would mean nothing; write basic or bearer")
        if self.proxy_login is not None and self.proxy is None:
            raise ValueError("proxy_login without a proxy; write proxy: URL")
        return self
