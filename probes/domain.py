"""`domain`: until when a domain name is registered, as its registry publishes it (RDAP)."""

from __future__ import annotations

from pydantic import model_validator

from probes.base import Measurement, Probe, Result, Run, Status, Target
from probes.excerpt import excerpt
from probes.http_settings import DAY_S, HostName, Url
from probes.names import literal
from probes.rdap import IANA, Registration, RegistryError, look_up
from probes.settings import Seconds, settings
from probes.threshold import Below, Verdict
from probes.units import say_duration
from probes.validity import day

_TROUBLE = {
    "redemption period": "domaine expiré, encore récupérable par son titulaire (redemption period)",
    "pending delete": "suppression du domaine en cours (pending delete)",
    "client hold": "domaine suspendu par son bureau d'enregistrement (client hold)",
    "server hold": "domaine suspendu par le registre (server hold)",
}


@settings
class DomainSettings:
    """A domain name that must stay registered."""

    name: HostName | None = None
    """The domain, as exemple.fr, accents allowed; the equipment's address by default."""
    server: Url | None = None
    """RDAP server to ask; default: rdap.nic.fr for .fr, else the one that `bootstrap` names."""
    bootstrap: Url = IANA
    """List of the RDAP servers by suffix, in IANA's format; fetched once a day when it is needed."""
    proxy: Url | None = None
    """Ask through this HTTP proxy."""
    expiry: Below[Seconds] = Below(warning=30 * DAY_S, critical=7 * DAY_S)
    """Thresholds on what is left of the registration."""

    @property
    def needs_address(self) -> bool:
        """A name to ask for does without the equipment's address."""
        return self.name is None

    @model_validator(mode="after")
    def _one_server(self) -> DomainSettings:
        if any("{address}" in (url or "") for url in (self.server, self.bootstrap, self.proxy)):
            raise ValueError("{address} stands for nothing here: registries are not the equipment")
        return self


async def check(target: Target, settings: DomainSettings, run: Run) -> Result:
    """Ask the registry, and hold what it publishes against what is expected."""
    name = (settings.name or target.address).lower().rstrip(".")
    if literal(name) is not None or "." not in name:
        return Result(Status.UNKNOWN, f"aucun domaine à demander : {excerpt(name)} n'en est pas un (réglage « name »)")
    try:
        found = await look_up(name, settings.server, settings.bootstrap, settings.proxy, run)
    except RegistryError as error:
        return Result(error.status, error.message)
    verdict = Verdict(run)
    verdict.measurements.append(Measurement("response_seconds", found.response_s))
    for status, message in _TROUBLE.items():
        if status in found.statuses:
            verdict.find(Status.CRITICAL, message)
    return verdict.result(_judge_expiry(verdict, settings, found, run.at))


def _judge_expiry(verdict: Verdict, settings: DomainSettings, found: Registration, at: float) -> str:
    """Judge what is left; gives what is said when all is well."""
    if found.expires_at is None:
        verdict.find(Status.UNKNOWN, "le registre ne publie pas la date d'expiration")
        return ""
    left_s = found.expires_at - at
    verdict.measurements.append(Measurement("expiry_seconds", left_s))
    if left_s <= 0:
        verdict.find(Status.CRITICAL, f"domaine expiré depuis {say_duration(-left_s)}")
    else:
        verdict.judge(settings.expiry, left_s, "expiration du domaine dans", say_duration)
    return f"domaine enregistré jusqu'au {day(found.expires_at)} (encore {say_duration(left_s)})"


PROBE = Probe(
    type="domain",
    settings=DomainSettings,
    check=check,
    loads=("probes.http_visit",),
    measures=("expiry_seconds", "response_seconds"),
    on_timeout=Status.UNKNOWN,
)
