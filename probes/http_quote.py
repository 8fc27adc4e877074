"""What a server said, as a message may repeat it.

A server can send back what it was sent, the login included. A sonde that holds a secret therefore quotes nothing of
what it is told, rather than look for the secret in it: half of one, or another spelling, would pass.
"""

from __future__ import annotations

from yarl import URL

from probes.excerpt import excerpt
from probes.http_settings import HttpSettings
from probes.secret import Secret

HIDDEN = "(masqué : la sonde a un secret)"


def quote(text: str, settings: HttpSettings, limit: int = 80) -> str:
    """The beginning of what the server said."""
    return HIDDEN if holds_secret(settings) else excerpt(text, limit)


def say_url(url: URL, settings: HttpSettings) -> str:
    """A URL: without its query, where sessions and tokens travel; without its path either if it may hold a secret."""
    return excerpt(str(url.origin() if holds_secret(settings) else url.with_query(None)), 120)


def holds_secret(settings: HttpSettings) -> bool:
    """Does a request of this sonde carry a secret?"""
    logins = (settings.basic, settings.bearer, settings.proxy_login)
    return any(logins) or any(isinstance(value, Secret) for _, value in (*settings.headers, *settings.query))
