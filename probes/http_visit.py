"""One visit of an HTTP sonde: request, redirections, answer; every way it can fail, in French."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any, NamedTuple

import aiohttp
from aiohttp.http_exceptions import LineTooLong
from yarl import URL

from probes.base import Run, Status, Target
from probes.der import UnreadableError, not_after
from probes.http_quote import quote, say_url
from probes.http_reading import Body, read_body
from probes.http_session import EXCHANGE, Exchange, HttpSessions, Interrupted, TooManyInterim
from probes.http_settings import HttpSettings, Login
from probes.names import FAMILIES, NameFailureError, Names, literal
from probes.secret import Secret
from probes.trouble import connection_trouble
from probes.trust import TlsContexts, Trust, TrustError, refusal
from probes.visiting import VisitError

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_URL = 2048


class Page(NamedTuple):
    """The answer that is judged: the last one, when redirections were followed."""

    url: URL
    moved: bool  # another scheme, host or port than the one asked for
    response: aiohttp.ClientResponse  # its status and headers; its connection is gone
    body: Body
    first_byte_s: float  # from the start of the visit
    total_s: float
    expires_at: float | None  # the certificate that expires first of those met on the way


Read = Callable[[aiohttp.ClientResponse, int], Awaitable[Body]]


class Visit:
    """Walks from the URL asked for to the page that answers, one connection a request."""

    def __init__(
        self,
        target: Target,
        settings: HttpSettings,
        run: Run,
        read: Read | None = None,
        *,
        authorization: Secret | None = None,
    ) -> None:
        self._settings = settings
        self._authorization = authorization  # made for this very visit, like the answer to a digest
        self._run = run
        self._read = read or read_body  # what takes the body of the page in the end
        address = f"[{target.address}]" if ":" in target.address else target.address
        self._start = self._url = _with_query(URL(settings.url.replace("{address}", address)), settings)
        self._method: str = settings.method
        self._body: bytes | None = settings.body.encode() if settings.body is not None else None
        self._cookies: dict[tuple[str | None, str], str] = {}
        self._met: set[tuple[str, str, str]] = set()
        self._expires_at: float | None = None
        self._started = perf_counter()

    async def page(self) -> Page:
        """The page in the end; raises VisitError."""
        for _ in range(self._settings.max_redirects + 1):
            self._refuse_loop()
            page = await self._ask()
            if page is not None:
                return page
        raise VisitError(
            Status.CRITICAL,
            f"plus de {self._settings.max_redirects} redirections (dernière vers {say_url(self._url, self._settings)})",
        )

    async def _ask(self) -> Page | None:
        """One request; None when it led elsewhere."""
        exchange = Exchange(self._run)
        token = EXCHANGE.set(exchange)
        response: aiohttp.ClientResponse | None = None
        try:
            response = await self._request()
            first_byte_s = perf_counter() - self._started
            self._note_answer(response)
            self._look_at(exchange.certificate)
            if self._leads_elsewhere(response):
                return None
            self._run.stage = "lecture de la réponse HTTP"
            body = await self._read(response, self._settings.max_body)
            total_s = perf_counter() - self._started
            moved = self._url.origin() != self._start.origin()
            return Page(self._url, moved, response, body, first_byte_s, total_s, self._expires_at)
        except (aiohttp.ClientError, NameFailureError, TrustError) as error:
            raise _failure(error, self._url) from error
        finally:
            if response is not None:
                response.close()
            EXCHANGE.reset(token)

    async def _request(self) -> aiohttp.ClientResponse:
        settings, url = self._settings, self._url
        at_home = url.origin() == self._start.origin()
        options: dict[str, Any] = {}
        if url.scheme == "https":
            trust = Trust(settings.verify, settings.ca, settings.client_certificate if at_home else None, ("http/1.1",))
            options["ssl"] = self._run.shared.use(TlsContexts).context(trust)
            if at_home and settings.host is not None:
                options["server_hostname"] = settings.host
        if settings.proxy is not None:
            options["proxy"] = settings.proxy
            if settings.proxy_login is not None and url.scheme == "https":  # of the tunnel; see _headers for the rest
                options["proxy_headers"] = {"Proxy-Authorization": _basic(settings.proxy_login)}
        host = url.host or ""
        address = literal(host)
        if address is not None and FAMILIES[settings.family] not in (0, address.family):
            raise VisitError(Status.UNKNOWN, f"{host} n'est pas une adresse {settings.family.replace('ip', 'IP')}")
        self._run.stage = f"connexion à {host}:{url.port}"
        session = self._run.shared.use(HttpSessions).session(settings.family, self._run.shared.use(Names))
        return await session.request(
            self._method, url, headers=self._headers(at_home), data=self._body, allow_redirects=False, **options
        )

    def _headers(self, at_home: bool) -> dict[str, str]:
        """What to send; what is secret, or meant for the first server, does not follow a redirection elsewhere."""
        settings = self._settings
        headers: dict[str, str] = {}
        for name, value in settings.headers:
            if isinstance(value, str):
                headers[name] = value
            elif at_home:
                headers[name] = value.reveal()
        if at_home:
            if settings.host is not None:
                port = "" if self._url.is_default_port() else f":{self._url.port}"
                headers["Host"] = settings.host + port
            if (said := self._login()) is not None:
                headers["Authorization"] = said
        if settings.proxy_login is not None and self._url.scheme == "http":  # the proxy itself reads the request
            headers["Proxy-Authorization"] = _basic(settings.proxy_login)
        cookies = [f"{name}={value}" for (host, name), value in self._cookies.items() if host == self._url.host]
        if cookies:
            headers["Cookie"] = "; ".join(cookies)
        return headers

    def _login(self) -> str | None:
        """What says to the first server who asks."""
        if self._authorization is not None:
            return self._authorization.reveal()
        if self._settings.basic is not None:
            return _basic(self._settings.basic)
        return f"Bearer {self._settings.bearer.reveal()}" if self._settings.bearer is not None else None

    def _look_at(self, certificate: bytes | None) -> None:
        if certificate is None:
            return
        try:
            expires_at = not_after(certificate)
        except UnreadableError as error:
            raise VisitError(Status.CRITICAL, error.message) from None
        self._expires_at = expires_at if self._expires_at is None else min(self._expires_at, expires_at)

    def _leads_elsewhere(self, response: aiohttp.ClientResponse) -> bool:
        """Whether the visit goes on; prepares the next request."""
        location = response.headers.get("Location") if response.status in _REDIRECTS else None
        if location is None or self._settings.redirect == "ignore":
            return False
        url = self._destination(location)
        if self._settings.redirect == "refuse":
            raise VisitError(Status.CRITICAL, f"redirection {response.status} vers {say_url(url, self._settings)}")
        for name, morsel in response.cookies.items():
            self._cookies[self._url.host, name] = morsel.coded_value
        if self._method == "POST" and response.status in (301, 302, 303):
            self._method, self._body = "GET", None
        if self._body is not None and url.origin() != self._start.origin():
            raise VisitError(
                Status.CRITICAL,
                f"redirection d'un envoi de données vers un autre site : {say_url(url, self._settings)}",
            )
        self._url = url
        return True

    def _destination(self, location: str) -> URL:
        try:
            url = self._url.join(URL(location)).with_fragment(None)
            if url.scheme in ("http", "https") and url.host and url.port and len(location) <= _MAX_URL:
                return url.with_user(None)
        except ValueError:
            pass
        raise VisitError(Status.CRITICAL, f"redirection vers une adresse invalide : {quote(location, self._settings)}")

    def _refuse_loop(self) -> None:
        # The cookies count: a site may send a visitor back to the same page once it has given him one.
        step = (self._method, str(self._url), repr(self._cookies))
        if step in self._met:
            raise VisitError(Status.CRITICAL, f"boucle de redirection sur {say_url(self._url, self._settings)}")
        self._met.add(step)

    def _note_answer(self, response: aiohttp.ClientResponse) -> None:
        if self._run.trace is not None and self._authorization is None:  # the server may send back what it was sent
            settings = self._settings
            reason = quote(response.reason or "", settings)
            self._run.note(f"{self._method} {say_url(self._url, settings)}: {response.status} {reason}")
            for name, value in response.headers.items():
                shown = "(hidden)" if name.lower() == "set-cookie" else quote(value, settings, 200)
                self._run.note(f"  {quote(name, settings)}: {shown}")


def _with_query(url: URL, settings: HttpSettings) -> URL:
    """With the parameters of the settings, which no redirection carries on."""
    if not settings.query:
        return url
    said = [(name, value if isinstance(value, str) else value.reveal()) for name, value in settings.query]
    return url.extend_query(said)


def _basic(login: Login) -> str:
    return aiohttp.encode_basic_auth(login.user, login.password.reveal(), "utf-8")


def _failure(error: Exception, url: URL) -> VisitError:
    """What an exception of aiohttp, or of ours below it, says of the target."""
    match error:
        case NameFailureError():
            return VisitError(error.status, error.message)
        case TrustError():
            return VisitError(Status.UNKNOWN, error.message)
        case aiohttp.ClientConnectorCertificateError():
            return VisitError(Status.CRITICAL, _refused(error.certificate_error, url))
        case aiohttp.ClientProxyConnectionError():
            return VisitError(
                Status.UNKNOWN, f"proxy injoignable : {connection_trouble(error.os_error, error.port)[1]}"
            )
        case aiohttp.ClientHttpProxyError():
            return _proxy_failure(error.status)
        case aiohttp.ClientConnectorError():
            if isinstance(error.os_error, ssl.SSLError):
                return VisitError(Status.CRITICAL, _refused(error.os_error, url))
            return VisitError(*connection_trouble(error.os_error, url.port))
        case _:
            return VisitError(Status.CRITICAL, _broken(error, url))


def _broken(error: Exception, url: URL) -> str:
    """The connection was made, and no answer came out of it."""
    if isinstance(error, Interrupted):
        cause = error.error.__cause__
        if isinstance(cause, ssl.SSLError):
            return _refused(cause, url)
        if isinstance(error.error, OSError):
            return connection_trouble(error.error, url.port)[1]
        return "connexion fermée sans réponse"
    if isinstance(error, TooManyInterim):
        return "réponses provisoires (1xx) sans fin"
    if isinstance(error, aiohttp.ClientResponseError):
        parsing = error.__cause__.__cause__ if error.__cause__ is not None else None
        too_long = isinstance(parsing, LineTooLong) or "Too many" in str(parsing)
        return "en-têtes de réponse trop longs" if too_long else "réponse illisible (HTTP mal formé)"
    return f"requête impossible ({type(error).__name__})"


def _refused(error: Exception, url: URL) -> str:
    return refusal(error, url.host or "") if isinstance(error, ssl.SSLError) else "certificat refusé"


def _proxy_failure(status: int) -> VisitError:
    if status in (502, 503, 504):
        return VisitError(Status.CRITICAL, f"le proxy n'atteint pas le serveur (réponse {status})")
    return VisitError(Status.UNKNOWN, f"le proxy refuse la demande (réponse {status})")
