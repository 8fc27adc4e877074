"""Exporters of metrics: one visit a host, shared by its sondes within an interval."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple, Self

from pydantic import model_validator

from probes.base import Run, Status, Target
from probes.exposition import Exposition, Sample
from probes.http_settings import HttpSettings, Login, RequestHeaders, Url
from probes.names import Family
from probes.paths import FilePath
from probes.readings import SHARE, Readings
from probes.secret import Secret
from probes.settings import Flag, settings
from probes.trust import ClientCertificate
from probes.units import say_duration, say_size
from probes.visiting import VisitError, visit

if TYPE_CHECKING:
    import aiohttp

_MOST_BYTES = 16 * 1024 * 1024  # decompressed; node_exporter says 60 KB


@settings
class ExporterAccess:
    """How an exporter is asked."""

    url: Url
    """Where it publishes its metrics, like http://{address}:9100/metrics."""
    basic: Login | None = None
    """Login for HTTP basic authentication."""
    bearer: Secret | None = None
    """Token sent as `Authorization: Bearer`."""
    headers: RequestHeaders = ()
    """Headers to send; a value may be a reference to a secret."""
    verify: Flag = True
    """Verify the server's certificate: trusted, in date, of that name."""
    ca: FilePath | None = None
    """PEM file of the authorities to trust instead of the system's."""
    client_certificate: ClientCertificate | None = None
    """Certificate to show to the server."""

    @model_validator(mode="after")
    def _coherent(self) -> ExporterAccess:
        if self.basic is not None and self.bearer is not None:
            raise ValueError("an answer to two logins at once would mean nothing; write basic or bearer")
        return self


class _Asked(NamedTuple):
    """Two sondes that ask the same share the answer."""

    address: str
    access: ExporterAccess
    family: Family
    names: tuple[str, ...]


class Exporters:
    """Everything that is asked of exporters goes through here."""

    def __init__(self) -> None:
        self._readings: Readings[_Asked, list[Sample]] = Readings()

    @classmethod
    def open(cls) -> Self:
        """Nothing is held until an exporter is asked."""
        return cls()

    async def close(self) -> None:
        """End what is in progress."""
        await self._readings.close()

    async def samples(
        self, target: Target, access: ExporterAccess, family: Family, names: tuple[str, ...], run: Run
    ) -> list[Sample]:
        """The samples of these metrics; raises VisitError."""
        address = target.address if "{address}" in access.url else ""
        asked = _Asked(address, access, family, names)
        return await self._readings.get(asked, run, target.sonde, lambda: _ask(asked, target, run))


async def _ask(asked: _Asked, target: Target, run: Run) -> list[Sample]:
    from probes.http_reading import Body, pour_body  # loaded at first use, like the visit

    exposition = Exposition(asked.names)

    async def read(response: aiohttp.ClientResponse, limit: int) -> Body:
        if response.status != 200:
            raise VisitError(Status.CRITICAL, _refused(response.status))
        return Body(b"", await pour_body(response, limit, exposition.take))

    patience_s = run.timeout_s * SHARE
    try:
        async with asyncio.timeout(patience_s):
            page = await visit(target, _visit(asked), run, read)
    except TimeoutError:
        raise VisitError(
            Status.CRITICAL, f"pas de réponse de l'exportateur en {say_duration(patience_s)} ({run.stage})"
        ) from None
    if not page.body.complete:
        raise VisitError(Status.CRITICAL, f"métriques de plus de {say_size(_MOST_BYTES)} : lecture abandonnée")
    if not exposition.samples and not exposition.announced:
        raise VisitError(Status.CRITICAL, "réponse qui n'est pas celle d'un exportateur de métriques")
    if exposition.cut:
        raise VisitError(Status.CRITICAL, "métriques incomplètes : la réponse s'arrête au milieu d'une ligne")
    run.note(f"{len(exposition.samples)} samples; {exposition.garbled} lines make no sense")
    return exposition.samples


def _visit(asked: _Asked) -> HttpSettings:
    access = asked.access
    return HttpSettings(
        url=access.url,
        basic=access.basic,
        bearer=access.bearer,
        headers=access.headers,
        verify=access.verify,
        ca=access.ca,
        client_certificate=access.client_certificate,
        family=asked.family,
        redirect="refuse",  # exporters do not move; what redirects is a login page
        max_body=_MOST_BYTES,
    )


def _refused(status: int) -> str:
    said = (
        "identifiants refusés par l'exportateur" if status in (401, 403) else "l'exportateur ne donne pas de métriques"
    )
    return f"{said} (réponse HTTP {status})"
