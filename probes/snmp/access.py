"""How an SNMP agent lets itself be read: version, community or user, as the config writes it."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from probes.secret import Secret
from probes.settings import Port, settings

_SHORTEST = 8  # characters of a password: RFC 3414 has agents refuse shorter ones

Authentication = Literal["md5", "sha", "sha224", "sha256", "sha384", "sha512"]
Privacy = Literal["des", "aes128", "aes192", "aes256", "aes192-cisco", "aes256-cisco"]


@settings
class SnmpAccess:
    """How the agent lets itself be read."""

    version: Literal[1, "2c", 3] = "2c"
    """Version of SNMP: 1, 2c or 3."""
    port: Port = 161
    """UDP port of the agent."""
    community: Secret | None = None
    """Community of versions 1 and 2c; `public` when absent."""
    user: str = ""
    """User of version 3."""
    auth: Authentication = "sha256"
    """How version 3 authenticates: md5, sha, sha224, sha256, sha384 or sha512. Used with `auth_password`."""
    auth_password: Secret | None = None
    """Password of the authentication, 8 characters or more; without it version 3 authenticates nothing."""
    privacy: Privacy = "aes128"
    """How version 3 encrypts; used with `privacy_password`. The -cisco ones make longer keys in Cisco's way."""
    privacy_password: Secret | None = None
    """Password of the encryption, 8 characters or more; without it version 3 does not encrypt."""
    context: str = ""
    """Context of version 3, for agents that have several."""

    @model_validator(mode="after")
    def _coherent(self) -> SnmpAccess:
        if self.version == 3:
            self._check_user()
        else:
            for name in ("user", "auth_password", "privacy_password", "context"):
                if getattr(self, name):
                    raise ValueError(f"'{name}' belongs to version 3, write version: 3 or remove it")
        return self

    def _check_user(self) -> None:
        if self.community is not None:
            raise ValueError("'community' belongs to versions 1 and 2c, write user: … for version 3")
        if not self.user:
            raise ValueError("version 3 needs a user, add user: …")
        if self.privacy_password is not None and self.auth_password is None:
            raise ValueError("'privacy_password' needs 'auth_password': SNMP does not encrypt without authenticating")
        for name in ("auth_password", "privacy_password"):
            password = getattr(self, name)
            if password is not None and len(password.reveal()) < _SHORTEST:
                raise ValueError(f"the secret of '{name}' has fewer than {_SHORTEST} characters; agents refuse it")

    @property
    def ciphers_with_des(self) -> bool:
        """Whether it encrypts in the one way that is broken, and that old agents know alone."""
        return self.privacy == "des" and self.privacy_password is not None

    @property
    def community_text(self) -> str:
        """The community to say."""
        return "public" if self.community is None else self.community.reveal()
